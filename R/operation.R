#' Define an operation
#'
#' `keops_operation()` adds an operation of your own to the language of formulas: a C expression
#' that is applied to each component, and its derivative as a formula. `check_operation()` tests it.
#'
#' The expression is compiled into the kernels that use the operation. Its arguments are the numbers
#' `x`, `y` and `z`; it may use C's operators, `condition ? a : b`, and the functions of `<math.h>`
#' such as `exp`, `log1p`, `pow`, `fmin`, `erf` and `tgamma`. It is evaluated in the precision of
#' the kernel, number by number, so the operations of the package, which work on whole vectors, are
#' faster where they will do.
#'
#' An operation lives as long as the R session. An operator remembers the operations of its formula
#' and defines them again in another process.
#'
#' @param name The name of the operation in formulas. Defining it again replaces it.
#' @param code A C expression of `x`, of `x` and `y`, or of `x`, `y` and `z`.
#' @param grad The derivative, one formula for each argument: what `g`, the adjoint of the result,
#'   contributes to the adjoint of the argument. It may use `g`, `out` (the result), the arguments
#'   and every operation, this one included. For `sin(x)` it is `"Cos(x) * g"`. `"0"` says that the
#'   derivative vanishes. Without it the operation has no derivative.
#' @param reference An R expression, as a string, of the same arguments and value; for
#'   `check_operation()`.
#' @param documentation One sentence.
#' @return `keops_operation()` returns the name, invisibly. `check_operation()` returns a data frame
#'   of class `keops_check`, one row for each test with the largest error and whether it passed.
#' @seealso [operations], [keops_operations()]
#' @export
#' @examples
#' keops_operation("Huber", "fabs(x) < 1 ? 0.5 * x * x : fabs(x) - 0.5",
#'   grad = "Clamp(x, -1, 1) * g", reference = "ifelse(abs(x) < 1, x^2 / 2, abs(x) - 0.5)"
#' )
#' \donttest{
#' check_operation("Huber")
#' op <- keops_kernel("Sum_Reduction(Huber(x - y), 0)", c("x = Vi(1)", "y = Vj(1)"))
#' op(list(c(0, 1, 5), c(0.5, 2)))
#' }
keops_operation <- function(name, code, grad = NULL, reference = NULL, documentation = "") {
  for (argument in c("name", "code", "documentation")) {
    if (!is_string(get(argument))) raise_argument_error(argument, "one string", get(argument))
  }
  if (!is.null(grad) && (!is.character(grad) || anyNA(grad))) {
    raise_argument_error("grad", "one formula, a string, for each argument", grad)
  }
  if (!is.null(reference) && !is_string(reference)) {
    raise_argument_error("reference", "an R expression as one string", reference)
  }
  definition <- list(
    name = name, code = code, grad = as.character(grad), reference = paste(reference),
    documentation = documentation
  )
  define_operation(definition)
  invisible(name)
}

# The definitions made in this session, by name.
defined_operations <- new.env(parent = emptyenv())

define_operation <- function(definition) {
  letters <- c("x", "y", "z")
  used <- vapply(paste0("\\b", letters, "\\b"), grepl, TRUE, x = definition$code)
  reference <- if (length(definition$reference)) definition$reference else ""
  cpp_define_operation(
    definition$name, max(which(used), 0L), definition$code, definition$grad, reference,
    definition$documentation
  )
  assign(definition$name, definition, envir = defined_operations)
}

# The definitions of the operations that a formula uses, and of those that their derivatives use.
used_operations <- function(texts) {
  if (length(defined_operations) == 0L) {
    return(list())
  }
  used <- character()
  repeat {
    words <- unlist(strsplit(texts, "[^A-Za-z0-9_]+"))
    new <- setdiff(intersect(words, ls(defined_operations)), used)
    if (length(new) == 0L) {
      return(mget(used, envir = defined_operations))
    }
    used <- c(used, new)
    texts <- unlist(lapply(new, function(name) defined_operations[[name]]$grad))
  }
}

# Makes sure that the operations of an operator mean here what they meant where it was made.
restore_operations <- function(definitions) {
  for (definition in definitions) {
    if (!identical(definition, defined_operations[[definition$name]])) {
      define_operation(definition)
    }
  }
}

