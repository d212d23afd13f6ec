wrong_values <- list(
  backend = list("tpu", 1, c("cpu", "gpu")),
  device = list(-1, 0.5, "0", NA, c(1, 1), integer()),
  precision = list("float16", 64, c("float32", "float64"), NA_character_),
  threads = list(0, -1, 1.5, "two", NA, c(1, 2)),
  compiler = list("", 1, c("gcc", "clang"), NA_character_),
  compiler_flags = list(1, NA_character_),
  cpu = list(1, NA_character_),
  gpu_memory = list(-1, "1 GB", NA_real_, Inf, c(1, 2)),
  tensor_cores = list("yes", NA, 1),
  nvrtc = list("", 1, NA_character_),
  cache_dir = list("", 1, NA_character_),
  cache_size = list(-1, "1 GB", NA_real_, Inf, c(1, 2)),
  na_action = list("omit", NA, TRUE),
  progress = list("always", NA, 1),
  verbose = list("yes", NA, 1)
)

test_that("every option has a test of wrong values", {
  expect_setequal(names(wrong_values), names(option_table))
})

for (name in names(option_table)) {
  local({
    name <- name

    test_that(paste("the option", name, "refuses wrong values by its name"), {
      for (value in wrong_values[[name]]) {
        new <- stats::setNames(list(value), paste0("kernelops.", name))
        error <- with_options(new, {
          expect_error(current_settings(), class = "kernelops_error_argument")
        })
        expect_match(conditionMessage(error), paste0("kernelops.", name), fixed = TRUE)
      }
    })

    test_that(paste("the option", name, "has a default that passes its check"), {
      default <- option_table[[name]]$default
      expect_true(is.null(default) || option_table[[name]]$check(default))
    })
  })
}

test_that("setters return the old value invisibly and take it back", {
  with_options(list(kernelops.precision = NULL, kernelops.threads = NULL), {
    first <- withVisible(use_float32())
    expect_false(first$visible)
    expect_null(first$value)
    expect_identical(current_settings()$precision, "float32")
    expect_identical(use_float64(), "float32")
    expect_identical(current_settings()$precision, "float64")
    expect_null(use_cpu(3))
    expect_identical(current_settings()$threads, 3L)
    expect_identical(use_cpu(ncore = 0), 3L)
    expect_identical(current_settings()$threads, default_threads())
    expect_null(use_cpu(2))
    expect_identical(use_cpu(NULL), 2L)
  })
})

test_that("verbose says when a kernel is compiled, and only then", {
  with_options(list(kernelops.verbose = TRUE, kernelops.cache_dir = new_directory()), {
    op <- keops_kernel("Sum_Reduction(x * y * 1618, 0)", c("x = Vi(1)", "y = Vj(1)"))
    told <- testthat::capture_messages(op(list(1, 1)))
    expect_match(told[1L], "^kernelops: compiling .*1618.* in float64\n$")
    expect_match(told[2L], "^kernelops: compiled in [0-9.]+ m?s\n$")
    expect_length(told, 2L)
    expect_silent(op(list(1, 1)))
  })
})

test_that("use_cpu() refuses what is no number of threads", {
  for (value in list(-1, 1.5, "two", NA, c(1, 2))) {
    expect_error(use_cpu(value), class = "kernelops_error_argument")
  }
})

test_that("every row is documented", {
  for (row in option_table) {
    expect_true(is_string(row$help) && nzchar(row$help))
    expect_true(is_string(row$default_text) && nzchar(row$default_text))
    expect_identical(is.null(row$default), !is.null(row$find))
  }
  page <- rd_options()
  for (name in names(option_table)) {
    expect_match(page, sprintf("\\item{\\code{%s}}", name), fixed = TRUE)
  }
})

unset <- stats::setNames(rep(list(NULL), length(option_names)), option_names)

test_that("keops_options() sets, returns the old values invisibly and takes them back", {
  with_options(unset, {
    old <- withVisible(keops_options(precision = "float32", threads = 2))
    expect_false(old$visible)
    expect_identical(old$value, list(precision = NULL, threads = NULL))
    expect_identical(getOption("kernelops.precision"), "float32")
    expect_identical(current_settings()$threads, 2L)
    again <- keops_options(list(threads = NULL, na_action = "pass"))
    expect_identical(again, list(threads = 2, na_action = NULL))
    expect_null(getOption("kernelops.threads"))
    keops_options(again)
    keops_options(old$value)
    expect_identical(lapply(stats::setNames(nm = option_names), getOption), unset)
    expect_identical(keops_options(list()), list())
  })
})

