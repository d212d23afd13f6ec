#' Gradient of a reduction of LazyTensors
#'
#' With `a`, the reduction `opstr` of `f` over `index`, computes the gradient of `sum(a * gradin)`
#' with respect to a variable. The result is shaped like the variable, whichever side is reduced.
#'
#' @param f A LazyTensor.
#' @param gradin The weights of the result: a LazyTensor or a matrix with its shape, or one number.
#' @param opstr The name of a reduction, `"Sum"` or another of [keops_reductions()] that needs no
#'   further argument.
#' @param var The variable: the LazyTensor made of it by `Vi()`, `Vj()` or `Pm()`, or its 0-based
#'   position in `f` or its name there, such as `"V0"`.
#' @param index The side that is reduced: `"i"`, `"j"` or `"ij"`.
#' @return A matrix with one row for each row of the variable.
#' @seealso [keops_grad()] for operators, [value_and_grad()]
#' @family gradients
#' @export
#' @examples
#' x <- matrix(rnorm(20), ncol = 2)
#' y <- matrix(rnorm(30), ncol = 2)
#' x_i <- Vi(x)
#' y_j <- Vj(y)
#' \donttest{
#' grad(sqdist(x_i, y_j), Vi(rep(1, 10)), "Sum", x_i, "j")
#' grad(sqdist(x_i, y_j), 1, "Sum", y_j, "j")
#' }
grad <- function(f, gradin, opstr, var, index) {
  check_tensor(f, "f")
  if (is.ComplexLazyTensor(f)) {
    raise_error("unsupported", "complex LazyTensors have no gradients; take Re() or Im()")
  }
  if (!is_string(opstr)) {
    raise_argument_error("opstr", "the name of a reduction such as \"Sum\"", opstr)
  }
  position <- tensor_variable(f, var)
  parts <- reduction_parts(f, sub("_Reduction$", "", opstr), index)
  op <- keops_grad(keops_kernel(parts$formula, parts$args), parts$names[position])
  if (!parts$has_data) {
    return(op)
  }
  side <- c("Vi", "Vj", "Pm")[category_of_index(index) + 1L]
  sizes <- tensor_sizes(f@variables)
  rows <- c(Vi = sizes[["i"]], Vj = sizes[["j"]], Pm = 1L)[[side]]
  columns <- cpp_describe_operator(parts$formula, parts$args)$result$dimension
  op(c(unname(parts$data), list(gradin_values(gradin, side, rows, columns))))
}

# The numbers of `gradin`, which must be indexed as the result is.
gradin_values <- function(gradin, side, rows, columns) {
  if (is.LazyTensor(gradin)) {
    variable <- gradin@expression
    is_leaf <- is.environment(variable) && !is.null(variable$data)
    if (is_leaf && (variable$kind == side || length(variable$data) == 1L)) {
      gradin <- variable$data
    }
  }
  if (is_on_gpu(gradin) && length(gradin) > 1L) {
    return(gradin)
  }
  gradin <- fetched(gradin)
  if (is.numeric(gradin) && length(gradin) == 1L) {
    gradin <- matrix(gradin, rows, columns)
  }
  if (!is.numeric(gradin) || is.object(gradin)) {
    raise_argument_error("gradin", sprintf(
      "%s(...) or numbers, %d x %d", side, as.integer(rows), as.integer(columns)
    ), gradin)
  }
  gradin
}

# The position in the variables of a tensor of the one that is meant.
tensor_variable <- function(f, var) {
  if (is.LazyTensor(var)) {
    return(leaf_position(f, var))
  }
  names <- paste0("V", seq_along(f@variables) - 1L)
  own <- vapply(f@variables, function(variable) paste0("", variable$name), "")
  position <- if (is_string(var)) {
    match(var, ifelse(nzchar(own), own, names), nomatch = 0L)
  } else if (is.int(var) && var >= 0 && var < length(names)) {
    as.integer(var) + 1L
  } else {
    0L
  }
  if (position == 0L) {
    raise_argument_error("var", paste(
      "a variable of the LazyTensor, or its position or name:", paste(names, collapse = ", ")
    ), var)
  }
  position
}

# A variable that was made anew of the same data is the one that is meant if it is the only one.
leaf_position <- function(f, var) {
  variable <- var@expression
  if (is.environment(variable)) {
    position <- variable_position(variable, f@variables)
    if (position > 0L) {
      return(position)
    }
    same <- which(vapply(f@variables, function(other) {
      other$kind == variable$kind && identical(other$data, variable$data)
    }, TRUE))
    if (length(same) == 1L) {
      return(same)
    }
  }
  raise_error("argument", paste0(
    "`var` must be a variable of `f`, as Vi(), Vj() or Pm() made it\n  given: ",
    format(var)[1L]
  ), list(argument = "var"))
}

