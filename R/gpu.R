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
#' @param row.names,optional Not used.
#' @param object,... Not used.
#' @return `keops_to_gpu()` returns an object of class `keops_gpu_matrix`, with `dim()`,
#'   `dimnames()` and `as.matrix()`, which copies the numbers back. `keops_gpu_memory()` returns a
#'   data frame with one row for each GPU that has been used and the columns `device`, `used`,
#'   `cached`, `cap` and `peak`, in bytes.
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
  if (inherits(x, "keops_gpu_matrix")) {
    return(x)
  }
  check_tensor_data(x, FALSE)
  if (is.complex(x)) {
    raise_argument_error("x", "a matrix, data frame or vector of real numbers", x)
  }
  matrix <- tensor_data(x, is_row = FALSE)
  check_missing(matrix)
  settings <- current_settings()
  sent <- cpp_send_to_gpu(matrix, settings)
  watch_collections()
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
format.keops_gpu_matrix <- function(x, ...) {
  fields <- unclass(x)
  sprintf(
    "<keops_gpu_matrix> %d x %d, %s on GPU %d (%s)", fields$dim[1L], fields$dim[2L],
    format_bytes(8 * prod(fields$dim)), fields$device, fields$name
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
# too many for that.
watch_collections <- function() {
  if (is.null(memory$watched)) {
    memory$watched <- TRUE
    watch_next_collection()
  }
}

watch_next_collection <- function() {
  reg.finalizer(new.env(), function(collected) {
    calls <- lapply(sys.calls(), `[[`, 1L)
    if (any(vapply(calls, identical, NA, quote(gc)))) cpp_trim_gpus()
    watch_next_collection()
  })
}