test_that("keops_options() shows what is set and what is found", {
  with_options(unset, {
    keops_options(threads = 1, cache_size = 1e6)
    shown <- keops_options()
    expect_s3_class(shown, "keops_options")
    expect_identical(names(shown), names(option_table))
    expect_identical(shown$precision, "float64")
    expect_identical(shown$threads, 1)
    expect_identical(shown$cache_dir, cache_directory())
    lines <- format(shown)
    expect_length(lines, length(option_table) + 1L)
    expect_true(all(nchar(lines) <= 80L))
    expect_match(lines, "^threads +1 +set +number of threads$", all = FALSE)
    expect_match(lines, "^precision +float64 +default ", all = FALSE)
    expect_match(lines, "^cache_size +1 MB +set ", all = FALSE)
    expect_output(value <- withVisible(print(shown)), "compiler_flags")
    expect_false(value$visible)
    # It can be given back, and sets nothing that was not set.
    keops_options(threads = 2, precision = "float32")
    keops_options(shown)
    expect_identical(getOption("kernelops.threads"), 1)
    expect_null(getOption("kernelops.precision"))
    expect_null(getOption("kernelops.cache_dir"))
  })
})

test_that("all options are checked before any is set", {
  with_options(unset, {
    expect_error(
      keops_options(threads = 2, precision = "float16"), class = "kernelops_error_argument"
    )
    expect_error(keops_options(threads = 2, treads = 3), class = "kernelops_error_argument")
    expect_null(getOption("kernelops.threads"))
  })
})

test_that("an unknown option comes with the nearest name", {
  error <- expect_error(keops_options(thread = 2), class = "kernelops_error_argument")
  expect_match(conditionMessage(error), "no option `thread`; did you mean `threads`?", fixed = TRUE)
  expect_identical(error$nearest, "threads")
  error <- expect_error(keops_options(zzzzzzzzzz = 2), class = "kernelops_error_argument")
  expect_no_match(conditionMessage(error), "did you mean")
  for (call in expression(
    keops_options("threads"), keops_options(threads = 1, threads = 2), keops_options(list(1)),
    keops_options(threads = 1, 2), with_keops_options(3, 4), with_keops_options(list(a = 3), 4)
  )) {
    error <- expect_error(eval(call), class = "kernelops_error_argument")
    expect_identical(conditionCall(error), call)
  }
})

test_that("the options of GPUs reach the engine, and none is looked for before a call", {
  new <- list(backend = "gpu", device = "all", gpu_memory = 1e9, tensor_cores = TRUE)
  with_options(stats::setNames(new, paste0("kernelops.", names(new))), {
    settings <- current_settings()
    expect_identical(settings[names(new)[-2L]], new[-2L])
    expect_identical(settings$device, integer())
    expect_match(format(keops_options()), "^gpu_memory +1 GB +set", all = FALSE)
    keops_options(device = c(1, 0), gpu_memory = NULL)
    settings <- current_settings()
    expect_identical(settings$device, 1:0)
    expect_identical(settings$gpu_memory, 0)
    expect_match(format(keops_options()), "^gpu_memory +four fifths of it +default", all = FALSE)
    # The CPU is back without a search for GPUs.
    use_cpu(2)
    expect_identical(current_settings()$backend, "cpu")
  })
})

test_that("with_keops_options() puts the old values back, also after errors", {
  with_options(list(kernelops.precision = "float32", kernelops.threads = NULL), {
    new <- list(precision = "float64", threads = 1)
    expect_identical(
      with_keops_options(new, current_settings()[c("precision", "threads")]),
      list(precision = "float64", threads = 1L)
    )
    expect_error(with_keops_options(new, stop("oh")), "oh")
    expect_identical(getOption("kernelops.precision"), "float32")
    expect_null(getOption("kernelops.threads"))
    shown <- with_keops_options(c(precision = "float64"), keops_options()$precision)
    expect_identical(shown, "float64")
  })
})
