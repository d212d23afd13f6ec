# The functions of RKeOps 2, each used once on LazyTensors as its scripts use it, with what base R
# gives for the same numbers.

points <- function() {
  x <- uniform(5, 3, 0.1, 0.9, seed = 1)
  y <- uniform(4, 3, 0.1, 0.9, seed = 2)
  real <- uniform(5, 2, 0.2, 2, seed = 3)
  z <- matrix(complex(real = real, imaginary = uniform(5, 2, seed = 4)), 5, 2)
  w <- uniform(4, 1, 0.5, 1.5, seed = 5)
  values <- list(
    x = x, y = y, z = z, w = w, D = squared_distances(x, y),
    x_i = Vi(x), y_j = Vj(y), z_i = Vi(z), w_j = Vj(w), negative = Vi(x - 0.5)
  )
  values$D_ij <- sqdist(values$x_i, values$y_j)
  values
}

# All numbers of a LazyTensor that depends on i alone, one row for each i.
rows_of <- function(tensor) {
  sum(tensor, index = "j")
}

# What each function is to give: a call with LazyTensors or of another kind, and a call of base R.
elementwise_cases <- alist(
  "*" = list(x_i * 3, x * 3), "+" = list(x_i + 3, x + 3), "-" = list(-x_i - 3, -x - 3),
  "/" = list(x_i / 3, x / 3), "^" = list(x_i^3, x^3), "|" = list(x_i | x_i, matrix(rowSums(x^2))),
  square = list(square(x_i), x^2), sqrt = list(sqrt(x_i), sqrt(x)),
  rsqrt = list(rsqrt(x_i), 1 / sqrt(x)), exp = list(exp(x_i), exp(x)),
  log = list(log(x_i, 3), log(x, 3)), inv = list(inv(x_i), 1 / x), cos = list(cos(x_i), cos(x)),
  sin = list(sin(x_i), sin(x)), acos = list(acos(x_i), acos(x)), asin = list(asin(x_i), asin(x)),
  atan = list(atan(x_i), atan(x)), atan2 = list(kernelops::atan2(x_i, 2), atan2(x, 2)),
  abs = list(abs(negative), abs(x - 0.5)), sign = list(sign(negative), sign(x - 0.5)),
  round = list(round(x_i, 1), round(x, 1)), xlogx = list(xlogx(x_i), x * log(x)),
  sinxdivx = list(sinxdivx(x_i), sin(x) / x), step = list(kernelops::step(negative), +(x >= 0.5)),
  relu = list(relu(negative), pmax(x - 0.5, 0)),
  ifelse = list(ifelse(negative, x_i, 2), ifelse(x >= 0.5, x, 2)),
  clamp = list(clamp(x_i, 0.3, 0.6), pmin(pmax(x, 0.3), 0.6)),
  clampint = list(clampint(10 * x_i, 2, 5), pmin(pmax(10 * x, 2), 5)),
  mod = list(mod(10 * x_i, 3, 1), (10 * x - 1) %% 3 + 1),
  sqnorm2 = list(sqnorm2(x_i), matrix(rowSums(x^2))),
  norm2 = list(norm2(x_i), matrix(sqrt(rowSums(x^2)))),
  normalize = list(normalize(x_i), x / sqrt(rowSums(x^2))),
  weightedsqnorm = list(weightedsqnorm(x_i, Pm(1:3)), matrix(c(x^2 %*% 1:3))),
  weightedsqdist = list(
    weightedsqdist(x_i, Pm(c(1, 2, 4)), Pm(1:3)), matrix(c(t((t(x) - c(1, 2, 4))^2) %*% 1:3))
  ),
  elem = list(elem(x_i, 1), x[, 2, drop = FALSE]),
  elemT = list(elemT(elem(x_i, 0), 1, 3), cbind(0, x[, 1], 0)),
  extract = list(extract(x_i, 1, 2), x[, 2:3]),
  extractT = list(extractT(x_i, 1, 5), cbind(0, x, 0)),
  concat = list(concat(x_i, square(x_i)), cbind(x, x^2)),
  one_hot = list(one_hot(Vi(c(0, 2, 1, 1, 0)), 3), diag(3)[c(1, 3, 2, 2, 1), ]),
  matvecmult = list(matvecmult(Pm(1:6), x_i), x %*% matrix(1:6, 3)),
  vecmatmult = list(vecmatmult(x_i, Pm(1:6)), x %*% matrix(1:6, 3, byrow = TRUE)),
  tensorprod = list(
    tensorprod(x_i, Pm(c(1, 10))), x[, c(1, 1, 2, 2, 3, 3)] %*% diag(rep(c(1, 10), 3))
  ),
  Re = list(Re(z_i), Re(z)), Im = list(Im(z_i), Im(z)), Arg = list(Arg(z_i), Arg(z)),
  Mod = list(Mod(z_i), Mod(z)), Conj = list(Conj(z_i), Conj(z)),
  real2complex = list(real2complex(x_i), x + 0i), imag2complex = list(imag2complex(x_i), x * 1i),
  exp1j = list(exp1j(x_i), exp(1i * x)),
  unaryop.LazyTensor = list(unaryop.LazyTensor(x_i, "Pow", 3), x^3),
  binaryop.LazyTensor = list(binaryop.LazyTensor(x_i, 2, "+", is_operator = TRUE), x + 2),
  ternaryop.LazyTensor = list(
    ternaryop.LazyTensor(x_i, 0.3, 0.6, "Clamp"), pmin(pmax(x, 0.3), 0.6)
  )
)

