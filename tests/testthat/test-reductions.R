# Every row of the table of reductions: values against the row's reference in R, gradients against
# differences, ties, NaN, infinite values and no rows. All shapes of a row stand in one operator:
# both axes, dimensions 1 and 3 of the formula and of the weights, several K.

reduction_rows <- local({
  rows <- cpp_reductions()
  rows[!rows$internal, ]
})

# The outputs of a row: their types by their names.
reduction_outputs <- function(row) {
  parts <- strsplit(split_list(row$outputs), ":", fixed = TRUE)
  stats::setNames(vapply(parts, `[[`, "", 2L), vapply(parts, `[[`, "", 1L))
}

# One data frame row for each shape: axis, dimension of the formula f and of the weights w, K.
reduction_shapes <- function(row, axes = 0:1, ranks = c(1L, 3L, 60L)) {
  shapes <- expand.grid(
    axis = axes, f = c(1L, 3L), w = if (row$weighted) c(1L, 3L) else NA,
    k = if (row$ranked) ranks else NA
  )
  shapes$name <- sprintf("axis%d.f%d.w%s.k%s", shapes$axis, shapes$f, shapes$w, shapes$k)
  shapes
}

reduction_args <- c(
  "x1_i = Vi(1)", "x3_i = Vi(3)", "u1_i = Vi(1)", "u3_i = Vi(3)",
  "x1_j = Vj(1)", "x3_j = Vj(3)", "u1_j = Vj(1)", "u3_j = Vj(3)", "s = Pm(1)"
)

reduction_formula <- function(row, shape) {
  parts <- sprintf("s * (x%d_i * x%d_j)", shape$f, shape$f)
  if (row$weighted) parts <- c(parts, sprintf("17 + s * (u%d_i * u%d_j)", shape$w, shape$w))
  if (row$ranked) parts <- c(parts, shape$k)
  sprintf("%s_Reduction(%s)", row$name, paste(c(parts, shape$axis), collapse = ", "))
}

shape_formulas <- function(row, shapes) {
  formulas <- vapply(
    seq_len(nrow(shapes)), function(k) reduction_formula(row, shapes[k, ]), ""
  )
  stats::setNames(formulas, shapes$name)
}

# Numbers whose products are exact in both precisions.
eighths <- function(rows, seed, columns = 3) {
  round(uniform(rows, columns, -4, 4, seed = seed) * 8) / 8
}

# All inputs, made of two matrices of three columns.
reduction_inputs <- function(x, y, s = 1) {
  u <- eighths(nrow(x), seed = 5)
  v <- eighths(nrow(y), seed = 6)
  list(
    x1_i = x[, 1, drop = FALSE], x3_i = x, u1_i = u[, 1, drop = FALSE], u3_i = u,
    x1_j = y[, 1, drop = FALSE], x3_j = y, u1_j = v[, 1, drop = FALSE], u3_j = v, s = matrix(s)
  )
}

# The pairs that are reduced for each row of the result, one matrix for each component.
pair_layers <- function(a, b, axis, offset = 0) {
  lapply(seq_len(ncol(a)), function(k) {
    pairs <- offset + outer(a[, k], b[, k])
    switch(axis + 1L, pairs, t(pairs), matrix(pairs, nrow = 1L))
  })
}

# The results of a shape by the row's reference: arrays rows x K x dimension, one for each output.
shape_reference <- function(row, shape, inputs) {
  value <- function(kind, side, dimension) inputs[[sprintf("%s%d_%s", kind, dimension, side)]]
  f <- pair_layers(value("x", "i", shape$f), value("x", "j", shape$f), shape$axis)
  weights <- list(NULL)
  if (row$weighted) {
    weights <- pair_layers(value("u", "i", shape$w), value("u", "j", shape$w), shape$axis, 17)
  }
  reference <- str2lang(row$reference)
  rows <- nrow(f[[1L]])
  rank <- if (row$ranked) shape$k else 1L
  types <- reduction_outputs(row)
  # References use functions of utils and stats.
  scope <- new.env(parent = globalenv())
  components <- max(length(f), length(weights))
  values <- lapply(seq_len(components), function(c) {
    fc <- f[[min(c, length(f))]]
    wc <- weights[[min(c, length(weights))]]
    lapply(seq_len(rows), function(r) {
      all <- eval(reference, list(v = fc[r, ], w = wc[r, ], K = shape$k), scope)
      if (length(types) == 1L) list(all) else all
    })
  })
  results <- lapply(seq_along(types), function(output) {
    shared <- row$weighted && names(types)[output] == "max"
    kept <- seq_len(if (shared) length(f) else components)
    numbers <- vapply(values[kept], function(component) {
      vapply(component, function(all) as.numeric(all[[output]]), numeric(rank))
    }, matrix(0, rank, rows)[, seq_len(rows), drop = rank == 1L])
    out <- aperm(array(numbers, c(rank, rows, length(kept))), c(2L, 1L, 3L))
    storage.mode(out) <- c(value = "double", index = "integer", logical = "logical")[
      types[[output]]
    ]
    dropped <- if (!row$ranked) 2L else if (length(kept) == 1L) 3L
    if (!is.null(dropped)) dim(out) <- dim(out)[-dropped]
    out
  })
  if (length(types) == 1L) results[[1L]] else stats::setNames(results, names(types))
}

