#' Make an operator from a formula
#'
#' `keops_kernel()` turns the text of a formula into a function that computes the reduction of the
#' formula over all pairs of rows of its arguments. The matrix of pairs is never stored.
#'
#' @param formula One string, a reduction of a formula: `"Sum_Reduction(Exp(-SqDist(x, y)) * b,
#'   0)"`. The last argument of the reduction says what indexes the result: `0`, one row for each i
#'   (reduce over j); `1`, one row for each j (reduce over i); `2`, one row (reduce over both). A
#'   formula of reductions that are indexed alike will do too: `"Sum_Reduction(Exp(-SqDist(x, y)) *
#'   b, 0) / Sum_Reduction(Exp(-SqDist(x, y)), 0)"`. See [operations] and [reductions] for all that
#'   can stand in a formula. Several strings with names are computed together: reductions over the
#'   same side take one sweep over the pairs and share what they have in common.
#' @param args Character vector that declares the variables of the formula in the order of the
#'   inputs: `"x = Vi(3)"` has one row of 3 numbers for each i, `"y = Vj(3)"` for each j, and
#'   `"s = Pm(1)"` is a parameter, the same for all pairs. `"x = Vi(0, 3)"` gives the 0-based
#'   position of the input too. Any identifier is a valid name.
#' @param sum_scheme How sums are accumulated. `"auto"` and `"block_sum"` add up short blocks of
#'   rows in the precision of the kernel, then the blocks in float64; `"direct_sum"` takes blocks as
#'   long as the tiles of rows, which is a little faster and less accurate in float32;
#'   `"kahan_scheme"` keeps what each addition rounds off.
#' @param verbose Whether calls say when a kernel is compiled; `NULL` for the option of that name,
#'   see [kernelops-options]. The message is a condition of class `kernelops_message`.
#' @return A function of class `keops_operator`, `function(input = NULL, inner_dim = "col")`:
#'   * `input` is a list of the inputs in the order of `args`, or named and in any order. An input
#'     is a matrix or data frame of numbers with one row for each i or j; a vector will do for a
#'     parameter or a variable of dimension 1. Truth values are 0 and 1. A missing value (`NA`) is
#'     an error, unless the option `na_action` says otherwise; `NaN` is a number like others.
#'   * `inner_dim` is `"row"` if the inputs are transposed, with one column for each i or j.
#'
#'   It returns a matrix with one row for each row of the result; for a reduction that keeps the K
#'   best of a vector an array, rows x K x dimension; for one with several results a list of them;
#'   and for several formulas a list with their names. Row numbers are integers from 1 on, `NA`
#'   where there is none. Rows of the result are named as those of the first input on the same side
#'   that has names. Called without `input` it returns a list of `formula`, `args`, `args_info`
#'   and `sum_scheme`. The operator is plain data and a formula:
#'   it can be saved and sent to other processes.
#' @seealso [keops_grad()], [explain()], [kernelops-options], [kernelops-errors]
#' @export
#' @examples
#' x <- matrix(rnorm(300), ncol = 3)
#' y <- matrix(rnorm(600), ncol = 3)
#' b <- matrix(rnorm(200), ncol = 1)
#' op <- keops_kernel(
#'   "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)",
#'   c("x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "s = Pm(1)")
#' )
#' op
#' \donttest{
#' head(op(list(x, y, b, 0.5)))
#' head(op(list(y = y, x = x, s = 0.5, b = b)))
#' }
keops_kernel <- function(formula, args, sum_scheme = "auto", verbose = NULL) {
  check_formula(formula)
  if (!is.character(args) || anyNA(args)) {
    raise_argument_error("args", "a character vector such as c(\"x = Vi(3)\", \"y = Vj(3)\")", args)
  }
  check_sum_scheme(sum_scheme)
  if (!is.null(verbose) && !is_flag(verbose)) {
    raise_argument_error("verbose", "TRUE, FALSE or NULL", verbose)
  }
  cpp_describe_operator(formula, args)
  new_operator(formula, unname(args), sum_scheme, verbose)
}

check_formula <- function(formula) {
  if (!is.character(formula) || length(formula) == 0L || anyNA(formula) ||
    !all(nzchar(trimws(formula)))) {
    raise_argument_error("formula", "one string, a reduction: \"Sum_Reduction(x - y, 0)\"", formula)
  }
  if (length(formula) > 1L && !has_names(formula)) {
    raise_argument_error(
      "formula", "one string, or several with different names: c(value = \"...\", sum = \"...\")",
      formula
    )
  }
}

