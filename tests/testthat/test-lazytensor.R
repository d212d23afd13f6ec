test_that("data of every kind make LazyTensors", {
  x <- matrix(1:6, 3, dimnames = list(c("a", "b", "c"), NULL))
  expect_identical(dim(Vi(x)), c(3L, 1L, 2L))
  expect_identical(dim(Vj(x)), c(1L, 3L, 2L))
  expect_identical(dim(Vi(1:4)), c(4L, 1L))
  expect_identical(dim(Vi(data.frame(u = 1:4, v = 0.5))), c(4L, 1L, 2L))
  expect_identical(dim(Pm(1:4)), c(1L, 1L, 4L))
  expect_identical(dim(Pm(matrix(1:4, 1))), c(1L, 1L, 4L))
  expect_identical(dim(Pm(0.5)), c(1L, 1L))
  expect_identical(dim(Vi(c(TRUE, FALSE))), c(2L, 1L))
  expect_identical(dim(Vi("x", 3)), c(NA, 1L, 3L))
  expect_identical(dimnames(Vi(x))[[1]], c("a", "b", "c"))
  expect_identical(Vi(x)$data[[1]], x + 0)
})

test_that("LazyTensor() takes an index for matrices", {
  x <- matrix(1:6, 3)
  expect_identical(dim(LazyTensor(x, "i")), dim(Vi(x)))
  expect_identical(dim(LazyTensor(x, index = "j")), dim(Vj(x)))
  expect_identical(dim(LazyTensor(1:6)), dim(Pm(1:6)))
  expect_error(LazyTensor(x), "index", class = "kernelops_error_argument")
  expect_error(LazyTensor(x, "k"), "index", class = "kernelops_error_argument")
  expect_error(LazyTensor(Vi(x), "i"), "already", class = "kernelops_error_argument")
  expect_error(LazyTensor("x", "i"), class = "kernelops_error_argument")
})

test_that("what is not numbers is refused, by the name of a column", {
  expect_error(Vi(iris), "column `Species` of class factor", class = "kernelops_error_argument")
  expect_error(Vi(factor(1:3)), class = "kernelops_error_argument")
  expect_error(Vi(Sys.Date()), class = "kernelops_error_argument")
  expect_error(Vi(list(1, 2)), class = "kernelops_error_argument")
  expect_error(Vi(array(1, c(2, 2, 2))), class = "kernelops_error_argument")
  expect_error(Vi(data.frame()), class = "kernelops_error_argument")
  expect_error(Vi(matrix("a")), class = "kernelops_error_argument")
  expect_error(Vi(1:3, is_complex = NA), class = "kernelops_error_argument")
  expect_error(Vi(1:3, 3), class = "kernelops_error_argument")
})

test_that("missing values are refused, unless they may pass", {
  x <- cbind(1:3, c(4, NA, NA))
  expect_error(Vi(x), "2, the first in row 2", class = "kernelops_error_argument")
  expect_error(Vj(data.frame(u = c(NA, 1L))), "row 1", class = "kernelops_error_argument")
  expect_error(Pm(c(1i, NA)), class = "kernelops_error_argument")
  expect_true(is.nan(sum(Vi(c(1, NaN)), index = "i")))
  passed <- with_keops_options(list(na_action = "pass"), sum(Vi(c(1, NA)), index = "i"))
  expect_true(is.na(passed))
})

test_that("complex numbers lie with their parts side by side", {
  z <- matrix(complex(real = 1:4, imaginary = 5:8), 2)
  tensor <- Vi(z)
  expect_true(is.ComplexLazyTensor(tensor))
  expect_identical(dim(tensor), c(2L, 1L, 2L))
  expect_identical(tensor$data[[1]], cbind(Re(z)[, 1], Im(z)[, 1], Re(z)[, 2], Im(z)[, 2]))
  expect_identical(Vi(matrix(1:2), is_complex = TRUE)$data[[1]], cbind(c(1, 2), 0))
  expect_identical(tensor$dimres, 2)
})

test_that("a variable that is used twice is passed once", {
  x_i <- Vi(matrix(1:6, 3))
  expect_length(((x_i + 0.5) * x_i - x_i)$data, 2L)
  expect_length((x_i + Vi(matrix(1:6, 3)))$data, 2L)
  expect_identical((x_i * x_i)$formula, "V0 * V0")
})

test_that("variables are named by their position and numbers are parameters", {
  x_i <- Vi(matrix(1:6, 3))
  tensor <- exp(-sqdist(x_i, Vj(matrix(1:4, 2))) / 0.3) * 2
  expect_identical(tensor$formula, "Exp(-SqDist(V0, V1) / V2) * 2")
  expect_identical(tensor$args, c("V0=Vi(2)", "V1=Vj(2)", "V2=Pm(1)"))
  expect_identical(tensor$data[[3]], matrix(0.3))
  expect_null(tensor$nothing)
})

