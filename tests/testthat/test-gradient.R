# Values for closed forms: kernel, squared distances, weights of the pairs.
gaussian_parts <- function(axis = 0L) {
  inputs <- gaussian_inputs(23, 17, axis)
  eta <- uniform(if (axis == 0L) 23 else 17, 6, seed = 4)
  squares <- squared_distances(inputs$x, inputs$y)
  kernel <- exp(-c(inputs$s) * squares)
  products <- if (axis == 0L) eta %*% t(inputs$b) else inputs$b %*% t(eta)
  list(
    inputs = inputs, eta = eta, squares = squares, kernel = kernel, weights = kernel * products,
    given = c(unname(inputs), list(eta))
  )
}

for (axis in 0:1) {
  local({
    axis <- axis
    p <- gaussian_parts(axis)
    s <- c(p$inputs$s)

    test_that(paste("the gradient of an i-variable is its closed form, axis", axis), {
      expected <- -2 * s * (rowSums(p$weights) * p$inputs$x - p$weights %*% p$inputs$y)
      expect_close(keops_grad(gaussian(axis), "x")(p$given), expected)
    })

    test_that(paste("the gradient of a j-variable is its closed form, axis", axis), {
      expected <- 2 * s * (t(p$weights) %*% p$inputs$x - colSums(p$weights) * p$inputs$y)
      expect_close(keops_grad(gaussian(axis), "y")(p$given), expected)
    })

    test_that(paste("the gradient of a factor is its closed form, axis", axis), {
      expected <- if (axis == 0L) t(p$kernel) %*% p$eta else p$kernel %*% p$eta
      expect_close(keops_grad(gaussian(axis), "b")(p$given), expected)
    })

    test_that(paste("the gradient of a parameter is summed over both sides, axis", axis), {
      expected <- matrix(-sum(p$weights * p$squares))
      expect_close(keops_grad(gaussian(axis), "s")(p$given), expected)
    })

    test_that(paste("second derivatives of a parameter are closed forms, axis", axis), {
      op <- keops_grad(keops_grad(gaussian(axis), "s"), "s")
      expected <- matrix(1.5 * sum(p$weights * p$squares^2))
      expect_close(op(c(p$given, list(1.5))), expected)
    })

    test_that(paste("second derivatives agree with differences, axis", axis), {
      inputs <- gaussian_inputs(5, 4, axis)
      for (first in c("x", "y", "s")) {
        op <- keops_grad(gaussian(axis), first)
        inputs$eta <- uniform(if (axis == 0L) 5 else 4, 6, seed = 4)
        for (second in c("x", "y", "b", "s", "eta")) {
          expect_gradient(op, inputs, second)
        }
      }
    })
  })
}

test_that("a variable may be given by its 0-based position", {
  p <- gaussian_parts()
  for (position in 0:3) {
    by_position <- keops_grad(gaussian(), position)
    by_name <- keops_grad(gaussian(), c("x", "y", "b", "s")[position + 1])
    expect_identical(by_position(), by_name())
  }
  op <- keops_kernel("Sum_Reduction(x - y, 0)", c("y = Vj(1, 3)", "x = Vi(0, 3)"))
  expect_identical(keops_grad(op, 1)()$formula, "Grad(Sum_Reduction(x - y, 0), y, eta)")
})

test_that("eta is a new last argument shaped like the result", {
  expect_identical(keops_grad(gaussian(), "x")()$args[5], "eta = Vi(6)")
  expect_identical(keops_grad(gaussian(1L), "x")()$args[5], "eta = Vj(6)")
  second <- keops_grad(keops_grad(gaussian(), "y"), "s")()
  expect_identical(second$args[5:6], c("eta = Vi(6)", "eta2 = Vj(3)"))
  op <- keops_kernel("Sum_Reduction(eta - y, 0)", c("eta = Vi(0, 3)", "y = Vj(1, 3)"))
  expect_identical(keops_grad(op, "y")()$args[3], "eta2 = Vi(2, 3)")
})

