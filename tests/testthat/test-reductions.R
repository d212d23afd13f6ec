# Every row of the table of reductions: values against the row's reference in R, gradients against
# differences, NaN, ties and no rows.

reduction_rows <- cpp_reductions()

reduction_operator <- function(name, formula, axis, dimension) {
  keops_kernel(
    sprintf("%s_Reduction(%s, %d)", name, formula, axis),
    sprintf(c("x = Vi(%d)", "y = Vj(%d)"), dimension)
  )
}

# x * y of two components, or their scalar product where a reduction takes only scalars.
reduction_formula <- function(name) {
  tryCatch(
    {
      reduction_operator(name, "x * y", 0L, 2L)
      "x * y"
    },
    kernelops_error_dimension = function(e) "x | y"
  )
}

# The reduction of a formula's array of pairs by the row's reference.
reduction_reference <- function(row, formula, axis, x, y) {
  layers <- lapply(1:2, function(k) outer(x[, k], y[, k]))
  if (formula == "x | y") layers <- list(layers[[1L]] + layers[[2L]])
  reference <- str2lang(row$reference)
  reduce <- function(v) as.double(eval(reference, list(v = v), baseenv()))
  columns <- lapply(layers, function(layer) {
    pairs <- if (axis == 0L) layer else t(layer)
    vapply(seq_len(nrow(pairs)), function(r) reduce(pairs[r, ]), 0)
  })
  result <- do.call(cbind, columns)
  if (row$output == "index") storage.mode(result) <- "integer"
  result
}

# Numbers whose products are exact in both precisions.
eighths <- function(rows, seed) {
  round(uniform(rows, 2, -4, 4, seed = seed) * 8) / 8
}

for (name in reduction_rows$name) {
  local({
    name <- name
    row <- as.list(reduction_rows[reduction_rows$name == name, ])
    formula <- reduction_formula(name)

    agrees <- function(x, y, tolerance = 1e-12) {
      for (axis in 0:1) {
        op <- reduction_operator(name, formula, axis, 2L)
        expected <- reduction_reference(row, formula, axis, x, y)
        for (precision in c("float64", "float32")) {
          result <- with_options(list(kernelops.precision = precision), op(list(x, y)))
          expect_type(result, if (row$output == "index") "integer" else "double")
          expect_agree(result, expected, if (precision == "float32") 1e-6 else tolerance)
        }
      }
    }

    test_that(paste(name, "agrees with its reference on both axes, ties included"), {
      agrees(eighths(53, seed = 1), eighths(47, seed = 2))
      agrees(eighths(1, seed = 1), eighths(1, seed = 2))
      agrees(round(eighths(67, seed = 1)), round(eighths(45, seed = 2)))
    })

    test_that(paste(name, "agrees with its reference where the other side is long"), {
      agrees(eighths(3, seed = 1), eighths(20011, seed = 2))
    })

    test_that(paste(name, "passes NaN on or skips it, as its reference does"), {
      x <- eighths(21, seed = 1)
      y <- eighths(33, seed = 2)
      y[c(1, 5, 33), 1] <- NaN
      y[7, ] <- NaN
      agrees(x, y)
      agrees(x, matrix(NaN, 4, 2))
    })

    test_that(paste(name, "agrees with its reference on infinite values"), {
      x <- matrix(c(1, 2), 5, 2)
      y <- rbind(c(1, 1), c(Inf, Inf), c(2, 3))
      agrees(x, y)
      agrees(x, -y)
      agrees(x, matrix(Inf, 3, 2))
      agrees(x, matrix(-Inf, 3, 2))
    })

    test_that(paste(name, "over no rows is its neutral element"), {
      x <- eighths(5, seed = 1)
      none <- matrix(0, 0, 2)
      for (axis in 0:1) {
        op <- reduction_operator(name, formula, axis, 2L)
        inputs <- if (axis == 0L) list(x, none) else list(none, x)
        expected <- reduction_reference(row, formula, axis, inputs[[1L]], inputs[[2L]])
        expect_agree(op(inputs), expected, 0)
        expect_identical(nrow(op(rev(inputs))), 0L)
      }
    })

    if (nzchar(row$gradient)) {
      test_that(paste(name, "has the gradient that differences give"), {
        inputs <- list(x = uniform(19, 2, seed = 1), y = uniform(7, 2, seed = 2))
        for (axis in 0:1) {
          op <- reduction_operator(name, formula, axis, 2L)
          expect_gradient(op, inputs, "x")
          expect_gradient(op, inputs, "y")
        }
      })
    } else {
      test_that(paste(name, "refuses to be differentiated"), {
        op <- reduction_operator(name, formula, 0L, 2L)
        expect_error(keops_grad(op, "x"), class = "kernelops_error_unsupported")
      })
    }
  })
}

test_that("a log-sum-exp of large values does not overflow", {
  op <- keops_kernel("LogSumExp_Reduction(x + y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_equal(c(op(list(c(1000, -1000), c(0, 0)))), c(1000, -1000) + log(2), tolerance = 1e-15)
})

test_that("a sum of many small terms is accurate in float32", {
  old <- use_float32()
  on.exit(options(kernelops.precision = old))
  op <- keops_kernel("Sum_Reduction(x * y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_lt(abs(op(list(0.1, rep(1, 3e6))) / 3e5 - 1), 1e-6)
})

test_that("a reduction of vectors is refused where it takes only scalars", {
  expect_error(
    keops_kernel("LogSumExp_Reduction(x - y, 0)", c("x = Vi(2)", "y = Vj(2)")),
    class = "kernelops_error_dimension"
  )
})
