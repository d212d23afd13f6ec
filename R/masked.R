# Functions whose names belong to base R or stats, where they know no classes. They are exported, so
# that `kernelops::atan2` works, but kept off the search path: library(kernelops) masks nothing.
masked_names <- c("atan2", "crossprod", "ifelse", "step", "tcrossprod")

.onAttach <- function(libname, pkgname) {
  rm(list = masked_names, envir = as.environment(paste0("package:", pkgname)))
}

#' Functions of base R that do not know LazyTensors
#'
#' `atan2()`, `ifelse()`, `step()`, and before R 4.4 `crossprod()` and `tcrossprod()`, are functions
#' of base R and stats that cannot be taught about classes. The package has its own, which work on
#' LazyTensors and hand everything else to R's. They are not on the search path, since
#' `library(kernelops)` masks nothing: write `kernelops::atan2(y, x)`, or call `keops_mask()` once
#' to define all of them where it is called. `base::ifelse()` works with LazyTensors as it is.
#'
#' @param y,x,test,yes,no,object LazyTensors, or what R's functions take.
#' @param ... Passed to R's functions.
#' @param envir Where the functions are to be defined.
#' @return `keops_mask()` returns the names of the functions, invisibly; the others a LazyTensor or
#'   what R's function returns; the cross products of symbolic matrices are numbers or a product of
#'   symbolic matrices.
#' @family LazyTensors
#' @export
#' @examples
#' x <- Vi(matrix(runif(5)))
#' kernelops::atan2(x, 2)
#' local({
#'   keops_mask()
#'   step(x - 0.5)
#' })
keops_mask <- function(envir = parent.frame()) {
  list2env(mget(masked_names, envir = topenv()), envir = envir)
  invisible(masked_names)
}

is_symbolic <- function(...) {
  any(vapply(list(...), function(x) is.LazyTensor(x) || is(x, "LazyProduct"), TRUE))
}

#' @rdname keops_mask
#' @export
atan2 <- function(y, x) {
  if (is_symbolic(y, x)) arctan2(y, x) else base::atan2(y, x)
}

#' @rdname keops_mask
#' @export
ifelse <- function(test, yes, no) {
  if (is_symbolic(test)) {
    return(lazy_ifelse(test, yes, no))
  }
  base::ifelse(test, yes, no)
}

#' @rdname keops_mask
#' @export
step <- function(object, ...) {
  if (is_symbolic(object) || (is.numeric(object) && ...length() == 0L)) {
    return(unit_step(object))
  }
  stats::step(object, ...)
}

# stats::step() asks for the terms of a model first.
#' @importFrom stats terms
#' @export
terms.LazyTensor <- function(x, ...) {
  raise_error(
    "argument", paste0(
      "stats::step() selects models\n  given: a LazyTensor\n  Write unit_step(x) or ",
      "kernelops::step(x) for the step function."
    ), list(argument = "object")
  )
}

#' @rdname keops_mask
#' @export
crossprod <- function(x, y = NULL, ...) {
  if (is_symbolic(x, y)) t(x) %*% (if (is.null(y)) x else y) else base::crossprod(x, y, ...)
}

#' @rdname keops_mask
#' @export
tcrossprod <- function(x, y = NULL, ...) {
  if (is_symbolic(x, y)) x %*% t(if (is.null(y)) x else y) else base::tcrossprod(x, y, ...)
}

#' @rdname keops_mask
#' @exportS3Method base::crossprod
crossprod.LazyTensor <- function(x, y = NULL, ...) {
  crossprod(x, y)
}

#' @rdname keops_mask
#' @exportS3Method base::tcrossprod
tcrossprod.LazyTensor <- function(x, y = NULL, ...) {
  tcrossprod(x, y)
}

#' @rdname keops_mask
#' @exportS3Method base::crossprod
crossprod.LazyProduct <- crossprod.LazyTensor

#' @rdname keops_mask
#' @exportS3Method base::tcrossprod
tcrossprod.LazyProduct <- tcrossprod.LazyTensor
