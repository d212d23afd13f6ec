test_that("the example agrees with dense matrices in float64", {
  inputs <- gaussian_inputs()
  expect_close(gaussian()(unname(inputs)), dense_gaussian(inputs), 1e-10)
})

test_that("the example agrees with dense matrices in float32", {
  old <- use_float32()
  on.exit(options(kernelops.precision = old))
  inputs <- gaussian_inputs()
  result <- gaussian()(unname(inputs))
  expect_type(result, "double")
  expect_close(result, dense_gaussian(inputs), 1e-5)
})

test_that("axis 1 reduces over i", {
  inputs <- gaussian_inputs(axis = 1L)
  expect_close(gaussian(1L)(unname(inputs)), dense_gaussian(inputs, 1L), 1e-10)
})

test_that("axis 2 reduces over both", {
  inputs <- gaussian_inputs()
  op <- keops_kernel(
    "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 2)",
    c("x = Vi(3)", "y = Vj(3)", "b = Vj(6)", "s = Pm(1)")
  )
  expect_close(op(inputs), matrix(colSums(dense_gaussian(inputs)), 1), 1e-10)
  expect_match(format(op), "6 columns, one row$", all = FALSE)
})

test_that("named inputs may come in any order", {
  inputs <- gaussian_inputs()
  op <- gaussian()
  expected <- op(unname(inputs))
  expect_identical(op(inputs), expected)
  expect_identical(op(inputs[c("y", "s", "b", "x")]), expected)
})

test_that("transposed inputs are taken with inner_dim = \"row\"", {
  inputs <- gaussian_inputs()
  op <- gaussian()
  transposed <- lapply(inputs, t)
  expect_close(op(unname(transposed), inner_dim = "row"), dense_gaussian(inputs), 1e-10)
  expect_close(op(rev(transposed), inner_dim = "row"), dense_gaussian(inputs), 1e-10)
})

test_that("any identifier is a name", {
  x <- uniform(9, 3, seed = 1)
  y <- uniform(8, 3, seed = 2)
  expected <- exp(0.5 * squared_distances(x, y)) %*% y
  names <- list(
    c("x", "y", "beta", "lambda"), c("for", "int", "exp", "c"), c("T", "if", "double", "while"),
    c("sum", "log", "return", "F"), c("i", "j", "out", "k"), c("x_1", "y2", "float", "template")
  )
  for (name in names) {
    op <- keops_kernel(
      sprintf("Sum_Reduction(Exp(%s*SqNorm2(%s-%s))*%s, 0)", name[4], name[1], name[2], name[3]),
      paste0(name, c("=Vi(3)", "=Vj(3)", "=Vj(3)", "=Pm(1)"))
    )
    expect_close(op(list(x, y, y, 0.5)), expected)
  }
})

test_that("arguments may be declared with positions and with spaces anywhere", {
  x <- uniform(9, 3, seed = 1)
  y <- uniform(8, 3, seed = 2)
  expected <- matrix(rowSums(squared_distances(x, y)))
  formula <- " Sum_Reduction( SqNorm2(x -y) , 0 ) "
  expect_close(keops_kernel(formula, c(" x = Vi( 3 )", "y=Vj (3)"))(list(x, y)), expected)
  op <- keops_kernel(formula, c("y = Vj( 1 , 3 )", "x = Vi(0, 3)"))
  expect_close(op(list(x, y)), expected)
  expect_close(op(list(y = y, x = x)), expected)
})

