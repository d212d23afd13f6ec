# The differential operations against Jacobian matrices by differences, nested, and on formulas
# whose derivative is zero. The sum over the other side of a Jacobian is the Jacobian of the sum.

differential_inputs <- list(
  x = uniform(5, 3, 0.3, 1.2, seed = 1), y = uniform(4, 3, 0.3, 1.2, seed = 2),
  s = matrix(c(0.7, 1.1, 0.4), 1)
)
differential_args <- c("x = Vi(3)", "y = Vj(3)", "s = Pm(3)")
axis_of <- c(x = 0L, y = 1L, s = 2L)

# The Jacobian matrices of the sums of a formula, one for each row of the variable, as an array
# rows x dimension of the formula x dimension of the variable.
jacobian <- function(formula, variable, inputs = differential_inputs, step = 1e-5) {
  op <- keops_kernel(
    sprintf("Sum_Reduction(%s, %d)", formula, axis_of[[variable]]), differential_args
  )
  at <- function(component, shift) {
    inputs[[variable]][, component] <- inputs[[variable]][, component] + shift
    op(inputs)
  }
  columns <- lapply(1:3, function(component) {
    (at(component, step) - at(component, -step)) / (2 * step)
  })
  aperm(array(unlist(columns), c(dim(columns[[1L]]), 3L)), 1:3)
}

# Results of formulas that are summed over the other side, in one operator. `e` and `v` are vectors
# for each row of the variable.
differential_results <- function(formulas, variable, e, v) {
  kind <- c(x = "Vi", y = "Vj", s = "Pm")[[variable]]
  args <- c(
    differential_args, sprintf("e = %s(%d)", kind, ncol(e)), sprintf("v = %s(3)", kind)
  )
  reductions <- sprintf("Sum_Reduction(%s, %d)", formulas, axis_of[[variable]])
  run_formulas(
    stats::setNames(reductions, names(formulas)), args, c(differential_inputs, list(e = e, v = v))
  )
}

# Each row of the Jacobian in a function of matrices.
by_row <- function(jacobians, compute) {
  rows <- lapply(seq_len(dim(jacobians)[1L]), function(r) {
    compute(matrix(jacobians[r, , ], dim(jacobians)[2L]), r)
  })
  do.call(rbind, rows)
}

expect_near <- function(actual, expected, tolerance = 1e-6) {
  expect_identical(dim(actual), dim(expected))
  expect_lte(max(abs(actual - expected)) / max(1, abs(expected)), tolerance)
}

formulas_of <- list(
  scalar = c(
    "Exp(-SqDist(x, y) * Elem(s, 0))", "Norm2(x - y * s)", "Log(1 + SqNorm2(x * y * s))",
    "WeightedSqDist(s, x, y)", "(x | y) / (1 + (s | s))"
  ),
  square = c(
    "x * y * s", "Exp(x * y) + Sin(s)", "Normalize(x - y * s)", "x * SqNorm2(y - x * s)",
    "MatVecMult(TensorProd(x, y), s)", "Powf(x, y) * Maximum(s, 0.5)"
  ),
  zero = c("Sign(x) + Floor(y) + Round(s, 0)", "Step(x - y) * LessThan(s, 0.5)"),
  linear = c(x = "x * y * s", y = "MatVecMult(TensorProd(x, y), s)", s = "s * Exp(x - y)")
)

