#' Print an operator
#'
#' Shows the formula, the variables with their roles, the shape of the result, the precision and the
#' back end the operator runs on, and whether its kernel is compiled already.
#'
#' @param x,object An operator made by [keops_kernel()] or [keops_grad()].
#' @param ... Not used.
#' @return `print()` returns `x` invisibly, `format()` the lines that are printed, and `summary()` a
#'   list of `formula`, `arguments` (a data frame), `result`, `precision`, `back_end`, `compiled`
#'   and `reason`.
#' @name print.keops_operator
#' @examples
#' op <- keops_kernel("Sum_Reduction(SqNorm2(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
#' print(op)
#' summary(op)$arguments
NULL

#' @rdname print.keops_operator
#' @export
print.keops_operator <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @rdname print.keops_operator
#' @export
format.keops_operator <- function(x, ...) {
  format(summary(x))
}

#' @rdname print.keops_operator
#' @export
summary.keops_operator <- function(object, ...) {
  fields <- environment(object)
  settings <- current_settings()
  description <- cpp_describe_operator(fields$formula, fields$args)
  status <- cpp_operator_status(fields$formula, fields$args, settings)
  structure(
    list(
      formula = fields$formula,
      arguments = argument_frame(description$arguments),
      result = description$result,
      precision = settings$precision,
      back_end = status$backend,
      compiled = status$compiled,
      reason = status$reason
    ),
    class = "summary.keops_operator"
  )
}

#' @export
print.summary.keops_operator <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.summary.keops_operator <- function(x, ...) {
  kernel <- if (x$compiled) "ready" else "not yet compiled"
  reason <- if (nzchar(x$reason)) paste0(" (", x$reason, ")") else ""
  c(
    "<keops_operator>",
    labelled("formula", shorten(x$formula, lines = 4L)),
    labelled("arguments", format_arguments(x$arguments)),
    labelled("result", format_result(x$result)),
    labelled("precision", x$precision),
    labelled("back end", paste0(x$back_end, reason)),
    labelled("kernel", kernel)
  )
}

argument_frame <- function(arguments) {
  data.frame(
    name = vapply(arguments, `[[`, "", "name"),
    kind = vapply(arguments, `[[`, "", "kind"),
    position = vapply(arguments, `[[`, 0L, "position"),
    dimension = vapply(arguments, `[[`, 0L, "dimension")
  )
}

format_arguments <- function(arguments, at_most = 12L) {
  if (nrow(arguments) == 0L) {
    return("none")
  }
  roles <- c(Vi = "one row for each i", Vj = "one row for each j", Pm = "parameter")
  lines <- sprintf(
    "%s = %s(%d)  %s", format(arguments$name), arguments$kind, arguments$dimension,
    roles[arguments$kind]
  )
  if (length(lines) > at_most) {
    more <- sprintf("... and %d more", length(lines) - at_most)
    lines <- c(lines[seq_len(at_most)], more)
  }
  lines
}

format_result <- function(result) {
  rows <- c(i = "one row for each i", j = "one row for each j", parameter = "one row")
  type <- if (result$is_index) "integer" else "numeric"
  columns <- if (result$dimension == 1L) "1 column" else paste(result$dimension, "columns")
  sprintf("%s: %s matrix, %s, %s", result$reduction, type, rows[[result$index]], columns)
}

# Lines of text under a label in a left column.
labelled <- function(label, lines) {
  paste0(format(c(label, rep("", length(lines) - 1L)), width = 11L), lines)
}

# Text cut into lines of the width of the screen, and after some of them, cut off.
shorten <- function(text, lines) {
  width <- max(getOption("width") - 12L, 20L)
  starts <- seq(1L, max(nchar(text), 1L), by = width)
  parts <- substring(text, starts, starts + width - 1L)
  if (length(parts) > lines) {
    parts <- parts[seq_len(lines)]
    parts[lines] <- paste0(substr(parts[lines], 1L, width - 4L), " ...")
  }
  parts
}
