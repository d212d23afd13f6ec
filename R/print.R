#' Print an operator
#'
#' Shows the formula, the variables with their roles, the shape of the result, what a pair of rows
#' costs, the precision and the back end the operator runs on, and whether its kernel is compiled
#' already.
#'
#' @param x,object An operator made by [keops_kernel()] or [keops_grad()].
#' @param ... Not used.
#' @return `print()` returns `x` invisibly, `format()` the lines that are printed, and `summary()` a
#'   list of `formula`, `arguments` (a data frame), `results`, `cost`, `precision`, `back_end`,
#'   `compiled` and `reason`. `cost` is about how many `operations` (additions, products,
#'   comparisons and the like) a pair of rows takes, and how many functions, by name.
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
  fields <- fields_of(object)
  settings <- current_settings()
  description <- cpp_describe_operator(fields$formula, fields$args)
  status <- cpp_operator_status(fields$formula, fields$args, settings, fields$sum_scheme)
  structure(
    list(
      formula = fields$formula,
      arguments = argument_frame(description$arguments),
      results = stats::setNames(description$results, names(fields$formula)),
      cost = c(operations = status$operations, status$functions),
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
    labelled("formula", format_formulas(x$formula)),
    labelled("arguments", format_arguments(x$arguments)),
    labelled("result", vapply(x$results, format_result, "")),
    labelled("cost", format_cost(x$cost)),
    labelled("precision", x$precision),
    labelled("back end", trimws(strsplit(paste0(x$back_end, reason), "\n", fixed = TRUE)[[1L]])),
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

format_arguments <- function(arguments) {
  if (nrow(arguments) == 0L) {
    return("none")
  }
  roles <- c(Vi = "one row for each i", Vj = "one row for each j", Pm = "parameter")
  lines <- sprintf(
    "%s = %s(%d)  %s", format(arguments$name), arguments$kind, arguments$dimension,
    roles[arguments$kind]
  )
  first_lines(lines)
}

first_lines <- function(lines, at_most = 12L) {
  if (length(lines) <= at_most) {
    return(lines)
  }
  c(lines[seq_len(at_most)], sprintf("... and %d more", length(lines) - at_most))
}

format_formulas <- function(formula) {
  lines <- 4L
  if (length(formula) == 1L) {
    return(shorten(formula, lines))
  }
  unlist(lapply(paste(names(formula), "=", formula), shorten, lines = lines))
}

format_result <- function(result) {
  rows <- c(i = "one row for each i", j = "one row for each j", parameter = "one row")
  outputs <- vapply(result$outputs, format_output, "", ranked = result$ranked)
  if (length(outputs) > 1L) {
    outputs <- paste0(names(result$outputs), " (", outputs, ")")
  }
  sprintf("%s: %s, %s", result$reduction, paste(outputs, collapse = ", "), rows[[result$index]])
}

# "numeric matrix, 3 columns", "integer array, 10 x 3".
format_output <- function(output, ranked) {
  type <- if (output$is_index) "integer" else if (output$is_logical) "logical" else "numeric"
  if (ranked && output$dimension > 1) {
    return(sprintf("%s array, K = %g, dimension %g", type, output$rank, output$dimension))
  }
  columns <- output$rank * output$dimension
  sprintf("%s matrix, %s", type, if (columns == 1) "1 column" else sprintf("%g columns", columns))
}

# "about 11 operations and 1 exponential a pair".
format_cost <- function(cost) {
  cost <- cost[cost > 0]
  if (length(cost) == 0L) {
    return("nothing a pair")
  }
  names <- names(cost)
  names[names == "operations"] <- "operation"
  # Names of operations of the language stay as they are.
  several <- cost != 1 & grepl("^[a-z]", names)
  parts <- paste0(format(cost, big.mark = ",", trim = TRUE), " ", names, ifelse(several, "s", ""))
  last <- length(parts)
  text <- c(if (last > 1L) paste(parts[-last], collapse = ", "), parts[last])
  paste("about", paste(text, collapse = " and "), "a pair")
}

# Lines of text under a label in a left column.
labelled <- function(label, lines) {
  paste0(format(c(label, rep("", length(lines) - 1L)), width = 11L), lines)
}

# Texts that are longer than the screen end in dots.
cut_off <- function(lines, width) {
  ifelse(nchar(lines) > width, paste0(substr(lines, 1L, width - 4L), " ..."), lines)
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
