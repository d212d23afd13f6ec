#' Tables of operations and reductions
#'
#' All that the package knows of an operation or a reduction stands in one row of a table: its name,
#' arguments, dimension rule, derivative, a reference in R, and its documentation. These functions
#' return the tables.
#'
#' @return A data frame of class `keops_table`, one row for each operation or reduction.
#' @seealso The help pages [operations] and [reductions], which are made from these tables.
#' @export
#' @examples
#' keops_operations()
#' keops_operations()[["name"]]
#' keops_reductions()
keops_operations <- function() {
  as_table(cpp_operations())
}

#' @rdname keops_operations
#' @export
keops_reductions <- function() {
  as_table(cpp_reductions())
}

#' The operations of a formula
#'
#' A formula is made of variables, numbers, operators, parentheses and the operations below. `x`,
#' `y` and `z` stand for formulas, the other names for whole numbers. Every formula is a vector for
#' each pair of rows; in operations that work component by component, an argument of dimension 1 is
#' used for every component of the other. Operators bind in this order, tightest first: `**`, unary
#' `-`, `*` and `/`, `+` and `-`, `|`.
#'
#' @eval rd_table(cpp_operations, "keops_operations()")
#' @name operations
#' @seealso [keops_operations()] for this table as a data frame, [reductions], [keops_kernel()]
NULL

#' The reductions of a formula
#'
#' A formula `f` is reduced over all rows of one side: `Sum_Reduction(f, 0)` over j, with one row of
#' the result for each i; `Sum_Reduction(f, 1)` over i, with one row for each j; `Sum_Reduction(f,
#' 2)` over both, with one row. Row numbers count from 1, ties go to the lowest one. Missing values
#' (`NaN`) pass into sums and are skipped by comparisons.
#'
#' @eval rd_table(cpp_reductions, "keops_reductions()")
#' @name reductions
#' @seealso [keops_reductions()] for this table as a data frame, [operations], [keops_kernel()]
NULL

#' @export
print.keops_table <- function(x, ...) {
  if (!all(c("name", "documentation") %in% names(x))) {
    return(NextMethod())
  }
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.keops_table <- function(x, ...) {
  if (!all(c("name", "documentation") %in% names(x))) {
    return(NextMethod())
  }
  usage <- paste0(table_usage(x), unless_empty(", ", table_short_form(x)))
  width <- max(getOption("width") - max(nchar(usage), 0L) - 2L, 20L)
  text <- ifelse(
    nchar(x$documentation) > width,
    paste0(substr(x$documentation, 1L, width - 4L), " ..."),
    x$documentation
  )
  paste0(format(usage), "  ", text)
}

as_table <- function(rows) {
  class(rows) <- c("keops_table", "data.frame")
  rows
}

# How a row is typed in a formula: "Extract(x, start, length)", "LogSumExp_Reduction(f, 0)".
table_usage <- function(rows) {
  if (is.null(rows$arguments)) {
    return(paste0(sub("_Reduction$", "", rows$name), "_Reduction(f, 0)"))
  }
  inner <- Map(
    function(count, parameters) {
      letters <- c("x", "y", "z", paste0("x", seq_len(count)))[seq_len(count)]
      paste(c(letters, split_list(parameters)), collapse = ", ")
    },
    rows$arguments, rows$parameters
  )
  paste0(rows$name, "(", unlist(inner), ")")
}

# The short form of each row, "x + y", or "" where there is none.
table_short_form <- function(rows) {
  if (is.null(rows$infix)) {
    return(rep("", nrow(rows)))
  }
  short <- ifelse(rows$arguments == 1L, paste0(rows$infix, "x"), paste("x", rows$infix, "y"))
  ifelse(nzchar(rows$infix), short, "")
}

# `text` between `before` and `after`, nothing where it is empty.
unless_empty <- function(before, text, after = "") {
  ifelse(nzchar(text), paste0(before, text, after), "")
}

# The parts of a comma separated text.
split_list <- function(text) {
  parts <- trimws(strsplit(text, ",", fixed = TRUE)[[1L]])
  parts[nzchar(parts)]
}

# The Rd text of a table. Where the compiled code is not loaded, only a pointer to it.
rd_table <- function(table, pointer) {
  rows <- tryCatch(table(), error = function(e) NULL)
  if (is.null(rows)) {
    return(paste0("@rawRd \\section{Table}{See \\code{", pointer, "}.}"))
  }
  # Formulas are left out of plain text, which would show their LaTeX source.
  mathematics <- unless_empty("\\eqn{", rd_percent(rows$mathematics), "}")
  items <- sprintf(
    "  \\item{\\code{%s}%s}{%s%s}", rd_escape(table_usage(rows)),
    unless_empty(", \\code{", rd_escape(table_short_form(rows)), "}"),
    rd_escape(rows$documentation),
    unless_empty(" \\if{html,latex}{", mathematics, "}")
  )
  paste(c("@rawRd \\section{Table}{", "\\describe{", items, "}", "}"), collapse = "\n")
}

rd_percent <- function(text) {
  gsub("%", "\\%", text, fixed = TRUE)
}

rd_escape <- function(text) {
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  rd_percent(gsub("([{}])", "\\\\\\1", text))
}