test_that("numbers are double and operators bind as documented", {
  x <- matrix(c(0.3, 1.7, 2.9))
  op <- function(formula) {
    reduction <- sprintf("Sum_Reduction(%s, 0)", formula)
    c(keops_kernel(reduction, c("x = Vi(1)", "y = Vj(1)"))(list(x, 1)))
  }
  expect_equal(op("x / 3 * y"), c(x) / 3, tolerance = 1e-15)
  expect_equal(op("0.1 * x * y"), 0.1 * c(x), tolerance = 1e-15)
  expect_equal(op("1.5e-3 + x * y"), 1.5e-3 + c(x), tolerance = 1e-15)
  expect_equal(op("-x ** 2 * y"), -c(x)^2, tolerance = 1e-15)
  expect_equal(op("y - x - 1"), 1 - c(x) - 1, tolerance = 1e-15)
  expect_equal(op("x + 1 | y + 2"), (c(x) + 1) * 3, tolerance = 1e-15)
  expect_equal(op("2 * x ** 3 / y"), 2 * c(x)^3, tolerance = 1e-15)
  expect_equal(op("x ** (-2) * y"), c(x)^-2, tolerance = 1e-15)
})

test_that("integer matrices, vectors and scalars are inputs", {
  op <- keops_kernel(
    "Sum_Reduction((x - y) * p * s, 0)", c("x = Vi(1)", "y = Vj(1)", "p = Pm(2)", "s = Pm(1)")
  )
  x <- 1:4
  y <- c(0.5, 2)
  expected <- outer(2 * x - sum(y), c(3, 5)) * 2
  expect_close(op(list(x, y, c(3, 5), 2)), expected)
  expect_close(op(list(matrix(x), matrix(y), matrix(c(3L, 5L), 1), 2L)), expected)
  expect_close(op(list(as.double(x), y, 3:4 + c(0, 1), matrix(2))), expected)
})

test_that("missing values are refused by name, number and place, or pass as NaN", {
  op <- keops_kernel("Sum_Reduction(x * y, 0)", c("x = Vi(2)", "y = Vj(1)"))
  for (x in list(cbind(c(1, 2, NA), c(NA, NaN, NA)), cbind(c(1L, 2L, NA), c(NA, 7L, NA)))) {
    error <- expect_error(op(list(x, 1)), class = "kernelops_error_argument")
    expect_identical(error$argument, "x")
    expect_match(conditionMessage(error), "it has 3, the first in row 1\n", fixed = TRUE)
    expect_match(conditionMessage(error), "na_action = \"pass\"", fixed = TRUE)
    error <- expect_error(
      op(list(y = matrix(c(1, NA), 1), x = t(x[2, ])), inner_dim = "row"),
      class = "kernelops_error_argument"
    )
    result <- with_options(list(kernelops.na_action = "pass"), op(list(x, 1)))
    expect_identical(is.na(result), is.na(x))
  }
  error <- expect_error(op(list(y = NA, x = t(1:2))), class = "kernelops_error_argument")
  expect_match(conditionMessage(error), "input `y` must have no missing values", fixed = TRUE)
  expect_identical(c(op(list(cbind(c(NaN, Inf), 1), 1))), c(NaN, Inf, 1, 1))
})

test_that("logical inputs are 0 and 1", {
  op <- keops_kernel("Sum_Reduction(x * y, 0)", c("x = Vi(2)", "y = Vj(1)"))
  x <- matrix(c(TRUE, FALSE, TRUE, TRUE), 2)
  expect_identical(op(list(x, c(TRUE, TRUE))), 2 * x)
  expect_error(op(list(x, NA)), class = "kernelops_error_argument")
})

test_that("data frames of numbers are matrices", {
  op <- keops_kernel("Sum_Reduction(SqDist(x, y), 0)", c("x = Vi(4)", "y = Vj(4)"))
  measures <- as.matrix(iris[1:4])
  dimnames(measures) <- NULL
  expected <- op(list(measures, measures))
  expect_identical(op(list(iris[1:4], iris[1:4])), expected)
  expect_identical(op(list(y = measures, x = iris[1:4])), expected)
  mixed <- data.frame(a = 1:2, b = c(TRUE, FALSE), c = c(0.5, NaN), d = 1)
  zeros <- matrix(0, 1, 4)
  expect_identical(op(list(mixed, as.data.frame(zeros))), op(list(as.matrix(mixed), zeros)))
  frame <- iris[2:5]
  for (inputs in list(list(frame, measures), list(y = measures, x = frame))) {
    error <- expect_error(op(inputs), class = "kernelops_error_argument")
    expect_match(conditionMessage(error), "input `x`.* column `Species` is of type factor")
    expect_identical(error[c("argument", "column")], list(argument = "x", column = "Species"))
  }
})

