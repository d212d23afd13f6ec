# A symbolic matrix with names on both sides, and the same as a plain one.
named_pair <- function(rows = 7, columns = 5) {
  set.seed(1)
  x <- matrix(runif(2 * rows), ncol = 2, dimnames = list(paste0("r", seq_len(rows)), NULL))
  y <- matrix(runif(2 * columns), ncol = 2, dimnames = list(letters[seq_len(columns)], NULL))
  dense <- outer(seq_len(rows), seq_len(columns), Vectorize(function(i, j) {
    exp(-sum((x[i, ] - y[j, ])^2))
  }))
  dimnames(dense) <- list(rownames(x), rownames(y))
  list(K = exp(-sqdist(Vi(x), Vj(y))), dense = dense)
}

test_that("sizes and names are those of the points", {
  pair <- named_pair()
  K <- pair$K
  expect_identical(dim(K), c(7L, 5L))
  expect_identical(c(nrow(K), ncol(K)), c(7L, 5L))
  expect_equal(length(K), 35)
  expect_identical(dimnames(K), dimnames(pair$dense))
  expect_identical(rownames(K), paste0("r", 1:7))
  expect_identical(dimnames(t(K)), rev(dimnames(pair$dense)))
  expect_null(dimnames(sqdist(Vi(matrix(1:4, 2)), Vj(matrix(1:6, 3)))))
  expect_true(is.matrix(K))
  expect_false(is.matrix(Vi(matrix(1:4, 2))))
})

test_that("all entries can be computed", {
  pair <- named_pair()
  expect_equal(as.matrix(pair$K), pair$dense)
  expect_equal(as.matrix(t(pair$K)), t(pair$dense))
  expect_equal(as.array(pair$K), pair$dense)
  x <- matrix(1:6, 3)
  y <- matrix(8:1, 4)
  all <- as.array(Vi(x) - Vj(y))
  expect_identical(dim(all), c(3L, 4L, 2L))
  for (k in 1:2) expect_equal(all[, , k], outer(x[, k], y[, k], "-"))
  expect_error(as.matrix(Vi(x) - Vj(y)), class = "kernelops_error_dimension")
})

test_that("a matrix that would take much memory is computed only if that is said", {
  x <- matrix(0, 12000, 1)
  K <- sqdist(Vi(x), Vj(x))
  expect_error(as.matrix(K), "force = TRUE", class = "kernelops_error_memory")
  expect_error(as.array(K), class = "kernelops_error_memory")
  expect_error(as.matrix(K %*% K), class = "kernelops_error_memory")
  expect_error(as.matrix(K, force = NA), class = "kernelops_error_argument")
  expect_equal(as.matrix(K[1:2, 1:3], force = TRUE), matrix(0, 2, 3))
})

test_that("subsets are those of a plain matrix", {
  pair <- named_pair()
  K <- pair$K
  dense <- pair$dense
  same <- function(part, plain) {
    if (is.LazyTensor(part)) part <- as.matrix(part)
    expect_equal(part, plain)
  }
  same(K[2:4, c(5, 1)], dense[2:4, c(5, 1)])
  same(K[-1, ], dense[-1, ])
  same(K[-(1:3), -5], dense[-(1:3), -5])
  same(K[c(TRUE, FALSE, TRUE, FALSE, FALSE, TRUE, FALSE), ], dense[c(1, 3, 6), ])
  same(K[c(TRUE, FALSE), ], dense[c(TRUE, FALSE), ])
  same(K[c("r7", "r2"), c("b", "a")], dense[c("r7", "r2"), c("b", "a")])
  same(K[c(3, 3, 1), ], dense[c(3, 3, 1), ])
  same(K[0:2, ], dense[0:2, ])
  same(K[, ], dense)
  same(K[], dense)
})

test_that("one row, column or entry is plain numbers unless drop is FALSE", {
  pair <- named_pair()
  K <- pair$K
  dense <- pair$dense
  expect_equal(K[2, ], dense[2, ])
  expect_equal(K[, 3], dense[, 3])
  expect_equal(K["r2", ], dense["r2", ])
  expect_equal(K[2, 3], dense[2, 3])
  expect_equal(K[2, c("a", "e")], dense[2, c("a", "e")])
  row <- K[2, , drop = FALSE]
  expect_s4_class(row, "LazyTensor")
  expect_equal(as.matrix(row), dense[2, , drop = FALSE])
  entry <- K["r2", "c", drop = FALSE]
  expect_identical(dim(entry), c(1L, 1L))
  expect_equal(as.matrix(entry), dense[2, 3, drop = FALSE])
})

