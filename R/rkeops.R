#' Names of RKeOps
#'
#' Functions under the names that RKeOps gives them, so that its scripts run with
#' `library(kernelops)` in place of `library(rkeops)`. The functions of this package that do the
#' same are named below; the vignette *Coming from RKeOps or PyKeOps* says what differs.
#'
#' * `rkeops_use_cpu()`, `rkeops_use_gpu()`, `rkeops_use_float32()`, `rkeops_use_float64()`:
#'   [use_cpu()], [use_gpu()], [use_float32()], [use_float64()]. Numbers are `float64` here unless
#'   you say otherwise.
#' * `rkeops_enable_verbosity()`, `rkeops_disable_verbosity()`: the option `kernelops.verbose`.
#' * `get_rkeops_options()`, `set_rkeops_options()`: [kernelops-options].
#' * `get_rkeops_cache_dir()`, `set_rkeops_cache_dir()`, `stat_rkeops_cache_dir()`,
#'   `clean_rkeops()`: [keops_cache_clear()] and [keops_sitrep()].
#' * `check_rkeops()` compiles and runs a small kernel; `install_rkeops()` has nothing to do, as
#'   there is no Python; `helloWorld()` greets.
#' * `unaryop.LazyTensor()`, `binaryop.LazyTensor()`, `ternaryop.LazyTensor()`: [lazy_operation()].
#'
#' @param ncore Number of threads; `NULL` or 0 for the default.
#' @param device The number of the GPU, from 0 on; -1 for the first.
#' @param option One of `"backend"`, `"device_id"`, `"precision"`, `"verbosity"`, `"debug"`,
#'   `"cache_dir"`, `"formula_only"`; `NULL` for all of them.
#' @param input A list of options by these names; `NULL` sets all to their defaults. `debug` and
#'   `formula_only` have no effect.
#' @param cache_dir The folder of compiled kernels; `NULL` for the default.
#' @param verbose Whether to say what was done.
#' @param startup,all,remove_cache_dir,... No effect, for scripts that have them.
#' @param x,y,z LazyTensors or numbers.
#' @param opstr The name of an operation of [keops_operations()].
#' @param opt_arg,opt_arg2 Whole numbers: parameters of the operation.
#' @param is_operator,dim_check_type,res_type,dim_res No effect: the tables say this.
#' @return Setters return the old value, invisibly; `get_` functions the values;
#'   `stat_rkeops_cache_dir()` the bytes of the compiled kernels, invisibly; `check_rkeops()`
#'   whether all is well, invisibly.
#' @name rkeops-names
#' @family RKeOps names
#' @examples
#' old <- get_rkeops_options("precision")
#' set_rkeops_options(list(precision = "float32"))
#' set_rkeops_options(list(precision = old))
#' get_rkeops_cache_dir()
NULL

#' @rdname rkeops-names
#' @export
rkeops_use_cpu <- function(ncore = NULL) use_cpu(ncore)

#' @rdname rkeops-names
#' @export
rkeops_use_gpu <- function(device = -1) {
  use_gpu(if (is.int(device) && device == -1) 0 else device)
}

#' @rdname rkeops-names
#' @export
rkeops_use_float32 <- function() use_float32()

#' @rdname rkeops-names
#' @export
rkeops_use_float64 <- function() use_float64()

#' @rdname rkeops-names
#' @export
rkeops_enable_verbosity <- function() keops_options(verbose = TRUE)

#' @rdname rkeops-names
#' @export
rkeops_disable_verbosity <- function() keops_options(verbose = FALSE)

# For each option of RKeOps ours, and how a value is written there and here; those that have no
# meaning here have one value.
rkeops_options <- list(
  backend = list(name = "backend", there = toupper, here = tolower),
  device_id = list(
    name = "device", there = function(value) if (is.numeric(value)) as.integer(value) else value,
    here = function(value) if (!(is.int(value) && value == -1)) value
  ),
  precision = list(name = "precision", there = identity, here = identity),
  verbosity = list(
    name = "verbose", there = as.integer,
    here = function(value) if (is.int(value)) value > 0 else value
  ),
  debug = list(value = 0L),
  cache_dir = list(name = "cache_dir", there = identity, here = identity),
  formula_only = list(value = FALSE)
)