#' A value and its gradient in one pass
#'
#' Optimisers need a number and its gradient. `value_and_grad()` computes both in one pass over the
#' pairs, with what they share computed once. The gradient is that of the sum of all numbers of the
#' result.
#'
#' @param f An operator made by [keops_kernel()], or a LazyTensor, which is summed over i and j.
#' @param var The variable or a list or vector of several: names or 0-based positions for an
#'   operator; for a LazyTensor see [grad()].
#' @param ... For methods.
#' @return For an operator, an operator with the same inputs that returns a list of `value` and
#'   `gradient`, or with several variables of `value`, `gradient.x`, `gradient.y`, ... For a
#'   LazyTensor a list of `value`, one number, and `gradient`, a list if `var` is one.
#' @seealso [optim_functions()]
#' @family gradients
#' @export
#' @examples
#' op <- keops_kernel("Sum_Reduction(Sqrt(1 + SqDist(x, y)), 2)", c("x = Vi(2)", "y = Vj(2)"))
#' energy <- value_and_grad(op, "x")
#' energy
#' \donttest{
#' x <- matrix(rnorm(20), ncol = 2)
#' y <- matrix(rnorm(30), ncol = 2)
#' energy(list(x, y))$value
#' x_i <- Vi(x)
#' value_and_grad(sqrt(1 + sqdist(x_i, Vj(y))), x_i)$value
#' }
value_and_grad <- function(f, var, ...) {
  UseMethod("value_and_grad")
}

#' @export
value_and_grad.default <- function(f, var, ...) {
  raise_argument_error("f", "an operator or a LazyTensor", f)
}

#' @export
value_and_grad.keops_operator <- function(f, var, ...) {
  fields <- fields_of(f)
  if (length(fields$formula) > 1L) {
    raise_argument_error("f", "an operator of one formula", f)
  }
  description <- cpp_describe_operator(fields$formula, fields$args)$arguments
  names <- vapply(description, `[[`, "", "name")
  positions <- vapply(description, `[[`, 0L, "position")
  chosen <- vapply(as.list(var), find_variable, "", variables = names, positions = positions)
  gradients <- sprintf("Grad(%s, %s, 1)", unname(fields$formula), chosen)
  names(gradients) <- if (length(chosen) == 1L) "gradient" else paste0("gradient.", chosen)
  formulas <- c(value = unname(fields$formula), gradients)
  cpp_describe_operator(formulas, fields$args)
  new_operator(formulas, fields$args, fields$sum_scheme, fields$verbose)
}

#' @export
value_and_grad.LazyTensor <- function(f, var, ...) {
  parts <- reduction_parts(f, "Sum", "ij")
  several <- is.list(var)
  variables <- if (several) var else list(var)
  positions <- vapply(variables, function(each) as.integer(tensor_variable(f, each)), 0L)
  op <- value_and_grad(keops_kernel(parts$formula, parts$args), parts$names[positions])
  if (!parts$has_data) {
    return(op)
  }
  result <- op(unname(parts$data))
  gradients <- stats::setNames(result[-1L], names(var))
  list(value = as.vector(result$value), gradient = if (several) gradients else gradients[[1L]])
}

#' A function and its gradient for optim()
#'
#' `optim()` and its like want two functions, one for the value and one for the gradient, and call
#' them one after the other with the same parameters. These two share one computation.
#'
#' @param f A function of a numeric vector that returns a list of `value`, one number, and
#'   `gradient`, such as one that calls what [value_and_grad()] made.
#' @return A list of two functions of a vector, `fn` and `gr`.
#' @family gradients
#' @export
#' @examples
#' both <- optim_functions(function(p) list(value = sum(p^2), gradient = 2 * p))
#' optim(c(1, 2), both$fn, both$gr, method = "L-BFGS-B")$par
optim_functions <- function(f) {
  if (!is.function(f)) {
    raise_argument_error("f", "a function that returns a list of `value` and `gradient`", f)
  }
  last <- NULL
  at <- NULL
  evaluate <- function(par) {
    if (is.null(last) || !identical(par, at)) {
      last <<- f(par)
      at <<- par
    }
    last
  }
  list(
    fn = function(par) as.vector(evaluate(par)$value),
    gr = function(par) as.vector(evaluate(par)$gradient)
  )
}