test_that("a gradient may be written in the formula", {
  x <- uniform(9, 3, seed = 1)
  y <- uniform(8, 3, seed = 2)
  eta <- uniform(9, 1, seed = 3)
  expected <- 2 * c(eta) * (8 * x - rep(colSums(y), each = 9))
  op <- keops_kernel(
    "Grad(Sum_Reduction(SqNorm2(x-y), 0), x, eta)", c("x=Vi(0,3)", "y=Vj(1,3)", "eta=Vi(2,1)")
  )
  expect_close(op(list(x, y, eta)), expected)
  op <- keops_kernel(
    "Sum_Reduction(Grad(SqNorm2(x - y), x, eta), 0)", c("x = Vi(3)", "y = Vj(3)", "eta = Vi(1)")
  )
  expect_close(op(list(x, y, eta)), expected)
})

test_that("the gradient of a log-sum-exp is a softmax", {
  x <- uniform(9, 3, seed = 1)
  y <- uniform(8, 3, seed = 2)
  op <- keops_kernel("LogSumExp_Reduction(x | y, 0)", c("x = Vi(3)", "y = Vj(3)"))
  weights <- exp(x %*% t(y))
  weights <- weights / rowSums(weights)
  eta <- uniform(9, 1, seed = 3)
  expect_close(keops_grad(op, "x")(list(x, y, eta)), c(eta) * (weights %*% y))
  expect_close(keops_grad(op, "y")(list(x, y, eta)), t(weights) %*% (c(eta) * x))
  expect_gradient(keops_grad(op, "x"), list(x = x, y = y, eta = eta), "y")
  expect_gradient(keops_grad(op, "y"), list(x = x, y = y, eta = eta), "x")
})

test_that("the gradient of a third derivative agrees with differences", {
  op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x, y)), 0)", c("x = Vi(2)", "y = Vj(2)"))
  third <- keops_grad(keops_grad(op, "x"), "y")
  inputs <- list(
    x = uniform(4, 2, seed = 1), y = uniform(3, 2, seed = 2), eta = uniform(4, 1, seed = 3),
    eta2 = uniform(4, 2, seed = 4)
  )
  expect_gradient(third, inputs, "x")
})

test_that("a variable that does not occur has the gradient zero", {
  op <- keops_kernel("Sum_Reduction(x * x, 0)", c("x = Vi(2)", "y = Vj(2)"))
  result <- keops_grad(op, "y")(list(uniform(4, 2), uniform(3, 2), uniform(4, 2)))
  expect_identical(result, matrix(0, 3, 2))
})

test_that("derivatives at the edges are the documented ones", {
  norm <- keops_kernel("Sum_Reduction(Norm2(x - y), 0)", c("x = Vi(2)", "y = Vj(2)"))
  zero <- matrix(0, 1, 2)
  expect_identical(keops_grad(norm, "x")(list(zero, zero, 1)), zero)
  root <- keops_kernel("Sum_Reduction(Sqrt(x) + y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_identical(keops_grad(root, "x")(list(0, 0, 1)), matrix(0))
})

test_that("the gradient of a minimum goes to the first row that attains it", {
  x <- matrix(c(1, 2, -1))
  y <- matrix(c(3, 1, 1, 2))
  op <- keops_kernel("Min_Reduction(x * y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  eta <- c(1, 10, 100)
  expect_identical(keops_grad(op, "x")(list(x, y, eta)), matrix(c(1, 10, 300)))
  expect_identical(keops_grad(op, "y")(list(x, y, eta)), matrix(c(-100, 21, 0, 0)))
  ranked <- keops_kernel("KMin_Reduction(x * y, 2, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_identical(keops_grad(ranked, "y")(list(x, y, cbind(eta, 0))), matrix(c(-100, 21, 0, 0)))
})

test_that("row numbers have no gradient and say so", {
  for (reduction in c("ArgMin", "ArgMax")) {
    op <- keops_kernel(sprintf("%s_Reduction(x * y, 0)", reduction), c("x = Vi(2)", "y = Vj(2)"))
    expect_error(keops_grad(op, "x"), "row number", class = "kernelops_error_unsupported")
  }
})

test_that("an unknown variable is refused", {
  expect_error(keops_grad(gaussian(), "z"), class = "kernelops_error_argument")
  expect_error(keops_grad(gaussian(), 4), class = "kernelops_error_argument")
  expect_error(keops_grad(gaussian(), NA), class = "kernelops_error_argument")
  expect_error(keops_grad(sum, "x"), class = "kernelops_error_argument")
})
