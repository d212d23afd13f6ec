# What needs no GPU.

test_that("without a GPU it is said what was looked for, and the CPU goes on", {
  skip_on_cran()
  environment <- c(KERNELOPS_LIBCUDA = "/nonexistent/libcuda.so.1")
  output <- with_environment(environment, run_session(c(
    "report <- function(code) tryCatch({ code; cat('no error\\n') }, error = function(error) {",
    "  cat(class(error)[1L], error$reason, conditionMessage(error), sep = '\\n')",
    "})",
    "report(use_gpu()); report(use_gpu('all')); report(keops_to_gpu(1:3))",
    "print(keops_options()$backend)",
    "op <- keops_kernel('Sum_Reduction(x - y, 0)', c('x = Vi(1)', 'y = Vj(1)'))",
    "old <- keops_options(backend = 'gpu')",
    "report(op(list(1:3, 1:2))); report(explain(op)); print(op)",
    "use_cpu(); cat(op(list(1:3, 1:2)), '\\n'); cat(nrow(keops_gpu_memory()), '\\n')"
  )))
  expect_identical(output[1:5], c(
    "kernelops_error_device", "no usable NVIDIA driver was found",
    "the GPU cannot be used: no usable NVIDIA driver was found",
    "  /nonexistent/libcuda.so.1 (KERNELOPS_LIBCUDA): there is no such file",
    "  hint: use_cpu(); keops_sitrep() shows what was found"
  ))
  expect_identical(sum(output == "kernelops_error_device"), 5L)
  # A GPU that is not there is not in use afterwards.
  expect_match(output, "[1] \"cpu\"", fixed = TRUE, all = FALSE)
  expect_match(output, "^back end +CUDA [(]the GPU cannot be used", all = FALSE)
  expect_match(output, "^ +/nonexistent/libcuda.so.1", all = FALSE)
  expect_identical(utils::tail(output, 2L), c("-1 1 3 ", "0 "))
})

test_that("numbers of devices are checked before any is looked for", {
  for (device in list(-1, 0.5, c(0, 0), "none", NA, NULL, integer(), list(0), 1e6)) {
    expect_error(use_gpu(device), class = "kernelops_error_argument")
    expect_error(use_gpu(device), "whole numbers from 0 on")
  }
})

# The rest needs the GPU of the tests.

test_that("use_gpu() starts the devices, says which, and every call runs there", {
  seen <- gpu_value(devices = 2, env = c(KERNELOPS_FAKE_CAPABILITY = "80"), {
    op <- gaussian()
    inputs <- gaussian_inputs()
    expected <- op(inputs)
    started <- use_gpu()
    text <- format(op)
    first <- op(inputs)
    list(
      started = started, text = text, difference = relative_difference(first, expected),
      used = keops_gpu_memory(), ready = grep("^kernel", format(op), value = TRUE),
      both = list(use_gpu("all")$device, use_gpu(c(1, 0))$device), options = keops_options(),
      same = identical(op(inputs), first), no_third = error_text(use_gpu(2)),
      still = keops_options()$device, cpu = identical({
        use_cpu()
        op(inputs)
      }, expected)
    )
  })
  expect_identical(seen$started, data.frame(
    device = 0L, name = "Pretend GPU 0", compute_capability = "8.0", memory = 2^30
  ))
  expect_match(seen$text, "^back end +CUDA, NVRTC 13[.]0$", all = FALSE)
  expect_lt(seen$difference, 1e-14)
  expect_gt(seen$used$peak, 0)
  expect_match(seen$ready, "ready")
  expect_identical(seen$both, list(0:1, 1:0))
  expect_identical(seen$options$backend, "gpu")
  expect_true(seen$same)
  expect_identical(
    seen$no_third,
    "kernelops_error_device: there is no GPU 2: this machine has 2, numbers 0 to 1"
  )
  expect_identical(seen$still, c(1, 0))
  expect_true(seen$cpu)
})

test_that("the text for CUDA is shown, and the command for it", {
  shown <- gpu_value({
    use_gpu()
    unclass(explain(gaussian()))[c("program", "source", "command")]
  })
  expect_match(shown$program, "blocks: [0-9]+ threads")
  expect_match(shown$source, "__global__")
  expect_match(shown$command, "sm_90")
})