test_that("formulas are written with as few parentheses as they need", {
  x <- Vi("x", 1)
  y <- Vj("y", 1)
  expect_identical((x - (y - x))$formula, "x - (y - x)")
  expect_identical((x - y - x)$formula, "x - y - x")
  expect_identical((x / (y * x))$formula, "x / (y * x)")
  expect_identical((-(x + y) * x)$formula, "-(x + y) * x")
  expect_identical((x * -y)$formula, "x * -y")
  expect_identical((-(x * y))$formula, "-(x * y)")
  expect_identical((x * -1 + 0.5)$formula, "x * (-1) + (0.5)")
  expect_identical((x * (2 * 0.3^2))$formula, "x * (0.18)")
  expect_identical((x * (0.1 + 0.2))$formula, "x * (0.30000000000000004)")
})

test_that("a formula that was written means what was meant", {
  p <- lazy_points(4L, 3L, 1L)
  tensors <- list(p$x_i, p$y_j, 0.7, p$x_i - p$y_j)
  dense <- list(
    matrix(p$x, 4, 3), matrix(p$y, 4, 3, byrow = TRUE), 0.7, outer(c(p$x), c(p$y), "-")
  )
  signs <- list(`+`, `-`, `*`, `/`)
  set.seed(4)
  for (trial in 1:60) {
    lazy <- p$x_i
    plain <- dense[[1]]
    for (step in 1:5) {
      sign <- signs[[sample(4, 1)]]
      k <- sample(4, 1)
      if (stats::runif(1) < 0.5) {
        lazy <- sign(lazy, tensors[[k]])
        plain <- sign(plain, dense[[k]])
      } else {
        lazy <- sign(tensors[[k]], -lazy)
        plain <- sign(dense[[k]], -plain)
      }
    }
    values <- as.array(lazy * 1 + 0 * p$x_i + 0 * p$y_j)
    expect_equal(values, plain, tolerance = 1e-8, info = lazy$formula)
  }
})

test_that("predicates tell what a LazyTensor is", {
  x_i <- Vi(matrix(1:6, 3))
  expect_true(is.LazyTensor(x_i))
  expect_false(is.LazyTensor(1))
  expect_true(is.LazyMatrix(x_i))
  expect_false(is.LazyMatrix(Pm(1:3)))
  expect_true(is.LazyVector(Pm(1:3)))
  expect_false(is.LazyVector(x_i))
  expect_true(is.LazyParameter(Pm(0.5)))
  expect_false(is.LazyParameter(Pm(1:2)))
  expect_false(is.LazyParameter(x_i * 0.5))
  expect_true(is.ComplexLazyParameter(Pm(1i)))
  expect_false(is.ComplexLazyParameter(Pm(0.5)))
  expect_true(is.int(3))
  expect_false(is.int(3.5))
  expect_false(is.int(1:2))
  expect_error(is.LazyMatrix(1), class = "kernelops_error_argument")
})

test_that("a LazyTensor survives another process", {
  p <- lazy_points()
  lazy <- exp(-sqdist(p$x_i, p$y_j) / 0.5) * p$x_i
  output <- run_session(
    "cat(format(sum(sum(lazy, index = 'j')), digits = 15))", lazy = lazy
  )
  expected <- sum(sum(lazy, index = "j"))
  expect_equal(as.numeric(output), expected, tolerance = 1e-12)
})

test_that("LazyTensors print on a few lines", {
  local_options <- list(width = 80)
  with_options(local_options, {
    x <- matrix(1:3000 / 3000, 1000)
    k <- exp(-sqdist(Vi(x), Vj(x)) / 0.02)
    expect_snapshot(print(k))
    expect_snapshot(k)
    expect_snapshot(print(Vi(x)))
    expect_snapshot(print(Vi("x", 3) - Vj("y", 3)))
    expect_snapshot(print(Pm(0.5)))
    expect_snapshot(print(Vi(x + 1i) * 2))
    expect_snapshot(str(k))
    expect_snapshot(print(k %*% t(k)))
    expect_snapshot(print(as_operator(k)))
    expect_lt(max(nchar(format(Reduce(`+`, rep(list(k), 40))))), 81)
  })
  expect_identical(summary(k)$dim, c(1000L, 1000L))
  expect_equal(length(k), 1e6)
})

test_that("formulas that grow without bound are refused", {
  x <- Vi(1:3)
  for (k in 1:20) x <- x * x
  expect_error(sum(x, index = "i"), class = "kernelops_error_syntax")
})
