# The operator of the README and its dense twin.
gaussian <- function(axis = 0L) {
  side <- if (axis == 0L) "b = Vj(6)" else "b = Vi(6)"
  keops_kernel(
    sprintf("Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, %d)", axis),
    c("x = Vi(3)", "y = Vj(3)", side, "s = Pm(1)")
  )
}

gaussian_inputs <- function(rows = 100, columns = 70, axis = 0L) {
  list(
    x = uniform(rows, 3, seed = 1), y = uniform(columns, 3, seed = 2),
    b = uniform(if (axis == 0L) columns else rows, 6, seed = 3), s = matrix(0.7)
  )
}

dense_gaussian <- function(inputs, axis = 0L) {
  kernel <- exp(-c(inputs$s) * squared_distances(inputs$x, inputs$y))
  if (axis == 0L) kernel %*% inputs$b else t(kernel) %*% inputs$b
}

squared_norm_sum <- function() {
  keops_kernel("Sum_Reduction(SqNorm2(x - y), 0)", c("x = Vi(3)", "y = Vj(3)"))
}

# The number of columns of an operator's result.
op_dimension <- function(op) {
  fields <- op()
  cpp_describe_operator(fields$formula, fields$args)$result$dimension
}
