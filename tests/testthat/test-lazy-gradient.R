# The gradient of a function of a matrix by central differences.
matrix_differences <- function(f, x, step = 1e-5) {
  out <- x
  for (k in seq_along(x)) {
    moved <- lapply(c(step, -step), function(shift) {
      x[k] <- x[k] + shift
      f(x)
    })
    out[k] <- (moved[[1L]] - moved[[2L]]) / (2 * step)
  }
  out
}

test_that("the gradient of every reduction with one is right in every variable", {
  p <- lazy_points(6L, 4L, 2L)
  rows <- keops_reductions()
  rows <- rows[!rows$weighted & !rows$ranked & !nzchar(rows$no_gradient), ]
  reductions <- rows$name[vapply(strsplit(rows$outputs, ","), length, 1L) == 1L]
  expect_gt(length(reductions), 5L)
  s <- 0.7
  for (opstr in reductions) {
    for (index in c("i", "j")) {
      count <- if (index == "j") 6L else 4L
      eta <- uniform(count, 1, seed = 9)
      value <- function(x, y, s) {
        f <- exp(-sqdist(Vi(x), Vj(y)) * Pm(c(s)))
        sum(reduction.LazyTensor(f, opstr, index) * eta)
      }
      s_p <- Pm(s)
      f <- exp(-sqdist(p$x_i, p$y_j) * s_p)
      gradin <- if (index == "j") Vi(eta) else Vj(eta)
      info <- paste(opstr, index)
      expect_equal(
        grad(f, gradin, opstr, p$x_i, index),
        matrix_differences(function(x) value(x, p$y, s), p$x), tolerance = 1e-6, info = info
      )
      expect_equal(
        grad(f, eta, opstr, p$y_j, index),
        matrix_differences(function(y) value(p$x, y, s), p$y), tolerance = 1e-6, info = info
      )
      expect_equal(
        grad(f, gradin, opstr, s_p, index),
        matrix_differences(function(s) value(p$x, p$y, s), matrix(s)), tolerance = 1e-6, info = info
      )
    }
  }
})

test_that("a variable is named by itself, its data, its position or its name", {
  p <- lazy_points(6L, 4L, 2L)
  f <- sqdist(p$x_i, p$y_j)
  expected <- grad(f, 1, "Sum", p$y_j, "j")
  expect_identical(grad(f, 1, "Sum", Vj(p$y), "j"), expected)
  expect_identical(grad(f, 1, "Sum", 1, "j"), expected)
  expect_identical(grad(f, 1, "Sum", "V1", "j"), expected)
  expect_identical(grad(f, Vi(rep(1, 6)), "Sum_Reduction", "V1", "j"), expected)
  expect_error(grad(f, 1, "Sum", Vj(p$y + 1), "j"), class = "kernelops_error_argument")
  expect_error(grad(f, 1, "Sum", p$y_j * 2, "j"), class = "kernelops_error_argument")
  expect_error(grad(f, 1, "Sum", 2, "j"), "V0, V1", class = "kernelops_error_argument")
  expect_error(grad(f, 1, "Sum", "V7", "j"), class = "kernelops_error_argument")
})

test_that("two variables of equal data keep their own gradients", {
  x <- uniform(5, 2, seed = 3)
  at <- Vi(x)
  start <- Vi(x)
  expect_equal(grad(sum((at * start)^2), 1, "Sum", at, "j"), 2 * x * x^2)
})

test_that("wrong requests are refused", {
  p <- lazy_points(6L, 4L, 2L)
  f <- sqdist(p$x_i, p$y_j)
  expect_error(grad(p$x, 1, "Sum", 0, "j"), class = "kernelops_error_argument")
  expect_error(grad(f, "a", "Sum", 0, "j"), class = "kernelops_error_argument")
  expect_error(grad(f, p$y_j * 2, "Sum", 0, "j"), "Vi", class = "kernelops_error_argument")
  expect_error(grad(f, Vi(rep(1, 5)), "Sum", 0, "j"), class = "kernelops_error")
  expect_error(grad(f, 1, 1, 0, "j"), class = "kernelops_error_argument")
  expect_error(grad(f, 1, "Sum", 0, "k"), class = "kernelops_error_argument")
  expect_error(grad(f, 1, "ArgMin", 0, "j"), class = "kernelops_error_unsupported")
  expect_error(grad(Vi(1:2 + 1i), 1, "Sum", 0, "j"), class = "kernelops_error_unsupported")
  expect_error(value_and_grad(1, 0), class = "kernelops_error_argument")
})

