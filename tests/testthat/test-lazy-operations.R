# Operations of LazyTensors are right if all their numbers are those of the same operation in R.

expect_pairs <- function(tensor, x, y, f, tolerance = 1e-10, info = NULL) {
  expect_s4_class(tensor, "LazyTensor")
  expected <- first_pairs(tensor, dense_pairs(x, y, f))
  expect_equal(lazy_values(tensor), expected, tolerance = tolerance, info = info)
}

# A LazyTensor that does not depend on a side has one row or column there.
first_pairs <- function(tensor, values) {
  values[seq_len(dim(tensor)[1L]), seq_len(dim(tensor)[2L]), , drop = FALSE]
}

test_that("every operation of the table equals its reference in R", {
  rows <- public_operations()
  rows <- rows[nzchar(rows$reference), ]
  for (k in seq_len(nrow(rows))) {
    row <- as.list(rows[k, ])
    letters <- argument_letters(row$arguments)
    dimensions <- as.integer(split_list(row$sample_dimensions))
    domains <- row_domains(row)
    data <- lapply(seq_along(letters), function(a) {
      draw(c(6L, 4L, 1L)[a], dimensions[a], domains[min(a, nrow(domains)), ], seed = 20 * a)
    })
    sides <- list(Vi, Vj, Pm)
    tensors <- Map(function(side, values) side(values), sides[seq_along(letters)], data)
    result <- do.call(lazy_operation, c(row$name, tensors, unname(row_parameters(row)$values)))
    at <- c(1L, 6L)
    pairs <- expand.grid(i = 1:6, j = if (row$arguments > 1L) 1:4 else 1L)
    expected <- t(apply(pairs, 1L, function(pair) {
      values <- lapply(seq_along(letters), function(a) data[[a]][c(pair, 1L)[a], ])
      names(values) <- letters
      row_reference(row, values)
    }))
    actual <- lazy_values(if (is.ComplexLazyTensor(result)) Re(result) else result)
    complex <- row$name %in% complex_results
    expected <- array(expected, c(6L, max(pairs$j), length(expected) / nrow(pairs)))
    parts <- if (complex) seq(1L, dim(expected)[3L], 2L) else seq_len(dim(expected)[3L])
    expect_equal(actual, expected[, , parts, drop = FALSE], tolerance = 1e-7, info = row$name)
    if (complex) {
      imaginary <- expected[, , parts + 1L, drop = FALSE]
      expect_equal(lazy_values(Im(result)), imaginary, tolerance = 1e-7, info = row$name)
    }
  }
})

test_that("R's operators work between LazyTensors on either side", {
  p <- lazy_points()
  for (name in c("+", "-", "*", "/", "%%", "%/%", "==", "!=", "<", "<=", ">", ">=", "&")) {
    f <- get(name, envir = baseenv())
    expect_pairs(f(p$x_i, p$y_j), p$x, p$y, function(x, y) as.numeric(f(x, y)), info = name)
  }
  expect_pairs(p$x_i^abs(p$y_j), p$x, p$y, function(x, y) x^abs(y))
  expect_pairs(p$x_i | p$y_j, p$x, p$y, function(x, y) sum(x * y))
  expect_pairs(-(p$x_i - p$y_j), p$x, p$y, function(x, y) y - x)
  expect_pairs(+(p$x_i - p$y_j), p$x, p$y, function(x, y) x - y)
  expect_pairs(!(p$x_i > p$y_j), p$x, p$y, function(x, y) as.numeric(x <= y))
})

test_that("R's operators work between LazyTensors and numbers in either order", {
  p <- lazy_points()
  d <- p$x_i - p$y_j
  for (number in c(-1, 0, 1, 2, 0.3, -7.25)) {
    for (name in c("+", "-", "*", ">", "<=", "==")) {
      f <- get(name, envir = baseenv())
      expect_pairs(f(d, number), p$x, p$y, function(x, y) as.numeric(f(x - y, number)))
      expect_pairs(f(number, d), p$x, p$y, function(x, y) as.numeric(f(number, x - y)))
    }
  }
  for (exponent in c(-3, -1, -0.5, 0, 0.5, 1, 2, 3, 2.5, 70)) {
    expect_pairs(abs(d)^exponent, p$x, p$y, function(x, y) abs(x - y)^exponent)
  }
  expect_pairs(2^d, p$x, p$y, function(x, y) 2^(x - y))
  expect_pairs(1 / d, p$x, p$y, function(x, y) 1 / (x - y))
})

