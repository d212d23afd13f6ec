#' Symbolic matrices
#'
#' @description
#' A LazyTensor of dimension 1 that depends on i and j is a symbolic matrix: its rows are i, its
#' columns j, and its entries are computed when they are needed. It works where matrices do:
#'
#' * `dim`, `nrow`, `ncol`, `dimnames`, `t`, `print`, `format`, `summary`, `str`;
#' * `K %*% b` and `t(K) %*% b` for vectors and matrices `b`, `b %*% K`;
#' * `rowSums`, `colSums`, `rowMeans`, `colMeans`, `diag`;
#' * `K[i, ]`, `K[, j]`, `K[i, j]`, with numbers, names or logical values: a smaller symbolic
#'   matrix, or, where one row, column or entry is left and `drop = TRUE`, plain numbers; `K[k]` and
#'   `K[cbind(i, j)]` are plain numbers too;
#' * `as.matrix(K)` computes all entries, see [as.matrix.LazyTensor()];
#' * `sum(K, index = "j")`, `min`, `max`, `range`, `argmin`, `argKmin`, `logsumexp` and more, see
#'   [lazy-reductions].
#'
#' A product of symbolic matrices, `K1 %*% K2`, is a `LazyProduct`: `K1 %*% K2 %*% b` is computed
#' from right to left, without a product of matrices. [as_operator()] hands a symbolic matrix to
#' solvers.
#'
#' @details
#' `crossprod(K, b)` works in R 4.4 and later, where `crossprod()` knows classes; before that write
#' `t(K) %*% b` or `kernelops::crossprod(K, b)`, see [keops_mask()].
#'
#' @name symbolic-matrices
#' @aliases dim.LazyTensor t.LazyTensor diag.LazyTensor rowSums.LazyTensor
#'   %*%,LazyTensor,ANY-method %*%,ANY,LazyTensor-method %*%,LazyTensor,LazyTensor-method
#'   %*%,LazyProduct,ANY-method %*%,ANY,LazyProduct-method %*%,LazyProduct,LazyProduct-method
#'   %*%,LazyProduct,LazyTensor-method %*%,LazyTensor,LazyProduct-method
#' @family LazyTensors
#' @examples
#' x <- matrix(runif(20), ncol = 2, dimnames = list(letters[1:10], NULL))
#' K <- exp(-sqdist(Vi(x), Vj(x)))
#' dim(K)
#' K
#' \donttest{
#' K %*% rep(1, 10)
#' rowSums(K)
#' diag(K)
#' K["a", ]
#' as.matrix(K[1:3, 1:3])
#' K %*% K %*% rep(1, 10)
#' }
NULL

#' @export
dim.LazyTensor <- function(x) {
  sizes <- tensor_sizes(x@variables)
  c(unname(sizes), if (inner_dimension(x) > 1) as.integer(inner_dimension(x)))
}

#' @export
length.LazyTensor <- function(x) {
  size <- prod(dim(x))
  if (is.na(size)) NA_integer_ else size
}

#' @export
dimnames.LazyTensor <- function(x) {
  names <- c(
    list(side_names(x@variables, "Vi"), side_names(x@variables, "Vj")),
    if (inner_dimension(x) > 1) list(NULL)
  )
  if (all(vapply(names, is.null, TRUE))) NULL else names
}

# The row names of the first variable of a side that has some.
side_names <- function(variables, kind) {
  for (variable in variables) {
    if (variable$kind == kind && !is.null(rownames(variable$data))) {
      return(rownames(variable$data))
    }
  }
  NULL
}

#' @export
t.LazyTensor <- function(x) {
  replace_variables(x, mirrored)
}

# The variable on the other side; it is made once, so that K + t(K) knows what the two share.
mirrored <- function(variable) {
  if (variable$kind == "Pm") {
    return(variable)
  }
  if (is.null(variable$mirror)) {
    mirror <- list2env(as.list(variable), parent = emptyenv())
    mirror$kind <- if (variable$kind == "Vi") "Vj" else "Vi"
    mirror$mirror <- variable
    variable$mirror <- mirror
  }
  variable$mirror
}

check_matrix <- function(x, what) {
  if (x@dimension > 1) {
    raise_error("dimension", sprintf(
      "%s needs a symbolic matrix, a LazyTensor of dimension 1\n  given: dimension %s",
      what, format_size(inner_dimension(x))
    ))
  }
  check_has_data(x)
}

