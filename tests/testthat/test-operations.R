# Every row of the table of operations: value against its reference in R, first and second
# derivatives against differences. The arguments depend on i, on j and on neither, in all
# combinations, which stand in one formula as a concatenation, so that one operator tests them all.

operation_rows <- local({
  rows <- public_operations()
  rows[nzchar(rows$reference), ]
})
roles <- c("i", "j", "p")
keywords <- c(i = "Vi", j = "Vj", p = "Pm")

# Variables, their values and a formula of several calls of one row. `terms` are data frames with a
# row for each argument: its role and its dimension.
operation_case <- function(row, terms, counts, smooth = FALSE) {
  letters <- argument_letters(row$arguments)
  domains <- row_domains(row)
  used <- unique(do.call(rbind, lapply(terms, function(term) cbind(letter = letters, term))))
  used$name <- paste0(used$letter, used$dimension, "_", used$role)
  used <- used[order(used$role, used$letter, used$dimension), ]
  inputs <- lapply(seq_len(nrow(used)), function(k) {
    domain <- domains[min(match(used$letter[k], letters), nrow(domains)), ]
    draw(counts[[used$role[k]]], used$dimension[k], domain, seed = 10 * k, smooth = smooth)
  })
  names(inputs) <- used$name
  names <- lapply(terms, function(term) paste0(letters, term$dimension, "_", term$role))
  calls <- vapply(names, function(arguments) row_call(row, arguments), "")
  args <- sprintf("%s = %s(%d)", used$name, keywords[used$role], used$dimension)
  # Something must tell how many rows there are.
  for (role in setdiff(c("i", "j"), used$role)) {
    inputs[[paste0("rows_", role)]] <- matrix(1, counts[[role]])
    args <- c(args, sprintf("rows_%s = %s(1)", role, keywords[[role]]))
  }
  list(
    letters = letters, variables = used, inputs = inputs, names = names, counts = counts,
    formula = Reduce(function(a, b) sprintf("Concat(%s, %s)", a, b), calls), args = args
  )
}

# The three roles in all combinations, with the sample dimensions of the row.
all_roles <- function(row) {
  dimensions <- as.integer(split_list(row$sample_dimensions))
  combinations <- expand.grid(rep(list(roles), row$arguments), stringsAsFactors = FALSE)
  lapply(seq_len(nrow(combinations)), function(k) {
    data.frame(role = unlist(combinations[k, ], use.names = FALSE), dimension = dimensions)
  })
}

# The sum over j of the row's reference, for each i.
case_reference <- function(row, case) {
  value <- function(i, j) {
    at <- c(i = i, j = j, p = 1L)
    unlist(lapply(case$names, function(names) {
      arguments <- lapply(names, function(name) {
        role <- case$variables$role[match(name, case$variables$name)]
        case$inputs[[name]][at[[role]], ]
      })
      row_reference(row, stats::setNames(arguments, case$letters))
    }))
  }
  sums <- lapply(seq_len(case$counts[["i"]]), function(i) {
    Reduce(`+`, lapply(seq_len(case$counts[["j"]]), function(j) value(i, j)))
  })
  do.call(rbind, sums)
}

value_formula <- function(case) {
  sprintf("Sum_Reduction(%s, 0)", case$formula)
}

value_dimension <- function(case) {
  cpp_describe_operator(value_formula(case), case$args)$result$dimension
}

# The variables of a case in which there is a derivative; where there is none, the error says so and
# so does the documentation.
differentiable <- function(row, case, formula, args) {
  refused <- vapply(case$variables$name, function(name) {
    condition_class(keops_kernel(sprintf("Grad(%s, %s, eta)", formula, name), args))
  }, "")
  expect_true(all(refused %in% c("", "kernelops_error_unsupported")))
  if (any(nzchar(refused))) expect_match(row$documentation, "no derivative in")
  case$variables$name[!nzchar(refused)]
}