test_that("vectors and matrices belong to the side whose shape they have", {
  p <- lazy_points(7L, 5L, 3L)
  d <- p$x_i - p$y_j
  k <- sqdist(p$x_i, p$y_j)
  squared <- squared_distances(p$x, p$y)
  expect_equal(as.matrix(k * 1:7), squared * 1:7)
  expect_equal(as.matrix(1:5 + k), t(1:5 + t(squared)))
  expect_pairs(d * c(1, 10, 100), p$x, p$y, function(x, y) (x - y) * c(1, 10, 100))
  expect_pairs(d + p$x, p$x, p$y, function(x, y) x - y + x)
  expect_pairs(p$y - d, p$x, p$y, function(x, y) y - (x - y))
  expect_pairs(d * data.frame(1:7), cbind(p$x, 1:7), p$y, function(x, y) (x[1:3] - y) * x[4])
  expect_pairs(k * TRUE, p$x, p$y, function(x, y) sum((x - y)^2))
})

test_that("numbers whose side is not clear are refused", {
  square <- lazy_points(5L, 5L, 3L)
  k <- sqdist(square$x_i, square$y_j)
  expect_error(k * 1:5, "Vi\\(\\) or Vj\\(\\)", class = "kernelops_error_dimension")
  expect_error(1:4 + k, "fits none", class = "kernelops_error_dimension")
  expect_error(k + diag(5), "all pairs", class = "kernelops_error_dimension")
  three <- lazy_points(3L, 5L, 3L)
  expect_error(
    (three$x_i - three$y_j) * 1:3, "Vi\\(\\) or Pm\\(\\)",
    class = "kernelops_error_dimension"
  )
  expect_error(
    suppressWarnings(pmin(k, 1)), "minimum\\(\\)", class = "kernelops_error_dimension"
  )
  expect_error(k + "a", class = "kernelops_error_argument")
  expect_error(k + factor(1:5), class = "kernelops_error_argument")
  expect_error(k + Sys.Date(), class = "kernelops_error_argument")
  expect_error(square$x_i + Vi(1:4), "5 and 4 rows", class = "kernelops_error_dimension")
  expect_error(
    sqdist(square$x_i, Vj(matrix(1, 5, 2))), "SqDist",
    class = "kernelops_error_dimension"
  )
})

test_that("R's functions of one argument equal themselves", {
  p <- lazy_points()
  functions <- c(
    "abs", "sign", "floor", "ceiling", "trunc", "exp", "expm1", "cos", "sin", "tan", "atan", "cosh",
    "sinh", "tanh", "asinh"
  )
  for (name in functions) {
    f <- get(name, envir = baseenv())
    tensor <- f(3 * p$x_i - p$y_j)
    expect_pairs(tensor, p$x, p$y, function(x, y) f(3 * x - y), info = name)
  }
  for (name in c("sqrt", "log", "log2", "log10", "log1p", "lgamma", "digamma", "trigamma")) {
    f <- get(name, envir = baseenv())
    tensor <- f(abs(p$x_i) + abs(p$y_j) + 0.1)
    expect_pairs(tensor, p$x, p$y, function(x, y) f(abs(x) + abs(y) + 0.1), info = name)
  }
  for (name in c("acos", "asin", "atanh")) {
    f <- get(name, envir = baseenv())
    tensor <- f(cos(p$x_i + p$y_j) * 0.9)
    expect_pairs(tensor, p$x, p$y, function(x, y) f(cos(x + y) * 0.9), info = name)
  }
  expect_pairs(
    acosh(1 + abs(p$x_i * p$y_j)), p$x, p$y, function(x, y) acosh(1 + abs(x * y)),
    tolerance = 1e-7
  )
  expect_pairs(log(abs(p$x_i), 3) - p$y_j, p$x, p$y, function(x, y) log(abs(x), 3) - y)
  expect_pairs(round(p$x_i - p$y_j, 2), p$x, p$y, function(x, y) round(x - y, 2))
  expect_error(cumsum(p$x_i), class = "kernelops_error_unsupported")
  expect_error(gamma(p$x_i), class = "kernelops_error_unsupported")
  expect_error(round(p$x_i, 0.5), class = "kernelops_error_argument")
  expect_error(log(p$x_i, 1:2), class = "kernelops_error_argument")
})

