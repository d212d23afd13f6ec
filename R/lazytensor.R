#' Symbolic matrices and vectors
#'
#' @description
#' A `LazyTensor` stands for numbers that are computed when they are needed: one vector for each
#' pair (i, j) of rows of two sets of points. `Vi(x)` has the rows of `x` along i, `Vj(y)` those of
#' `y` along j, and `Pm(p)` is the same for all pairs. Arithmetic with R's own operators and
#' functions makes new LazyTensors, and a reduction over i or j makes numbers of them:
#'
#' ```r
#' K <- exp(-sqdist(Vi(x), Vj(y)) / (2 * s^2))   # nrow(x) x nrow(y), never stored
#' K %*% b                                       # a matrix of numbers
#' ```
#'
#' @details
#' A LazyTensor of dimension 1 that depends on i and j is a symbolic matrix and behaves like one:
#' see [symbolic-matrices]. What can be done with LazyTensors is listed in [lazy-operations] and
#' [lazy-reductions].
#'
#' Every call of `Vi()`, `Vj()`, `Pm()` or `LazyTensor()` makes a variable of its own, and a
#' variable that is used more than once is passed to the kernel once. The same expression on other
#' data is the same formula, compiled once; numbers such as the `2` and `s` above are parameters of
#' it, unless they are -1, 0, 1, 2 or an exponent.
#'
#' `Vi("x", 3)` is a variable without data. An expression of such variables is reduced to an
#' operator, a function of their data, as [keops_kernel()] makes it.
#'
#' @param x Numbers: a matrix or a data frame with one row for each i or j, or a vector, which is
#'   one column for `Vi()` and `Vj()` and one row for `Pm()`. Complex numbers make a complex
#'   LazyTensor. A matrix on a GPU, see [keops_to_gpu()], is not copied. Or one string, the name of
#'   a variable without data.
#' @param index `"i"` or `"j"`, needed for a matrix; a vector without it is a parameter.
#' @param is_complex Whether real numbers are to be complex ones with the imaginary part 0.
#' @param dim The dimension of a variable without data.
#' @return A `LazyTensor`; for complex data a `ComplexLazyTensor`.
#' @seealso [lazy-operations], [lazy-reductions], [symbolic-matrices], [grad()]
#' @family LazyTensors
#' @export
#' @examples
#' x <- matrix(rnorm(300), ncol = 3)
#' y <- matrix(rnorm(600), ncol = 3)
#' K <- exp(-sqdist(Vi(x), Vj(y)) / 0.5)
#' K
#' \donttest{
#' head(K %*% rep(1, 200))
#' nearest <- argmin(sqdist(Vi(x), Vj(y)), index = "j")
#' op <- sum(sqdist(Vi("x", 3), Vj("y", 3)), index = "j")
#' op
#' }
LazyTensor <- function(x, index = c("i", "j"), is_complex = FALSE) {
  check_tensor_data(x, is_complex)
  if (missing(index) || identical(index, NA)) {
    if (length(dim(x)) == 2L) {
      raise_argument_error("index", "\"i\" or \"j\", as `x` is a matrix", NULL)
    }
    return(variable_tensor("Pm", x, is_complex))
  }
  check_side(index)
  variable_tensor(c(i = "Vi", j = "Vj")[[index]], x, is_complex)
}

#' @rdname LazyTensor
#' @export
Vi <- function(x, dim = NULL, is_complex = FALSE) {
  leaf_tensor("Vi", x, dim, is_complex)
}

#' @rdname LazyTensor
#' @export
Vj <- function(x, dim = NULL, is_complex = FALSE) {
  leaf_tensor("Vj", x, dim, is_complex)
}

#' @rdname LazyTensor
#' @export
Pm <- function(x, dim = NULL, is_complex = FALSE) {
  leaf_tensor("Pm", x, dim, is_complex)
}

# `expression` is a call whose functions are operations and whose leaves are variables, numbers and
# whole numbers as text; `variables` are those of the expression in the order of their appearance;
# `dimension` counts real numbers, two for each complex one.
setClass("LazyTensor", slots = c(
  expression = "ANY", variables = "list", dimension = "numeric"
))
setClass("ComplexLazyTensor", contains = "LazyTensor")

# new() with slots takes longer than most of what is done with a LazyTensor.
new_tensor <- function(expression, variables, dimension, complex = FALSE) {
  tensor <- if (complex) empty_complex_tensor else empty_tensor
  slot(tensor, "expression", check = FALSE) <- expression
  slot(tensor, "variables", check = FALSE) <- variables
  slot(tensor, "dimension", check = FALSE) <- dimension
  tensor
}