test_that("what is no number is refused with a hint", {
  op <- keops_kernel("Sum_Reduction(x * y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  wrong <- list(
    factor = factor("a"), character = "a", Date = Sys.Date(), POSIXct = Sys.time(),
    difftime = Sys.time() - Sys.time(), complex = 1i, list = list(1), `NULL` = NULL,
    closure = sum, integer64 = structure(1, class = "integer64")
  )
  for (type in setdiff(names(wrong), "closure")) {
    error <- expect_error(op(list(1, wrong[[type]])), class = "kernelops_error_argument")
    expect_identical(error$argument, "y")
    part <- paste0("it is of type ", type, "\n  hint: ")
    expect_match(conditionMessage(error), part, fixed = TRUE)
  }
  # Other classes of numbers are what they are.
  expect_identical(c(op(list(structure(2, class = "weight"), stats::ts(3)))), 6)
})

test_that("rows of results are named as those of the first input that has names", {
  x <- matrix(1:6 / 2, 3, dimnames = list(c("a", "b", "c"), c("k", "l")))
  y <- matrix(1:4 / 4, 2, dimnames = list(c("u", "v"), NULL))
  args <- c("x = Vi(2)", "y = Vj(2)", "w = Vi(1)", "s = Pm(2)")
  run <- function(formula, inputs, ...) keops_kernel(formula, args)(inputs, ...)
  inputs <- list(x, y, c(p = 1, q = 2, r = 3), c(no = 1, none = 2))
  i <- c("a", "b", "c")
  value <- run("Sum_Reduction(SqDist(x, y) * w * s, 0)", inputs)
  expect_identical(dimnames(value), list(i, NULL))
  expect_identical(dimnames(run("Sum_Reduction(x * y * w, 1)", inputs)), list(c("u", "v"), NULL))
  expect_null(dimnames(run("Sum_Reduction(x * y * w, 2)", inputs)))
  expect_identical(dimnames(run("ArgMin_Reduction(SqDist(x, y), 0)", inputs)), list(i, NULL))
  expect_identical(dimnames(run("Any_Reduction(x < y, 0)", inputs)), list(i, NULL))
  ranked <- run("KMin_Reduction(x - y, 3, 0)", inputs)
  expect_identical(dimnames(ranked), list(i, NULL, NULL))
  several <- run("KMin_ArgKMin_Reduction(x - y, 1, 1)", inputs)
  expect_identical(lapply(several, rownames), lapply(several, function(each) c("u", "v")))
  both <- run(c(a = "Sum_Reduction(x * y, 0)", b = "Sum_Reduction(x * y, 1)"), inputs)
  expect_identical(lapply(both, rownames), list(a = i, b = c("u", "v")))
  # The next input, if the first has none, whatever the order they come in.
  inputs[[1L]] <- unname(x)
  expect_identical(rownames(run("Sum_Reduction(x * y, 0)", inputs)), c("p", "q", "r"))
  named <- stats::setNames(inputs, c("x", "y", "w", "s"))[4:1]
  expect_identical(rownames(run("Sum_Reduction(x * y, 0)", named)), c("p", "q", "r"))
  inputs[[3L]] <- 1:3
  expect_null(dimnames(run("Sum_Reduction(x * y, 0)", inputs)))
  # Transposed inputs have their names in columns.
  turned <- run("Sum_Reduction(x * y, 0)", list(t(x), t(y), 1:3, 1:2), inner_dim = "row")
  expect_identical(dimnames(turned), list(i, NULL))
  grad <- keops_grad(keops_kernel("Sum_Reduction(SqDist(x, y), 0)", args[1:2]), "y")
  expect_identical(rownames(grad(list(x, y, 1:3))), c("u", "v"))
})