# The gradient of sum(values * eta) in one variable by central differences. `values` maps inputs to
# the value, one row for each i. All rows of an i-variable move at once.
case_differences <- function(case, name, values, eta, step = 1e-5) {
  start <- case$inputs[[name]]
  slope <- function(entries) {
    moved <- lapply(c(step, -step), function(shift) {
      inputs <- case$inputs
      inputs[[name]][entries] <- start[entries] + shift
      values(inputs)
    })
    rowSums((moved[[1L]] - moved[[2L]]) * eta) / (2 * step)
  }
  role <- case$variables$role[case$variables$name == name]
  if (role == "i") {
    all_rows <- seq_len(nrow(start))
    return(vapply(seq_len(ncol(start)), function(k) slope(cbind(all_rows, k)), start[, 1]))
  }
  matrix(vapply(seq_along(start), function(entry) sum(slope(entry)), 0), nrow(start))
}

# The derivatives in one variable of sum(first derivative * direction), one for each of the first
# derivatives that `firsts` makes of inputs, by central differences.
difference_products <- function(firsts, case, name, directions, step = 1e-5) {
  start <- case$inputs[[name]]
  out <- lapply(directions, function(direction) start)
  products <- function(entry, shift) {
    inputs <- case$inputs
    inputs[[name]][entry] <- start[entry] + shift
    mapply(function(first, direction) sum(first * direction), firsts(inputs), directions)
  }
  for (entry in seq_along(start)) {
    slopes <- (products(entry, step) - products(entry, -step)) / (2 * step)
    for (k in seq_along(out)) out[[k]][entry] <- slopes[k]
  }
  out
}

# Value and first derivatives of a case.
expect_case <- function(row, case, precisions = c("float64", "float32")) {
  eta <- uniform(case$counts[["i"]], value_dimension(case), seed = 99)
  args <- c(case$args, sprintf("eta = Vi(%d)", ncol(eta)))
  smooth <- differentiable(row, case, value_formula(case), args)
  formulas <- c(
    value = value_formula(case),
    stats::setNames(sprintf("Grad(%s, %s, eta)", value_formula(case), smooth), smooth)
  )
  op <- keops_kernel(formulas, args)
  reference <- case_reference(row, case)
  for (precision in precisions) {
    double <- precision == "float64"
    result <- with_options(
      list(kernelops.precision = precision), op(c(unname(case$inputs), list(eta)))
    )
    expect_close(result$value, reference, if (double) 1e-12 else 1e-5)
    values <- function(inputs) op(c(unname(inputs), list(eta)))$value
    for (name in smooth) {
      expected <- case_differences(case, name, values, eta)
      expect_identical(dim(result[[name]]), dim(expected))
      excess <- max(abs(result[[name]] - expected)) / max(1, abs(expected))
      expect_lte(excess, if (double) 1e-6 else 2e-5)
    }
  }
}

# The value of a case alone.
expect_value <- function(row, case, precisions) {
  reference <- case_reference(row, case)
  for (precision in precisions) {
    result <- run_formulas(c(value = value_formula(case)), case$args, case$inputs, precision)
    expect_close(result$value, reference, if (precision == "float64") 1e-12 else 1e-5)
  }
}