expect_shapes <- function(row, shapes, inputs, tolerances) {
  formulas <- shape_formulas(row, shapes)
  for (precision in names(tolerances)) {
    results <- run_formulas(formulas, reduction_args, inputs, precision)
    for (k in seq_len(nrow(shapes))) {
      expected <- shape_reference(row, shapes[k, ], inputs)
      actual <- results[[shapes$name[k]]]
      if (!is.list(expected)) {
        expected <- list(expected)
        actual <- list(actual)
      }
      expect_identical(names(actual), names(expected))
      for (output in seq_along(expected)) {
        expect_type(actual[[output]], typeof(expected[[output]]))
        expect_agree(actual[[output]], expected[[output]], tolerances[[precision]])
      }
    }
  }
}

# The values among the results as one matrix, with the columns of their adjoint.
values_of <- function(row, result) {
  types <- reduction_outputs(row)
  if (length(types) == 1L) result <- list(result)
  do.call(cbind, lapply(result[types == "value"], function(x) matrix(x, nrow = nrow(x))))
}

gradient_inputs <- function() {
  inputs <- reduction_inputs(uniform(6, 3, seed = 1), uniform(5, 3, seed = 2), s = 0.8)
  inputs[c("u1_i", "u3_i", "u1_j", "u3_j")] <- lapply(
    inputs[c("u1_i", "u3_i", "u1_j", "u3_j")], function(u) u / 3
  )
  inputs
}

# The variables in the formula of a shape.
shape_variables <- function(row, shape) {
  letters <- c(paste0("x", shape$f), if (row$weighted) paste0("u", shape$w))
  c(paste0(rep(letters, each = 2L), c("_i", "_j")), "s")
}

# An input `name` of the role and the dimension of another variable.
declared_like <- function(name, role, dimension) {
  sprintf("%s = %s(%d)", name, c(i = "Vi", j = "Vj", s = "Pm")[[role]], dimension)
}

role_of <- function(variable) {
  sub(".*_", "", variable)
}

# The derivatives of values(inputs), a vector, in the entries of one input, by central differences:
# one column for each entry.
entry_slopes <- function(values, inputs, name, step = 1e-5) {
  start <- inputs[[name]]
  at <- function(entry, shift) {
    inputs[[name]][entry] <- start[entry] + shift
    values(inputs)
  }
  vapply(seq_along(start), function(entry) {
    (at(entry, step) - at(entry, -step)) / (2 * step)
  }, values(inputs))
}

expect_slope <- function(actual, expected, tolerance = 1e-6) {
  expect_lte(max(abs(c(actual) - c(expected))) / max(1, abs(expected)), tolerance)
}

# First derivatives of all shapes in all variables, in both precisions.
expect_reduction_gradients <- function(row, shapes) {
  inputs <- gradient_inputs()
  formulas <- shape_formulas(row, shapes)
  values <- lapply(run_formulas(formulas, reduction_args, inputs), values_of, row = row)
  etas <- lapply(values, function(value) uniform(nrow(value), ncol(value), seed = 99))
  names(etas) <- paste0("eta", seq_along(etas))
  wanted <- do.call(rbind, lapply(seq_len(nrow(shapes)), function(k) {
    variable <- shape_variables(row, shapes[k, ])
    data.frame(shape = k, variable = variable, name = paste(shapes$name[k], variable))
  }))
  gradients <- sprintf(
    "Grad(%s, %s, eta%d)", formulas[wanted$shape], wanted$variable, wanted$shape
  )
  names(gradients) <- wanted$name
  roles <- c("i", "j")[shapes$axis + 1L]
  declared <- unlist(Map(declared_like, names(etas), roles, vapply(etas, ncol, 1L)))
  args <- c(reduction_args, unname(declared))
  double <- run_formulas(gradients, args, c(inputs, etas))
  single <- run_formulas(gradients, args, c(inputs, etas), "float32")
  # Infinite values stand where there are fewer rows than K: they have no derivative.
  kept <- Map(function(value, eta) ifelse(is.finite(value), eta, 0), values, etas)
  op <- keops_kernel(formulas, reduction_args)
  products <- function(given) {
    results <- list_of_results(op(given), names(formulas))
    mapply(function(result, eta) {
      value <- values_of(row, result)
      sum((value * eta)[eta != 0])
    }, results, kept)
  }
  for (variable in unique(wanted$variable)) {
    slopes <- entry_slopes(products, inputs, variable)
    slopes <- matrix(slopes, nrow(shapes))
    for (k in wanted$shape[wanted$variable == variable]) {
      actual <- double[[paste(shapes$name[k], variable)]]
      expect_identical(dim(actual), dim(inputs[[variable]]))
      expect_slope(actual, slopes[k, ])
      expect_slope(single[[paste(shapes$name[k], variable)]], slopes[k, ], 2e-5)
    }
  }
}

