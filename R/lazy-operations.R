#' Operations of LazyTensors
#'
#' @description
#' LazyTensors are put together with R's own operators and functions, with the functions below, and
#' with [lazy_operation()], which knows every operation of the table [keops_operations()].
#'
#' * `+ - * / ^ %% %/%` work component by component; a LazyTensor of dimension 1 is used for every
#'   component of the other.
#' * `== != < <= > >=`, `&` and `!` give 1 or 0.
#' * `x | y` is the scalar product.
#' * Functions of one argument: `abs`, `sign`, `sqrt`, `floor`, `ceiling`, `trunc`, `round`, `exp`,
#'   `expm1`, `log`, `log2`, `log10`, `log1p`, `cos`, `sin`, `tan`, `acos`, `asin`, `atan`, `cosh`,
#'   `sinh`, `tanh`, `acosh`, `asinh`, `atanh`, `lgamma`, `digamma`, `trigamma`.
#' * `ifelse(test, yes, no)` chooses by a comparison, or by whether a number is at least 0.
#' * Of complex LazyTensors: `Re`, `Im`, `Mod`, `Arg`, `Conj`.
#'
#' @details
#' In arithmetic with plain numbers, one number is a parameter, a vector or a matrix belongs to the
#' side whose rows it has, and a vector of as many numbers as the LazyTensor has components is a
#' parameter. If that is not clear it is an error: write `Vi()`, `Vj()` or `Pm()`.
#'
#' `round()` rounds half away from 0, other than R does. Components are counted from 0, as in
#' formulas and in RKeOps. R's `atan2()` and `step()` know no LazyTensors: the functions for these
#' are `arctan2()` and `unit_step()`, or `kernelops::atan2()` and `kernelops::step()`, see
#' [keops_mask()].
#'
#' Functions that work component by component also take plain numbers.
#'
#' @param x,y,z,s,m,v,a,b LazyTensors, or numbers that become such. In `elem()`, `elemT()`,
#'   `extract()` and `extractT()` `m` is a whole number, the first component; in `clampint()` `y`
#'   and `z` are whole numbers; in `matvecmult()` and `vecmatmult()` `m` is a matrix row by row.
#' @param n,d,D Whole numbers: dimensions.
#' @param k The order of the spline.
#' @param gamma The smoothing parameter.
#' @param dimsx,dimsy,contx,conty,permute Whole numbers: the dimensions of the two tensors, the axes
#'   over which the product is summed, counted from 0, and the order of the axes of the result.
#' @param nu The smoothness; 0.5, 1.5, 2.5 and 3.5 are fast, others need a Bessel function.
#' @return A LazyTensor; for plain numbers, numbers.
#' @name lazy-operations
#' @aliases Ops.LazyTensor Math.LazyTensor Complex.LazyTensor !,LazyTensor-method
#' @family LazyTensors
#' @examples
#' x <- Vi(matrix(runif(20), ncol = 2))
#' y <- Vj(matrix(runif(30), ncol = 2))
#' sqrt(sqdist(x, y)) + 0.5 * (x | y)
#' (norm2(x - y) < 0.1) * exp(-sqdist(x, y))
#' square(1:3)
#' \donttest{
#' lazy_operation("Matern", norm2(x - y), 1.5)
#' }
NULL

# The dimension of an operation on arguments of given dimensions is asked of the engine once.
known_dimensions <- new.env(parent = emptyenv())

operation_dimension_of <- function(name, dimensions, parameters) {
  key <- paste(c(name, dimensions, parameters), collapse = " ")
  known <- known_dimensions[[key]]
  if (is.null(known)) {
    letters <- c("x", "y", "z", "w")[seq_along(dimensions)]
    call <- paste0(name, "(", paste(c(letters, parameters), collapse = ", "), ")")
    known <- cpp_formula_dimension(call, sprintf("%s = Vi(%d)", letters, as.integer(dimensions)))
    assign(key, known, envir = known_dimensions)
  }
  known
}