test_that("functions have RKeOps' orders of arguments", {
  p <- lazy_points(6L, 4L, 3L)
  d <- function(x, y) x - y
  both <- p$x_i - p$y_j
  s <- c(1, 2, 3)
  expect_pairs(weightedsqnorm(both, Pm(s)), p$x, p$y, function(x, y) sum(s * (x - y)^2))
  expect_pairs(weightedsqdist(p$x_i, p$y_j, s), p$x, p$y, function(x, y) sum(s * (x - y)^2))
  expect_pairs(elem(both, 1), p$x, p$y, function(x, y) (x - y)[2])
  expect_pairs(elemT(elem(both, 0), 2, 4), p$x, p$y, function(x, y) c(0, 0, (x - y)[1], 0))
  expect_pairs(extract(both, 1, 2), p$x, p$y, function(x, y) (x - y)[2:3])
  expect_pairs(extractT(both, 1, 5), p$x, p$y, function(x, y) c(0, x - y, 0))
  expect_pairs(concat(p$x_i, p$y_j), p$x, p$y, function(x, y) c(x, y))
  expect_pairs(one_hot(elem(p$x_i, 0) * 0 + 2, 4), p$x, p$y[1, , drop = FALSE], function(x, y) {
    c(0, 0, 1, 0)
  })
  expect_pairs(clamp(both, -0.2, 0.4), p$x, p$y, function(x, y) pmin(pmax(x - y, -0.2), 0.4))
  expect_pairs(clampint(5 * both, -1, 2), p$x, p$y, function(x, y) pmin(pmax(5 * (x - y), -1), 2))
  expect_pairs(mod(both, 0.3), p$x, p$y, function(x, y) (x - y) %% 0.3)
  expect_pairs(mod(both, 0.3, 0.1), p$x, p$y, function(x, y) (x - y - 0.1) %% 0.3 + 0.1)
  expect_pairs(matvecmult(tensorprod(p$x_i, p$x_i), p$y_j), p$x, p$y, function(x, y) {
    x * sum(x * y)
  })
  expect_pairs(vecmatmult(p$y_j, tensorprod(p$x_i, p$x_i)), p$x, p$y, function(x, y) {
    x * sum(x * y)
  })
  expect_pairs(keops_tensordot(p$x_i, p$y_j, 3, 3, 0, 0), p$x, p$y, function(x, y) sum(x * y))
  expect_pairs(keops_kron(p$x_i, p$y_j, 3, 3), p$x, p$y, function(x, y) kronecker(x, y))
  expect_pairs(arctan2(p$x_i, p$y_j), p$x, p$y, base::atan2)
  expect_pairs(sinc(p$x_i), p$x, p$y[1, , drop = FALSE], function(x, y) sin(pi * x) / (pi * x))
  expect_pairs(maximum(p$x_i, p$y_j), p$x, p$y, pmax)
  expect_pairs(minimum(p$x_i, p$y_j), p$x, p$y, pmin)
  expect_pairs(matern(norm2(both), 1.5), p$x, p$y, function(x, y) {
    u <- sqrt(3 * sum((x - y)^2))
    (1 + u) * exp(-u)
  }, tolerance = 1e-8)
})

test_that("ifelse chooses by truth values and by signs", {
  p <- lazy_points()
  expect_pairs(base::ifelse(p$x_i > p$y_j, p$x_i, 0), p$x, p$y, function(x, y) {
    ifelse(x > y, x, 0)
  })
  expect_pairs(base::ifelse(!(p$x_i > p$y_j), 1, p$y_j), p$x, p$y, function(x, y) {
    ifelse(x > y, y, 1)
  })
  expect_pairs(kernelops::ifelse(p$x_i - p$y_j, p$x_i, p$y_j), p$x, p$y, pmax)
  expect_identical(kernelops::ifelse(c(TRUE, NA), 1, 2), c(1, NA))
})

test_that("components are reduced without an index", {
  p <- lazy_points()
  d <- p$x_i - p$y_j
  expect_pairs(sum(d), p$x, p$y, function(x, y) sum(x - y))
  expect_pairs(min(d), p$x, p$y, function(x, y) min(x - y))
  expect_pairs(max(d), p$x, p$y, function(x, y) max(x - y))
  expect_pairs(mean(d), p$x, p$y, function(x, y) mean(x - y))
  expect_pairs(argmax(d), p$x, p$y, function(x, y) which.max(x - y) - 1)
  expect_pairs(argmin(d), p$x, p$y, function(x, y) which.min(x - y) - 1)
  expect_error(prod(d), class = "kernelops_error_argument")
})

