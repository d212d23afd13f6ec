# Random numbers that are the same in every run and leave the user's generator alone.
with_seed <- function(seed, code) {
  if (exists(".Random.seed", globalenv())) {
    old <- get(".Random.seed", globalenv())
    on.exit(assign(".Random.seed", old, globalenv()))
  }
  set.seed(seed)
  code
}

uniform <- function(rows, columns, low = -1, high = 1, seed = 1) {
  with_seed(seed, matrix(runif(rows * columns, low, high), rows, columns))
}

# Largest difference relative to the largest value.
relative_difference <- function(actual, expected) {
  if (length(expected) == 0L) {
    return(0)
  }
  actual <- c(actual)
  expected <- c(expected)
  # Values that are no numbers must be so on both sides.
  if (!identical(is.na(actual), is.na(expected))) {
    return(Inf)
  }
  differ <- !is.na(expected) & actual != expected
  max(abs(actual - expected)[differ], 0) / max(abs(expected[is.finite(expected)]), 1e-300)
}

expect_close <- function(actual, expected, tolerance = 1e-10) {
  expect_identical(dim(actual), dim(expected))
  expect_lte(relative_difference(actual, expected), tolerance)
}

# |actual - expected| <= tolerance * max(1, |expected|), and missing where expected is missing.
expect_agree <- function(actual, expected, tolerance) {
  expect_identical(dim(actual), dim(expected))
  expect_identical(is.na(c(actual)), is.na(c(expected)))
  known <- !is.na(c(expected)) & c(actual) != c(expected)
  excess <- abs(actual - expected)[known] / pmax(1, abs(expected)[known])
  expect_lte(max(excess, 0), tolerance)
}

# Squared distances between the rows of x and of y, from differences.
squared_distances <- function(x, y) {
  distances <- matrix(0, nrow(x), nrow(y))
  for (k in seq_len(ncol(x))) {
    distances <- distances + outer(x[, k], y[, k], "-")^2
  }
  distances
}

# The gradient of sum(op(inputs) * eta) in one input by central differences.
difference_gradient <- function(op, inputs, var, eta, step = 1e-5) {
  value <- function(changed) {
    inputs[[var]] <- changed
    sum(op(inputs) * eta)
  }
  start <- inputs[[var]]
  gradient <- start
  for (entry in seq_along(start)) {
    above <- below <- start
    above[entry] <- start[entry] + step
    below[entry] <- start[entry] - step
    gradient[entry] <- (value(above) - value(below)) / (2 * step)
  }
  gradient
}

# keops_grad(op, var) agrees with differences. Inputs are matrices, parameters with one row.
expect_gradient <- function(op, inputs, var, tolerance = 1e-6) {
  result <- op(inputs)
  eta <- uniform(nrow(result), ncol(result), seed = 99)
  actual <- keops_grad(op, var)(c(unname(inputs[variables(op)]), list(eta)))
  expected <- difference_gradient(op, inputs, var, eta)
  expect_identical(dim(actual), dim(expected))
  expect_lte(max(abs(actual - expected), 0), tolerance * max(1, abs(expected)))
}

variables <- function(op) {
  op()$args_info$var_name
}
