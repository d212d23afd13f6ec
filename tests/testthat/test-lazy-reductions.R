# The distances between the points of a test, as numbers and as a LazyTensor.
distance_case <- function() {
  p <- lazy_points(7L, 5L, 3L)
  p$dense <- squared_distances(p$x, p$y)
  p$lazy <- sqdist(p$x_i, p$y_j)
  p
}

test_that("every reduction of the table equals its reference over i and over j", {
  p <- distance_case()
  weight <- uniform(5, 1, seed = 5)
  weights <- list(j = weight, i = uniform(7, 1, seed = 6))
  rows <- keops_reductions()
  for (k in seq_len(nrow(rows))) {
    row <- as.list(as.data.frame(rows)[k, ])
    for (index in c("i", "j")) {
      extra <- if (row$ranked) 2 else if (row$weighted) weights[[index]]
      if (row$weighted) extra <- if (index == "j") Vj(extra) else Vi(extra)
      actual <- reduction.LazyTensor(log(p$lazy), row$name, index, extra)
      lines <- if (index == "j") log(p$dense) else t(log(p$dense))
      expected <- lapply(seq_len(nrow(lines)), function(i) {
        values <- list(v = lines[i, ], w = c(weights[[index]]), K = 2L)
        functions <- list(head = utils::head, var = stats::var)
        suppressWarnings(eval(str2lang(row$reference), c(values, functions)))
      })
      outputs <- if (is.list(actual)) names(actual) else ""
      for (output in outputs) {
        numbers <- if (nzchar(output)) actual[[output]] else actual
        wanted <- do.call(rbind, lapply(expected, function(e) {
          if (nzchar(output)) e[[output]] else e
        }))
        expect_equal(numbers + 0, wanted + 0, tolerance = 1e-10, info = paste(row$name, index))
      }
    }
  }
})

test_that("R's summaries reduce over an index, by name or by position", {
  p <- distance_case()
  dense <- p$dense
  expect_equal(sum(p$lazy, index = "j"), matrix(rowSums(dense)))
  expect_equal(sum(p$lazy, "i"), matrix(colSums(dense)))
  expect_equal(c(sum(p$lazy, index = "ij")), sum(dense))
  expect_equal(c(sum(p$lazy, index = c("i", "j"))), sum(dense))
  expect_equal(c(min(p$lazy, index = "j")), apply(dense, 1, min))
  expect_equal(c(max(p$lazy, index = "i")), apply(dense, 2, max))
  expect_equal(c(prod(p$lazy, index = "j")), apply(dense, 1, prod))
  expect_equal(c(mean(p$lazy, index = "j")), rowMeans(dense))
  expect_equal(c(any(p$lazy > 2, index = "j")), apply(dense > 2, 1, any))
  expect_equal(c(all(p$lazy < 2, index = "i")), apply(dense < 2, 2, all))
  both <- range(p$lazy, index = "j")
  expect_equal(c(both$min), apply(dense, 1, min))
  expect_equal(c(both$max), apply(dense, 1, max))
})

test_that("each component of a vector is reduced by itself", {
  p <- distance_case()
  difference <- p$x_i - p$y_j
  expected <- t(apply(p$x, 1, function(x) colSums(rep(x, each = 5) - p$y)))
  expect_equal(sum(difference, index = "j"), expected)
  expect_identical(dim(argKmin(difference, K = 2, index = "j")), c(7L, 2L, 3L))
})

test_that("row numbers are integers from 1 on", {
  p <- distance_case()
  nearest <- argmin(p$lazy, index = "j")
  expect_identical(c(nearest), apply(p$dense, 1, which.min))
  expect_identical(argKmin(p$lazy, K = 5, index = "j"), t(apply(p$dense, 1, order)))
  six <- Kmin_argKmin(p$lazy, K = 6, index = "j")
  expect_identical(six$argmin[, 6], rep(NA_integer_, 7))
  expect_identical(six$min[, 6], rep(Inf, 7))
})