#' @rdname rkeops-names
#' @export
get_rkeops_options <- function(option = NULL) {
  if (is.null(option)) {
    return(lapply(stats::setNames(nm = names(rkeops_options)), get_rkeops_options))
  }
  if (!is_string(option) || !option %in% names(rkeops_options)) {
    known <- paste0("\"", names(rkeops_options), "\"", collapse = ", ")
    raise_argument_error("option", known, option)
  }
  row <- rkeops_options[[option]]
  if (is.null(row$name)) row$value else row$there(effective_option(row$name))
}

#' @rdname rkeops-names
#' @export
set_rkeops_options <- function(input = NULL) {
  old <- get_rkeops_options()
  rows <- Filter(function(row) !is.null(row$name), rkeops_options)
  if (is.null(input)) {
    input <- lapply(rows, function(row) NULL)
  } else if (!is.list(input) || !has_names(input) || !all(names(input) %in% names(old))) {
    known <- paste(names(old), collapse = ", ")
    raise_argument_error("input", paste("a list with names among", known), input)
  }
  rows <- rows[intersect(names(input), names(rows))]
  new <- lapply(names(rows), function(name) {
    value <- input[[name]]
    if (!is.null(value)) rows[[name]]$here(value)
  })
  names(new) <- vapply(rows, `[[`, "", "name")
  keops_options(new)
  invisible(old)
}

#' @rdname rkeops-names
#' @export
get_rkeops_cache_dir <- function() cache_directory()

#' @rdname rkeops-names
#' @export
set_rkeops_cache_dir <- function(cache_dir = NULL, verbose = TRUE) {
  old <- keops_options(cache_dir = cache_dir)
  if (verbose) message("kernelops: compiled kernels are kept in ", cache_directory())
  invisible(old)
}

#' @rdname rkeops-names
#' @export
stat_rkeops_cache_dir <- function(verbose = TRUE, startup = FALSE) {
  report <- cpp_system_report(current_settings())
  if (verbose) {
    message("kernelops: ", format_bytes(report$cache_bytes), " in ", report$cache_directory)
  }
  invisible(report$cache_bytes)
}

#' @rdname rkeops-names
#' @export
clean_rkeops <- function(verbose = TRUE, all = TRUE, remove_cache_dir = FALSE) {
  count <- keops_cache_clear()
  if (verbose) message("kernelops: ", count, " compiled kernels removed")
  invisible(count)
}

#' @rdname rkeops-names
#' @export
check_rkeops <- function(verbose = TRUE) {
  x <- matrix(c(0, 1, 2), ncol = 1L)
  op <- keops_kernel("Sum_Reduction(SqDist(x, y), 0)", c("x = Vi(1)", "y = Vj(1)"))
  works <- tryCatch(
    identical(as.vector(op(list(x, x))), c(5, 2, 5)),
    kernelops_error = function(e) FALSE
  )
  if (verbose) message("kernelops: ", if (works) "works" else "does not work, see keops_sitrep()")
  invisible(works)
}

#' @rdname rkeops-names
#' @export
install_rkeops <- function(...) {
  message("kernelops: nothing to install, the package needs no Python")
  invisible(NULL)
}

#' @rdname rkeops-names
#' @export
helloWorld <- function() cat("Hello from kernelops!\n")

given_parameters <- function(...) {
  values <- list(...)
  parameter_texts(values[!vapply(values, function(value) identical(value, NA), TRUE)])
}

#' @rdname rkeops-names
#' @export
unaryop.LazyTensor <- function(x, opstr, opt_arg = NA, opt_arg2 = NA, res_type = NA, dim_res = NA) {
  operation_row(opstr)
  operate(opstr, list(x), given_parameters(opt_arg, opt_arg2))
}

#' @rdname rkeops-names
#' @export
binaryop.LazyTensor <- function(x, y, opstr, is_operator = FALSE, dim_check_type = "sameor1",
                                res_type = NA, dim_res = NA, opt_arg = NA) {
  is_sign <- is_string(opstr) && opstr %in% names(binary_operations)
  name <- if (is_sign) binary_operations[[opstr]] else opstr
  operation_row(name)
  operate(name, list(x, y), given_parameters(opt_arg))
}

#' @rdname rkeops-names
#' @export
ternaryop.LazyTensor <- function(x, y, z, opstr, dim_check_type = "sameor1", dim_res = NA) {
  operation_row(opstr)
  operate(opstr, list(x, y, z))
}
