#' @rdname lazy-operations
#' @export
square <- function(x) operate("Square", list(x))

#' @rdname lazy-operations
#' @export
rsqrt <- function(x) operate("Rsqrt", list(x))

#' @rdname lazy-operations
#' @export
inv <- function(x) operate("Inv", list(x))

#' @rdname lazy-operations
#' @export
cbrt <- function(x) operate("Cbrt", list(x))

#' @rdname lazy-operations
#' @export
xlogx <- function(x) operate("XLogX", list(x))

#' @rdname lazy-operations
#' @export
sinxdivx <- function(x) operate("SinXDivX", list(x))

#' @rdname lazy-operations
#' @export
sinc <- function(x) operate("SinXDivX", list(pi * x))

#' @rdname lazy-operations
#' @export
sigmoid <- function(x) operate("Sigmoid", list(x))

#' @rdname lazy-operations
#' @export
softplus <- function(x) operate("Softplus", list(x))

#' @rdname lazy-operations
#' @export
erf <- function(x) operate("Erf", list(x))

#' @rdname lazy-operations
#' @export
erfc <- function(x) operate("Erfc", list(x))

#' @rdname lazy-operations
#' @export
relu <- function(x) operate("ReLU", list(x))

#' @rdname lazy-operations
#' @export
unit_step <- function(x) operate("Step", list(x))

#' @rdname lazy-operations
#' @export
arctan2 <- function(y, x) operate("Atan2", list(y, x))

#' @rdname lazy-operations
#' @export
hypot <- function(x, y) operate("Hypot", list(x, y))

#' @rdname lazy-operations
#' @export
logaddexp <- function(x, y) operate("LogAddExp", list(x, y))

#' @rdname lazy-operations
#' @export
maximum <- function(x, y) operate("Maximum", list(x, y))

#' @rdname lazy-operations
#' @export
minimum <- function(x, y) operate("Minimum", list(x, y))

#' @rdname lazy-operations
#' @export
mod <- function(x, a, b = 0) operate("Mod", list(x, a, b))

#' @rdname lazy-operations
#' @export
clamp <- function(x, a, b) operate("Clamp", list(x, a, b))

#' @rdname lazy-operations
#' @export
clampint <- function(x, y, z) operate("ClampInt", list(x), parameter_texts(list(y, z)))

#' @rdname lazy-operations
#' @export
matern <- function(x, nu) {
  # These orders have closed forms, which the engine finds where the number is part of the formula.
  if (is.LazyTensor(x) && length(nu) == 1L && is.numeric(nu) && nu %in% c(0.5, 1.5, 2.5, 3.5)) {
    nu <- constant_tensor(nu)
  }
  operate("Matern", list(x, nu))
}

#' @rdname lazy-operations
#' @export
sqnorm2 <- function(x) operate("SqNorm2", list(x))

#' @rdname lazy-operations
#' @export
norm2 <- function(x) operate("Norm2", list(x))

#' @rdname lazy-operations
#' @export
normalize <- function(x) operate("Normalize", list(x))

#' @rdname lazy-operations
#' @export
sqdist <- function(x, y) operate("SqDist", list(x, y))

#' @rdname lazy-operations
#' @export
weightedsqnorm <- function(x, s) operate("WeightedSqNorm", list(s, x))

#' @rdname lazy-operations
#' @export
weightedsqdist <- function(x, y, s) operate("WeightedSqDist", list(s, x, y))

#' @rdname lazy-operations
#' @export
elem <- function(x, m) operate("Elem", list(x), parameter_texts(list(m)))

#' @rdname lazy-operations
#' @export
elemT <- function(x, m, n) operate("ElemT", list(x), parameter_texts(list(n, m)))

#' @rdname lazy-operations
#' @export
extract <- function(x, m, d) operate("Extract", list(x), parameter_texts(list(m, d)))

#' @rdname lazy-operations
#' @export
extractT <- function(x, m, d) operate("ExtractT", list(x), parameter_texts(list(m, d)))