# Derivatives of the derivatives of one shape, in all pairs of variables.
expect_second_derivatives <- function(row, shape) {
  inputs <- gradient_inputs()
  formula <- shape_formulas(row, shape)
  value <- values_of(row, keops_kernel(unname(formula), reduction_args)(inputs))
  eta <- uniform(nrow(value), ncol(value), seed = 99)
  variables <- shape_variables(row, shape)
  first <- stats::setNames(sprintf("Grad(%s, %s, eta)", formula, variables), variables)
  directions <- lapply(inputs[variables], function(x) uniform(nrow(x), ncol(x), seed = 98))
  names(directions) <- paste0("e_", variables)
  widths <- vapply(directions, ncol, 1L)
  declared <- mapply(declared_like, names(directions), role_of(variables), widths)
  args <- c(
    reduction_args, declared_like("eta", c("i", "j")[shape$axis + 1L], ncol(eta)), unname(declared)
  )
  pairs <- expand.grid(of = variables, again = variables, stringsAsFactors = FALSE)
  second <- sprintf("Grad(%s, %s, e_%s)", first[pairs$of], pairs$again, pairs$of)
  names(second) <- paste(pairs$of, pairs$again)
  actual <- run_formulas(second, args, c(inputs, list(eta = eta), directions))
  op <- keops_kernel(first, args[seq_len(length(reduction_args) + 1L)])
  products <- function(given) {
    mapply(function(x, e) sum(x * e), op(c(given, list(eta = eta))), directions)
  }
  for (again in variables) {
    slopes <- entry_slopes(products, inputs, again)
    for (k in seq_along(variables)) {
      expect_slope(actual[[paste(variables[k], again)]], slopes[k, ])
    }
  }
}

both <- c(float64 = 1e-12, float32 = 5e-6)

