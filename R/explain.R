#' Show all that is made of a formula
#'
#' Shows every stage between the text of an operator's formula and the machine: the formula as it
#' was understood, the graph of its operations, the simplified graph, the program with its stages
#' and the shape of its tiles, the generated source, and the command that compiles it. Nothing is
#' compiled.
#'
#' @param op An operator made by [keops_kernel()] or [keops_grad()].
#' @return A list of class `keops_explanation`. Printing it shows its strings: `formula`, `graph`,
#'   `simplified`, `program`, `source` and `command`. [plot()][plot.keops_explanation] draws the
#'   simplified graph, which the list has as data too:
#'   * `nodes`, a data frame with the columns `id`; `label`; `kind`, `"variable"`, `"constant"`,
#'     `"operation"` or `"reduction"`; `stage`, what it is computed for: `"constant"`,
#'     `"parameter"`, `"i"`, `"j"` or `"pair"`; `dimension`; `commutative`, whether the order of the
#'     arguments does not matter; and `result`, whether it is the result of a formula;
#'   * `edges`, a data frame with the columns `from` and `to`, numbers of nodes, and `argument`,
#'     which argument of `to` the node `from` is.
#' @seealso [plot.keops_explanation()]
#' @export
#' @examples
#' op <- keops_kernel("Sum_Reduction(SqNorm2(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
#' explanation <- explain(op)
#' cat(explanation$program)
#' explanation$nodes
#' plot(explanation)
explain <- function(op) {
  check_operator(op)
  fields <- fields_of(op)
  stages <- cpp_explain_operator(
    fields$formula, fields$args, current_settings(), fields$sum_scheme
  )
  names <- if (is.null(names(fields$formula))) "" else names(fields$formula)
  graph <- cpp_operator_graph(fields$formula, names, fields$args)
  structure(c(stages, graph), class = "keops_explanation")
}

#' @export
print.keops_explanation <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.keops_explanation <- function(x, ...) {
  titles <- c(
    formula = "Formula", graph = "Graph", simplified = "Simplified graph",
    program = "Program: stages and tile shape", source = "Generated source",
    command = "Compiler command"
  )
  parts <- lapply(names(titles), function(part) {
    rule <- strrep("-", max(60L - nchar(titles[[part]]), 3L))
    c(paste("--", titles[[part]], rule), sub("\n+$", "", x[[part]]), "")
  })
  unlist(parts)
}