test_that("complex LazyTensors compute with complex numbers", {
  z <- matrix(complex(real = uniform(6, 2, seed = 1), imaginary = uniform(6, 2, seed = 2)), 6)
  w <- matrix(complex(real = uniform(4, 2, seed = 3), imaginary = uniform(4, 2, seed = 4)), 4)
  z_i <- Vi(z)
  w_j <- Vj(w)
  expect_complex <- function(tensor, f) {
    expect_true(is.ComplexLazyTensor(tensor))
    expect_equal(lazy_values(tensor), first_pairs(tensor, dense_pairs(z, w, f)), tolerance = 1e-10)
  }
  dense_pairs <- function(x, y, f) {
    out <- array(0i, c(nrow(x), nrow(y), length(f(x[1, ], y[1, ]))))
    for (i in seq_len(nrow(x))) for (j in seq_len(nrow(y))) out[i, j, ] <- f(x[i, ], y[j, ])
    out
  }
  for (name in c("+", "-", "*", "/")) {
    f <- get(name, envir = baseenv())
    expect_complex(f(z_i, w_j), f)
    expect_complex(f(z_i, 2 - 1i), function(x, y) f(x, 2 - 1i))
    expect_complex(f(0.5, w_j), function(x, y) f(0.5, y))
    expect_complex(f(Re(z_i), w_j), function(x, y) f(Re(x), y))
  }
  expect_complex(z_i^w_j, function(x, y) x^y)
  expect_complex(-z_i, function(x, y) -x)
  expect_complex(exp(z_i * w_j), function(x, y) exp(x * y))
  expect_complex(sqrt(z_i), function(x, y) sqrt(x))
  expect_complex(log(z_i), function(x, y) log(x))
  expect_complex(Conj(z_i), function(x, y) Conj(x))
  expect_complex(sum(z_i), function(x, y) sum(x))
  expect_complex(exp1j(Re(z_i)), function(x, y) exp(1i * Re(x)))
  expect_complex(real2complex(Im(z_i)), function(x, y) Im(x) + 0i)
  expect_complex(imag2complex(Im(z_i)), function(x, y) 1i * Im(x))
  expect_complex(concat(z_i, w_j), function(x, y) c(x, y))
  expect_equal(lazy_values(Mod(z_i - w_j)), Re(dense_pairs(z, w, function(x, y) Mod(x - y))))
  expect_equal(lazy_values(abs(z_i)), lazy_values(Mod(z_i)))
  expect_equal(lazy_values(Arg(z_i)), Re(array(Arg(z), c(6, 1, 2))))
  expect_error(z_i > 1, class = "kernelops_error_unsupported")
  expect_error(cos(z_i), class = "kernelops_error_unsupported")
  expect_error(Re(Vi(1:3)), class = "kernelops_error_argument")
  expect_error(concat(z_i, Re(w_j)), class = "kernelops_error_argument")
})

test_that("functions take plain numbers too", {
  m <- matrix(c(-1.5, 0, 2, 4), 2)
  expect_identical(square(m), m^2)
  expect_identical(relu(m), pmax(m, 0))
  expect_identical(unit_step(m), matrix(c(0, 1, 1, 1), 2))
  expect_identical(clamp(m, -1, 3), matrix(c(-1, 0, 2, 3), 2))
  expect_identical(mod(7, 3), 1)
  expect_equal(matern(abs(m), 0.5), exp(-abs(m)))
  expect_identical(kernelops::atan2(1, 2), base::atan2(1, 2))
  expect_identical(sqdist(1:3, 2:4), 3)
  expect_identical(exp1j(0), 1 + 0i)
  expect_identical(extract(c(5, 6, 7), 1, 2), c(6, 7))
  expect_error(sqnorm2(m), class = "kernelops_error_argument")
  expect_error(square("a"), class = "kernelops_error_argument")
})

test_that("any operation of the table can be applied, and only those", {
  x <- Vi(matrix(1:4, 2))
  expect_error(lazy_operation("Nothing", x), class = "kernelops_error_argument")
  expect_error(lazy_operation("Exp", x, x), "Exp\\(x\\)", class = "kernelops_error_argument")
  expect_error(lazy_operation("Elem", x), class = "kernelops_error_argument")
  expect_error(lazy_operation("Elem", x, 0.5), class = "kernelops_error_argument")
  expect_error(lazy_operation("Elem", x, 7), class = "kernelops_error_dimension")
  keops_operation("LazyHuber", "fabs(x) < 1 ? 0.5 * x * x : fabs(x) - 0.5")
  expect_equal(lazy_values(lazy_operation("LazyHuber", x))[, 1, ], cbind(c(0.5, 1.5), c(2.5, 3.5)))
})
