#' Tables of operations and reductions
#'
#' All that the package knows of an operation or a reduction stands in one row of a table: its name,
#' arguments, dimension rule, derivative, a reference in R, and its documentation. These functions
#' return the tables.
#'
#' @return A data frame of class `keops_table`, one row for each operation or reduction. Its columns
#'   are text unless said otherwise.
#'
#'   Of operations: `name`; `topic`; `kind`; `arguments`, how many (integer); `parameters`, their
#'   names, lists with `[]` and those that may be left out with `?`; `dimension` of the result as a
#'   rule, empty where it is the largest of the arguments' or that of the definition; `infix`, the
#'   sign between the arguments; `gradient`, for each argument what the adjoint `g` of the result
#'   `out` contributes to its adjoint; `definition` in terms of other operations, where there is no
#'   gradient; `reference`, the same in R; `documentation` and `mathematics`; and what tests draw:
#'   `domains`, `sample_dimensions`, `sample_parameters`.
#'
#'   Of reductions: `name`, `synonyms`, whether they are `weighted` or `ranked` (logical),
#'   `outputs`, `reference` over the values `v`, the weights `w` and `K`; the adjoints `gradient`,
#'   `weight_gradient` and `selected_gradient`, or the reason in `no_gradient`; `documentation` and
#'   `mathematics`.
#' @seealso The help pages [operations] and [reductions], which are made from these tables.
#' @export
#' @examples
#' keops_operations()
#' keops_operations()[["name"]]
#' subset(keops_operations(), topic == "Norms and distances")
#' keops_reductions()
keops_operations <- function() {
  public_rows(cpp_operations())
}

#' @rdname keops_operations
#' @export
keops_reductions <- function() {
  public_rows(cpp_reductions())
}

#' The operations of a formula
#'
#' A formula is made of variables, numbers, operators, parentheses and the operations below. Every
#' formula is a vector for each pair of rows. In operations that work component by component, an
#' argument of dimension 1 is used for every component of the others.
#'
#' @section Syntax:
#' Operators bind in this order, tightest first:
#'
#' * `x ^ y` or `x ** y`, a power, from right to left; exponents that are whole numbers, 0.5 or -0.5
#'   are fast;
#' * `-x`, so `-x^2` is `-(x^2)`;
#' * `x * y` and `x / y`, component by component;
#' * `x + y` and `x - y`;
#' * `x | y`, the scalar product;
#' * `x == y`, `x != y`, `x < y`, `x <= y`, `x > y` and `x >= y`: 1 where it holds, otherwise 0.
#'
#' Comparisons cannot be chained: write `And(x < y, y < z)`. As a scalar product binds less tightly
#' than a sum, it is best put in parentheses.
#'
#' In calls, `x`, `y`, `z` and `w` stand for formulas and the other names for whole numbers,
#' written as such: `Extract(x, 0, 2)`. Names with brackets stand for lists of whole numbers,
#' `[2, 3]`; a name with a question mark may be left out.
#'
#' Numbers are written as in R, `0.1`, `3`, `1e-8`, and have full precision. `RatCst(p, q)` is the
#' quotient of two whole numbers, `IntCst(n)` and `IntInv(n)` are n and 1 / n, and `Zero(n)` is a
#' vector of n zeros.
#'
#' `IndexI()` and `IndexJ()` are the numbers of the rows i and j, from 1 on; `CountI()` and
#' `CountJ()` are how many rows there are. So `(IndexI() != IndexJ()) * f` leaves out the pairs of
#' a row with itself.
#'
#' Besides the declared ones, variables may be declared in place, `Vi(position, dimension)`, where
#' the position counts the inputs from 0; likewise `Vj` and `Pm`.
#'
#' @section Conventions:
#' * Components of vectors are counted from 0, rows from 1.
#' * In formulas of sums, products and exponentials, results below the smallest normal number, 1e-38
#'   in float32 and 2e-308 in float64, may be 0.
#' * Of several largest or smallest components the first one counts.
#' * A truth value is 1 or 0; any number but 0 is true. Comparisons with `NaN` are 0, `!=` is 1.
#' * Derivatives at kinks and poles are what each operation says, mostly 0: those of `Abs`, `Sqrt`
#'   and `Norm2` at 0 are 0. Steps, comparisons and numbers of components have the derivative 0.
#' * Matrices and tensors are vectors of their entries, the last index running fastest (row by
#'   row). Complex vectors have the real and the imaginary part of each component side by side.
#'
#' @section Derivatives:
#' With `g`, the adjoint of the result (the derivative of what is computed in it), and `out`, the
#' result, the tables show what each argument's adjoint receives. An operation with a definition is
#' differentiated as that. Derivatives are formulas, so they have derivatives themselves.
#'
#' @eval rd_operations()
#' @name operations
#' @seealso [keops_operations()] for this table as a data frame, [keops_operation()] for operations
#'   of your own, [reductions], [keops_kernel()]
NULL