empty_tensor <- new("LazyTensor")
empty_complex_tensor <- new("ComplexLazyTensor")

# A variable is an environment, as it is one thing however often it is copied. `kind` is "Vi", "Vj"
# or "Pm"; one without data has a name, and a number that was written in an expression is marked.
new_variable <- function(kind, dimension, data = NULL, name = NULL, is_number = FALSE) {
  list2env(
    list(
      kind = kind, dimension = as.integer(dimension), data = data, name = name,
      is_number = is_number, mirror = NULL
    ),
    parent = emptyenv()
  )
}

tensor_of <- function(variable, complex = FALSE) {
  new_tensor(variable, list(variable), variable$dimension, complex)
}

leaf_tensor <- function(kind, x, dim, is_complex) {
  if (is_string(x)) {
    return(symbolic_tensor(kind, x, dim, is_complex))
  }
  if (!is.null(dim)) {
    raise_argument_error("dim", "left out where `x` is data", dim)
  }
  check_tensor_data(x, is_complex)
  variable_tensor(kind, x, is_complex)
}

symbolic_tensor <- function(kind, name, dim, is_complex) {
  if (!is_count(dim)) {
    raise_argument_error("dim", "the dimension of a variable without data", dim)
  }
  dimension <- if (is_complex) 2L * dim else dim
  # The engine knows which names are free.
  cpp_formula_dimension(name, sprintf("%s = %s(%d)", name, kind, as.integer(dimension)))
  tensor_of(new_variable(kind, dimension, name = name), is_complex)
}

variable_tensor <- function(kind, x, is_complex) {
  data <- tensor_data(x, is_row = kind == "Pm")
  check_missing(data)
  complex <- is_complex || is.complex(data)
  if (complex) data <- interleaved(data)
  tensor_of(new_variable(kind, ncol(data), data), complex)
}

check_tensor_data <- function(x, is_complex) {
  if (!is_flag(is_complex)) {
    raise_argument_error("is_complex", "TRUE or FALSE", is_complex)
  }
  if (is.LazyTensor(x)) {
    raise_error("argument", "`x` is a LazyTensor already", list(argument = "x"))
  }
  if (is_on_gpu(x)) {
    if (is_complex) raise_argument_error("x", "in R's memory for complex numbers", x)
    return(invisible())
  }
  columns <- if (is.data.frame(x)) x else list(x)
  usable <- vapply(columns, function(column) {
    (is.numeric(column) || is.complex(column) || is.logical(column)) && !is.object(column)
  }, TRUE)
  if (!all(usable) || length(columns) == 0L || length(dim(x)) > 2L) {
    if (is.data.frame(x) && !all(usable)) {
      bad <- which(!usable)[1L]
      raise_error(
        "argument", sprintf(
          "`x` must be a data frame of numbers\n  given: column `%s` of class %s",
          names(x)[bad], class(x[[bad]])[1L]
        ), list(argument = "x")
      )
    }
    raise_argument_error("x", "a matrix, data frame or vector of numbers", x)
  }
}

# The engine checks again, but knows no names of LazyTensors.
check_missing <- function(data) {
  if (!anyNA(data) || keops_option("na_action") != "fail") {
    return(invisible())
  }
  missing <- which(is.na(data) & !is.nan(data))
  if (length(missing) > 0L) {
    row <- (missing[1L] - 1L) %% nrow(data) + 1L
    raise_error("argument", sprintf(
      paste0(
        "`x` must have no missing values (NA)\n  given: %d, the first in row %d\n  hint: leave ",
        "them out, or let NA pass as NaN with the option na_action = \"pass\""
      ), length(missing), row
    ), list(argument = "x"))
  }
}

# Data as a matrix of doubles or complex numbers: rows of i or j, or one row for a parameter. What
# is on a GPU stays there, except for the few numbers of a parameter.
tensor_data <- function(x, is_row) {
  if (is_on_gpu(x)) {
    if (!is_row) {
      return(x)
    }
    x <- as.matrix(x)
  }
  if (is.data.frame(x)) x <- as.matrix(x)
  if (is.null(dim(x))) {
    names <- if (!is_row) names(x)
    x <- matrix(x, nrow = if (is_row) 1L else length(x))
    if (!is.null(names)) rownames(x) <- names
  }
  if (is_row && nrow(x) != 1L) {
    x <- matrix(x, nrow = 1L)
  }
  if (!is.complex(x) && !is.double(x)) storage.mode(x) <- "double"
  x
}

