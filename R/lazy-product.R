# A product of symbolic matrices and plain ones, in the order they are written. It is computed from
# right to left, one matrix after the other.
setClass("LazyProduct", slots = c(factors = "list"))

# `%*%` where one side is a LazyTensor or a product of such.
lazy_product <- function(x, y) {
  if (is.LazyTensor(y) && has_kind(y@variables, "Vi")) {
    return(product_before(x, y))
  }
  if (is(y, "LazyProduct")) {
    return(product_before(x, y))
  }
  if (is(x, "LazyProduct")) {
    return(apply_factors(x@factors, y))
  }
  if (is.LazyTensor(y)) {
    return(reduce_tensor(x * y, "Sum", "j"))
  }
  symbolic_times(x, y)
}

# A symbolic matrix times numbers, one row for each j.
symbolic_times <- function(x, y) {
  y <- plain_factor(y)
  columns <- if (is.null(dim(y))) 1L else ncol(y)
  if (has_data(x@variables)) {
    rows <- if (is.null(dim(y))) length(y) else nrow(y)
    check_conformable(dim(x)[2L], rows)
  }
  if (columns > 1L) check_matrix(x, "K %*% b")
  reduce_tensor(x * Vj(y), "Sum", "j")
}

plain_factor <- function(y) {
  if (is.data.frame(y)) y <- as.matrix(y)
  if (is_on_gpu(y)) {
    return(y)
  }
  if (is.object(y) || !(is.numeric(y) || is.complex(y) || is.logical(y)) || length(dim(y)) > 2L) {
    raise_argument_error("y", "a vector or matrix of numbers", y)
  }
  y
}

check_conformable <- function(columns, rows) {
  if (!is.na(columns) && !is.na(rows) && columns != rows) {
    raise_error("dimension", sprintf(
      "the right side of the product must have as many rows as the left columns, %s\n  given: %s",
      format_size(columns), format_size(rows)
    ), list(expected = format_size(columns), actual = format_size(rows)))
  }
}

# Something before a symbolic matrix or a product of such: numbers are applied from the left, and
# another symbolic matrix makes a longer product.
product_before <- function(x, y) {
  if (is.LazyTensor(x) || is(x, "LazyProduct")) {
    factors <- c(factors_of(x), factors_of(y))
    check_conformable(ncol(x), nrow(y))
    return(new("LazyProduct", factors = factors))
  }
  # What is on a GPU cannot be transposed there.
  x <- fetched(plain_factor(x))
  if (is.null(dim(x))) x <- matrix(x, nrow = if (length(x) == nrow(y)) 1L else length(x))
  check_conformable(ncol(x), nrow(y))
  t(t(y) %*% t(x))
}

factors_of <- function(x) {
  if (is(x, "LazyProduct")) {
    return(x@factors)
  }
  check_matrix(x, "a product of symbolic matrices")
  list(x)
}

apply_factors <- function(factors, y) {
  y <- plain_factor(y)
  for (factor in rev(factors)) y <- factor %*% y
  y
}

for (kinds in list(
  c("LazyTensor", "ANY"), c("ANY", "LazyTensor"), c("LazyTensor", "LazyTensor"),
  c("LazyProduct", "ANY"), c("ANY", "LazyProduct"), c("LazyProduct", "LazyProduct"),
  c("LazyProduct", "LazyTensor"), c("LazyTensor", "LazyProduct")
)) {
  setMethod("%*%", kinds, function(x, y) lazy_product(x, y))
}
rm(kinds)

#' @export
dim.LazyProduct <- function(x) {
  c(nrow(x@factors[[1L]]), ncol(x@factors[[length(x@factors)]]))
}

#' @export
t.LazyProduct <- function(x) {
  new("LazyProduct", factors = rev(lapply(x@factors, t)))
}

#' @rdname as.matrix.LazyTensor
#' @export
as.matrix.LazyProduct <- function(x, force = FALSE, ...) {
  check_dense_size(x, force)
  x %*% diag(ncol(x))
}

#' @export
is.matrix.LazyProduct <- function(x) {
  TRUE
}

#' @export
`[.LazyProduct` <- function(x, ...) {
  raise_error("unsupported", paste0(
    "a product of symbolic matrices has no entries of its own\n  Multiply it by columns of the ",
    "identity matrix, or compute as.matrix()."
  ))
}

for (bind in c("cbind2", "rbind2")) {
  for (kinds in list(c("LazyTensor", "ANY"), c("ANY", "LazyTensor"))) {
    setMethod(bind, kinds, function(x, y, ...) {
      raise_error("unsupported", paste0(
        "LazyTensors cannot be bound together\n  concat() joins components, and rows are joined ",
        "before they become a LazyTensor."
      ))
    })
  }
}
rm(bind, kinds)

#' @export
summary.LazyProduct <- function(object, ...) {
  object
}

#' @export
print.LazyProduct <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

setMethod("show", "LazyProduct", function(object) print(object))

#' @export
format.LazyProduct <- function(x, ...) {
  factors <- vapply(x@factors, function(factor) {
    sprintf("%s  %s", paste(dim(factor), collapse = " x "), factor$formula)
  }, "")
  c(
    sprintf("<LazyProduct> %s product of symbolic matrices", paste(dim(x), collapse = " x ")),
    labelled("factors", factors)
  )
}

#' A symbolic matrix for iterative solvers
#'
#' Solvers for eigenvalues, singular values and linear systems need no matrix, but functions that
#' multiply by it. `as_operator()` gives them in the form that `RSpectra` takes. `irlba::irlba()`
#' takes symbolic matrices as they are.
#'
#' @param K A symbolic matrix, see [symbolic-matrices], or a product of such.
#' @return A list of class `keops_linear_operator`: `A` and `Atrans`, functions of a vector `x` and
#'   `args` that return `K %*% x` and `t(K) %*% x` as vectors; `dim`; and `args`, what the functions
#'   need of it.
#' @family LazyTensors
#' @export
#' @examples
#' x <- matrix(runif(60), ncol = 2)
#' o <- as_operator(exp(-sqdist(Vi(x), Vj(x))))
#' o$dim
#' \donttest{
#' if (requireNamespace("RSpectra", quietly = TRUE)) {
#'   RSpectra::eigs_sym(o$A, 3, n = o$dim[1], args = o$args)$values
#' }
#' }
as_operator <- function(K) {
  if (!is(K, "LazyProduct")) {
    check_tensor(K, "K")
    check_matrix(K, "as_operator()")
  }
  structure(
    list(
      A = function(x, args) as.vector(args$K %*% x),
      Atrans = function(x, args) as.vector(args$transposed %*% x),
      dim = dim(K),
      args = list(K = K, transposed = t(K))
    ),
    class = "keops_linear_operator"
  )
}

#' @export
print.keops_linear_operator <- function(x, ...) {
  cat(sprintf("<keops_linear_operator> %s\n", paste(x$dim, collapse = " x ")))
  invisible(x)
}