# The smallest entries of each row of a matrix and where they are.
smallest <- function(D, count) {
  matrix(apply(D, 1, function(row) sort(row)[seq_len(count)]), ncol = count, byrow = TRUE)
}
lowest <- function(D, count) {
  matrix(apply(D, 1, function(row) order(row)[seq_len(count)]), ncol = count, byrow = TRUE)
}
best <- function(D, count) list(smallest(D, count), lowest(D, count))

reduction_cases <- alist(
  "%*%" = list(D_ij %*% w_j, D %*% w),
  sqdist = list(sum(sqdist(x_i, y_j), index = "j"), matrix(rowSums(D))),
  sum = list(sum(D_ij, "i"), matrix(colSums(D))),
  min = list(min(D_ij, "j"), matrix(apply(D, 1, min))),
  max = list(max(D_ij, "j"), matrix(apply(D, 1, max))),
  argmin = list(argmin(D_ij, "i"), matrix(apply(D, 2, which.min))),
  argmax = list(argmax(D_ij, "j"), matrix(apply(D, 1, which.max))),
  min_argmin = list(min_argmin(D_ij, "j"), best(D, 1)),
  max_argmax = list(
    max_argmax(D_ij, "j"), list(matrix(apply(D, 1, max)), matrix(apply(D, 1, which.max)))
  ),
  Kmin = list(Kmin(D_ij, 2, "j"), smallest(D, 2)),
  argKmin = list(argKmin(D_ij, 2, "j"), lowest(D, 2)),
  Kmin_argKmin = list(Kmin_argKmin(D_ij, 3, "j"), best(D, 3)),
  logsumexp = list(logsumexp(D_ij, "j"), matrix(log(rowSums(exp(D))))),
  sumsoftmaxweight = list(
    sumsoftmaxweight(D_ij, "j", y_j), (exp(D) / rowSums(exp(D))) %*% y
  ),
  sum_reduction = list(sum_reduction(D_ij, "j"), matrix(rowSums(D))),
  min_reduction = list(min_reduction(D_ij, "j"), smallest(D, 1)),
  max_reduction = list(max_reduction(D_ij, "j"), -smallest(-D, 1)),
  argmin_reduction = list(argmin_reduction(D_ij, "j"), lowest(D, 1)),
  argmax_reduction = list(argmax_reduction(D_ij, "j"), lowest(-D, 1)),
  min_argmin_reduction = list(min_argmin_reduction(D_ij, "j"), best(D, 1)),
  max_argmax_reduction = list(
    max_argmax_reduction(D_ij, "j"), list(-smallest(-D, 1), lowest(-D, 1))
  ),
  Kmin_reduction = list(Kmin_reduction(D_ij, 2, "j"), smallest(D, 2)),
  argKmin_reduction = list(argKmin_reduction(D_ij, 2, "j"), lowest(D, 2)),
  Kmin_argKmin_reduction = list(Kmin_argKmin_reduction(D_ij, 2, "j"), best(D, 2)),
  logsumexp_reduction = list(logsumexp_reduction(D_ij, "j"), matrix(log(rowSums(exp(D))))),
  sumsoftmaxweight_reduction = list(
    sumsoftmaxweight_reduction(D_ij, "j", w_j), (exp(D) / rowSums(exp(D))) %*% w
  ),
  reduction.LazyTensor = list(
    reduction.LazyTensor(D_ij, "KMin", "j", opt_arg = 2), smallest(D, 2)
  ),
  grad = list(grad(D_ij, Vi(rep(1, 5)), "Sum", x_i, "j"), 2 * (4 * x - rep(colSums(y), each = 5))),
  keops_kernel = list(
    keops_kernel("Sum_Reduction(SqNorm2(x - y), 0)", c("x=Vi(3)", "y=Vj(3)"))(list(x, y)),
    matrix(rowSums(D))
  ),
  keops_grad = list(
    keops_grad(squared_norm_sum(), "x")(list(x, y, rep(1, 5))),
    2 * (4 * x - rep(colSums(y), each = 5))
  )
)