# Complex numbers as real ones, the real and the imaginary part of each side by side.
interleaved <- function(x) {
  out <- matrix(0, nrow(x), 2L * ncol(x), dimnames = row_names_only(x))
  odd <- 2L * seq_len(ncol(x)) - 1L
  out[, odd] <- Re(x)
  out[, odd + 1L] <- Im(x)
  out
}

complex_of <- function(x) {
  odd <- seq_len(ncol(x) %/% 2L) * 2L - 1L
  out <- complex(real = x[, odd], imaginary = x[, odd + 1L])
  matrix(out, nrow(x), length(odd), dimnames = row_names_only(x))
}

row_names_only <- function(x) {
  if (!is.null(rownames(x))) list(rownames(x), NULL)
}

check_side <- function(index, argument = "index") {
  if (!identical(index, "i") && !identical(index, "j")) {
    raise_argument_error(argument, "\"i\" or \"j\"", index)
  }
}

# The numbers of rows i and j of the variables of a tensor: 1 on a side that has none, NA where no
# variable of the side has data. Different numbers on one side are an error.
tensor_sizes <- function(variables) {
  c(i = side_size(variables, "Vi", "i"), j = side_size(variables, "Vj", "j"))
}

side_size <- function(variables, kind, side) {
  size <- 1L
  found <- FALSE
  for (variable in variables) {
    if (variable$kind != kind) next
    rows <- if (is.null(variable$data)) NA_integer_ else nrow(variable$data)
    if (found && !is.na(size) && !is.na(rows) && rows != size) {
      raise_error("dimension", sprintf(
        "the variables of a LazyTensor do not have the same rows %s\n  given: %d and %d rows",
        side, size, rows
      ), list(expected = as.character(size), actual = as.character(rows)))
    }
    if (!found || is.na(size)) size <- rows
    found <- TRUE
  }
  size
}

has_kind <- function(variables, kind) {
  for (variable in variables) {
    if (variable$kind == kind) {
      return(TRUE)
    }
  }
  FALSE
}

has_data <- function(variables) {
  for (variable in variables) {
    if (is.null(variable$data)) {
      return(FALSE)
    }
  }
  TRUE
}

# How many numbers a tensor has for each pair, real or complex.
inner_dimension <- function(x) {
  if (is.ComplexLazyTensor(x)) x@dimension / 2 else x@dimension
}

# The variables of several tensors, each once.
united_variables <- function(tensors) {
  variables <- list()
  for (tensor in tensors) {
    for (variable in tensor@variables) {
      if (variable_position(variable, variables) == 0L) {
        variables[[length(variables) + 1L]] <- variable
      }
    }
  }
  tensor_sizes(variables)
  variables
}

variable_position <- function(variable, variables) {
  for (k in seq_along(variables)) {
    if (identical(variables[[k]], variable)) {
      return(k)
    }
  }
  0L
}

# The same expression with each variable replaced by what `replace` makes of it.
replace_variables <- function(x, replace) {
  old <- x@variables
  new <- lapply(old, replace)
  walk <- function(expression) {
    if (is.environment(expression)) {
      return(new[[variable_position(expression, old)]])
    }
    if (is.call(expression)) {
      for (k in seq_along(expression)[-1L]) expression[[k]] <- walk(expression[[k]])
    }
    expression
  }
  new_tensor(walk(x@expression), new, x@dimension, is.ComplexLazyTensor(x))
}

# The signs of formulas and how tightly they bind; names bind tightest.
signs <- list(
  Add = list(sign = "+", level = 1L), Subtract = list(sign = "-", level = 1L),
  Mult = list(sign = "*", level = 2L), Divide = list(sign = "/", level = 2L),
  Minus = list(sign = "-", level = 3L)
)

# An expression as the text of a formula, with the names of its variables.
formula_text <- function(expression, variables, names) {
  # A part that binds less tightly than `level` needs parentheses.
  write <- function(part, level = 0L) {
    if (is.environment(part)) {
      return(names[[variable_position(part, variables)]])
    }
    if (!is.call(part)) {
      return(as.character(part))
    }
    name <- as.character(part[[1L]])
    arguments <- as.list(part)[-1L]
    rule <- signs[[name]]
    if (is.null(rule)) {
      return(paste0(name, "(", paste(vapply(arguments, write, ""), collapse = ", "), ")"))
    }
    text <- if (length(arguments) == 1L) {
      paste0(rule$sign, write(arguments[[1L]], rule$level))
    } else {
      left <- write(arguments[[1L]], rule$level)
      paste(left, rule$sign, write(arguments[[2L]], rule$level + 1L))
    }
    if (rule$level < level) paste0("(", text, ")") else text
  }
  write(expression)
}