test_that("a matrix on a GPU is taken where the matrix is, and looks like it", {
  seen <- gpu_value({
    use_gpu()
    x <- uniform(40, 3)
    rownames(x) <- paste0("row", 1:40)
    h <- keops_to_gpu(x)
    op <- squared_norm_sum()
    scaled <- keops_kernel(
      "Sum_Reduction(s * x - y, 0)", c("x = Vi(3)", "y = Vj(3)", "s = Pm(1)")
    )
    bytes <- keops_gpu_memory()$used
    twice <- op(list(h, h))
    list(
      same = identical(as.matrix(h), x), dim = dim(h), columns = ncol(h), length = length(h),
      names = dimnames(h), array = identical(as.array(h), x),
      vector = identical(as.vector(h), c(x)),
      doubles = identical(as.double(h), c(x)),
      text = c(format(h), capture.output(print(h)), capture.output(str(h))),
      result = identical(twice, op(list(x, unname(x)))),
      row_names = identical(rownames(twice), rownames(x)), bytes = bytes,
      again = identical(keops_to_gpu(h), h), column = dim(keops_to_gpu(c(a = 1, b = 2))),
      frame = identical(
        as.matrix(keops_to_gpu(data.frame(p = 1:2, q = 3:4))), cbind(p = c(1, 2), q = c(3, 4))
      ),
      transposed = identical(op(list(keops_to_gpu(t(x)), t(x)), "row"), twice),
      parameter = identical(scaled(list(h, h, keops_to_gpu(2))), scaled(list(x, x, 2))),
      no_rows = dim(as.matrix(keops_to_gpu(matrix(0, 0, 3)))),
      single = relative_difference(
        with_options(list(kernelops.precision = "float32"), op(list(h, h))), twice
      )
    )
  })
  text <- "<keops_gpu_matrix> 40 x 3, 960 B on GPU 0 (Pretend GPU 0)"
  expect_identical(seen$text, c(text, text, paste0(" ", text, " ")))
  expect_identical(seen$dim, c(40L, 3L))
  expect_identical(seen$columns, 3L)
  expect_equal(seen$length, 120)
  expect_identical(seen$names, list(paste0("row", 1:40), NULL))
  expect_lt(seen$bytes, 2 * 960 + 512)
  expect_identical(seen$column, c(2L, 1L))
  expect_identical(seen$no_rows, c(0L, 3L))
  expect_lt(seen$single, 1e-6)
  for (each in c(
    "same", "array", "vector", "doubles", "result", "row_names", "again", "frame", "transposed",
    "parameter"
  )) {
    expect_true(seen[[!!each]])
  }
})

test_that("what a matrix on a GPU cannot do is an error that says what can be done", {
  texts <- gpu_value({
    h <- keops_to_gpu(uniform(4, 3))
    list(
      unsupported = c(
        error_text(h + 1), error_text(1 - h), error_text(h == h), error_text(-h),
        error_text(exp(h)), error_text(sum(h)), error_text(mean(h)), error_text(t(h)),
        error_text(h[1, ]), error_text(h[[1]]), error_text(h$pointer), error_text(head(h)),
        error_text(h[1, 1] <- 0), error_text(h$name <- ""), error_text(dim(h) <- 12)
      ),
      product = error_text(h %*% h),
      argument = c(
        error_text(squared_norm_sum()(list(h, keops_to_gpu(1:4)))), error_text(keops_to_gpu("a")),
        error_text(keops_to_gpu(1i)), error_text(keops_to_gpu(factor("a"))),
        error_text(keops_to_gpu(c(1, NA))), error_text(Vi(h, is_complex = TRUE)),
        error_text(keops_to_gpu(Vi(1:3))), error_text(squared_norm_sum()(h))
      ),
      missing = with_options(list(kernelops.na_action = "pass"), as.vector(keops_to_gpu(c(1, NA)))),
      on_cpu = error_text(squared_norm_sum()(list(h, uniform(4, 3))))
    )
  })
  for (text in texts$unsupported) {
    expect_match(text, "^kernelops_error_unsupported: .* is not defined for a matrix on a GPU\n")
    expect_match(text, "as.matrix(x)", fixed = TRUE)
  }
  expect_true(nzchar(texts$product))
  for (text in texts$argument) expect_match(text, "^kernelops_error_argument: ")
  expect_identical(texts$missing, c(1, NA))
  expect_identical(texts$on_cpu, paste0(
    "kernelops_error_argument: input `x` is in the memory of GPU 0, but the CPU is to compute\n",
    "  hint: use_gpu(), or as.matrix(x)"
  ))
})