#' The reductions of a formula
#'
#' A formula `f` is reduced over all rows of one side: `Sum_Reduction(f, 0)` over j, with one row of
#' the result for each i; `Sum_Reduction(f, 1)` over i, with one row for each j; `Sum_Reduction(f,
#' 2)` over both, with one row. Each component of a vector is reduced by itself.
#'
#' @section Kinds:
#' * Weighted reductions take a second formula: `SumSoftMaxWeight_Reduction(f, w, 0)`. One of the
#'   two has dimension 1, or both have the same.
#' * The K best values or rows are asked for by a number: `KMin_Reduction(f, 5, 0)`. The result is a
#'   matrix rows x K, or for vectors an array rows x K x dimension. K may be larger than the number
#'   of rows.
#' * Reductions with several results return a list of them.
#' * Row numbers need one side that is reduced, 0 or 1.
#'
#' @section Formulas of results:
#' Results that are indexed alike can be put together in a formula, with variables of the same side
#' and parameters: `Sum_Reduction(k * b, 0) / Sum_Reduction(k, 0)`. A result may also stand inside a
#' reduction that needs it for each pair. Several formulas are computed together, in one pass over
#' the pairs where they reduce the same side: `keops_kernel(c(value = "...", gradient = "..."),
#' args)` returns a list with their names. `Grad(reduction, variable, eta)` is the gradient of the
#' sum of the result times `eta`, and `Diff(reduction, variable, v)` the derivative in the direction
#' `v`.
#'
#' @section Conventions:
#' Row numbers count from 1, and are `NA` where there is no such row. Ties go to the lowest row.
#' `NaN` passes into sums, products and exponentials, and is skipped by minima, maxima and ranks.
#' Gradients of minima, maxima and ranks go to the rows that were chosen.
#'
#' @section Derivatives:
#' The tables show what the adjoint of the formula `F` receives from `g`, that of the result `out`;
#' `W` is the weight, `count` the number of reduced rows, and `category` stands for the last
#' argument of the reduction.
#'
#' @eval rd_reductions()
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
  # The second column starts after most of the first; a few long calls push theirs to the right.
  start <- min(max(nchar(usage), 0L), 32L)
  lines <- paste0(formatC(usage, width = -start), "  ", x$documentation)
  cut_off(lines, max(getOption("width"), 40L))
}

# What users see of a table: without the rows that only texts of rows may use.
public_rows <- function(rows) {
  rows <- rows[!rows$internal, setdiff(names(rows), "internal")]
  rownames(rows) <- NULL
  class(rows) <- c("keops_table", "data.frame")
  rows
}