for (variable in names(axis_of)) {
  local({
    variable <- variable
    rows <- nrow(differential_inputs[[variable]])
    v <- uniform(rows, 3, seed = 3)

    test_that(paste("Grad, Diff, GradMatrix and sums agree with a Jacobian matrix in", variable), {
      for (formula in unlist(formulas_of[c("scalar", "square", "zero")])) {
        expected <- jacobian(formula, variable)
        e <- uniform(rows, dim(expected)[2L], seed = 4)
        call <- function(text) sprintf(text, formula, variable)
        result <- differential_results(c(
          grad = call("Grad(%s, %s, e)"), diff = call("Diff(%s, %s, v)"),
          matrix = call("GradMatrix(%s, %s)"), again = call("Grad_WithSavedForward(%s, %s, e, 1)"),
          adjoint = call("AdjointOperator(Diff(%s, %2$s, v), v, e)")
        ), variable, e, v)
        expect_near(result$grad, by_row(expected, function(m, r) e[r, ] %*% m))
        expect_near(result$diff, by_row(expected, function(m, r) t(m %*% v[r, ])))
        expect_near(result$matrix, by_row(expected, function(m, r) matrix(t(m), 1L)))
        expect_identical(result$again, result$grad)
        expect_near(result$adjoint, result$grad, 1e-12)
      }
    })

    test_that(paste("Divergence agrees with a trace in", variable), {
      for (formula in unlist(formulas_of[c("square", "zero")])) {
        result <- differential_results(
          c(divergence = sprintf("Divergence(%s, %s)", formula, variable)), variable, v, v
        )
        expected <- by_row(jacobian(formula, variable), function(m, r) sum(diag(m)))
        expect_near(result$divergence, expected)
      }
    })

    test_that(paste("Laplacian is the divergence of the gradient in", variable), {
      for (formula in formulas_of$scalar) {
        gradient <- sprintf("Grad(%s, %s, 1)", formula, variable)
        result <- differential_results(c(
          laplacian = sprintf("Laplacian(%s, %s)", formula, variable),
          divergence = sprintf("Divergence(%s, %s)", gradient, variable),
          hessian = sprintf("GradMatrix(%s, %s)", gradient, variable)
        ), variable, v, v)
        expected <- by_row(jacobian(gradient, variable), function(m, r) matrix(t(m), 1L))
        expect_near(result$hessian, expected)
        trace <- matrix(rowSums(expected[, c(1, 5, 9), drop = FALSE]))
        expect_near(result$laplacian, trace)
        expect_near(result$divergence, result$laplacian, 1e-12)
      }
    })

    test_that(paste("operators of linear formulas agree with their matrix in", variable), {
      formula <- formulas_of$linear[[variable]]
      e <- uniform(rows, 3, seed = 4)
      call <- function(text) sprintf(text, formula, variable)
      result <- differential_results(c(
        trace = call("TraceOperator(%s, %s)"), weighted = call("TraceOperator(%s, %s, e)"),
        adjoint = call("AdjointOperator(%s, %s, e)"), sum = call("SumLinOperator(%s, %s)"),
        both = call("SumLinOperator(%s, %s, e, v)")
      ), variable, e, v)
      expected <- jacobian(formula, variable)
      expect_near(result$trace, by_row(expected, function(m, r) sum(diag(m))))
      expect_near(result$weighted, by_row(expected, function(m, r) sum(e[r, ] * diag(m))))
      expect_near(result$adjoint, by_row(expected, function(m, r) e[r, ] %*% m))
      expect_near(result$sum, by_row(expected, function(m, r) sum(m)))
      expect_near(result$both, by_row(expected, function(m, r) e[r, ] %*% m %*% v[r, ]))
    })

    test_that(paste("derivatives of formulas without the variable vanish:", variable), {
      others <- setdiff(names(axis_of), variable)
      formula <- paste(others, collapse = " * ")
      scalar <- sprintf("(%s)", paste(others, collapse = " | "))
      call <- function(text) sprintf(text, formula, variable)
      result <- differential_results(c(
        grad = call("Grad(%s, %s, e)"), diff = call("Diff(%s, %s, v)"),
        matrix = call("GradMatrix(%s, %s)"), divergence = call("Divergence(%s, %s)"),
        laplacian = sprintf("Laplacian(%s, %s)", scalar, variable),
        twice = sprintf("Laplacian(Step(%s) * Laplacian(%s, %s), %3$s)", scalar, scalar, variable),
        trace = call("TraceOperator(%s, %s)"), sum = call("SumLinOperator(%s, %s)")
      ), variable, v, v)
      for (value in result) expect_true(all(value == 0))
      dimensions <- vapply(result, ncol, 1L, USE.NAMES = FALSE)
      expect_identical(dimensions, c(3L, 3L, 9L, 1L, 1L, 1L, 1L, 1L))
    })
  })
}

