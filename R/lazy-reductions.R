#' Reductions of LazyTensors
#'
#' @description
#' A reduction over one side makes numbers of a LazyTensor: with `index = "j"` one row for each i,
#' with `index = "i"` one row for each j, with `index = "ij"` one row in all. `sum`, `prod`, `min`,
#' `max`, `range`, `any`, `all` and `mean` are R's own functions; without `index` `sum`, `min`,
#' `max`, `mean`, `argmin` and `argmax` go over the components of each vector and give a LazyTensor.
#'
#' @details
#' Each component of a vector is reduced by itself. Row numbers count from 1, ties go to the lowest
#' row. The conventions are those of [reductions], and `reduction.LazyTensor()` knows all reductions
#' of that table.
#'
#' Reductions of LazyTensors without data give an operator, see [keops_kernel()].
#'
#' @param x A LazyTensor.
#' @param index The side that is reduced: `"i"`, `"j"`, or `"ij"` for both.
#' @param K How many of the smallest or largest values; a whole number.
#' @param weight A LazyTensor, or numbers whose shape tells the side they belong to, see
#'   [lazy-operations].
#' @param opstr The name of a reduction of [keops_reductions()].
#' @param opt_arg `K` or the weight, for reductions that need one.
#' @return A matrix with one row for each row of the result and one column for each component; an
#'   array, rows x K x dimension, if the K best of vectors are asked for; a list where a reduction
#'   has several results, such as `min_argmin()`; complex numbers for a complex LazyTensor.
#'   `range()` with an index returns a list of `min` and `max`.
#' @name lazy-reductions
#' @aliases Summary.LazyTensor sum.LazyTensor min.LazyTensor max.LazyTensor mean.LazyTensor
#' @family LazyTensors
#' @examples
#' x <- Vi(matrix(runif(20), ncol = 2))
#' y <- Vj(matrix(runif(30), ncol = 2))
#' sum((x - y)^2)
#' \donttest{
#' sum(exp(-sqdist(x, y)), index = "j")
#' min(sqdist(x, y), index = "j")
#' argKmin(sqdist(x, y), K = 3, index = "j")
#' logsumexp(-sqdist(x, y), index = "j")
#' sumsoftmaxweight(-sqdist(x, y), index = "j", weight = y)
#' reduction.LazyTensor(sqdist(x, y), "Var", "j")
#' }
NULL

# What indexes the result, as the last argument of a reduction says it.
category_of_index <- function(index) {
  if (identical(index, c("i", "j"))) index <- "ij"
  category <- if (is_string(index)) match(index, c("j", "i", "ij")) else NA_integer_
  if (is.na(category)) {
    raise_argument_error("index", "\"i\", \"j\" or \"ij\"", index)
  }
  category - 1L
}

# Reduces a LazyTensor. `weight` is a LazyTensor, `rank` is K.
reduce_tensor <- function(x, reduction, index, rank = NULL, weight = NULL) {
  check_tensor(x)
  if (is.ComplexLazyTensor(x) && !reduction %in% c("Sum", "Mean")) {
    raise_error("unsupported", sprintf("`%s` is not defined for complex LazyTensors", reduction))
  }
  parts <- reduction_parts(x, reduction, index, rank, weight)
  if (!parts$has_data) {
    return(keops_kernel(parts$formula, parts$args))
  }
  result <- new_operator(parts$formula, parts$args, "auto")(parts$data)
  if (is.ComplexLazyTensor(x)) complex_of(result) else result
}

# The parts of an operator whose formula is a reduction of a LazyTensor.
reduction_parts <- function(x, reduction, index, rank = NULL, weight = NULL) {
  category <- category_of_index(index)
  if (!is.null(rank) && !is_count(rank)) {
    raise_argument_error("K", "a positive whole number", rank)
  }
  if (!is.null(weight) && !is.LazyTensor(weight)) {
    weight <- as_operand(weight, list(x), "weight")
  }
  expression <- as.call(c(
    list(as.name(paste0(reduction, "_Reduction")), x@expression),
    if (!is.null(weight)) weight@expression,
    if (!is.null(rank)) sprintf("%d", as.integer(rank)),
    as.character(category)
  ))
  formula_parts(expression, united_variables(c(list(x), weight)))
}

#' @export
Summary.LazyTensor <- function(..., na.rm = FALSE) {
  arguments <- list(...)
  name <- .Generic
  x <- arguments[[1L]]
  if (!is.LazyTensor(x) || length(arguments) > 2L) {
    raise_argument_error("...", "one LazyTensor and an index", arguments[[length(arguments)]])
  }
  index <- if (length(arguments) == 2L) arguments[[2L]] else NULL
  if (is.LazyTensor(index)) {
    raise_error("argument", sprintf(
      "`%s` takes one LazyTensor and an index\n  given: two LazyTensors; for these see %s()", name,
      if (name == "min") "minimum" else "maximum"
    ))
  }
  if (is.null(index) || identical(index, NA)) {
    return(reduce_components(x, name))
  }
  if (name == "range") {
    return(list(min = reduce_tensor(x, "Min", index), max = reduce_tensor(x, "Max", index)))
  }
  reductions <- c(sum = "Sum", prod = "Prod", min = "Min", max = "Max", any = "Any", all = "All")
  reduce_tensor(x, reductions[[name]], index)
}