# How a row is typed in a formula: "Extract(x, s, n)", "KMin_Reduction(f, K, 0)".
table_usage <- function(rows) {
  if (is.null(rows$arguments)) {
    inner <- paste0("f", ifelse(rows$weighted, ", w", ""), ifelse(rows$ranked, ", K", ""), ", 0")
    return(paste0(rows$name, "_Reduction(", inner, ")"))
  }
  inner <- Map(
    function(count, parameters) {
      paste(c(c("x", "y", "z", "w")[seq_len(count)], split_list(parameters)), collapse = ", ")
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

# The Rd sections of a page. Where the compiled code is not loaded, only a pointer to the function.
rd_sections <- function(write, pointer) {
  tryCatch(
    paste(c("@rawRd", write()), collapse = "\n"),
    error = function(e) paste0("@rawRd \\section{Table}{See \\code{", pointer, "}.}")
  )
}

rd_operations <- function() {
  rd_sections(pointer = "keops_operations()", write = function() {
    rows <- keops_operations()
    topics <- lapply(unique(rows$topic), function(topic) {
      rd_section(topic, rd_items(rows[rows$topic == topic, ], operation_facts))
    })
    c(unlist(topics), rd_section("Other ways of writing", rd_synonyms(FALSE)))
  })
}

rd_reductions <- function() {
  rd_sections(pointer = "keops_reductions()", write = function() {
    c(
      rd_section("Table", rd_items(keops_reductions(), reduction_facts)),
      rd_section("Other ways of writing", rd_synonyms(TRUE))
    )
  })
}

rd_section <- function(title, items) {
  c(sprintf("\\section{%s}{", title), "\\describe{", items, "}", "}")
}

# One item for each row: usage, documentation, mathematics and facts. Mathematics is left out of
# plain text, which would show its LaTeX source.
rd_items <- function(rows, facts) {
  vapply(seq_len(nrow(rows)), function(k) {
    row <- rows[k, ]
    sprintf(
      "  \\item{\\code{%s}%s}{%s \\if{html,latex}{\\eqn{%s}.}\n\n%s}",
      rd_escape(table_usage(row)),
      unless_empty(", \\code{", rd_escape(table_short_form(row)), "}"),
      rd_escape(row$documentation), rd_percent(row$mathematics),
      paste(facts(as.list(row)), collapse = "\n\n")
    )
  }, "")
}

rd_code <- function(text) {
  paste0("\\code{", rd_escape(text), "}")
}

# "label code", or nothing where there is no text.
rd_fact <- function(label, text) {
  if (any(nzchar(text))) paste0(label, " ", paste(text, collapse = ", "), ".")
}

operation_facts <- function(row) {
  c(
    rd_fact("Dimension:", operation_dimension(row)),
    rd_fact("Derivative:", operation_derivative(row)),
    rd_fact("In R:", if (nzchar(row$reference)) rd_code(row$reference) else "")
  )
}

operation_dimension <- function(row) {
  if (nzchar(row$dimension)) {
    return(rd_code(row$dimension))
  }
  if (row$kind == "composite") {
    return("that of the definition")
  }
  if (row$arguments == 1L) rd_code("dim(x)") else "the largest of the arguments'"
}

operation_derivative <- function(row) {
  if (row$kind == "composite") {
    return(paste("that of the definition,", rd_code(row$definition)))
  }
  if (row$kind == "differential") {
    return("that of the formula that it means")
  }
  contributions <- trimws(strsplit(paste0(row$gradient, " "), " ; ", fixed = TRUE)[[1L]])
  letters <- c("x", "y", "z", "w")[seq_along(contributions)]
  texts <- ifelse(nzchar(contributions), rd_code(contributions), "none")
  if (row$arguments == 1L) texts else paste(texts, "in", rd_code(letters))
}

reduction_facts <- function(row) {
  outputs <- split_list(row$outputs)
  names <- rd_code(sub(":.*", "", outputs))
  types <- c(value = "numbers", index = "row numbers", logical = "truth values")
  types <- types[sub(".*:", "", outputs)]
  several <- length(outputs) > 1L
  if (several) types <- sprintf("%s (%s)", names, types)
  c(
    rd_fact(if (several) "Results:" else "Result:", types),
    if (nzchar(row$synonyms)) {
      rd_fact("Synonym:", rd_code(paste0(split_list(row$synonyms), "_Reduction")))
    },
    rd_fact("Derivative:", reduction_derivative(row)),
    rd_fact("In R:", rd_code(row$reference))
  )
}

reduction_derivative <- function(row) {
  if (nzchar(row$no_gradient)) {
    return(paste("none:", rd_escape(row$no_gradient)))
  }
  parts <- c(
    if (nzchar(row$gradient)) rd_code(row$gradient),
    if (nzchar(row$weight_gradient)) paste(rd_code(row$weight_gradient), "for the weights"),
    if (nzchar(row$selected_gradient)) {
      paste(rd_code(row$selected_gradient), "at the chosen rows")
    }
  )
  sub("SelectEntry(g, Entry(), dim(F))", "g", parts, fixed = TRUE)
}

rd_synonyms <- function(of_reductions) {
  rows <- cpp_synonyms()
  rows <- rows[grepl("_Reduction$", rows$name) == of_reductions, ]
  letters <- lapply(rows$arguments, function(count) c("x", "y", "z", "w")[seq_len(count)])
  usage <- sprintf("%s(%s)", rows$name, vapply(letters, paste, "", collapse = ", "))
  sprintf(
    "  \\item{\\code{%s}}{%s In full: \\code{%s}.}", rd_escape(usage),
    rd_escape(rows$documentation), rd_escape(rows$formula)
  )
}

rd_percent <- function(text) {
  gsub("%", "\\%", text, fixed = TRUE)
}

rd_escape <- function(text) {
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  rd_percent(gsub("([{}])", "\\\\\\1", text))
}