test_that("single entries are counted down the columns or given by pairs", {
  pair <- named_pair()
  K <- pair$K
  dense <- pair$dense
  expect_equal(K[c(1, 8, 35)], dense[c(1, 8, 35)])
  expect_equal(K[3], dense[3])
  expect_equal(K[cbind(c(1, 7), c(5, 2))], dense[cbind(c(1, 7), c(5, 2))])
  expect_equal(K[dense > 0.8], dense[dense > 0.8])
  expect_identical(K[numeric()], numeric())
})

test_that("entries that are not there are errors that name the argument", {
  K <- named_pair()$K
  refused <- function(code, argument) {
    error <- expect_error(code, class = "kernelops_error_argument")
    expect_match(conditionMessage(error), paste0("`", argument, "`"), fixed = TRUE)
  }
  refused(K[8, ], "i")
  refused(K[, 6], "j")
  refused(K[, "z"], "j")
  refused(K["z", ], "i")
  refused(K[NA, ], "i")
  refused(K[rep(TRUE, 8), ], "i")
  refused(K[36], "i")
  refused(K[0.5], "i")
  refused(K[cbind(8, 1)], "i")
  refused(K[cbind(1, 6)], "j")
  expect_error(K[1, 2, 3], class = "kernelops_error_argument")
  expect_error(K[1, -1:1])
  expect_error(Vi("x", 1)[1, ], class = "kernelops_error_argument")
})

test_that("the diagonal is that of a plain matrix", {
  pair <- named_pair()
  expect_equal(diag(pair$K), diag(pair$dense))
  expect_equal(diag(t(pair$K)), diag(t(pair$dense)))
  square <- pair$K[1:5, ]
  expect_equal(diag(square), diag(pair$dense[1:5, ]))
})

test_that("sums and means of rows and columns are those of a plain matrix", {
  for (sizes in list(c(7, 5), c(6, 6), c(1, 4), c(4, 1))) {
    pair <- named_pair(sizes[1], sizes[2])
    for (name in c("rowSums", "colSums", "rowMeans", "colMeans")) {
      f <- get(name)
      expect_equal(f(pair$K), f(pair$dense), info = paste(name, sizes[1]))
      expect_equal(f(t(pair$K)), f(t(pair$dense)), info = paste(name, sizes[1]))
    }
  }
  x <- matrix(runif(8), ncol = 2)
  expect_null(names(rowSums(sqdist(Vi(x), Vj(x)))))
  expect_error(rowSums(Vi(x) - Vj(x)), class = "kernelops_error_dimension")
  expect_error(colMeans(Vi(x) - Vj(x)), class = "kernelops_error_dimension")
  expect_error(rowSums(sqdist(Vi("x", 2), Vj("y", 2))), class = "kernelops_error_argument")
})

test_that("sums of rows work inside functions and with arguments by name", {
  pair <- named_pair()
  degree <- function(M, f = rowSums) f(x = M)
  expect_equal(degree(pair$K), rowSums(pair$dense))
  both <- sapply(list(pair$K, t(pair$K)), function(M) sum(rowSums(M)))
  expect_equal(both, rep(sum(pair$dense), 2))
  expect_equal(base::rowSums(pair$K, na.rm = TRUE), rowSums(pair$dense))
})

test_that("apply() sees the entries", {
  pair <- named_pair()
  expect_equal(apply(pair$K, 1, max), apply(pair$dense, 1, max))
  expect_equal(apply(pair$K, 2, range), apply(pair$dense, 2, range))
})

test_that("a matrix plus its transpose is symmetric", {
  set.seed(2)
  x <- matrix(runif(12), ncol = 2)
  y <- matrix(runif(12), ncol = 2)
  K <- exp((Vi(x) | Vj(y)))
  dense <- exp(x %*% t(y))
  expect_equal(as.matrix(K + t(K)), dense + t(dense))
  expect_equal((K + t(K)) %*% 1:6, (dense + t(dense)) %*% 1:6)
  expect_equal(as.matrix(t(t(K)) - K), matrix(0, 6, 6))
  expect_length(summary(K + t(K))$variables$name, 4)
  wide <- exp((Vi(x[1:3, ]) | Vj(y)))
  expect_error(wide + t(wide), class = "kernelops_error_dimension")
})