test_that("LazyTensors of matrices on a GPU are those of the matrices", {
  differences <- gpu_value({
    use_gpu()
    x <- uniform(30, 3, seed = 1)
    b <- uniform(30, 1, seed = 2)
    rownames(x) <- paste0("row", 1:30)
    h <- keops_to_gpu(x)
    g <- keops_to_gpu(b)
    results <- function(a, b, p) {
      x_i <- Vi(a)
      k <- exp(-sqdist(x_i, Vj(a)))
      list(
        product = k %*% b, before = t(k) %*% b, sums = rowSums(k), all = as.matrix(k),
        turned = as.matrix(t(k)), part = as.matrix(k[2:4, c("row1", "row30")]), entry = k[3, 4],
        entries = k[cbind(1:3, 3:1)], diagonal = diag(k), names = dimnames(k),
        rows = k[2:5, ] %*% b, weights = rowSums(k[1:5, ] * b), chain = k %*% k %*% b,
        nearest = argmin(sqdist(x_i, Vj(a)), index = "j"), gradient = grad(k, b, "Sum", x_i, "j"),
        again = grad(k, Vi(b), "Sum", Vi(a), "j"), parameter = sum(x_i * Pm(p), index = "i"),
        value = value_and_grad(k, x_i), vectors = as.array(x_i - Vj(a))
      )
    }
    actual <- results(h, g, keops_to_gpu(1:3))
    expected <- results(x, b, 1:3)
    c(
      vapply(names(expected), function(name) {
        isTRUE(all.equal(actual[[name]], expected[[name]], tolerance = 1e-13))
      }, NA),
      one_number = identical((Vi(x) * keops_to_gpu(2))$formula, (Vi(x) * 2)$formula)
    )
  })
  expect_identical(names(differences)[!differences], character())
})

test_that("a LazyTensor says which of its data are on a GPU", {
  text <- gpu_value({
    h <- keops_to_gpu(uniform(30, 3))
    format(Vi(h) - Vj(uniform(20, 3)))
  })
  expect_match(text, "V0 = Vi(3)  30 rows i on GPU 0", fixed = TRUE, all = FALSE)
  expect_match(text, "V1 = Vj[(]3[)]  20 rows j$", all = FALSE)
})

test_that("a matrix on a GPU is an error, not a crash, in another process", {
  file <- tempfile(fileext = ".rds")
  gpu_value(saveRDS(keops_to_gpu(uniform(4, 3)), file), file = file)
  texts <- gpu_value(file = file, {
    h <- readRDS(file)
    use_gpu()
    list(
      dim = dim(h), text = format(h), fetched = error_text(as.matrix(h)),
      used = error_text(squared_norm_sum()(list(h, uniform(4, 3)))),
      lazy = error_text(sum(Vi(h), index = "i"))
    )
  })
  expect_identical(texts$dim, c(4L, 3L))
  expect_match(texts$text, "of another process$")
  for (text in texts[c("fetched", "used", "lazy")]) {
    expect_match(text, "^kernelops_error_device: .* sent there by another one\n  hint: send")
  }
})

test_that("a fork of a process that uses a GPU cannot use it, but the CPU", {
  skip_on_os("windows")
  seen <- gpu_value({
    use_gpu()
    x <- uniform(4, 3)
    h <- keops_to_gpu(x)
    op <- squared_norm_sum()
    expected <- op(list(h, h))
    child <- parallel::mcparallel({
      texts <- c(
        error_text(op(list(x, x))), error_text(as.matrix(h)), error_text(keops_to_gpu(x)),
        error_text(use_gpu()), capture.output(keops_sitrep())
      )
      rm(h)
      gc()
      use_cpu()
      list(texts = texts, result = op(list(x, x)))
    })
    seen <- parallel::mccollect(child)[[1L]]
    list(
      texts = seen$texts, equal = all.equal(seen$result, expected),
      parent = identical(op(list(h, h)), expected)
    )
  })
  for (text in seen$texts[1:4]) {
    expect_match(text, "^kernelops_error_device: the GPU cannot be used in a forked process")
  }
  expect_match(seen$texts, "^GPU +none: the GPU cannot be used in a forked process", all = FALSE)
  expect_true(seen$equal)
  expect_true(seen$parent)
})

test_that("gc() frees matrices that nobody holds and what the pool keeps", {
  seen <- gpu_value({
    use_gpu()
    h <- keops_to_gpu(uniform(100, 3))
    squared_norm_sum()(list(h, h))
    working <- keops_gpu_memory()
    invisible(gc())
    held <- keops_gpu_memory()
    rm(h)
    invisible(base::gc(verbose = FALSE))
    rbind(working, held, keops_gpu_memory())
  })
  expect_gt(seen$cached[1L], 0)
  expect_identical(seen$cached[2:3], c(0, 0))
  expect_gte(seen$used[2L], 2400)
  expect_identical(seen$used[3L], 0)
})

test_that("the memory of thousands of calls stays flat", {
  peaks <- gpu_value({
    use_gpu()
    op <- squared_norm_sum()
    x <- uniform(20, 3)
    h <- keops_to_gpu(x)
    run <- function(calls) {
      for (k in seq_len(calls)) op(list(if (k %% 2 == 0) x else h, x))
      sum(unlist(keops_gpu_memory()[c("used", "cached")]))
    }
    c(run(100), run(10000))
  })
  expect_identical(peaks[2L], peaks[1L])
})