test_that("zero rows on either side give the neutral element or no rows", {
  op <- gaussian()
  inputs <- gaussian_inputs()
  none <- inputs
  none$y <- matrix(0, 0, 3)
  none$b <- matrix(0, 0, 6)
  expect_identical(op(none), matrix(0, 100, 6))
  none <- inputs
  none$x <- matrix(0, 0, 3)
  expect_identical(op(none), matrix(0, 0, 6))
})

test_that("one row on either side is right", {
  op <- gaussian()
  for (sizes in list(c(1, 1), c(1, 70), c(70, 1), c(1, 20000))) {
    inputs <- gaussian_inputs(sizes[1], sizes[2])
    expect_close(op(inputs), dense_gaussian(inputs), 1e-10)
  }
})

test_that("sizes around the shapes of tiles are right", {
  op <- gaussian()
  for (size in c(2, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 257, 511, 513, 1025)) {
    inputs <- gaussian_inputs(size, 9)
    expect_close(op(inputs), dense_gaussian(inputs), 1e-10)
    inputs <- gaussian_inputs(9, size)
    expect_close(op(inputs), dense_gaussian(inputs), 1e-10)
  }
})

test_that("dimensions from 1 to beyond what unrolls are right", {
  for (dimension in c(1, 2, 15, 16, 17, 33, 100)) {
    op <- keops_kernel(
      "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
      c(sprintf(c("x = Vi(%d)", "y = Vj(%d)"), dimension), "b = Vj(2)")
    )
    x <- uniform(37, dimension, seed = 1) / sqrt(dimension)
    y <- uniform(41, dimension, seed = 2) / sqrt(dimension)
    b <- uniform(41, 2, seed = 3)
    expect_close(op(list(x, y, b)), exp(-squared_distances(x, y)) %*% b)
  }
})

test_that("results are the same, bit for bit, for any number of threads", {
  old <- use_cpu(1)
  on.exit(options(kernelops.threads = old))
  op <- gaussian()
  for (sizes in list(c(1, 50000), c(3, 50000), c(5000, 300), c(777, 777))) {
    inputs <- gaussian_inputs(sizes[1], sizes[2])
    use_cpu(1)
    expected <- op(inputs)
    expect_close(expected, dense_gaussian(inputs), 1e-10)
    for (threads in 2:4) {
      use_cpu(threads)
      expect_identical(op(inputs), expected)
    }
  }
})

test_that("an operator without input tells what it is made of", {
  fields <- gaussian()()
  expect_identical(names(fields), c("formula", "args", "args_info", "sum_scheme"))
  expect_identical(fields$formula, "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)")
  expect_identical(fields$args, c("x = Vi(3)", "y = Vj(3)", "b = Vj(6)", "s = Pm(1)"))
  expect_identical(fields$sum_scheme, "auto")
  info <- fields$args_info
  expect_identical(info$args, c("x=Vi(3)", "y=Vj(3)", "b=Vj(6)", "s=Pm(1)"))
  expect_identical(info$var_name, c("x", "y", "b", "s"))
  expect_identical(info$var_type, c("Vi", "Vj", "Vj", "Pm"))
  expect_identical(info$var_pos, 0:3)
  expect_identical(info$var_dim, c(3L, 3L, 6L, 1L))
  expect_identical(info$decl, "dim")
  op <- keops_kernel("Sum_Reduction(x - y, 0)", c("x = Vi(0, 3)", "y = Vj(1, 3)"))
  expect_identical(op()$args_info$decl, "pos_dim")
})

test_that("an operator is small and survives saveRDS", {
  op <- gaussian()
  file <- tempfile(fileext = ".rds")
  saveRDS(op, file)
  expect_lt(file.size(file), 5000)
  expect_identical(
    sort(ls(environment(op))), c("args", "formula", "operations", "sum_scheme", "verbose")
  )
  inputs <- gaussian_inputs()
  expect_identical(readRDS(file)(inputs), op(inputs))
})