check_has_data <- function(x) {
  if (!has_data(x@variables)) {
    raise_error("argument", "the variables of the LazyTensor have no data")
  }
}

# Entries at pairs of row numbers, one row of the result for each pair. All variables are gathered
# along i, so that the formula has no other side.
tensor_entries <- function(x, i, j) {
  kinds <- variable_kinds(x)
  expression <- as.call(list(as.name("Sum_Reduction"), x@expression, "0"))
  parts <- formula_parts(
    expression, x@variables, ifelse(kinds == "Pm", "Pm", "Vi")
  )
  at <- list(Vi = i, Vj = j)
  data <- Map(function(values, kind) {
    if (kind == "Pm") values else unname(fetched(values)[at[[kind]], , drop = FALSE])
  }, parts$data, kinds)
  values <- new_operator(parts$formula, parts$args, "auto")(unname(data))
  if (is.ComplexLazyTensor(x)) values <- complex_of(values)
  if (nrow(values) == length(i)) values else values[rep(1L, length(i)), , drop = FALSE]
}

# Row numbers that an index of `[` means.
index_rows <- function(index, size, names, argument) {
  if (is.character(index)) {
    rows <- match(index, names)
  } else if (is.logical(index) && length(index) > size) {
    rows <- NA
  } else if ((is.numeric(index) || is.logical(index)) && !is.object(index)) {
    rows <- seq_len(size)[index]
  } else {
    rows <- NA
  }
  if (anyNA(rows)) {
    raise_argument_error(argument, sprintf(
      "row numbers from 1 to %s%s", format_size(size),
      if (is.null(names)) "" else ", names or logical values"
    ), index)
  }
  rows
}

# Pairs of row numbers that places in a matrix mean, counted down the columns.
pairs_of_places <- function(places, sizes) {
  last <- prod(sizes)
  if (is.object(places) || !is.numeric(places) || anyNA(places) ||
    any(places < 1 | places > last)) {
    raise_argument_error("i", paste("numbers of entries from 1 to", format_size(last)), places)
  }
  places <- floor(as.double(places)) - 1
  list(i = places %% sizes[1L] + 1, j = places %/% sizes[1L] + 1)
}

#' @export
`[.LazyTensor` <- function(x, i, j, ..., drop = TRUE) {
  check_has_data(x)
  if (...length() > 0L) {
    raise_error("argument", "a LazyTensor is indexed by rows i and rows j: x[i, j]")
  }
  sizes <- dim(x)[1:2]
  if (nargs() - (!missing(drop)) == 2L && !missing(i)) {
    check_matrix(x, "x[k]")
    return(single_entries(x, i, sizes))
  }
  names <- list(side_names(x@variables, "Vi"), side_names(x@variables, "Vj"))
  rows <- if (missing(i)) NULL else index_rows(i, sizes[1L], names[[1L]], "i")
  columns <- if (missing(j)) NULL else index_rows(j, sizes[2L], names[[2L]], "j")
  part <- replace_variables(x, function(variable) {
    chosen <- switch(variable$kind, Vi = rows, Vj = columns)
    if (is.null(chosen)) {
      return(variable)
    }
    new_variable(variable$kind, variable$dimension, fetched(variable$data)[chosen, , drop = FALSE])
  })
  left <- c(
    if (is.null(rows)) sizes[1L] else length(rows),
    if (is.null(columns)) sizes[2L] else length(columns)
  )
  if (drop && x@dimension == 1 + is.ComplexLazyTensor(x) && any(left == 1L)) {
    return(drop(tensor_array(part, left)))
  }
  part
}

# x[k] and x[cbind(i, j)].
single_entries <- function(x, i, sizes) {
  pairs <- if (is.matrix(i) && ncol(i) == 2L && is.numeric(i)) {
    list(
      i = index_rows(i[, 1L], sizes[1L], NULL, "i"), j = index_rows(i[, 2L], sizes[2L], NULL, "j")
    )
  } else if (is.logical(i) && length(i) == prod(sizes)) {
    pairs_of_places(which(i), sizes)
  } else {
    pairs_of_places(i, sizes)
  }
  if (length(pairs$i) == 0L) {
    return(numeric())
  }
  as.vector(tensor_entries(x, pairs$i, pairs$j))
}