test_that("inputs larger than the memory are streamed, with the same result", {
  seen <- gpu_value({
    use_gpu()
    x <- uniform(3000, 3, seed = 1)
    y <- uniform(4000, 3, seed = 2)
    operators <- lapply(c(
      "Sum_Reduction(Exp(-SqDist(x, y)), %d)", "ArgKMin_Reduction(SqDist(x, y), 3, %d)",
      "LogSumExp_Reduction(-SqDist(x, y), %d)", "Grad(Sum_Reduction(Exp(-SqDist(x, y)), %d), x, 1)"
    ), function(formula) {
      lapply(0:1, function(axis) {
        keops_kernel(sprintf(formula, axis), c("x = Vi(3)", "y = Vj(3)"))
      })
    })
    run <- function() lapply(unlist(operators), function(op) op(list(x, y)))
    whole <- run()
    used <- keops_gpu_memory()$peak
    gc()
    keops_options(gpu_memory = 1.5e5)
    use_gpu()
    parts <- run()
    list(
      equal = all.equal(parts, whole, tolerance = 1e-13), needed = used,
      memory = keops_gpu_memory()
    )
  })
  expect_gt(seen$needed, 2.5e5)
  expect_true(seen$equal)
  expect_identical(seen$memory$cap, 1.5e5)
  expect_lte(seen$memory$used + seen$memory$cached, 1.5e5)
})

test_that("several devices give the result of one", {
  expect_true(gpu_value(devices = 3, {
    x <- uniform(1000, 3, seed = 1)
    h <- keops_to_gpu(x)
    operators <- lapply(c(
      "Sum_Reduction(Exp(-SqDist(x, y)), 0)", "Sum_Reduction(Exp(-SqDist(x, y)), 1)",
      "ArgKMin_Reduction(SqDist(x, y), 3, 0)", "Min_ArgMin_Reduction(SqDist(x, y), 1)"
    ), keops_kernel, args = c("x = Vi(3)", "y = Vj(3)"))
    run <- function() lapply(operators, function(op) op(list(h, x)))
    use_gpu()
    one <- run()
    use_gpu("all")
    all.equal(run(), one, tolerance = 1e-13)
  }))
})

test_that("too large a matrix is an error of memory that says how much there is", {
  seen <- gpu_value(memory = 1e7, {
    use_gpu()
    text <- error_text(keops_to_gpu(matrix(0, 1e6, 3)))
    x <- uniform(4, 3)
    list(text = text, works = dim(squared_norm_sum()(list(x, keops_to_gpu(x)))))
  })
  expect_identical(seen$text, paste0(
    "kernelops_error_memory: there is no room for 24 MB on GPU 0 (Pretend GPU 0): 0 bytes of 8 MB ",
    "that kernelops may use are in use, and the device has 10 MB for all programs"
  ))
  expect_identical(seen$works, c(4L, 1L))
})

test_that("after a call that the driver failed the next one works", {
  seen <- gpu_value({
    use_gpu()
    x <- uniform(40, 3)
    h <- keops_to_gpu(x)
    op <- squared_norm_sum()
    expected <- op(list(h, x))
    failures <- c(
      device = "cuLaunchKernel:1:700", device = "cuMemcpyHtoDAsync:1:700",
      device = "cuStreamSynchronize:1:999", device = "cuMemcpyDtoHAsync:1:702",
      memory = "cuMemAlloc:1:2:lasting", device = "cuLaunchKernel:1:700:lasting"
    )
    lapply(failures, function(failure) {
      # What the pool keeps needs no allocation.
      invisible(gc())
      text <- with_environment(c(KERNELOPS_FAKE_FAIL = failure), error_text(op(list(h, x))))
      c(text = text, same = identical(op(list(h, x)), expected))
    })
  })
  for (k in seq_along(seen)) {
    expect_match(seen[[!!k]][["text"]], paste0("^kernelops_error_", names(seen)[k], ": "))
    expect_identical(seen[[!!k]][["same"]], "TRUE")
  }
})

test_that("a device that is gone is an error, and the CPU goes on", {
  seen <- gpu_value({
    use_gpu()
    x <- uniform(40, 3)
    h <- keops_to_gpu(x)
    op <- squared_norm_sum()
    expected <- op(list(x, x))
    Sys.setenv(KERNELOPS_FAKE_FAIL = "cuLaunchKernel:1:719:lasting")
    texts <- c(
      error_text(op(list(h, x))), error_text(op(list(x, x))), error_text(as.matrix(h)),
      error_text(keops_to_gpu(x))
    )
    report <- capture.output(keops_sitrep())
    rm(h)
    gc()
    use_cpu()
    list(texts = texts, report = report, equal = all.equal(op(list(x, x)), expected))
  })
  for (text in seen$texts) {
    expect_match(text, "^kernelops_error_device: .*GPU 0 [(]Pretend GPU 0[)]")
  }
  expect_match(seen$report, "^GPU +none: ", all = FALSE)
  expect_true(seen$equal)
})