# The LazyTensor of an operation on LazyTensors; parameters are whole numbers or lists as text.
apply_operation <- function(name, tensors, parameters = NULL, complex = FALSE) {
  dimensions <- vapply(tensors, function(tensor) tensor@dimension, 0)
  expressions <- lapply(tensors, function(tensor) tensor@expression)
  new_tensor(
    as.call(c(list(as.name(name)), expressions, parameters)),
    united_variables(tensors),
    operation_dimension_of(name, dimensions, parameters),
    complex
  )
}

#' Apply any operation to LazyTensors
#'
#' @param name The name of an operation of [keops_operations()], or of one of your own, see
#'   [keops_operation()].
#' @param ... Its arguments in the order of the table: LazyTensors, or numbers that become such, and
#'   then the whole numbers that are its parameters; a vector of those for a list.
#' @return A LazyTensor, complex if the operation yields complex numbers.
#' @family LazyTensors
#' @export
#' @examples
#' x <- Vi(matrix(runif(20), ncol = 2))
#' y <- Vj(matrix(runif(30), ncol = 2))
#' lazy_operation("Hypot", x, y)
#' lazy_operation("Extract", x, 1, 1)
lazy_operation <- function(name, ...) {
  row <- operation_row(name)
  given <- list(...)
  count <- row$arguments
  parameters <- split_list(row$parameters)
  optional <- sum(grepl("?", parameters, fixed = TRUE))
  if (length(given) > count + length(parameters) ||
    length(given) < count + length(parameters) - optional) {
    raise_error("argument", sprintf(
      "`%s` takes %s\n  given: %d arguments", name, table_usage(as.data.frame(row)), length(given)
    ), list(argument = "..."))
  }
  if (row$kind == "differential" && is.LazyTensor(given[[1L]]) && is.LazyTensor(given[[2L]])) {
    # A derivative in a variable that the expression does not have would be 0.
    variable <- given[[1L]]@variables[[leaf_position(given[[1L]], given[[2L]])]]
    given[[2L]] <- tensor_of(variable, is.ComplexLazyTensor(given[[2L]]))
  }
  values <- given[-seq_len(count)]
  are_lists <- grepl("[", parameters, fixed = TRUE)[seq_along(values)]
  operate(name, given[seq_len(count)], parameter_texts(values, are_lists))
}

# Parameters as the text of a formula: whole numbers and lists of such.
parameter_texts <- function(values, are_lists = FALSE) {
  Map(function(value, is_list) {
    if (!is.numeric(value) || anyNA(value) || any(value != round(value)) ||
      (!is_list && length(value) != 1L)) {
      raise_argument_error("...", "whole numbers where the operation has parameters", value)
    }
    text <- sprintf("%.0f", value)
    if (is_list) paste0("[", paste(text, collapse = ", "), "]") else text
  }, unname(values), are_lists)
}

operation_row <- function(name) {
  rows <- keops_operations()
  if (!is_string(name) || !name %in% rows$name) {
    raise_argument_error("name", "the name of an operation, see keops_operations()", name)
  }
  as.list(as.data.frame(rows)[match(name, rows$name), ])
}

# Operations whose result is complex, whatever their arguments are.
complex_results <- c(
  "Real2Complex", "Imag2Complex", "Conj", "ComplexAdd", "ComplexSubtract", "ComplexMult",
  "ComplexDivide", "ComplexRealScal", "ComplexScal", "ComplexSum", "ComplexSumT", "ComplexExp",
  "ComplexExp1j", "ComplexLog", "ComplexSqrt", "ComplexPow", "ComplexScalprod"
)

# An operation of the table on LazyTensors and numbers, or on numbers alone.
operate <- function(name, arguments, parameters = NULL) {
  lazy <- vapply(arguments, is.LazyTensor, TRUE)
  if (!any(lazy)) {
    return(plain_operation(name, arguments, parameters))
  }
  partner <- arguments[lazy]
  arguments[!lazy] <- lapply(arguments[!lazy], as_operand, partners = partner)
  apply_operation(name, arguments, parameters, name %in% complex_results)
}