# All entries as an array rows x columns x dimension, computed some columns at a time.
tensor_array <- function(x, sizes = dim(x)[1:2]) {
  inner <- inner_dimension(x)
  out <- array(if (is.ComplexLazyTensor(x)) NA_complex_ else NA_real_, c(sizes, inner))
  at_once <- max(1, floor(2e6 / max(1, sizes[1L] * sum(
    vapply(x@variables, `[[`, 0L, "dimension"), 1L
  ))))
  # Entries are gathered on the CPU: numbers of a GPU are fetched once for all of them.
  x <- replace_variables(x, function(variable) {
    if (!is_on_gpu(variable$data)) {
      return(variable)
    }
    new_variable(variable$kind, variable$dimension, as.matrix(variable$data))
  })
  start <- 1
  while (start <= sizes[2L] && sizes[1L] > 0L) {
    columns <- seq(start, min(start + at_once - 1, sizes[2L]))
    values <- tensor_entries(
      x, rep(seq_len(sizes[1L]), times = length(columns)), rep(columns, each = sizes[1L])
    )
    out[, columns, ] <- values
    start <- start + at_once
  }
  dim(out) <- c(sizes, if (inner > 1) inner)
  dimnames(out) <- dimnames(x)
  out
}

#' All entries of a symbolic matrix
#'
#' Computes all entries of a LazyTensor and stores them. That is what LazyTensors are there to
#' avoid, so it is refused where it would take much memory.
#'
#' @param x A LazyTensor or a product of symbolic matrices. `as.matrix()` needs dimension 1,
#'   `as.array()` gives rows x columns x dimension.
#' @param force Whether to do it if the entries take more than 1 GB.
#' @param ... Not used.
#' @return A matrix or an array of numbers.
#' @family LazyTensors
#' @export
#' @examples
#' \donttest{
#' x <- matrix(runif(10), ncol = 2)
#' as.matrix(sqdist(Vi(x), Vj(x)))
#' }
as.matrix.LazyTensor <- function(x, force = FALSE, ...) {
  check_matrix(x, "as.matrix()")
  check_dense_size(x, force)
  tensor_array(x)
}

#' @rdname as.matrix.LazyTensor
#' @export
as.array.LazyTensor <- function(x, force = FALSE, ...) {
  check_has_data(x)
  check_dense_size(x, force)
  tensor_array(x)
}

most_dense_bytes <- 1e9

check_dense_size <- function(x, force) {
  if (!is_flag(force)) {
    raise_argument_error("force", "TRUE or FALSE", force)
  }
  bytes <- dense_bytes(x)
  if (!force && bytes > most_dense_bytes) {
    raise_error("memory", sprintf(
      paste0(
        "all entries of this LazyTensor take %s bytes (%s)\n  It is %s.\n  as.matrix(x, force = ",
        "TRUE) computes them all the same."
      ), format(bytes, big.mark = ",", scientific = FALSE), format_bytes(bytes),
      paste(format(dim(x), scientific = FALSE, trim = TRUE), collapse = " x ")
    ), list(bytes = format(bytes, scientific = FALSE)))
  }
}

dense_bytes <- function(x) {
  prod(as.double(dim(x))) * if (is.ComplexLazyTensor(x)) 16 else 8
}

#' @export
is.matrix.LazyTensor <- function(x) {
  x@dimension == 1 + is.ComplexLazyTensor(x) && has_data(x@variables)
}

# base::rowSums() and its like ask is.array() of their argument, and then add the numbers it holds.
# A symbolic matrix holds none, so it puts the matrix of its sums, one column or one row, in its
# place.
#' @export
is.array.LazyTensor <- function(x) {
  caller <- sys.function(sys.parent())
  place <- parent.frame()
  for (name in names(side_functions)) {
    if (identical(caller, get(name, envir = baseenv())) && identical(place$x, x)) {
      check_matrix(x, paste0(name, "()"))
      place$x <- side_functions[[name]](x)
    }
  }
  TRUE
}

side_functions <- list(
  rowSums = function(x) reduce_tensor(x, "Sum", "j"),
  colSums = function(x) t(reduce_tensor(x, "Sum", "i")),
  rowMeans = function(x) reduce_tensor(x, "Mean", "j"),
  colMeans = function(x) t(reduce_tensor(x, "Mean", "i"))
)