test_that("a value and its gradient come in one call", {
  p <- lazy_points(6L, 4L, 2L)
  s <- Pm(0.7)
  f <- exp(-sqdist(p$x_i, p$y_j) * s)
  dense <- exp(-squared_distances(p$x, p$y) * 0.7)
  both <- value_and_grad(f, p$x_i)
  expect_equal(both$value, sum(dense))
  expect_equal(both$gradient, grad(f, 1, "Sum", p$x_i, "j"))
  several <- value_and_grad(f, list(x = p$x_i, s = s))
  expect_named(several$gradient, c("x", "s"))
  expect_equal(several$gradient$x, both$gradient)
  expect_equal(c(several$gradient$s), -sum(dense * squared_distances(p$x, p$y)))

  op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x, y)), 0)", c("x = Vi(2)", "y = Vj(2)"))
  result <- value_and_grad(op, "x")(list(p$x, p$y))
  expect_equal(result$value, op(list(p$x, p$y)))
  expect_equal(result$gradient, keops_grad(op, "x")(list(p$x, p$y, rep(1, 6))))
  names <- c("value", "gradient.x", "gradient.y")
  expect_named(value_and_grad(op, c("x", "y"))(list(p$x, p$y)), names)
  expect_named(value_and_grad(op, 0:1)(list(p$x, p$y)), names)
  expect_error(value_and_grad(op, "z"), class = "kernelops_error_argument")
})

test_that("symbolic gradients are operators", {
  p <- lazy_points(6L, 4L, 2L)
  x <- Vi("x", 2)
  f <- sqdist(x, Vj("y", 2))
  op <- grad(f, 1, "Sum", x, "j")
  expect_s3_class(op, "keops_operator")
  expected <- grad(sqdist(p$x_i, p$y_j), 1, "Sum", 0, "j")
  expect_equal(op(list(p$x, p$y, rep(1, 6))), expected)
  both <- value_and_grad(f, x)
  expect_equal(both(list(p$x, p$y))$gradient, expected)
})

test_that("optim() evaluates once for a value and its gradient", {
  calls <- 0
  both <- optim_functions(function(p) {
    calls <<- calls + 1
    list(value = sum((p - 3)^2), gradient = 2 * (p - 3))
  })
  result <- stats::optim(c(0, 0), both$fn, both$gr, method = "L-BFGS-B")
  expect_equal(result$par, c(3, 3), tolerance = 1e-5)
  expect_lte(calls, result$counts[["function"]] + 1)
  expect_error(optim_functions(1), class = "kernelops_error_argument")
})

test_that("a kernel energy is minimised", {
  target <- uniform(30, 2, seed = 5)
  start <- uniform(8, 2, seed = 6)
  energy <- function(par) {
    x <- matrix(par, 8, 2)
    x_i <- Vi(x)
    attraction <- value_and_grad(exp(-sqdist(x_i, Vj(target)) / 0.1), x_i)
    x_j <- Vj(x)
    repulsion <- value_and_grad(exp(-sqdist(x_i, x_j) / 0.1), list(x_i, x_j))
    list(
      value = repulsion$value / 64 - 2 * attraction$value / 240,
      gradient = (repulsion$gradient[[1]] + repulsion$gradient[[2]]) / 64 -
        2 * attraction$gradient / 240
    )
  }
  both <- optim_functions(energy)
  expect_equal(
    both$gr(start), c(matrix_differences(function(x) energy(x)$value, start)), tolerance = 1e-5
  )
  result <- stats::optim(c(start), both$fn, both$gr, method = "L-BFGS-B")
  expect_lt(result$value, both$fn(c(start)))
  expect_lt(max(abs(energy(result$par)$gradient)), 1e-3)
})