# An operation on plain numbers, by its reference in R. Those that do not work component by
# component take vectors.
plain_operation <- function(name, arguments, parameters) {
  row <- operation_row(name)
  # Matern is a composite of operations that all work component by component.
  by_component <- row$kind == "elementwise" || name == "Matern"
  for (argument in arguments) {
    usable <- is.numeric(argument) || is.logical(argument)
    if (!usable || (!by_component && !is.null(dim(argument)))) {
      raise_argument_error("x", "a LazyTensor or numbers", argument)
    }
  }
  if (!by_component) {
    operation_dimension_of(name, lengths(arguments), parameters)
  }
  names(arguments) <- c("x", "y", "z", "w")[seq_along(arguments)]
  values <- lapply(strsplit(gsub("[][ ]", "", parameters), ",", fixed = TRUE), as.numeric)
  names(values) <- sub("[[?].*", "", split_list(row$parameters))[seq_along(values)]
  result <- eval(str2lang(row$reference), c(arguments, values), references)
  shape <- arguments[[which.max(lengths(arguments))]]
  if (by_component && length(shape) == length(result)) {
    attributes(result) <- attributes(shape)
  }
  result
}

# References use functions of base R and of stats.
references <- list2env(list(pnorm = stats::pnorm, var = stats::var), parent = baseenv())

# A plain number, vector or matrix as a LazyTensor beside others. Its shape must tell which side it
# belongs to.
as_operand <- function(x, partners, argument = "y") {
  if (is.LazyTensor(x)) {
    return(x)
  }
  if (is.data.frame(x)) x <- as.matrix(x)
  if (!is_on_gpu(x) && (is.object(x) || !(is.numeric(x) || is.complex(x) || is.logical(x)))) {
    raise_argument_error(argument, "a LazyTensor or numbers", x)
  }
  if (length(x) == 1L) {
    return(number_tensor(fetched(x)))
  }
  variables <- united_variables(partners)
  inner <- max(vapply(partners, inner_dimension, 0))
  side <- sides_that_fit(x, variables, inner)
  if (length(side) != 1L) {
    raise_unclear_side(x, argument, tensor_sizes(variables), inner, side)
  }
  variable_tensor(side, x, FALSE)
}

# The kinds of variables that plain numbers can be beside others of dimension `inner`.
sides_that_fit <- function(x, variables, inner) {
  rows <- if (is.null(dim(x))) length(x) else nrow(x)
  columns <- if (is.null(dim(x))) 1L else ncol(x)
  sizes <- tensor_sizes(variables)
  one_side <- length(dim(x)) <= 2L && (columns == 1L || columns == inner || inner == 1L) &&
    !is_dense(x, sizes, inner)
  fits <- c(
    Vi = one_side && has_kind(variables, "Vi") && isTRUE(rows == sizes[["i"]]),
    Vj = one_side && has_kind(variables, "Vj") && isTRUE(rows == sizes[["j"]]),
    Pm = inner > 1L && length(x) == inner && (is.null(dim(x)) || rows == 1L)
  )
  names(fits)[fits]
}

# Whether numbers have an entry for each pair.
is_dense <- function(x, sizes, inner) {
  if (anyNA(sizes) || any(sizes < 2L)) {
    return(FALSE)
  }
  if (is.null(dim(x))) {
    return(length(x) == prod(sizes))
  }
  length(dim(x)) == 2L && ncol(x) != inner && identical(as.integer(dim(x)), unname(sizes))
}

raise_unclear_side <- function(x, argument, sizes, inner, sides) {
  what <- if (is.null(dim(x))) {
    sprintf("a vector of %d numbers", length(x))
  } else {
    sprintf("a %s array", paste(dim(x), collapse = " x "))
  }
  operands <- c(e1 = "the left operand", e2 = "the right operand")
  name <- if (argument %in% names(operands)) operands[[argument]] else paste0("`", argument, "`")
  hint <- if (is_dense(x, sizes, inner)) {
    paste0(
      "Numbers for all pairs cannot be part of a LazyTensor.\n  For pmin() and pmax() write ",
      "minimum() and maximum()."
    )
  } else if (length(sides) == 0L) {
    "It fits none of them."
  } else {
    sprintf("Say which it belongs to: %s.", paste0(sides, "()", collapse = " or "))
  }
  raise_error("dimension", sprintf(
    paste0(
      "the shape of %s does not tell which side it belongs to\n  given: %s, beside a LazyTensor ",
      "of %s rows i, %s rows j and dimension %s\n  %s"
    ),
    name, what, format_size(sizes[["i"]]), format_size(sizes[["j"]]), inner, hint
  ), list(argument = argument))
}