#' @rdname lazy-operations
#' @export
concat <- function(x, y) {
  if (is.ComplexLazyTensor(x) != is.ComplexLazyTensor(y)) {
    raise_error("argument", "`x` and `y` must both be real or both be complex")
  }
  if (!is.ComplexLazyTensor(x)) {
    return(operate("Concat", list(x, y)))
  }
  apply_operation("Concat", list(x, y), complex = TRUE)
}

#' @rdname lazy-operations
#' @export
one_hot <- function(x, D) operate("OneHot", list(x), parameter_texts(list(D)))

#' @rdname lazy-operations
#' @export
gather <- function(x, y) operate("Gather", list(x, y))

#' @rdname lazy-operations
#' @export
matvecmult <- function(m, v) operate("MatVecMult", list(m, v))

#' @rdname lazy-operations
#' @export
vecmatmult <- function(v, m) operate("VecMatMult", list(v, m))

#' @rdname lazy-operations
#' @export
tensorprod <- function(x, y) operate("TensorProd", list(x, y))

#' @rdname lazy-operations
#' @export
keops_tensordot <- function(x, y, dimsx, dimsy, contx, conty, permute = NULL) {
  lists <- c(list(dimsx, dimsy, contx, conty), if (!is.null(permute)) list(permute))
  operate("TensorDot", list(x, y), parameter_texts(lists, are_lists = TRUE))
}

#' @rdname lazy-operations
#' @export
keops_kron <- function(x, y, dimsx, dimsy) {
  operate("Kron", list(x, y), parameter_texts(list(dimsx, dimsy), are_lists = TRUE))
}

#' @rdname lazy-operations
#' @export
bspline <- function(x, y, k = 3) operate("BSpline", list(x, y), parameter_texts(list(k)))

#' @rdname lazy-operations
#' @export
softdtw_sqdist <- function(x, y, gamma = 1) operate("SoftDTW_SqDist", list(x, y, gamma))

#' @rdname lazy-operations
#' @export
real2complex <- function(x) operate_real("Real2Complex", x)

#' @rdname lazy-operations
#' @export
imag2complex <- function(x) operate_real("Imag2Complex", x)

#' @rdname lazy-operations
#' @export
exp1j <- function(x) {
  if (!is.LazyTensor(x)) {
    return(complex(real = cos(x), imaginary = sin(x)))
  }
  operate_real("ComplexExp1j", x)
}

# Operations whose value is 1 or 0.
truth_operations <- c("Equal", "NotEqual", "LessThan", "LessOrEqual", "And", "Or", "Not")

# A choice by a truth value, or like the operation IfElse by whether a number is at least 0.
lazy_ifelse <- function(test, yes, no) {
  is_truth <- is.call(test@expression) &&
    as.character(test@expression[[1L]]) %in% truth_operations
  if (is_truth) test <- test - 0.5
  operate("IfElse", list(test, yes, no))
}

# base::ifelse() turns an S4 object into a logical vector, finds where it is TRUE and where FALSE,
# and puts the two branches there. What stands for a LazyTensor has one place of each, and gathers
# the branches.
setAs("LazyTensor", "logical", function(from) {
  structure(c(TRUE, FALSE), test = from, class = "keops_choice")
})

#' @export
`[<-.keops_choice` <- function(x, i, value) {
  place <- unclass(x)[i]
  if (length(place) != 1L) {
    raise_argument_error("test", "used as a whole", x)
  }
  value <- if (inherits(value, "keops_branch")) attr(value, "value") else value[1L]
  if (place) {
    attr(x, "yes") <- value
    return(x)
  }
  lazy_ifelse(attr(x, "test"), attr(x, "yes"), value)
}

#' @export
Ops.keops_choice <- function(e1, e2) {
  !as.vector(unclass(e1))
}

#' @export
rep.LazyTensor <- function(x, ...) {
  structure(list(), value = x, class = "keops_branch")
}

#' @export
`[.keops_branch` <- function(x, i) {
  x
}
