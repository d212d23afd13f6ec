#' Gradient of an operator
#'
#' Given an operator with result `a`, returns the operator that computes the gradient of
#' `sum(a * eta)` with respect to one of its variables. `eta` is a new last input, shaped like `a`;
#' the result is shaped like the variable, whichever side is reduced. The gradient with respect to a
#' parameter is summed over both sides. A gradient is an operator, so it has gradients too.
#'
#' @param op An operator made by [keops_kernel()] or `keops_grad()`.
#' @param var The variable: its name, or its 0-based position in the inputs.
#' @return A function of class `keops_operator`, see [keops_kernel()]. Its last input is named
#'   `eta`, or `eta2`, `eta3`, ... if the name is taken.
#' @export
#' @examples
#' op <- keops_kernel("Sum_Reduction(SqNorm2(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
#' grad <- keops_grad(op, "x")
#' grad
#' \donttest{
#' x <- matrix(rnorm(30), ncol = 3)
#' y <- matrix(rnorm(60), ncol = 3)
#' grad(list(x, y, rep(1, 10)))
#' }
keops_grad <- function(op, var) {
  check_operator(op)
  force(var)
  fields <- fields_of(op)
  if (length(fields$formula) > 1L) {
    raise_argument_error(
      "op", "an operator of one formula; write the gradients of several as formulas: Grad(...)", op
    )
  }
  description <- cpp_describe_operator(fields$formula, fields$args)
  variables <- vapply(description$arguments, `[[`, "", "name")
  positions <- vapply(description$arguments, `[[`, 0L, "position")
  var <- find_variable(var, variables, positions)
  eta <- free_name("eta", variables)
  formula <- sprintf("Grad(%s, %s, %s)", unname(fields$formula), var, eta)
  kind <- c(i = "Vi", j = "Vj", parameter = "Pm")[[description$result$index]]
  place <- if (declares_positions(fields$args)) sprintf("%d, ", max(positions) + 1L) else ""
  declaration <- sprintf("%s = %s(%s%d)", eta, kind, place, description$result$dimension)
  args <- c(fields$args, declaration)
  cpp_describe_operator(formula, args)
  new_operator(formula, args, fields$sum_scheme, fields$verbose)
}

# The name of the variable that `var`, a name or a 0-based position, means.
find_variable <- function(var, variables, positions) {
  if (is_string(var) && var %in% variables) {
    return(var)
  }
  if (is.numeric(var) && length(var) == 1L && var %in% positions) {
    return(variables[match(var, positions)])
  }
  known <- paste0(variables, " (", positions, ")", collapse = ", ")
  raise_argument_error("var", paste("the name or 0-based position of a variable:", known), var)
}

# `name`, or the first of name2, name3, ... that is not taken.
free_name <- function(name, taken) {
  candidates <- c(name, paste0(name, seq_len(length(taken) + 1L)[-1L]))
  setdiff(candidates, taken)[1L]
}