format_size <- function(size) {
  if (is.na(size)) "?" else format(size, scientific = FALSE)
}

# One number: written out if it belongs to the structure of a formula, otherwise a parameter.
number_tensor <- function(x) {
  if (is.complex(x)) {
    return(variable_tensor("Pm", as.vector(x), FALSE))
  }
  x <- as.double(x)
  if (x %in% c(-1, 0, 1, 2)) {
    return(constant_tensor(x))
  }
  tensor_of(new_variable("Pm", 1L, matrix(x), is_number = TRUE))
}

constant_tensor <- function(x) {
  new_tensor(if (x < 0) paste0("(", number_text(x), ")") else number_text(x), list(), 1)
}

binary_operations <- c(
  "+" = "Add", "-" = "Subtract", "*" = "Mult", "/" = "Divide", "==" = "Equal", "!=" = "NotEqual",
  "<" = "LessThan", "<=" = "LessOrEqual", "&" = "And", "|" = "Scalprod"
)

complex_operations <- c(
  "+" = "ComplexAdd", "-" = "ComplexSubtract", "*" = "ComplexMult", "/" = "ComplexDivide",
  "^" = "ComplexPow", "|" = "ComplexScalprod"
)

# The operators of R between LazyTensors and numbers.
lazy_operator <- function(operator, x, y) {
  if (operator == "^" && !is.LazyTensor(y)) {
    return(lazy_power(x, y))
  }
  if (!is.LazyTensor(x)) x <- as_operand(x, list(y), "e1")
  if (!is.LazyTensor(y)) y <- as_operand(y, list(x), "e2")
  if (is.ComplexLazyTensor(x) || is.ComplexLazyTensor(y)) {
    return(complex_operator(operator, x, y))
  }
  switch(operator,
    ">" = apply_operation("LessThan", list(y, x)),
    ">=" = apply_operation("LessOrEqual", list(y, x)),
    "%%" = apply_operation("Mod", list(x, y, constant_tensor(0))),
    "%/%" = apply_operation("Floor", list(apply_operation("Divide", list(x, y)))),
    "^" = apply_operation("Powf", list(x, y)),
    apply_operation(binary_operations[[operator]], list(x, y))
  )
}

# Exponents that are whole numbers or 1/2 are part of the formula, as they are computed otherwise.
lazy_power <- function(x, exponent) {
  one <- is.numeric(exponent) && length(exponent) == 1L && is.null(dim(exponent))
  if (is.ComplexLazyTensor(x) || !one) {
    y <- as_operand(exponent, list(x), "e2")
    return(lazy_operator("^", x, y))
  }
  if (is.na(exponent)) {
    raise_argument_error("e2", "a number", exponent)
  }
  if (exponent == 2) {
    return(apply_operation("Square", list(x)))
  }
  if (exponent == 0.5) {
    return(apply_operation("Sqrt", list(x)))
  }
  if (exponent == -1) {
    return(apply_operation("Inv", list(x)))
  }
  if (exponent == round(exponent) && abs(exponent) <= 64) {
    return(apply_operation("Pow", list(x), list(sprintf("%.0f", exponent))))
  }
  apply_operation("Powf", list(x, number_tensor(exponent)))
}

complex_operator <- function(operator, x, y) {
  if (!operator %in% names(complex_operations)) {
    raise_error("unsupported", sprintf("`%s` is not defined for complex LazyTensors", operator))
  }
  # A real number times a complex vector needs no complex product.
  if (operator == "*" && !is.ComplexLazyTensor(x) && x@dimension == 1) {
    return(apply_operation("ComplexRealScal", list(x, y), complex = TRUE))
  }
  if (operator == "*" && !is.ComplexLazyTensor(y) && y@dimension == 1) {
    return(apply_operation("ComplexRealScal", list(y, x), complex = TRUE))
  }
  both <- lapply(list(x, y), as_complex)
  size <- max(both[[1L]]@dimension, both[[2L]]@dimension)
  both <- lapply(both, widened, size = size)
  apply_operation(complex_operations[[operator]], both, complex = TRUE)
}

