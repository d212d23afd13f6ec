# What can be written in formulas besides calls of operations: several formulas, formulas of
# results, row numbers, comparisons, powers, lists, constants; and that data can be cut anywhere.

pairs_args <- c("x = Vi(2)", "y = Vj(2)")
pairs_inputs <- list(x = uniform(9, 2, seed = 1), y = uniform(7, 2, seed = 2))

sum_of <- function(formula, axis = 0L, args = pairs_args, inputs = pairs_inputs) {
  keops_kernel(sprintf("Sum_Reduction(%s, %d)", formula, axis), args)(inputs)
}

test_that("several formulas are computed together and come back by name", {
  formulas <- c(
    value = "Sum_Reduction(Exp(-SqDist(x, y)), 0)",
    gradient = "Grad(Sum_Reduction(Exp(-SqDist(x, y)), 0), x, 1)",
    other = "LogSumExp_Reduction(x | y, 1)", nearest = "ArgKMin_Reduction(SqDist(x, y), 3, 0)",
    all = "Sum_Reduction(x * y, 2)", pair = "Max_ArgMax_Reduction(x * y, 1)"
  )
  op <- keops_kernel(formulas, pairs_args)
  result <- op(pairs_inputs)
  expect_identical(names(result), names(formulas))
  for (name in names(formulas)) {
    expect_equal(
      result[[name]], keops_kernel(formulas[[name]], pairs_args)(pairs_inputs), tolerance = 1e-14
    )
  }
  expect_identical(op()$formula, formulas)
  expect_match(format(op), "nearest", all = FALSE)
  expect_error(keops_grad(op, "x"), class = "kernelops_error_argument")
})

test_that("several formulas must have names that differ", {
  one <- "Sum_Reduction(x, 0)"
  for (formulas in list(c(one, one), c(a = one, one), c(a = one, a = one), character())) {
    expect_error(keops_kernel(formulas, pairs_args), class = "kernelops_error_argument")
  }
})

test_that("a formula of results is computed from them", {
  x <- pairs_inputs$x
  y <- pairs_inputs$y
  kernel <- exp(-squared_distances(x, y))
  quotient <- "Sum_Reduction(Exp(-SqDist(x, y)) * y, 0) / Sum_Reduction(Exp(-SqDist(x, y)), 0)"
  op <- keops_kernel(quotient, pairs_args)
  expect_close(op(pairs_inputs), kernel %*% y / rowSums(kernel))
  expect_gradient(op, pairs_inputs, "x")
  expect_gradient(op, pairs_inputs, "y")
  expect_gradient(keops_grad(op, "x"), c(pairs_inputs, list(eta = uniform(9, 2, seed = 3))), "y")
  # Variables with the index of the result may stand beside reductions.
  op <- keops_kernel("Log(Sum_Reduction(Exp(x | y), 0)) - (x | x) + 1", pairs_args)
  expect_close(op(pairs_inputs), matrix(log(rowSums(exp(x %*% t(y)))) - rowSums(x^2) + 1))
  expect_gradient(op, pairs_inputs, "x")
  op <- keops_kernel("Max_Reduction(x * y, 0) - Min_Reduction(x * y, 0)", pairs_args)
  ranges <- vapply(1:2, function(k) {
    apply(outer(x[, k], y[, k]), 1L, function(v) diff(range(v)))
  }, numeric(9))
  expect_close(op(pairs_inputs), ranges)
})

test_that("a reduction may stand inside another one", {
  x <- pairs_inputs$x
  y <- pairs_inputs$y
  kernel <- exp(x %*% t(y))
  op <- keops_kernel("Sum_Reduction(Exp(x | y) / Sum_Reduction(Exp(x | y), 0), 1)", pairs_args)
  expect_close(op(pairs_inputs), matrix(colSums(kernel / rowSums(kernel))))
  expect_gradient(op, pairs_inputs, "x")
  expect_gradient(op, pairs_inputs, "y")
  op <- keops_kernel("Sum_Reduction(Square((x | y) - Mean_Reduction(x | y, 0)), 0)", pairs_args)
  expected <- 6 * apply(x %*% t(y), 1L, stats::var)
  expect_close(op(pairs_inputs), matrix(expected))
})

