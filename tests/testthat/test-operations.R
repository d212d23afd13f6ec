# Every row of the table of operations, with arguments that depend on i, on j and on neither, in all
# combinations. All combinations of an operation stand in one formula, as a concatenation, so that
# one operator tests all of them.

operation_rows <- local({
  rows <- cpp_operations()
  rows[nzchar(rows$reference), ]
})
roles <- c("i", "j", "p")
rows_of <- c(i = 19L, j = 7L, p = 1L)

numbers_in <- function(text) {
  as.integer(split_list(text))
}

# All that is needed to test a row: variables such as x_i, x_j, x_p, y_i, ..., their values, the
# combinations of them, and the formula.
operation_case <- function(row) {
  letters <- c("x", "y", "z")[seq_len(row$arguments)]
  dimensions <- stats::setNames(numbers_in(row$sample_dimensions), letters)
  parameters <- stats::setNames(numbers_in(row$sample_parameters), split_list(row$parameters))
  variables <- expand.grid(role = roles, letter = letters, stringsAsFactors = FALSE)
  variables$name <- paste0(variables$letter, "_", variables$role)
  inputs <- lapply(seq_len(nrow(variables)), function(k) {
    uniform(
      rows_of[[variables$role[k]]], dimensions[[variables$letter[k]]],
      row$domain_low, row$domain_high, seed = 10 * k
    )
  })
  names(inputs) <- variables$name
  combinations <- expand.grid(
    stats::setNames(rep(list(roles), length(letters)), letters), stringsAsFactors = FALSE
  )
  terms <- apply(combinations, 1L, function(combination) {
    sprintf(
      "%s(%s)", row$name, paste(c(paste0(letters, "_", combination), parameters), collapse = ", ")
    )
  })
  kinds <- c(i = "Vi", j = "Vj", p = "Pm")[variables$role]
  list(
    letters = letters, parameters = parameters, inputs = inputs, combinations = combinations,
    formula = Reduce(function(a, b) sprintf("Concat(%s, %s)", a, b), terms),
    args = sprintf("%s = %s(%d)", variables$name, kinds, dimensions[variables$letter])
  )
}

operation_operator <- function(case) {
  keops_kernel(sprintf("Sum_Reduction(%s, 0)", case$formula), case$args)
}

# The same value by the row's reference in R, pair by pair.
operation_reference <- function(row, case) {
  reference <- str2lang(row$reference)
  of_pair <- function(i, j) {
    at <- c(i = i, j = j, p = 1L)
    unlist(lapply(seq_len(nrow(case$combinations)), function(k) {
      values <- lapply(case$letters, function(letter) {
        role <- case$combinations[k, letter]
        case$inputs[[paste0(letter, "_", role)]][at[[role]], ]
      })
      names(values) <- case$letters
      eval(reference, c(values, as.list(case$parameters)), baseenv())
    }))
  }
  sums <- lapply(seq_len(rows_of[["i"]]), function(i) {
    Reduce(`+`, lapply(seq_len(rows_of[["j"]]), function(j) of_pair(i, j)))
  })
  do.call(rbind, sums)
}

for (name in operation_rows$name) {
  local({
    row <- as.list(operation_rows[operation_rows$name == name, ])
    case <- operation_case(row)

    test_that(paste(name, "agrees with its reference in float64 and float32"), {
      op <- operation_operator(case)
      expected <- operation_reference(row, case)
      double <- with_options(list(kernelops.precision = "float64"), op(case$inputs))
      single <- with_options(list(kernelops.precision = "float32"), op(case$inputs))
      expect_close(double, expected, 1e-13)
      expect_close(single, expected, 2e-6)
    })

    test_that(paste(name, "has the derivative that differences give, in float64 and float32"), {
      op <- operation_operator(case)
      eta <- uniform(rows_of[["i"]], op_dimension(op), seed = 99)
      for (variable in names(case$inputs)) {
        given <- c(unname(case$inputs), list(eta))
        grad <- keops_grad(op, variable)
        double <- with_options(list(kernelops.precision = "float64"), {
          expected <- difference_gradient(op, case$inputs, variable, eta)
          grad(given)
        })
        single <- with_options(list(kernelops.precision = "float32"), grad(given))
        scale <- max(1, abs(expected))
        expect_identical(dim(double), dim(expected))
        expect_lte(max(abs(double - expected)) / scale, 1e-6)
        expect_lte(max(abs(single - double)) / scale, 2e-5)
      }
    })

    if (row$arguments == 2L && !nzchar(row$dimension) && row$kind == "elementwise") {
      test_that(paste(name, "broadcasts one dimension and refuses two that differ"), {
        formula <- sprintf("Sum_Reduction(%s(x, y), 0)", name)
        info <- cpp_describe_operator(formula, c("x = Vi(1)", "y = Vj(3)"))
        expect_identical(info$result$dimension, 3L)
        info <- cpp_describe_operator(formula, c("x = Vi(3)", "y = Vj(1)"))
        expect_identical(info$result$dimension, 3L)
        expect_error(
          keops_kernel(formula, c("x = Vi(3)", "y = Vj(2)")),
          class = "kernelops_error_dimension"
        )
      })
    }

    if (nzchar(row$infix)) {
      test_that(paste(name, "may be written as", row$infix), {
        letters <- c("x", "y")[seq_len(row$arguments)]
        short <- if (row$arguments == 1L) paste0(row$infix, "x") else paste("x", row$infix, "y")
        long <- sprintf("%s(%s)", name, paste(letters, collapse = ", "))
        args <- c("x = Vi(3)", "y = Vj(3)")
        canonical <- vapply(c(short, long), function(text) {
          cpp_describe_operator(sprintf("Sum_Reduction(%s, 0)", text), args)$formula
        }, "")
        expect_identical(canonical[[1L]], canonical[[2L]])
      })
    }
  })
}

test_that("every row of the table is complete", {
  rows <- cpp_operations()
  expect_false(anyDuplicated(rows$name) > 0L)
  expect_true(all(grepl("^[A-Z][A-Za-z0-9]*$", rows$name)))
  expect_true(all(nzchar(rows$documentation)))
  differential <- rows$kind == "differential"
  expect_true(all(nzchar(rows$reference) | differential))
  expect_true(all(nzchar(rows$gradient) | nzchar(rows$definition) | differential))
  expect_true(all(rows$domain_low < rows$domain_high))
})

test_that("the canonical text of a formula is understood as the same formula", {
  for (name in operation_rows$name) {
    case <- operation_case(as.list(operation_rows[operation_rows$name == name, ]))
    once <- cpp_describe_operator(sprintf("Sum_Reduction(%s, 0)", case$formula), case$args)
    expect_identical(cpp_describe_operator(once$formula, case$args)$formula, once$formula)
  }
})