#' @rdname keops_operation
#' @param domain Two numbers: the arguments are drawn between them.
#' @param tolerance The largest error relative to the largest value, in float64.
#' @export
check_operation <- function(name, domain = c(-2, 2), tolerance = 1e-12) {
  rows <- keops_operations()
  if (!is_string(name) || !name %in% rows$name) {
    raise_argument_error("name", "the name of an operation", name)
  }
  if (!is.numeric(domain) || length(domain) != 2L || !all(is.finite(domain)) ||
    domain[1L] >= domain[2L]) {
    raise_argument_error("domain", "two numbers, the lower one first", domain)
  }
  row <- as.list(rows[rows$name == name, ])
  if (row$kind != "elementwise" || nzchar(row$parameters)) {
    raise_argument_error("name", "an elementwise operation without parameters", name)
  }
  case <- check_case(row, domain)
  checks <- rbind(
    check_value(row, case, tolerance),
    check_precision(case),
    check_derivative(row, case)
  )
  structure(checks, class = c("keops_check", "data.frame"))
}

# An operator of the operation on arguments that depend on i and on j, and its inputs: 50 values
# between the bounds for each argument, by a rule so that R's random numbers stay as they are.
check_case <- function(row, domain) {
  letters <- c("x", "y", "z")[seq_len(row$arguments)]
  kinds <- c("Vi", "Vj", "Vi")[seq_len(row$arguments)]
  inputs <- lapply(seq_along(letters), function(k) {
    place <- (seq_len(50) * (sqrt(5) - 1) / 2 * k + 0.1 * k) %% 1
    matrix(domain[1L] + diff(domain) * place, ncol = 1L)
  })
  names(inputs) <- letters
  formula <- sprintf("Sum_Reduction(%s(%s), 0)", row$name, paste(letters, collapse = ", "))
  op <- keops_kernel(formula, sprintf("%s = %s(1)", letters, kinds))
  list(op = op, inputs = inputs, letters = letters)
}

check_row <- function(test, error, limit) {
  data.frame(test = test, error = error, limit = limit, passed = is.finite(error) && error <= limit)
}

largest_difference <- function(actual, expected) {
  if (!identical(is.nan(actual), is.nan(expected))) {
    return(Inf)
  }
  known <- !is.nan(expected) & actual != expected
  max(abs(actual - expected)[known], 0) / max(abs(expected[is.finite(expected)]), 1e-300)
}

in_precision <- function(precision, code) {
  old <- options(kernelops.precision = precision)
  on.exit(options(old))
  code
}

check_value <- function(row, case, tolerance) {
  if (!nzchar(row$reference)) {
    return(NULL)
  }
  reference <- str2lang(row$reference)
  other <- if (row$arguments > 1L) seq_len(50) else 1L
  expected <- rowSums(vapply(other, function(j) {
    values <- lapply(case$inputs, as.vector)
    if (row$arguments > 1L) values$y <- rep(values$y[j], 50)
    as.numeric(eval(reference, values, baseenv()))
  }, numeric(50)))
  actual <- in_precision("float64", case$op(case$inputs))
  check_row("value, against the reference", largest_difference(c(actual), expected), tolerance)
}

check_precision <- function(case) {
  double <- in_precision("float64", case$op(case$inputs))
  single <- in_precision("float32", case$op(case$inputs))
  check_row("value, float32 against float64", largest_difference(single, double), 1e-5)
}

check_derivative <- function(row, case) {
  if (!nzchar(row$gradient)) {
    return(NULL)
  }
  eta <- matrix(1 + seq_len(50) / 50, ncol = 1L)
  rows <- lapply(case$letters, function(letter) {
    given <- c(unname(case$inputs), list(eta))
    actual <- in_precision("float64", keops_grad(case$op, letter)(given))
    expected <- in_precision("float64", central_differences(case, letter, eta))
    check_row(
      paste0("derivative in ", letter, ", against differences"),
      largest_difference(c(actual), expected), 1e-6
    )
  })
  do.call(rbind, rows)
}

# Each row of the variable moves alone, since its derivative reaches all rows of the result.
central_differences <- function(case, letter, eta, step = 1e-5) {
  vapply(seq_len(50), function(row) {
    sums <- vapply(c(step, -step), function(shift) {
      inputs <- case$inputs
      inputs[[letter]][row] <- inputs[[letter]][row] + shift
      sum(case$op(inputs) * eta)
    }, 0)
    (sums[1L] - sums[2L]) / (2 * step)
  }, 0)
}

#' @export
print.keops_check <- function(x, ...) {
  cat(sprintf(
    "%s  %s: %.2g (limit %.2g)", ifelse(x$passed, "ok    ", "FAILED"), x$test, x$error, x$limit
  ), sep = "\n")
  invisible(x)
}