# Tested one by one below.
other_names <- c(
  "LazyTensor", "Vi", "Vj", "Pm", "is.LazyTensor", "is.ComplexLazyTensor", "is.LazyParameter",
  "is.ComplexLazyParameter", "is.LazyVector", "is.LazyMatrix", "is.int", "rkeops_use_cpu",
  "rkeops_use_gpu", "rkeops_use_float32", "rkeops_use_float64", "rkeops_enable_verbosity",
  "rkeops_disable_verbosity", "get_rkeops_options", "set_rkeops_options", "get_rkeops_cache_dir",
  "set_rkeops_cache_dir", "stat_rkeops_cache_dir", "clean_rkeops", "check_rkeops",
  "install_rkeops", "helloWorld"
)

test_that("every name of RKeOps is a function after library(kernelops)", {
  names <- c(names(elementwise_cases), names(reduction_cases), other_names)
  expect_length(unique(names), 110)
  for (name in names) {
    expect_true(is.function(get0(name, globalenv(), mode = "function")), label = name)
  }
  for (name in masked_names) {
    expect_true(is.function(getExportedValue("kernelops", name)), label = name)
  }
})

expect_case <- function(case, name, convert) {
  values <- list2env(points(), parent = environment(points))
  actual <- convert(eval(case[[2L]], values))
  expected <- eval(case[[3L]], values)
  # Results of two parts are compared part by part.
  if (!is.list(expected)) {
    actual <- list(actual)
    expected <- list(expected)
  }
  expect_length(actual, length(expected))
  for (k in seq_along(expected)) {
    expect_identical(dim(actual[[k]]), dim(expected[[k]]), label = name)
    expect_identical(is.complex(actual[[k]]), is.complex(expected[[k]]), label = name)
    expect_lte(max(Mod(actual[[k]] - expected[[k]])), 1e-12, label = name)
  }
}

test_that("operations of RKeOps give what base R gives", {
  for (name in names(elementwise_cases)) {
    expect_case(elementwise_cases[[name]], name, rows_of)
  }
})

test_that("reductions, gradients and kernels of RKeOps give what base R gives", {
  for (name in names(reduction_cases)) expect_case(reduction_cases[[name]], name, identity)
})

test_that("functions of base R do with numbers what they did", {
  x <- c(-1.5, 0.5, 2)
  expect_identical(kernelops::atan2(x, 2), base::atan2(x, 2))
  expect_identical(kernelops::ifelse(x > 0, "a", "b"), base::ifelse(x > 0, "a", "b"))
  model <- stats::lm(dist ~ speed, datasets::cars)
  expect_equal(
    stats::coef(kernelops::step(model, trace = 0)), stats::coef(stats::step(model, trace = 0))
  )
  for (name in setdiff(c(names(elementwise_cases), "sum", "min", "max"), masked_names)) {
    if (exists(name, baseenv())) {
      expect_identical(get(name, globalenv()), get(name, baseenv()), label = name)
    }
  }
})

test_that("operations on whole vectors of plain numbers check their dimensions", {
  expect_identical(one_hot(2, 4), c(0, 0, 1, 0))
  expect_error(one_hot(0:2, 3), class = "kernelops_error_dimension")
  expect_identical(sqdist(1:3, c(1, 1, 1)), 5)
  expect_error(sqdist(1:3, 1:2), class = "kernelops_error_dimension")
  expect_identical(elem(c(5, 7), 1), 7)
  expect_error(elem(c(5, 7), 2), class = "kernelops_error_dimension")
})

