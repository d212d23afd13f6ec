test_that("the orders of Matern covariances that have closed forms are part of the formula", {
  x <- matrix(runif(12), ncol = 2)
  distance <- norm2(Vi(x) - Vj(x))
  for (nu in c(0.5, 1.5, 2.5, 3.5)) {
    K <- matern(distance, nu)
    expect_match(K$formula, sprintf(", %s)", nu), fixed = TRUE)
    expect_equal(as.matrix(K), matrix(matern(c(as.matrix(dist(x))), nu), 6))
  }
  other <- matern(distance, 0.8)
  expect_match(other$formula, ", V2)", fixed = TRUE)
  expect_equal(as.matrix(other), matrix(matern(c(as.matrix(dist(x))), 0.8), 6))
})