test_that("derivatives of a Gaussian are the closed forms", {
  inputs <- differential_inputs
  s <- 0.7
  squares <- squared_distances(inputs$x, inputs$y)
  kernel <- exp(-s * squares)
  v <- uniform(5, 3, seed = 3)
  gaussian <- "Exp(-Elem(s, 0) * SqDist(x, y))"
  call <- function(text) sprintf(text, gaussian)
  result <- differential_results(c(
    laplacian = call("Laplacian(%s, x)"), other = call("Laplacian(%s, y)"),
    forward = call("Diff(Grad(%s, x, 1), x, v)"), backward = call("Grad(Diff(%s, x, v), x, 1)"),
    mixed = call("Diff(Grad(%s, y, 1), x, v)"), third = call("Grad(Laplacian(%s, x), x, 1)"),
    twice = call("Laplacian(Laplacian(%s, x), x)")
  ), "x", v, v)
  laplacian <- matrix(rowSums((4 * s^2 * squares - 6 * s) * kernel))
  expect_near(result$laplacian, laplacian, 1e-12)
  expect_near(result$other, laplacian, 1e-12)
  # In a direction v the second derivative is 4 s^2 (x - y) <x - y, v> - 2 s v, times the kernel.
  second <- 0
  third <- 0
  for (j in seq_len(nrow(inputs$y))) {
    d <- inputs$x - rep(inputs$y[j, ], each = 5)
    second <- second + (4 * s^2 * rowSums(d * v) * d - 2 * s * v) * kernel[, j]
    third <- third + (20 * s^2 - 8 * s^3 * squares[, j]) * kernel[, j] * d
  }
  expect_near(result$forward, second, 1e-12)
  expect_near(result$backward, second, 1e-12)
  expect_near(result$mixed, -second, 1e-12)
  expect_near(result$third, third, 1e-12)
  twice <- (16 * s^4 * squares^2 - 80 * s^3 * squares + 60 * s^2) * kernel
  expect_near(result$twice, matrix(rowSums(twice)), 1e-12)
})

test_that("reductions have derivatives in a direction", {
  inputs <- differential_inputs
  step <- 1e-5
  reductions <- c(
    sum = "Sum_Reduction(Exp(x * y * s), 0)", lse = "LogSumExp_Reduction(SqDist(x, y * s), 0)",
    softmax = "SumSoftMaxWeight_Reduction(SqDist(x, y * s), x + y, 0)",
    least = "Min_Reduction(x * y * s, 0)", ranked = "KMin_Reduction(x * y * s, 2, 0)",
    formula = "Sum_Reduction(Exp(x * y) * s, 0) / Sum_Reduction(Exp(x * y), 0)"
  )
  for (variable in names(axis_of)) {
    start <- inputs[[variable]]
    v <- uniform(nrow(start), 3, seed = 3)
    kind <- c(x = "Vi", y = "Vj", s = "Pm")[[variable]]
    formulas <- stats::setNames(sprintf("Diff(%s, %s, v)", reductions, variable), names(reductions))
    refused <- vapply(formulas, function(formula) {
      condition_class(keops_kernel(formula, c(differential_args, sprintf("v = %s(3)", kind))))
    }, "")
    expect_true(all(refused %in% c("", "kernelops_error_unsupported")))
    expect_identical(refused[["sum"]], "")
    kept <- names(reductions)[!nzchar(refused)]
    actual <- run_formulas(
      formulas[kept], c(differential_args, sprintf("v = %s(3)", kind)), c(inputs, list(v = v))
    )
    values <- lapply(c(step, -step), function(shift) {
      inputs[[variable]] <- start + shift * v
      run_formulas(reductions[kept], differential_args, inputs)
    })
    for (name in kept) {
      # The derivative of K values of vectors has a column for each of them.
      slope <- (values[[1L]][[name]] - values[[2L]][[name]]) / (2 * step)
      expect_near(actual[[name]], matrix(slope, nrow(slope)))
    }
  }
})

test_that("what has no derivative is named", {
  args <- c("x = Vi(1)", "y = Vj(1)")
  for (formula in c(
    "Grad(BesselK(x, y), y, 1)", "Diff(BesselK(x, y), y, y)", "Laplacian(BesselK(x, y), y)",
    "GradMatrix(BesselK(x, y), y)"
  )) {
    expect_error(
      keops_kernel(sprintf("Sum_Reduction(%s, 0)", formula), args), "BesselK",
      class = "kernelops_error_unsupported"
    )
  }
})