test_that("a LazyTensor has the fields of RKeOps", {
  values <- points()
  f <- exp(-sqdist(values$x_i, values$y_j))
  expect_identical(f$formula, "Exp(-SqDist(V0, V1))")
  expect_identical(f$args, c("V0=Vi(3)", "V1=Vj(3)"))
  expect_identical(f$data, list(values$x, values$y))
  expect_identical(as.numeric(f$dimres), 1)
  expect_identical(as.numeric(values$x_i$dimres), 3)
  expect_identical(as.numeric(concat(values$x_i, values$y_j)$dimres), 6)
  expect_null(f$unknown)
  # The fields make an operator.
  op <- keops_kernel(sprintf("Sum_Reduction(%s, 0)", f$formula), f$args)
  expect_close(op(f$data), matrix(rowSums(exp(-values$D))))
  # A variable that is used twice is passed once; the two parts of complex numbers lie side by side.
  expect_length((values$x_i * values$x_i + values$x_i)$args, 1)
  z <- values$z
  parts <- cbind(Re(z), Im(z))[, c(1, 3, 2, 4)]
  expect_equal(values$z_i$data[[1L]], parts, ignore_attr = "dimnames")
  expect_identical(as.numeric(values$z_i$dimres), 2)
})

test_that("LazyTensor() makes what Vi(), Vj() and Pm() make", {
  x <- matrix(1:6, 3)
  expect_identical(LazyTensor(x, "i")$args, Vi(x)$args)
  expect_identical(LazyTensor(x, index = "j")$args, Vj(x)$args)
  expect_identical(LazyTensor(c(1, 2))$args, Pm(c(1, 2))$args)
  expect_identical(c(LazyTensor(x, "i", is_complex = TRUE)$data[[1L]][, c(2, 4)]), rep(0, 6))
  expect_error(LazyTensor(x), class = "kernelops_error_argument")
  expect_error(LazyTensor(x, "k"), class = "kernelops_error_argument")
  expect_error(LazyTensor(Vi(x), "i"), class = "kernelops_error_argument")
  expect_error(LazyTensor(letters, "i"), class = "kernelops_error_argument")
})

test_that("predicates tell what a LazyTensor is", {
  values <- points()
  tensors <- list(
    matrix = values$x_i, pairs = values$D_ij, vector = Pm(1:3), number = Pm(2),
    complex_matrix = values$z_i, complex_number = Pm(2 + 1i), sum_of_numbers = Pm(2) + 3
  )
  expect_true(all(vapply(tensors, is.LazyTensor, TRUE)))
  which_are <- function(predicate) names(tensors)[vapply(tensors, predicate, TRUE)]
  expect_identical(which_are(is.ComplexLazyTensor), c("complex_matrix", "complex_number"))
  expect_identical(which_are(is.LazyMatrix), c("matrix", "pairs", "complex_matrix"))
  expect_identical(
    which_are(is.LazyVector), c("vector", "number", "complex_number", "sum_of_numbers")
  )
  expect_identical(which_are(is.LazyParameter), c("number", "sum_of_numbers"))
  expect_identical(which_are(is.ComplexLazyParameter), "complex_number")
  expect_false(is.LazyTensor(values$x))
  expect_false(is.ComplexLazyTensor(1i))
  for (predicate in list(is.LazyMatrix, is.LazyVector, is.LazyParameter, is.ComplexLazyParameter)) {
    expect_error(predicate(1), class = "kernelops_error_argument")
  }
  expect_true(is.int(3))
  expect_true(is.int(-2L))
  expect_false(any(is.int(2.5), is.int("a"), is.int(c(1, 2)), is.int(NA), is.int(Inf)))
})

test_that("real and complex LazyTensors are not taken for each other", {
  values <- points()
  for (part in list(Re, Im, Arg, Conj, Mod)) {
    expect_error(part(values$x_i), class = "kernelops_error_argument")
  }
  for (f in list(real2complex, imag2complex, exp1j)) {
    expect_error(f(values$z_i), class = "kernelops_error_unsupported")
  }
  expect_equal(rows_of(values$z_i * Pm(2) + 1), 2 * values$z + 1)
})

