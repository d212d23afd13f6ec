#' Errors
#'
#' @description
#' Every error of the package is a condition of class `kernelops_error` and of one class of its
#' kind, so that `tryCatch()` can tell them apart:
#'
#' | class                         | raised when                                             |
#' |-------------------------------|---------------------------------------------------------|
#' | `kernelops_error_syntax`      | the text is no formula                                  |
#' | `kernelops_error_dimension`   | dimensions of a formula do not fit                      |
#' | `kernelops_error_argument`    | an input or an option is wrong                          |
#' | `kernelops_error_unsupported` | the request is well-formed, but cannot be done          |
#' | `kernelops_error_compile`     | no compiler was found, or it failed                     |
#' | `kernelops_error_load`        | a compiled kernel cannot be loaded                      |
#' | `kernelops_error_device`      | a device refused the work                               |
#' | `kernelops_error_memory`      | there is not enough memory                              |
#' | `kernelops_error_interrupt`   | the user stopped the computation                        |
#' | `kernelops_error_internal`    | the package is at fault: please report it               |
#'
#' The message states the problem first, then what was given, then a hint. Details such as the name
#' of the argument or the log of the compiler are fields of the condition.
#'
#' @name kernelops-errors
#' @aliases kernelops_error
#' @examples
#' tryCatch(
#'   keops_kernel("Sum_Reduction(Exp(x, 0)", "x = Vi(3)"),
#'   kernelops_error_syntax = function(e) cat(conditionMessage(e), "\n")
#' )
NULL

# The one exit for errors, called by the R code and by the bindings.
raise_error <- function(kind, message, data = list()) {
  call <- readable_call(user_call(sys.nframe() - 1L))
  classes <- c(
    paste0("kernelops_error_", kind), "kernelops_error",
    if (kind == "interrupt") "interrupt", "error", "condition"
  )
  details <- data[setdiff(names(data), c("message", "call"))]
  stop(structure(c(list(message = message, call = call), details), class = classes))
}

# The call of the function of this package that the user called: from the innermost frame of ours,
# not after `frame`, outwards, as long as the caller is ours too. Frames of other packages may lie
# in between.
user_call <- function(frame) {
  parents <- sys.parents()
  while (frame > 0L && !is_package_function(sys.function(frame))) {
    frame <- frame - 1L
  }
  if (frame <= 0L) {
    return(NULL)
  }
  repeat {
    parent <- parents[frame]
    if (parent == 0L || parent == frame || !is_package_function(sys.function(parent))) {
      return(sys.call(frame))
    }
    frame <- parent
  }
}

# A call without the values that R puts into it when it dispatches.
readable_call <- function(call) {
  is_value <- vapply(as.list(call), function(part) is.object(part) || is.environment(part), TRUE)
  if (any(is_value)) as.call(list(call[[1L]], quote(...))) else call
}

is_package_function <- function(f) {
  inherits(f, "keops_operator") || identical(environment(f), topenv())
}

# An argument error: `argument` must be `expected`, but is `actual`.
raise_argument_error <- function(argument, expected, actual) {
  raise_error(
    "argument",
    sprintf("`%s` must be %s\n  given: %s", argument, expected, describe_value(actual)),
    list(argument = argument, expected = expected, actual = describe_value(actual))
  )
}

# A value in a few words, for error messages.
describe_value <- function(x) {
  if (is.null(x)) {
    return("NULL")
  }
  if (is.function(x)) {
    return("a function")
  }
  if (is.atomic(x) && is.null(dim(x)) && length(x) <= 3L) {
    return(substr(paste(deparse(unname(x)), collapse = " "), 1L, 60L))
  }
  if (is_on_gpu(x)) {
    return(sprintf("a %d x %d matrix on a GPU", nrow(x), ncol(x)))
  }
  if (is.matrix(x)) {
    return(sprintf("a %d x %d %s matrix", nrow(x), ncol(x), typeof(x)))
  }
  sprintf("an object of class %s and length %d", class(x)[1L], length(x))
}