#' @export
print.LazyTensor <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

setMethod("show", "LazyTensor", function(object) print(object))

#' @export
format.LazyTensor <- function(x, ...) {
  format(summary(x))
}

#' @export
summary.LazyTensor <- function(object, ...) {
  parts <- formula_parts(object@expression, object@variables)
  kinds <- variable_kinds(object)
  structure(
    list(
      class = class(object)[1L],
      formula = parts$formula,
      variables = data.frame(
        name = parts$names,
        kind = kinds,
        dimension = vapply(object@variables, `[[`, 0L, "dimension"),
        rows = vapply(object@variables, function(variable) {
          if (is.null(variable$data)) NA_integer_ else nrow(variable$data)
        }, 0L),
        bytes = vapply(object@variables, function(variable) {
          8 * as.double(length(variable$data))
        }, 0),
        is_number = vapply(object@variables, `[[`, TRUE, "is_number"),
        value = vapply(object@variables, function(variable) {
          is_number <- length(variable$data) == 1L && !is_on_gpu(variable$data)
          if (is_number) variable$data[[1L]] else NA_real_
        }, 0),
        gpu = vapply(object@variables, function(variable) {
          if (is_on_gpu(variable$data)) unclass(variable$data)$device else NA_integer_
        }, 0L)
      ),
      dim = dim(object),
      dense_bytes = dense_bytes(object)
    ),
    class = "summary.LazyTensor"
  )
}

#' @export
print.summary.LazyTensor <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.summary.LazyTensor <- function(x, ...) {
  c(
    sprintf("<%s> %s", x$class, format_extent(x$dim, x$variables$kind)),
    labelled("formula", format_formulas(x$formula)),
    labelled("variables", format_variables(x$variables)),
    if (!is.na(x$dense_bytes)) {
      labelled("memory", sprintf(
        "%s of data; all entries would take %s",
        format_bytes(sum(x$variables$bytes)), format_bytes(x$dense_bytes)
      ))
    }
  )
}

# "1000 x 2000 symbolic matrix", "1000 rows i of dimension 3", "parameter of dimension 3".
format_extent <- function(dim, kinds) {
  sizes <- vapply(dim[1:2], format_size, "")
  dimension <- if (length(dim) == 3L) dim[3L] else 1L
  sides <- c("Vi", "Vj") %in% kinds
  if (all(sides)) {
    vectors <- if (dimension > 1L) sprintf(" of vectors of dimension %d", dimension) else ""
    return(paste0(sizes[1L], " x ", sizes[2L], " symbolic matrix", vectors))
  }
  what <- if (any(sides)) paste(sizes[sides], "rows", c("i", "j")[sides]) else "parameter"
  sprintf("%s of dimension %d", what, as.integer(dimension))
}

variable_kinds <- function(x) {
  vapply(x@variables, `[[`, "", "kind")
}

format_variables <- function(variables) {
  if (nrow(variables) == 0L) {
    return("none")
  }
  sides <- c(Vi = "rows i", Vj = "rows j")
  what <- ifelse(
    variables$kind == "Pm",
    ifelse(is.na(variables$value), "parameter", paste("parameter", signif(variables$value, 6))),
    paste(
      ifelse(is.na(variables$rows), "", format(variables$rows, scientific = FALSE, trim = TRUE)),
      sides[variables$kind]
    )
  )
  place <- ifelse(is.na(variables$gpu), "", paste(" on GPU", variables$gpu))
  lines <- sprintf(
    "%s = %s(%d)  %s%s", format(variables$name), variables$kind, variables$dimension, trimws(what),
    place
  )
  first_lines(lines)
}

#' @importFrom utils str
#' @export
str.LazyTensor <- function(object, ...) {
  cat(sprintf(" %s, %s\n", class(object)[1L], format_extent(dim(object), variable_kinds(object))))
}

# What RKeOps keeps in a LazyTensor.
#' @export
`$.LazyTensor` <- function(x, name) {
  parts <- formula_parts(x@expression, x@variables)
  switch(name,
    formula = parts$formula,
    args = gsub(" ", "", parts$args),
    data = parts$data,
    dimres = inner_dimension(x),
    NULL
  )
}