test_that("weights are LazyTensors or numbers of one side", {
  p <- distance_case()
  w <- uniform(5, 2, seed = 8)
  e <- exp(-p$dense)
  expect_equal(sumsoftmaxweight(-p$lazy, "j", Vj(w)), (e %*% w) / rowSums(e))
  expect_equal(sumsoftmaxweight(-p$lazy, "j", w), (e %*% w) / rowSums(e))
  positive <- abs(w[, 1])
  expect_equal(c(logsumexp(-p$lazy, "j", positive)), c(log(e %*% positive)))
  expect_equal(c(logsumexp(-p$lazy, index = "i")), log(colSums(e)))
  expect_error(sumsoftmaxweight(-p$lazy, "j", 1:4), class = "kernelops_error_dimension")
})

test_that("sums of complex LazyTensors are complex", {
  z <- matrix(complex(real = uniform(6, 2, seed = 1), imaginary = uniform(6, 2, seed = 2)), 6)
  w <- matrix(complex(real = uniform(4, 2, seed = 3), imaginary = uniform(4, 2, seed = 4)), 4)
  expected <- vapply(1:2, function(k) rowSums(outer(z[, k], w[, k])), complex(6))
  expect_equal(sum(Vi(z) * Vj(w), index = "j"), expected)
  expect_equal(mean(Vi(z) * Vj(w), index = "j"), expected / 4)
  expect_error(min(Vi(z), index = "i"), class = "kernelops_error_unsupported")
})

test_that("LazyTensors without data are reduced to operators", {
  p <- distance_case()
  op <- sum(exp(-sqdist(Vi("x", 3), Vj("y", 3)) / 0.5) * Vj("b", 1), index = "j")
  expect_s3_class(op, "keops_operator")
  b <- uniform(5, 1, seed = 3)
  expect_equal(op(list(y = p$y, x = p$x, b = b)), exp(-p$dense / 0.5) %*% b)
  expect_error(sum(Vi("x", 3) + p$y_j, "j"), "without data: x", class = "kernelops_error_argument")
  expect_error(
    sum(Vi("x", 3) + Vj("x", 3), "j"), "have the name `x`", class = "kernelops_error_argument"
  )
  expect_error(Vi("1x", 3), class = "kernelops_error_syntax")
  expect_error(Vi("x"), class = "kernelops_error_argument")
  expect_error(Vi("x", 3) / Inf, NA)
  expect_error(sum(Vi("x", 3) * 1e300 * 1e300, index = "i"), NA)
  expect_error(sum(Vi("x", 3) * Inf, index = "i"), class = "kernelops_error_argument")
})

test_that("the same expression on other data is compiled once", {
  directory <- new_directory()
  with_options(list(kernelops.cache_dir = directory), {
    kernel_sum <- function(x, y, b, s) exp(-sqdist(Vi(x), Vj(y)) / (2 * s^2)) %*% b
    kernel_sum(uniform(4, 3, seed = 1), uniform(5, 3, seed = 2), 1:5, 0.3)
    count <- length(list.files(directory))
    expect_gt(count, 0)
    kernel_sum(uniform(6, 3, seed = 3), uniform(9, 3, seed = 4), 1:9, 7.5)
    expect_length(list.files(directory), count)
  })
})

test_that("wrong requests are refused", {
  p <- distance_case()
  expect_error(sum(p$lazy, index = "k"), class = "kernelops_error_argument")
  expect_error(sum(p$lazy, index = NULL), NA)
  expect_error(argKmin(p$lazy, 3.5, "j"), class = "kernelops_error_argument")
  expect_error(argKmin(p$lazy, 0, "j"), class = "kernelops_error_argument")
  expect_error(argKmin(1:3, 1, "j"), class = "kernelops_error_argument")
  expect_error(min(p$lazy, p$x_i), "minimum", class = "kernelops_error_argument")
  expect_error(sum(p$lazy, "j", "i"), class = "kernelops_error_argument")
  expect_error(reduction.LazyTensor(p$lazy, "Nothing", "j"), class = "kernelops_error_argument")
  expect_error(reduction.LazyTensor(p$lazy, "KMin", "j"), class = "kernelops_error_argument")
  expect_error(reduction.LazyTensor(p$lazy, "SoftMax", "j"), class = "kernelops_error_argument")
})