test_that("more neighbours than rows are NA at an infinite distance", {
  D_ij <- sqdist(Vi(c(0, 1)), Vj(c(0, 2, 5)))
  expect_identical(argKmin(D_ij, 4, "j"), rbind(c(1:3, NA), c(1:3, NA)))
  expect_identical(Kmin(D_ij, 4, "j"), rbind(c(0, 4, 25, Inf), c(1, 1, 16, Inf)))
  # The K best of vectors are an array.
  expect_identical(dim(Kmin(Vi(1:5) - Vj(matrix(1:8, 4)), 3, "j")), c(5L, 3L, 2L))
})

test_that("operators of formulas are indexed by the last argument of the reduction", {
  values <- points()
  args <- c("x=Vi(3)", "y=Vj(3)")
  first <- keops_kernel("Sum_Reduction((x|y),0)", args)
  second <- keops_kernel("Sum_Reduction((x|y),1)", args)
  expect_close(first(list(values$x, values$y)), matrix(rowSums(values$x %*% t(values$y))))
  expect_close(second(list(values$x, values$y)), matrix(colSums(values$x %*% t(values$y))))
  expect_identical(
    second(list(y = values$y, x = values$x)), second(list(values$x, values$y))
  )
  expect_identical(
    second(list(t(values$x), t(values$y)), inner_dim = "row"), second(list(values$x, values$y))
  )
  expect_error(first(list(values$x)), class = "kernelops_error_argument")
  expect_error(first(values$x), class = "kernelops_error_argument")
  expect_error(
    first(list(values$x, values$y), inner_dim = "both"), class = "kernelops_error_argument"
  )
  expect_error(keops_kernel("Sum_Reduction((x|y,0)", args), class = "kernelops_error_syntax")
  expect_named(first(), c("formula", "args", "args_info", "sum_scheme"))
})

test_that("gradients are true gradients of whichever variable", {
  values <- points()
  for (axis in 0:1) {
    op <- keops_kernel(sprintf("Sum_Reduction(SqNorm2(x - y), %d)", axis), c("x=Vi(3)", "y=Vj(3)"))
    eta <- if (axis == 0) seq_len(5) else seq_len(4)
    weights <- if (axis == 0) matrix(eta, 5, 4) else matrix(eta, 5, 4, byrow = TRUE)
    of_x <- 2 * (rowSums(weights) * values$x - weights %*% values$y)
    of_y <- 2 * (colSums(weights) * values$y - t(weights) %*% values$x)
    input <- list(values$x, values$y, eta)
    expect_close(keops_grad(op, "x")(input), of_x)
    expect_close(keops_grad(op, 0)(input), of_x)
    expect_close(keops_grad(op, "y")(input), of_y)
    expect_close(keops_grad(op, 1)(input), of_y)
    index <- c("j", "i")[axis + 1L]
    gradin <- if (axis == 0) Vi(eta) else Vj(eta)
    expect_close(grad(values$D_ij, gradin, "Sum", 1, index), of_y)
  }
  expect_error(keops_grad(squared_norm_sum(), "z"), class = "kernelops_error_argument")
  expect_error(keops_grad(squared_norm_sum(), 2), class = "kernelops_error_argument")
})

test_that("options are read and set by their names in RKeOps", {
  with_options(list(kernelops.precision = NULL, kernelops.verbose = NULL), {
    all <- get_rkeops_options()
    expect_named(all, c(
      "backend", "device_id", "precision", "verbosity", "debug", "cache_dir", "formula_only"
    ))
    for (name in names(all)) expect_identical(get_rkeops_options(name), all[[name]], label = name)
    expect_identical(all$backend, "CPU")
    expect_identical(all$precision, "float64")
    expect_identical(all$cache_dir, get_rkeops_cache_dir())

    old <- withVisible(set_rkeops_options(list(precision = "float32", verbosity = 1)))
    expect_false(old$visible)
    expect_identical(old$value, all)
    expect_identical(get_rkeops_options("precision"), "float32")
    expect_identical(get_rkeops_options("verbosity"), 1L)
    set_rkeops_options()
    expect_identical(get_rkeops_options("precision"), "float64")
    expect_identical(get_rkeops_options("verbosity"), 0L)

    rkeops_use_float32()
    expect_identical(current_settings()$precision, "float32")
    rkeops_use_float64()
    expect_identical(current_settings()$precision, "float64")
    rkeops_enable_verbosity()
    expect_true(current_settings()$verbose)
    rkeops_disable_verbosity()
    expect_false(current_settings()$verbose)
  })
  with_options(list(kernelops.threads = NULL), {
    rkeops_use_cpu(ncore = 2)
    expect_identical(current_settings()$threads, 2L)
    rkeops_use_cpu()
    expect_identical(current_settings()$threads, default_threads())
    expect_error(rkeops_use_cpu(-1), class = "kernelops_error_argument")
  })
})