for (name in operation_rows$name) {
  local({
    row <- as.list(operation_rows[operation_rows$name == name, ])
    number <- match(name, operation_rows$name)
    draws_whole <- any(row_domains(row)$shape == "whole")

    test_that(paste(name, "and its derivative are right for arguments of i, j and neither"), {
      counts <- c(i = 19L, j = 7L, p = 1L)
      expect_case(row, operation_case(row, all_roles(row), counts, smooth = draws_whole))
      if (draws_whole) {
        case <- operation_case(row, all_roles(row), counts)
        expect_value(row, case, c("float64", "float32"))
      }
    })

    test_that(paste(name, "has the second derivatives that differences give"), {
      # One combination of the roles, another one for each row.
      term <- all_roles(row)[1L + (7L * number) %% length(all_roles(row))]
      case <- operation_case(row, term, c(i = 4L, j = 3L, p = 1L), smooth = TRUE)
      eta <- uniform(4L, value_dimension(case), seed = 99)
      args <- c(case$args, sprintf("eta = Vi(%d)", ncol(eta)))
      smooth <- differentiable(row, case, value_formula(case), args)
      first <- sprintf("Grad(%s, %s, eta)", value_formula(case), smooth)
      directions <- lapply(smooth, function(name) {
        uniform(nrow(case$inputs[[name]]), ncol(case$inputs[[name]]), seed = 98)
      })
      kept <- case$variables[match(smooth, case$variables$name), ]
      args <- c(args, sprintf("e_%s = %s(%d)", smooth, keywords[kept$role], kept$dimension))
      given <- c(unname(case$inputs), list(eta), directions)
      pairs <- expand.grid(of = smooth, again = smooth, stringsAsFactors = FALSE)
      second <- sprintf(
        "Grad(%s, %s, e_%s)", first[match(pairs$of, smooth)], pairs$again, pairs$of
      )
      names(first) <- smooth
      names(second) <- paste(pairs$of, pairs$again)
      op <- keops_kernel(c(first, second), args)
      firsts <- function(inputs) op(c(unname(inputs), given[-seq_along(inputs)]))[smooth]
      actual <- op(given)
      for (again in smooth) {
        differences <- difference_products(firsts, case, again, directions)
        for (k in seq_along(smooth)) {
          expected <- differences[[k]]
          excess <- max(abs(actual[[paste(smooth[k], again)]] - expected))
          expect_lte(excess / max(1, abs(expected)), 1e-6)
        }
      }
    })

    test_that(paste(name, "takes every dimension that its rule allows"), {
      roles <- roles[seq_len(row$arguments)]
      counts <- c(i = 5L, j = 3L, p = 1L)
      equal <- lapply(c(1L, 2L, 3L, 17L, 34L), rep, times = row$arguments)
      mixed <- expand.grid(rep(list(c(1L, 3L)), row$arguments))
      mixed <- unname(split(mixed, seq_len(nrow(mixed))))
      elementwise <- row$kind == "elementwise"
      terms <- lapply(c(equal, if (elementwise) lapply(mixed, unlist)), function(dimensions) {
        data.frame(role = roles, dimension = unname(dimensions))
      })
      allowed <- vapply(terms, function(term) {
        case <- operation_case(row, list(term), counts)
        !nzchar(condition_class(keops_kernel(value_formula(case), case$args)))
      }, TRUE)
      if (elementwise) {
        expect_true(all(allowed))
        return(expect_case(row, operation_case(row, terms, counts, smooth = TRUE), "float64"))
      }
      # Time warping is written out step by step, for short series.
      if (any(allowed) && name != "SoftDTW_SqDist") {
        expect_value(row, operation_case(row, terms[allowed], counts), "float64")
      }
      expect_true(nzchar(row$sample_dimensions))
    })

    if (row$kind == "elementwise" && row$arguments > 1L) {
      test_that(paste(name, "refuses dimensions that differ"), {
        letters <- argument_letters(row$arguments)
        args <- sprintf("%s = Vi(%d)", letters, c(3L, 2L, 3L)[seq_along(letters)])
        formula <- sprintf("Sum_Reduction(%s, 0)", row_call(row, letters))
        expect_error(keops_kernel(formula, args), class = "kernelops_error_dimension")
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

    test_that(paste(name, "is understood as it is printed"), {
      case <- operation_case(row, all_roles(row)[2L], c(i = 2L, j = 2L, p = 1L))
      once <- cpp_describe_operator(value_formula(case), case$args)
      expect_identical(cpp_describe_operator(once$formula, case$args)$formula, once$formula)
    })
  })
}

test_that("every row of the table is complete", {
  rows <- public_operations()
  expect_false(anyDuplicated(rows$name) > 0L)
  expect_true(all(grepl("^[A-Z][A-Za-z0-9_]*$", rows$name)))
  expect_true(all(nzchar(rows$documentation) & nzchar(rows$mathematics)))
  differential <- rows$kind == "differential"
  expect_true(all(nzchar(rows$reference) | differential))
  expect_true(all(nzchar(rows$gradient) | nzchar(rows$definition) | differential))
  for (k in which(!differential)) {
    domains <- row_domains(as.list(rows[k, ]))
    expect_true(all(domains$low < domains$high), info = rows$name[k])
  }
})