# Over the components of each vector.
reduce_components <- function(x, name) {
  if (name == "sum" && is.ComplexLazyTensor(x)) {
    return(operate("ComplexSum", list(x)))
  }
  operations <- c(sum = "Sum", min = "Min", max = "Max", argmin = "ArgMin", argmax = "ArgMax")
  if (!name %in% names(operations)) {
    raise_argument_error("index", sprintf("\"i\", \"j\" or \"ij\" for `%s`", name), NULL)
  }
  operate_real(operations[[name]], x)
}

#' @export
mean.LazyTensor <- function(x, index = NULL, ...) {
  if (is.null(index) || identical(index, NA)) {
    return(sum(x) / inner_dimension(x))
  }
  reduce_tensor(x, "Mean", index)
}

#' @rdname lazy-reductions
#' @export
reduction.LazyTensor <- function(x, opstr, index, opt_arg = NULL) {
  rows <- keops_reductions()
  known <- rows$name == opstr | vapply(rows$synonyms, function(synonyms) {
    opstr %in% split_list(synonyms)
  }, TRUE)
  if (!is_string(opstr) || !any(known)) {
    raise_argument_error("opstr", "the name of a reduction, see keops_reductions()", opstr)
  }
  row <- as.list(as.data.frame(rows)[which(known)[1L], ])
  if (is.null(opt_arg) && (row$ranked || row$weighted)) {
    needed <- if (row$ranked) "K, a positive whole number" else "a weight"
    raise_argument_error("opt_arg", needed, opt_arg)
  }
  reduce_tensor(
    x, row$name, index,
    rank = if (row$ranked) opt_arg, weight = if (row$weighted) opt_arg
  )
}

#' @rdname lazy-reductions
#' @export
sum_reduction <- function(x, index) reduce_tensor(x, "Sum", index)

#' @rdname lazy-reductions
#' @export
mean_reduction <- function(x, index) reduce_tensor(x, "Mean", index)

#' @rdname lazy-reductions
#' @export
var_reduction <- function(x, index) reduce_tensor(x, "Var", index)

#' @rdname lazy-reductions
#' @export
prod_reduction <- function(x, index) reduce_tensor(x, "Prod", index)

#' @rdname lazy-reductions
#' @export
count_reduction <- function(x, index) reduce_tensor(x, "Count", index)

#' @rdname lazy-reductions
#' @export
min_reduction <- function(x, index) reduce_tensor(x, "Min", index)

#' @rdname lazy-reductions
#' @export
max_reduction <- function(x, index) reduce_tensor(x, "Max", index)

#' @rdname lazy-reductions
#' @export
argmin <- function(x, index = NA) reduce_or_components(x, index, "argmin", "ArgMin")

#' @rdname lazy-reductions
#' @export
argmin_reduction <- function(x, index) reduce_tensor(x, "ArgMin", index)

#' @rdname lazy-reductions
#' @export
argmax <- function(x, index = NA) reduce_or_components(x, index, "argmax", "ArgMax")

#' @rdname lazy-reductions
#' @export
argmax_reduction <- function(x, index) reduce_tensor(x, "ArgMax", index)

reduce_or_components <- function(x, index, name, reduction) {
  check_tensor(x)
  if (identical(index, NA)) reduce_components(x, name) else reduce_tensor(x, reduction, index)
}

#' @rdname lazy-reductions
#' @export
min_argmin <- function(x, index) reduce_tensor(x, "Min_ArgMin", index)

#' @rdname lazy-reductions
#' @export
min_argmin_reduction <- min_argmin

#' @rdname lazy-reductions
#' @export
max_argmax <- function(x, index) reduce_tensor(x, "Max_ArgMax", index)

#' @rdname lazy-reductions
#' @export
max_argmax_reduction <- max_argmax

#' @rdname lazy-reductions
#' @export
Kmin <- function(x, K, index) reduce_tensor(x, "KMin", index, rank = K)

#' @rdname lazy-reductions
#' @export
Kmin_reduction <- Kmin

#' @rdname lazy-reductions
#' @export
argKmin <- function(x, K, index) reduce_tensor(x, "ArgKMin", index, rank = K)

#' @rdname lazy-reductions
#' @export
argKmin_reduction <- argKmin

#' @rdname lazy-reductions
#' @export
Kmin_argKmin <- function(x, K, index) reduce_tensor(x, "KMin_ArgKMin", index, rank = K)

#' @rdname lazy-reductions
#' @export
Kmin_argKmin_reduction <- Kmin_argKmin

#' @rdname lazy-reductions
#' @export
Kmax <- function(x, K, index) reduce_tensor(x, "KMax", index, rank = K)

#' @rdname lazy-reductions
#' @export
argKmax <- function(x, K, index) reduce_tensor(x, "ArgKMax", index, rank = K)

#' @rdname lazy-reductions
#' @export
Kmax_argKmax <- function(x, K, index) reduce_tensor(x, "KMax_ArgKMax", index, rank = K)

#' @rdname lazy-reductions
#' @export
logsumexp <- function(x, index, weight = NULL) {
  if (is.null(weight)) {
    return(reduce_tensor(x, "LogSumExp", index))
  }
  reduce_tensor(x, "LogSumExpWeight", index, weight = weight)
}

#' @rdname lazy-reductions
#' @export
logsumexp_reduction <- logsumexp

#' @rdname lazy-reductions
#' @export
sumsoftmaxweight <- function(x, index, weight) {
  reduce_tensor(x, "SumSoftMaxWeight", index, weight = weight)
}

#' @rdname lazy-reductions
#' @export
sumsoftmaxweight_reduction <- sumsoftmaxweight