test_that("wrong options are errors and leave all options as they were", {
  before <- get_rkeops_options()
  wrong <- list(
    list(precision = "float16"), list(precision = 64), list(cache_dir = 1),
    list(verbosity = "much"), list(backend = "GPU_1D"), list(backend = 1), list(device_id = -2L),
    list(verbosity = 1, precision = "double"), list(nonsense = 1),
    list("float32"), "float32", 1
  )
  for (input in wrong) {
    expect_error(set_rkeops_options(input), class = "kernelops_error_argument")
    expect_identical(get_rkeops_options(), before)
  }
  for (option in list("nonsense", 1, NA_character_, c("precision", "backend"))) {
    expect_error(get_rkeops_options(option), class = "kernelops_error_argument")
  }
  expect_error(set_rkeops_cache_dir(1), class = "kernelops_error_argument")
  expect_identical(get_rkeops_cache_dir(), before$cache_dir)
})

test_that("the cache is found, measured and emptied by the names of RKeOps", {
  directory <- new_directory()
  with_options(list(kernelops.cache_dir = NULL), {
    expect_message(set_rkeops_cache_dir(directory), directory, fixed = TRUE)
    expect_silent(set_rkeops_cache_dir(directory, verbose = FALSE))
    expect_identical(get_rkeops_cache_dir(), directory)
    expect_identical(as.numeric(stat_rkeops_cache_dir(verbose = FALSE)), 0)
    op <- keops_kernel("Sum_Reduction(x * y * 1619, 0)", c("x = Vi(1)", "y = Vj(1)"))
    op(list(1, 1))
    expect_gt(stat_rkeops_cache_dir(verbose = FALSE), 0)
    expect_message(stat_rkeops_cache_dir(), directory, fixed = TRUE)
    expect_message(clean_rkeops(), "removed")
    expect_identical(as.numeric(stat_rkeops_cache_dir(verbose = FALSE)), 0)
    expect_identical(c(op(list(1, 1))), 1619)
  })
})

test_that("check_rkeops() says whether kernels compile, the others greet", {
  expect_message(works <- check_rkeops(), "works")
  expect_true(works)
  expect_silent(check_rkeops(verbose = FALSE))
  expect_message(install_rkeops(), "nothing to install")
  expect_output(helloWorld(), "Hello")
})

test_that("GPUs are chosen by the names of RKeOps", {
  with_options(list(kernelops.backend = NULL, kernelops.device = NULL), {
    old <- get_rkeops_options()
    expect_identical(old$device_id, 0L)
    set_rkeops_options(list(backend = "GPU", device_id = 1L))
    expect_identical(current_settings()[c("backend", "device")], list(backend = "gpu", device = 1L))
    expect_identical(get_rkeops_options("backend"), "GPU")
    for (device in list("all", c(1, 0))) {
      keops_options(device = device)
      set_rkeops_options(list(device_id = get_rkeops_options("device_id")))
      expect_equal(keops_options()$device, device)
    }
    set_rkeops_options(list(device_id = -1L))
    expect_null(getOption("kernelops.device"))
    set_rkeops_options(old["backend"])
    expect_identical(current_settings()$backend, "cpu")
  })
  expect_error(rkeops_use_gpu(-2), class = "kernelops_error_argument")
})

test_that("rkeops_use_gpu() starts the GPU that is meant", {
  chosen <- gpu_value(devices = 2, {
    list(rkeops_use_gpu()$device, rkeops_use_gpu(1)$device, {
      rkeops_use_cpu()
      keops_options()$backend
    })
  })
  expect_identical(chosen, list(0L, 1L, "cpu"))
})