as_complex <- function(x) {
  if (is.ComplexLazyTensor(x)) x else apply_operation("Real2Complex", list(x), complex = TRUE)
}

# A complex number beside a complex vector is used for every component.
widened <- function(x, size) {
  if (x@dimension == size || x@dimension != 2) {
    return(x)
  }
  apply_operation("ComplexSumT", list(x), list(sprintf("%.0f", size)), complex = TRUE)
}

setMethod("Ops", signature("LazyTensor", "LazyTensor"), function(e1, e2) {
  lazy_operator(.Generic, e1, e2)
})

setMethod("Ops", signature("LazyTensor", "ANY"), function(e1, e2) {
  lazy_operator(.Generic, e1, e2)
})

setMethod("Ops", signature("ANY", "LazyTensor"), function(e1, e2) {
  lazy_operator(.Generic, e1, e2)
})

setMethod("Ops", signature("LazyTensor", "missing"), function(e1, e2) {
  if (.Generic == "+") {
    return(e1)
  }
  # The parts of a complex vector change their signs like those of a real one.
  apply_operation("Minus", list(e1), complex = is.ComplexLazyTensor(e1))
})

setMethod("!", "LazyTensor", function(x) {
  operate_real("Not", x)
})

# An operation of one real LazyTensor.
operate_real <- function(name, x, parameters = NULL) {
  if (is.ComplexLazyTensor(x)) {
    raise_error("unsupported", sprintf("`%s` is not defined for complex LazyTensors", name))
  }
  operate(name, list(x), parameters)
}

math_operations <- c(
  abs = "Abs", sign = "Sign", sqrt = "Sqrt", floor = "Floor", ceiling = "Ceil", trunc = "Trunc",
  exp = "Exp", expm1 = "Expm1", log1p = "Log1p", cos = "Cos", sin = "Sin", tan = "Tan",
  acos = "Acos", asin = "Asin", atan = "Atan", cosh = "Cosh", sinh = "Sinh", tanh = "Tanh",
  lgamma = "Lgamma", digamma = "Digamma"
)

complex_math <- c(abs = "ComplexAbs", sqrt = "ComplexSqrt", exp = "ComplexExp")

#' @export
Math.LazyTensor <- function(x, ...) {
  name <- .Generic
  if (name == "log") {
    return(lazy_log(x, ...))
  }
  if (is.ComplexLazyTensor(x) && name %in% names(complex_math)) {
    return(operate(complex_math[[name]], list(x)))
  }
  if (name %in% names(math_operations)) {
    return(operate_real(math_operations[[name]], x))
  }
  switch(name,
    round = operate_real("Round", x, list(round_digits(...))),
    log2 = lazy_log(x, 2),
    log10 = lazy_log(x, 10),
    trigamma = operate_real("Polygamma", x, list("1")),
    acosh = log1p((x - 1) + sqrt((x - 1) * (x + 1))),
    asinh = sign(x) * log1p(abs(x) + x^2 / (1 + sqrt(x^2 + 1))),
    atanh = 0.5 * log1p(2 * x / (1 - x)),
    raise_error("unsupported", sprintf("`%s` is not defined for LazyTensors", name))
  )
}

round_digits <- function(digits = 0) {
  if (!is.int(digits)) {
    raise_argument_error("digits", "a whole number", digits)
  }
  sprintf("%.0f", digits)
}

lazy_log <- function(x, base = exp(1)) {
  natural <- if (is.ComplexLazyTensor(x)) {
    operate("ComplexLog", list(x))
  } else {
    apply_operation("Log", list(x))
  }
  if (identical(base, exp(1))) {
    return(natural)
  }
  if (!is.numeric(base) || length(base) != 1L || is.na(base)) {
    raise_argument_error("base", "one number", base)
  }
  natural * (1 / log(base))
}

complex_parts <- c(
  Re = "ComplexReal", Im = "ComplexImag", Mod = "ComplexAbs", Arg = "ComplexAngle", Conj = "Conj"
)

#' @export
Complex.LazyTensor <- function(z) {
  if (!is.ComplexLazyTensor(z)) {
    raise_argument_error("z", "a complex LazyTensor", z)
  }
  operate(complex_parts[[.Generic]], list(z))
}