has_names <- function(x) {
  !is.null(names(x)) && all(nzchar(names(x))) && !anyDuplicated(names(x))
}

# The environment of an operator holds these five values and nothing else; its parent is the
# namespace. So an operator is small and survives saveRDS() and other processes.
new_operator <- function(formula, args, sum_scheme, verbose = NULL,
                         operations = used_operations(formula)) {
  force(formula)
  force(args)
  force(sum_scheme)
  force(verbose)
  force(operations)
  structure(
    function(input = NULL, inner_dim = "col") {
      if (is.null(input)) {
        return(operator_fields(formula, args, sum_scheme))
      }
      check_input(input, inner_dim)
      restore_operations(operations)
      settings <- current_settings()
      tells <- if (is.null(verbose)) settings$verbose else verbose
      if (!tells && !shows_progress(settings$progress)) {
        return(cpp_run_operator(formula, args, input, inner_dim, settings, sum_scheme))
      }
      run_and_tell(formula, args, input, inner_dim, settings, sum_scheme, tells)
    },
    class = "keops_operator"
  )
}

# The values of an operator, with its own operations defined.
fields_of <- function(op) {
  fields <- environment(op)
  restore_operations(fields$operations)
  fields
}

# Runs an operator with messages, a progress bar or both.
run_and_tell <- function(formula, args, input, inner_dim, settings, sum_scheme, tells) {
  report <- NULL
  if (shows_progress(settings$progress)) {
    progress <- new_progress()
    on.exit(progress$close())
    report <- progress$report
  }
  if (!tells) {
    return(cpp_run_operator(formula, args, input, inner_dim, settings, sum_scheme, report))
  }
  if (!cpp_operator_status(formula, args, settings, sum_scheme)$compiled) {
    tell("compiling ", paste(formula, collapse = " and "), " in ", settings$precision)
  }
  before <- cpp_compile_seconds()
  result <- cpp_run_operator(formula, args, input, inner_dim, settings, sum_scheme, report)
  seconds <- cpp_compile_seconds() - before
  if (seconds > 0) tell("compiled in ", format_seconds(seconds))
  result
}

# A message of a class of its own.
tell <- function(...) {
  text <- paste0("kernelops: ", ..., "\n")
  message(structure(
    class = c("kernelops_message", "message", "condition"), list(message = text, call = NULL)
  ))
}

operator_fields <- function(formula, args, sum_scheme) {
  list(
    formula = formula,
    args = args,
    args_info = describe_args(formula, args),
    sum_scheme = sum_scheme
  )
}

describe_args <- function(formula, args) {
  arguments <- cpp_describe_operator(formula, args)$arguments
  list(
    args = gsub("[[:space:]]", "", args),
    var_name = vapply(arguments, `[[`, "", "name"),
    var_type = vapply(arguments, `[[`, "", "kind"),
    var_pos = vapply(arguments, `[[`, 0L, "position"),
    var_dim = vapply(arguments, `[[`, 0L, "dimension"),
    decl = if (declares_positions(args)) "pos_dim" else "dim"
  )
}

# Whether arguments are declared as `x = Vi(position, dimension)`.
declares_positions <- function(args) {
  any(grepl(",", args, fixed = TRUE))
}

check_sum_scheme <- function(sum_scheme) {
  known <- c("auto", "direct_sum", "block_sum", "kahan_scheme")
  if (!is_string(sum_scheme) || !sum_scheme %in% known) {
    raise_argument_error("sum_scheme", paste0("\"", known, "\"", collapse = ", "), sum_scheme)
  }
}

# All other checks of the inputs are made by the engine.
check_input <- function(input, inner_dim) {
  if (!is.list(input)) {
    raise_argument_error("input", "a list with one element for each variable", input)
  }
  if (!identical(inner_dim, "col") && !identical(inner_dim, "row")) {
    raise_argument_error("inner_dim", "\"col\" or \"row\"", inner_dim)
  }
}

# A data frame as a matrix, or, where a column does not hold numbers, the name of that column and
# its class. Called by the bindings.
as_numbers <- function(frame) {
  for (column in names(frame)) {
    values <- frame[[column]]
    if (inherits(values, "integer64") || !(is.numeric(values) || is.logical(values))) {
      return(c(column, class(values)[1L]))
    }
  }
  as.matrix(frame)
}

check_operator <- function(op) {
  if (!inherits(op, "keops_operator")) {
    raise_argument_error("op", "an operator made by keops_kernel() or keops_grad()", op)
  }
}

is_string <- function(x) {
  is.character(x) && length(x) == 1L && !is.na(x)
}
