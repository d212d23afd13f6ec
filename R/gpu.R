#' Matrices in the memory of a GPU
#'
#' `keops_to_gpu()` sends a matrix to the GPU once, so that calls in a loop, as of a solver or an
#' optimiser, need not send it again. Operators and LazyTensors take the result wherever they take
#' the matrix.
#'
#' @details
#' The numbers are kept in double precision; in float32 a call converts them on the GPU. A matrix on
#' one GPU can be used by a call on others, for which it is copied through the memory of the CPU.
#' The memory is given back when R collects the object. What calls themselves need comes from a pool
#' that keeps memory for the next call; `gc()` frees what is not in use.
#'
#' A matrix on a GPU belongs to its process: after `saveRDS()` and `readRDS()`, in a worker or in a
#' fork, its use is an error of class `kernelops_error_device`.
#'
#' @param x A numeric matrix, data frame or vector, which becomes one column. Row names are kept.
#' @param ... Not used.
#' @return `keops_to_gpu()` returns an object of class `keops_gpu_matrix`, with `dim()`,
#'   `dimnames()` and `as.matrix()`, which copies the numbers back; arithmetic is an error.
#'   `keops_gpu_memory()` returns a data frame with one row for each GPU that has been used and the
#'   columns `device`, `used`, `cached`, `cap` and `peak`, in bytes.
#' @seealso [use_gpu()]
#' @export
#' @examples
#' \dontrun{
#' use_gpu()
#' x <- keops_to_gpu(matrix(rnorm(3e6), ncol = 3))
#' op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x, y)), 0)", c("x = Vi(3)", "y = Vj(3)"))
#' density <- op(list(x, x))
#' keops_gpu_memory()
#' }
keops_to_gpu <- function(x) {
  if (is_on_gpu(x)) {
    return(x)
  }
  check_tensor_data(x, FALSE)
  if (is.complex(x)) {
    raise_argument_error("x", "a matrix, data frame or vector of real numbers", x)
  }
  matrix <- tensor_data(x, is_row = FALSE)
  check_missing(matrix)
  sent <- cpp_send_to_gpu(matrix, current_settings())
  watch_collections()
  reg.finalizer(sent$pointer, function(pointer) {
    cpp_release_from_gpu(pointer)
    trim_if_asked()
  })
  # The bindings read the first and the last element.
  structure(
    list(
      pointer = sent$pointer, device = sent$device, name = sent$name, dim = dim(matrix),
      dimnames = dimnames(matrix)
    ),
    class = "keops_gpu_matrix"
  )
}

#' @rdname keops_to_gpu
#' @export
keops_gpu_memory <- function() {
  as.data.frame(cpp_gpu_memory())
}

is_on_gpu <- function(x) {
  inherits(x, "keops_gpu_matrix")
}

# Where R itself must look at the numbers.
fetched <- function(x) {
  if (is_on_gpu(x)) as.matrix(x) else x
}

#' @export
dim.keops_gpu_matrix <- function(x) {
  unclass(x)$dim
}

#' @export
dimnames.keops_gpu_matrix <- function(x) {
  unclass(x)$dimnames
}

#' @export
length.keops_gpu_matrix <- function(x) {
  prod(dim(x))
}

# Missing values were looked for when it was sent.
#' @export
anyNA.keops_gpu_matrix <- function(x, recursive = FALSE) {
  FALSE
}

#' @rdname keops_to_gpu
#' @export
as.matrix.keops_gpu_matrix <- function(x, ...) {
  numbers <- cpp_fetch_from_gpu(unclass(x))
  dimnames(numbers) <- dimnames(x)
  numbers
}

#' @export
as.array.keops_gpu_matrix <- as.matrix.keops_gpu_matrix

#' @export
as.double.keops_gpu_matrix <- function(x, ...) {
  as.vector(as.matrix(x))
}

#' @export
as.vector.keops_gpu_matrix <- function(x, mode = "any") {
  as.vector(as.matrix(x), mode)
}

refuse_on_gpu <- function(what) {
  raise_error("unsupported", paste0(
    what, " is not defined for a matrix on a GPU\n  hint: operators and LazyTensors take it; ",
    "as.matrix(x) copies its numbers back"
  ))
}

#' @export
Ops.keops_gpu_matrix <- function(e1, e2) {
  refuse_on_gpu(sprintf("`%s`", .Generic))
}

#' @export
Math.keops_gpu_matrix <- function(x, ...) {
  refuse_on_gpu(paste0(.Generic, "()"))
}

#' @export
Summary.keops_gpu_matrix <- function(..., na.rm = FALSE) {
  refuse_on_gpu(paste0(.Generic, "()"))
}

#' @export
mean.keops_gpu_matrix <- function(x, ...) {
  refuse_on_gpu("mean()")
}

#' @export
t.keops_gpu_matrix <- function(x) {
  refuse_on_gpu("t()")
}

#' @export
`[.keops_gpu_matrix` <- function(x, ...) {
  refuse_on_gpu("`[`")
}

#' @export
`[[.keops_gpu_matrix` <- function(x, ...) {
  refuse_on_gpu("`[[`")
}

#' @export
`$.keops_gpu_matrix` <- function(x, name) {
  refuse_on_gpu("`$`")
}

#' @export
`[<-.keops_gpu_matrix` <- function(x, ..., value) {
  refuse_on_gpu("assignment")
}

#' @export
`[[<-.keops_gpu_matrix` <- `[<-.keops_gpu_matrix`

#' @export
`$<-.keops_gpu_matrix` <- `[<-.keops_gpu_matrix`

#' @export
`dim<-.keops_gpu_matrix` <- `[<-.keops_gpu_matrix`

#' @export
`dimnames<-.keops_gpu_matrix` <- `[<-.keops_gpu_matrix`

#' @export
format.keops_gpu_matrix <- function(x, ...) {
  fields <- unclass(x)
  where <- sprintf("GPU %d (%s)", fields$device, fields$name)
  if (!cpp_is_on_gpu(fields)) where <- paste(where, "of another process")
  sprintf("<keops_gpu_matrix> %s x %s, %s on %s",
    format_size(fields$dim[1L]), format_size(fields$dim[2L]), format_bytes(8 * prod(fields$dim)),
    where
  )
}

#' @export
print.keops_gpu_matrix <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @importFrom utils str
#' @export
str.keops_gpu_matrix <- function(object, ...) {
  cat("", format(object), "\n")
}

# The pools of devices keep memory, of which R knows nothing. An object that nobody holds is
# collected by the next gc(), and then those that the user called free it; R's own collections are
# too many for that. Matrices do the same, as nothing says which of the objects comes last.
watch_collections <- function() {
  if (is.null(memory$watched)) {
    memory$watched <- TRUE
    watch_next_collection()
  }
}

watch_next_collection <- function() {
  reg.finalizer(new.env(), function(collected) {
    trim_if_asked()
    watch_next_collection()
  })
}

trim_if_asked <- function() {
  for (frame in seq_len(sys.nframe())) {
    if (identical(sys.function(frame), gc)) {
      return(cpp_trim_gpus())
    }
  }
}