test_that("results that are indexed differently cannot stand together", {
  expect_error(
    keops_kernel("Sum_Reduction(x * y, 0) + Sum_Reduction(x * y, 1)", pairs_args),
    class = "kernelops_error_unsupported"
  )
})

test_that("row numbers are values from 1 on, and counts are numbers of rows", {
  expect_identical(sum_of("IndexI() + 0 * Sum(y)"), matrix(7 * (1:9)))
  expect_identical(sum_of("IndexJ()"), matrix(rep(28, 9)))
  expect_identical(sum_of("IndexI() * 10 + IndexJ()", 1L), matrix(450 + 9 * (1:7)))
  expect_identical(sum_of("CountI() * 100 + CountJ()", 2L), matrix(63 * 907))
  old <- use_float32()
  on.exit(options(kernelops.precision = old))
  # 2^24 + 1 is not a float, so a row number beyond it would not be exact.
  op <- keops_kernel("Max_Reduction(IndexJ() + 0 * x, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_identical(c(op(list(1, rep(0, 2^20 + 1)))), 2^20 + 1)
})

test_that("rows can leave themselves out", {
  x <- pairs_inputs$x
  args <- c("x = Vi(2)", "y = Vj(2)")
  others <- keops_kernel("Sum_Reduction((IndexI() != IndexJ()) * Exp(-SqDist(x, y)), 0)", args)
  kernel <- exp(-squared_distances(x, x))
  expect_close(others(list(x, x)), matrix(rowSums(kernel) - 1))
  nearest <- keops_kernel(
    "ArgKMin_Reduction(SqDist(x, y) + IfElse(-Abs(IndexI() - IndexJ()), 1e300, 0), 2, 0)", args
  )
  distances <- squared_distances(x, x)
  diag(distances) <- Inf
  expect_identical(nearest(list(x, x)), t(apply(distances, 1L, order))[, 1:2])
})

test_that("a table can be looked up by a number", {
  args <- c("t = Pm(5)", "k = Vi(1)", "y = Vj(1)")
  table <- c(10, 20, 30, 40, 50)
  op <- keops_kernel("Sum_Reduction(Gather(t, k) * y, 0)", args)
  numbers <- c(0, 4, 2.4, -1, 5, NaN, Inf)
  expected <- c(10, 50, 30, NaN, NaN, NaN, NaN)
  expect_identical(c(op(list(table, numbers, 1))), expected)
  inputs <- list(t = matrix(table, 1), k = matrix(c(0, 4, 2, 2)), y = matrix(c(0.5, 2)))
  gradient <- keops_grad(op, "t")(c(unname(inputs), list(rep(1, 4))))
  expect_identical(gradient, matrix(c(2.5, 0, 5, 0, 2.5), 1))
  expect_identical(keops_grad(op, "k")(c(unname(inputs), list(rep(1, 4)))), matrix(0, 4, 1))
  hot <- keops_kernel("Sum_Reduction(OneHot(k, 3) * y, 0)", args[-1])
  expect_identical(
    hot(list(c(0, 2, 3, -1, NaN), 1)), rbind(c(1, 0, 0), c(0, 0, 1), 0, 0, 0)
  )
})

test_that("comparisons are 1 or 0, bind last and take NaN as R does, but for !=", {
  x <- matrix(c(1, 2, 3, NaN))
  args <- c("x = Vi(1)", "y = Vj(1)")
  for (symbol in c("<", "<=", ">", ">=", "==")) {
    expected <- as.numeric(match.fun(symbol)(c(x), 2))
    result <- keops_kernel(sprintf("Sum_Reduction(x %s y, 0)", symbol), args)(list(x, 2))
    expect_identical(c(result), ifelse(is.na(expected), 0, expected), info = symbol)
  }
  result <- keops_kernel("Sum_Reduction(x != y, 0)", args)(list(x, 2))
  expect_identical(c(result), c(1, 0, 1, 1))
  expect_identical(c(sum_of("x + 1 < y * 2", 0L, args, list(x, 2))), c(1, 1, 0, 0))
  expect_identical(c(sum_of("1 + (x < y)", 0L, args, list(x, 2))), c(2, 1, 1, 1))
  expect_identical(c(sum_of("And(x > 1, Not(x == 3))", 0L, args, list(x, 2))), c(0, 1, 0, 0))
  for (chained in c("x < y < 3", "x == y == 1", "1 < x <= y")) {
    expect_error(sum_of(chained, 0L, args), "chained", class = "kernelops_error_syntax")
  }
})

test_that("powers bind tightest and to the right", {
  x <- matrix(c(0.5, 1.7, 2.9))
  args <- c("x = Vi(1)", "y = Vj(1)")
  check <- function(formula, expected) {
    expect_equal(c(sum_of(formula, 0L, args, list(x, 2))), expected, tolerance = 1e-15)
  }
  x <- c(x)
  check("x ^ 2", x^2)
  check("x ** 2 ^ y", x^4)
  check("-x ^ 2", -x^2)
  check("2 ^ -x", 2^-x)
  check("x ^ 0.5", sqrt(x))
  check("x ^ -0.5", 1 / sqrt(x))
  check("x ^ y", x^2)
  check("(-x) ^ 3", (-x)^3)
  check("x ^ 3 / y", x^3 / 2)
  check("x ^ (y + 1)", x^3)
  check("2 * x ^ 2 ^ 2", 2 * x^4)
})

test_that("lists are parameters of tensors", {
  x <- uniform(5, 12, seed = 1)
  y <- uniform(3, 6, seed = 2)
  args <- c("x = Vi(12)", "y = Vj(6)")
  result <- sum_of("TensorDot(x, y, [3, 2, 2], [3, 2], [0], [0])", 0L, args, list(x, y))
  expected <- t(apply(x, 1L, function(row) {
    a <- aperm(array(row, c(2, 2, 3)), 3:1)
    b <- matrix(colSums(y), 3, byrow = TRUE)
    out <- array(0, c(2, 2, 2))
    for (k in 1:3) out <- out + outer(a[k, , ], b[k, ])
    c(aperm(out, 3:1))
  }))
  expect_close(result, expected, 1e-13)
  expect_identical(
    sum_of("Permute(x, [1, 0])", 0L, pairs_args, pairs_inputs), 7 * pairs_inputs$x[, 2:1]
  )
})

test_that("constants are of full precision", {
  check <- function(formula, expected) {
    result <- sum_of(formula, 2L, c("x = Vi(1)", "y = Vj(1)"), list(1, 1))
    expect_identical(c(result), expected)
  }
  check("0.1 * x * y", 0.1)
  check("RatCst(1, 3) * x", 1 / 3)
  check("IntInv(7) * x", 1 / 7)
  check("IntCst(-3) * x", -3)
  check("1e-3 + 0 * x", 1e-3)
  check("Sum(Zero(4)) + x", 1)
})

test_that("sums of many terms are as accurate as their scheme promises", {
  terms <- uniform(3e6, 1, 0, 1, seed = 1)
  terms <- matrix(round(terms * 2^20) / 2^20)
  exact <- sum(terms)
  error <- function(formula, scheme) {
    op <- keops_kernel(formula, c("x = Vi(1)", "y = Vj(1)"), sum_scheme = scheme)
    abs(c(op(list(1, terms))) / exact - 1)
  }
  with_options(list(kernelops.precision = "float32"), {
    formula <- "Sum_Reduction(x * y, 0)"
    expect_lt(error(formula, "kahan_scheme"), 1e-8)
    expect_lt(error(formula, "auto"), 1e-6)
    expect_lt(error(formula, "block_sum"), 1e-6)
    expect_lt(error(formula, "direct_sum"), 1e-4)
    expect_lte(error(formula, "kahan_scheme"), error(formula, "auto"))
    expect_lt(error("Exp(LogSumExp_Reduction(Log(x * y), 0))", "kahan_scheme"), 2e-6)
    expect_lt(error("Mean_Reduction(x * y, 0) * CountJ()", "kahan_scheme"), 1e-6)
  })
  for (scheme in c("auto", "direct_sum", "block_sum", "kahan_scheme")) {
    expect_lt(error("Sum_Reduction(x * y, 0)", scheme), 1e-13)
  }
  # Terms that cancel: the error stays below two roundings of the sum of their sizes.
  cancelling <- rep(c(1, 1e-9, -1), 1e5)
  op <- keops_kernel(
    "Sum_Reduction(x * y, 0)", c("x = Vi(1)", "y = Vj(1)"), sum_scheme = "kahan_scheme"
  )
  expect_lt(abs(c(op(list(1, cancelling))) - 1e-4), 2 * 2e5 * .Machine$double.eps)
})

test_that("every sum scheme serves every reduction", {
  for (scheme in c("direct_sum", "block_sum", "kahan_scheme")) {
    formulas <- c(
      sum = "Sum_Reduction(x * y, 0)", mean = "Mean_Reduction(x * y, 1)",
      var = "Var_Reduction(x * y, 0)", lse = "LogSumExp_Reduction(x * y, 0)",
      softmax = "SumSoftMaxWeight_Reduction(x | y, y, 0)", min = "Min_Reduction(x * y, 1)",
      gradient = "Grad(LogSumExp_Reduction(x | y, 0), y, 1)", rank = "KMin_Reduction(x | y, 2, 1)"
    )
    expected <- run_formulas(formulas, pairs_args, pairs_inputs)
    actual <- run_formulas(formulas, pairs_args, pairs_inputs, sum_scheme = scheme)
    expect_equal(actual, expected, tolerance = 1e-14)
  }
})

test_that("data may be cut anywhere", {
  x <- uniform(61, 2, seed = 1)
  y <- uniform(53, 2, seed = 2)
  merged <- list(
    Sum = `+`, Prod = `*`, Min = pmin, Max = pmax, Count = `+`, Any = `|`, All = `&`,
    LogSumExp = function(a, b) pmax(a, b) + log1p(exp(-abs(a - b)))
  )
  formulas <- stats::setNames(
    sprintf("%s_Reduction(x * y > 0.1, 0)", names(merged)), names(merged)
  )
  smooth <- c("Sum", "Prod", "Min", "Max", "LogSumExp")
  formulas[smooth] <- sub("x * y > 0.1", "1 + x * y", formulas[smooth], fixed = TRUE)
  op <- keops_kernel(c(formulas, nearest = "KMin_Reduction(SqDist(x, y), 4, 0)"), pairs_args)
  whole <- op(list(x, y))
  for (cut in c(1, 16, 30, 52)) {
    first <- op(list(x, y[seq_len(cut), , drop = FALSE]))
    second <- op(list(x, y[-seq_len(cut), , drop = FALSE]))
    for (name in names(merged)) {
      joined <- merged[[name]](first[[name]], second[[name]])
      expect_equal(c(joined), c(whole[[name]]), tolerance = 1e-12)
    }
    both <- t(apply(cbind(first$nearest, second$nearest), 1L, sort))[, 1:4]
    expect_identical(both, whole$nearest)
    above <- op(list(x[seq_len(cut), , drop = FALSE], y))
    below <- op(list(x[-seq_len(cut), ], y))
    for (name in names(whole)) {
      expect_equal(rbind(above[[name]], below[[name]]), whole[[name]], tolerance = 1e-14)
    }
  }
})