test_that("an operator works in another session", {
  inputs <- gaussian_inputs()
  file <- tempfile(fileext = ".rds")
  output <- run_session("saveRDS(op(inputs), file)", op = gaussian(), inputs = inputs, file = file)
  expect_true(file.exists(file), info = paste(output, collapse = "\n"))
  expect_close(readRDS(file), dense_gaussian(inputs), 1e-10)
})

test_that("an operator works in forks", {
  skip_on_os("windows")
  op <- gaussian()
  inputs <- gaussian_inputs()
  expected <- op(inputs)
  results <- parallel::mclapply(1:2, function(k) op(inputs), mc.cores = 2)
  expect_identical(results, list(expected, expected))
})

test_that("an operator remembers its sum scheme, and others are refused", {
  args <- c("x = Vi(3)", "y = Vj(3)")
  formula <- "Sum_Reduction(SqNorm2(x - y), 0)"
  for (scheme in c("auto", "block_sum", "direct_sum", "kahan_scheme")) {
    op <- keops_kernel(formula, args, sum_scheme = scheme)
    expect_identical(op()$sum_scheme, scheme)
    expect_identical(keops_grad(op, "x")()$sum_scheme, scheme)
  }
  expect_error(keops_kernel(formula, args, "fast"), class = "kernelops_error_argument")
})

test_that("attaching the package prints nothing and masks nothing", {
  output <- run_session("cat(intersect(ls('package:kernelops'), ls(baseenv())), sep = '')")
  expect_identical(nchar(paste(output, collapse = "")), 0L)
})

test_that("powers of 2 are right over the whole range, as this machine computes them", {
  op <- keops_kernel("Sum_Reduction(Exp2(x * y), 0)", c("x = Vi(1)", "y = Vj(1)"))
  special <- c(-Inf, Inf, NaN, 0, -0.5, 1, 2000, -2000, -1074, 1e300, -1e300)
  x <- c(special, seq(-1080, 1030, length.out = 5000), runif(5000, -1, 1))
  check <- function(x, tolerance, tiny) {
    result <- c(op(list(x, 1)))
    expected <- 2^x
    normal <- is.finite(expected) & expected > tiny
    expect_identical(result[is.infinite(expected)], expected[is.infinite(expected)])
    expect_identical(is.nan(result), is.nan(expected))
    expect_lt(max(abs(result[normal] / expected[normal] - 1)), tolerance)
    # Below the smallest normal number, tiny / 2, a result may be 0 (?operations).
    small <- which(expected <= tiny & !(result == 0 & expected < tiny / 2))
    expect_lt(max(abs(result[small] - expected[small])), tiny * tolerance)
  }
  check(x, 5e-16, 2^-1021)
  old <- use_float32()
  on.exit(options(kernelops.precision = old))
  single <- c(special[c(-7, -8)], seq(-149, 127.9, by = 2^-5), sample(-2^20:2^20, 5000) / 2^20)
  check(single[is.nan(single) | is.infinite(single) | abs(single) < 150], 4e-7, 2^-125)
})

test_that("verbose of an operator overrides the option", {
  number <- 1122
  args <- c("x = Vi(1)", "y = Vj(1)")
  # An operator that is compiled anew.
  fresh <- function(verbose, option) {
    number <<- number + 1
    formula <- sprintf("Sum_Reduction(x * y * %d, 0)", number)
    op <- keops_kernel(formula, args, verbose = verbose)
    new <- list(kernelops.verbose = option, kernelops.cache_dir = new_directory())
    with_options(new, op(list(1, 1)))
  }
  told <- testthat::capture_messages(fresh(TRUE, FALSE))
  expect_match(told[1L], "compiling")
  expect_silent(fresh(FALSE, TRUE))
  expect_silent(fresh(NULL, FALSE))
  condition <- tryCatch(fresh(NULL, TRUE), message = identity)
  expect_s3_class(condition, c("kernelops_message", "message", "condition"), exact = TRUE)
  expect_error(fresh(1, TRUE), class = "kernelops_error_argument")
})