for (name in reduction_rows$name) {
  local({
    name <- name
    row <- as.list(reduction_rows[reduction_rows$name == name, ])
    shapes <- reduction_shapes(row)

    test_that(paste(name, "agrees with its reference on both axes, ties included"), {
      # Products of many large numbers would overflow.
      scale <- if (name == "Prod") 1 / 4 else 1
      agrees <- function(x, y) expect_shapes(row, shapes, reduction_inputs(scale * x, y), both)
      agrees(eighths(53, seed = 1), eighths(47, seed = 2))
      agrees(eighths(1, seed = 1), eighths(1, seed = 2))
      agrees(round(eighths(67, seed = 1)), round(eighths(45, seed = 2)))
    })

    test_that(paste(name, "agrees with its reference where the other side is long"), {
      y <- eighths(20011, seed = 2)
      # Products of many numbers would overflow.
      inputs <- reduction_inputs(eighths(3, seed = 1), if (name == "Prod") sign(y) else y)
      if (name == "Prod") inputs[c("x1_i", "x3_i")] <- lapply(inputs[c("x1_i", "x3_i")], sign)
      expect_shapes(row, shapes[shapes$axis == 0, ], inputs, both)
    })

    test_that(paste(name, "passes NaN on or skips it, as its reference does"), {
      x <- eighths(21, seed = 1)
      y <- eighths(33, seed = 2)
      y[c(1, 5, 33), 1] <- NaN
      y[7, ] <- NaN
      expect_shapes(row, shapes, reduction_inputs(x, y), both)
      expect_shapes(row, shapes, reduction_inputs(x, matrix(NaN, 4, 3)), both)
    })

    test_that(paste(name, "agrees with its reference on infinite values"), {
      x <- matrix(c(1, 2, 3), 5, 3)
      y <- rbind(c(1, 1, 1), c(Inf, Inf, Inf), c(2, 3, -1))
      for (other in list(y, -y, matrix(Inf, 3, 3), matrix(-Inf, 3, 3))) {
        expect_shapes(row, shapes, reduction_inputs(x, other), both)
      }
    })

    test_that(paste(name, "over no rows is its neutral element"), {
      x <- eighths(5, seed = 1)
      none <- matrix(0, 0, 3)
      expect_shapes(row, shapes, reduction_inputs(x, none), both)
      expect_shapes(row, shapes, reduction_inputs(none, x), both)
      expect_shapes(row, shapes, reduction_inputs(none, none), both)
    })

    if (row$ranked || "index" %in% reduction_outputs(row)) {
      test_that(paste(name, "refuses to reduce both sides"), {
        for (formula in shape_formulas(row, reduction_shapes(row, axes = 2L, ranks = 3L))) {
          expect_error(
            keops_kernel(formula, reduction_args), "one reduced side",
            class = "kernelops_error_unsupported"
          )
        }
      })
    } else {
      test_that(paste(name, "reduces both sides to one row"), {
        both_sides <- reduction_shapes(row, axes = 2L)
        x <- eighths(31, seed = 1)
        y <- eighths(17, seed = 2)
        if (name == "Prod") {
          x <- sign(x)
          y <- sign(y)
        }
        expect_shapes(row, both_sides, reduction_inputs(x, y), both)
        expect_shapes(row, both_sides, reduction_inputs(x, y[0, ]), both)
      })
    }

    if (nzchar(row$no_gradient)) {
      test_that(paste(name, "refuses to be differentiated and says why"), {
        for (formula in shape_formulas(row, shapes)) {
          expect_error(
            keops_grad(keops_kernel(formula, reduction_args), "s"), row$no_gradient,
            fixed = TRUE, class = "kernelops_error_unsupported"
          )
        }
      })
    } else {
      test_that(paste(name, "has the gradients that differences give, also where K is large"), {
        expect_reduction_gradients(row, reduction_shapes(row, ranks = c(3L, 60L)))
      })

      test_that(paste(name, "has the second derivatives that differences give"), {
        shapes <- reduction_shapes(row, axes = match(name, reduction_rows$name) %% 2, ranks = 3L)
        expect_second_derivatives(row, shapes[nrow(shapes), ])
        expect_second_derivatives(row, shapes[1L, ])
      })
    }
  })
}

test_that("every row of the table is complete", {
  rows <- reduction_rows
  expect_true(all(nzchar(rows$documentation) & nzchar(rows$mathematics) & nzchar(rows$reference)))
  gradient <- nzchar(rows$gradient) | nzchar(rows$selected_gradient)
  expect_identical(gradient, !nzchar(rows$no_gradient))
  expect_true(all(nzchar(rows$weight_gradient) == (rows$weighted & gradient)))
})

test_that("synonyms mean the same", {
  for (k in which(nzchar(reduction_rows$synonyms))) {
    row <- as.list(reduction_rows[k, ])
    formula <- reduction_formula(row, reduction_shapes(row)[1L, ])
    for (synonym in split_list(row$synonyms)) {
      other <- sub(row$name, synonym, formula, fixed = TRUE)
      expect_identical(
        cpp_describe_operator(other, reduction_args)$formula,
        cpp_describe_operator(formula, reduction_args)$formula
      )
    }
  }
})

test_that("a log-sum-exp of large values does not overflow", {
  op <- keops_kernel("LogSumExp_Reduction(x + y, 0)", c("x = Vi(1)", "y = Vj(1)"))
  expect_equal(c(op(list(c(1000, -1000), c(0, 0)))), c(1000, -1000) + log(2), tolerance = 1e-15)
})

test_that("equal infinite values share the weight of a softmax", {
  args <- c("x = Vi(1)", "y = Vj(1)", "w = Vj(1)")
  op <- keops_kernel("SumSoftMaxWeight_Reduction(x * y, w, 0)", args)
  expect_identical(op(list(1, c(1, Inf, Inf), c(9, 2, 4))), matrix(3))
  expect_identical(op(list(1, c(-Inf, -Inf), c(2, 4))), matrix(3))
})

test_that("more than a thousand nearest rows come in order", {
  x <- uniform(3, 2, seed = 1)
  y <- uniform(2500, 2, seed = 2)
  op <- keops_kernel("KMin_ArgKMin_Reduction(SqDist(x, y), 1500, 0)", c("x = Vi(2)", "y = Vj(2)"))
  result <- op(list(x, y))
  distances <- squared_distances(x, y)
  for (i in 1:3) {
    expect_identical(result$argmin[i, ], order(distances[i, ])[1:1500])
    expect_equal(result$min[i, ], sort(distances[i, ])[1:1500], tolerance = 1e-14)
  }
})