# What an operator is made of: the text of a formula, the declarations and the data of its
# variables. A number is a parameter, or is written out where nothing has data. `kinds` may put the
# variables on other sides.
formula_parts <- function(expression, variables, kinds = NULL) {
  if (is.null(kinds)) kinds <- vapply(variables, `[[`, "", "kind")
  is_number <- vapply(variables, `[[`, TRUE, "is_number")
  unnamed <- vapply(variables, function(variable) is.null(variable$name), TRUE)
  given <- vapply(variables, function(variable) !is.null(variable$data), TRUE)
  names <- character(length(variables))
  names[!unnamed] <- vapply(variables[!unnamed], `[[`, "", "name")
  if (any(!given)) {
    if (any(given & !is_number)) {
      raise_error("argument", paste0(
        "some variables of the LazyTensor have data and some have none\n  without data: ",
        paste(names[!unnamed], collapse = ", ")
      ))
    }
    if (anyDuplicated(names[!unnamed])) {
      twice <- names[!unnamed][duplicated(names[!unnamed])][1L]
      raise_error("argument", sprintf("two variables of the LazyTensor have the name `%s`", twice))
    }
    names[is_number] <- vapply(variables[is_number], function(variable) {
      paste0("(", number_text(variable$data[[1L]]), ")")
    }, "")
    passed <- which(!is_number)
  } else {
    passed <- seq_along(variables)
    names[passed] <- paste0("V", passed - 1L)
  }
  dimensions <- vapply(variables, `[[`, 0L, "dimension")
  list(
    formula = formula_text(expression, variables, names),
    args = sprintf("%s = %s(%d)", names[passed], kinds[passed], dimensions[passed]),
    data = lapply(variables[passed], `[[`, "data"),
    names = names,
    has_data = all(given)
  )
}

# A number as short as it can be read again without loss.
number_text <- function(x) {
  if (!is.finite(x)) {
    raise_argument_error("x", "a finite number where variables have no data", x)
  }
  text <- sprintf("%.15g", x)
  if (as.numeric(text) == x) text else sprintf("%.17g", x)
}

#' What a LazyTensor is
#'
#' @param x An R object.
#' @return `TRUE` or `FALSE`. `is.LazyTensor()` and `is.ComplexLazyTensor()` tell the class;
#'   `is.LazyParameter()` and `is.ComplexLazyParameter()` whether a LazyTensor is one number, the
#'   same for all pairs; `is.LazyVector()` whether it is made of parameters only, and
#'   `is.LazyMatrix()` whether it depends on i or j; `is.int()` whether `x` is one whole number.
#' @family LazyTensors
#' @export
#' @examples
#' is.LazyTensor(Vi(matrix(1:6, 3)))
#' is.LazyParameter(Pm(0.5))
#' is.int(3)
is.LazyTensor <- function(x) {
  inherits(x, "LazyTensor")
}

#' @rdname is.LazyTensor
#' @export
is.ComplexLazyTensor <- function(x) {
  inherits(x, "ComplexLazyTensor")
}

#' @rdname is.LazyTensor
#' @export
is.LazyParameter <- function(x) {
  check_tensor(x)
  is.LazyVector(x) && !is.ComplexLazyTensor(x) && x@dimension == 1
}

#' @rdname is.LazyTensor
#' @export
is.ComplexLazyParameter <- function(x) {
  check_tensor(x)
  is.LazyVector(x) && is.ComplexLazyTensor(x) && x@dimension == 2
}

#' @rdname is.LazyTensor
#' @export
is.LazyVector <- function(x) {
  check_tensor(x)
  !is.LazyMatrix(x)
}

#' @rdname is.LazyTensor
#' @export
is.LazyMatrix <- function(x) {
  check_tensor(x)
  has_kind(x@variables, "Vi") || has_kind(x@variables, "Vj")
}

#' @rdname is.LazyTensor
#' @export
is.int <- function(x) {
  is.numeric(x) && length(x) == 1L && is.finite(x) && x == round(x)
}

check_tensor <- function(x, argument = "x") {
  if (!is.LazyTensor(x)) {
    raise_argument_error(argument, "a LazyTensor", x)
  }
}
