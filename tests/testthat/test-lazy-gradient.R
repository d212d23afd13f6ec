test_that("a variable of a gradient may be given by its position or its name in the formula", {
  x <- uniform(5, 2, seed = 1)
  y <- uniform(4, 2, seed = 2)
  x_i <- Vi(x)
  y_j <- Vj(y)
  f <- sqdist(x_i, y_j)
  expect_identical(grad(f, 1, "Sum", 0, "j"), grad(f, 1, "Sum", x_i, "j"))
  expect_identical(grad(f, 1, "Sum", "V1", "j"), grad(f, 1, "Sum", y_j, "j"))
  expect_close(grad(f, 1, "Sum", 1, "j"), 2 * (5 * y - rep(colSums(x), each = 4)))
  expect_identical(value_and_grad(f, "V1")$gradient, value_and_grad(f, y_j)$gradient)
  for (unknown in list(2, -1, "V2", "", NA, NA_character_)) {
    expect_error(grad(f, 1, "Sum", unknown, "j"), class = "kernelops_error_argument")
  }
  symbolic <- sqdist(Vi("x", 2), Vj("y", 2))
  by_name <- grad(symbolic, 1, "Sum", "x", "j")
  expect_identical(by_name()$formula, grad(symbolic, 1, "Sum", 0, "j")()$formula)
})

test_that("a differential operation takes a variable made anew, and no variable of others", {
  x <- uniform(5, 2, seed = 1)
  x_i <- Vi(x)
  f <- exp(-sqdist(x_i, Vj(uniform(4, 2, seed = 2))))
  laplacian <- sum(lazy_operation("Laplacian", f, x_i), index = "j")
  expect_true(all(laplacian != 0))
  expect_identical(sum(lazy_operation("Laplacian", f, Vi(x)), index = "j"), laplacian)
  expect_error(lazy_operation("Laplacian", f, Vi(x + 1)), class = "kernelops_error_argument")
  expect_error(lazy_operation("Grad", f, Pm(1), 1), class = "kernelops_error_argument")
})
