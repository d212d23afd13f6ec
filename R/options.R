#' Options
#'
#' @description
#' What an operator runs with is looked up when it is called. Options are set by the functions below
#' or by `options(kernelops.<name> = )`; `NULL` stands for the default.
#'
#' | option                     | default                      | meaning                           |
#' |----------------------------|------------------------------|-----------------------------------|
#' | `kernelops.precision`      | `"float64"`                  | `"float64"` or `"float32"`        |
#' | `kernelops.threads`        | all cores that may be used   | number of threads                 |
#' | `kernelops.compiler`       | the one R was built with     | command or path of a C++ compiler |
#' | `kernelops.compiler_flags` | none                         | more flags for the compiler       |
#' | `kernelops.cpu`            | the machine's own            | processor to generate code for    |
#' | `kernelops.cache_dir`      | see [keops_cache_clear()]    | where compiled kernels are kept   |
#' | `kernelops.verbose`        | `FALSE`                      | say when a kernel is compiled     |
#'
#' The default number of threads honours `OMP_NUM_THREADS`, `OMP_THREAD_LIMIT`, the CPU quota of a
#' container, `options(mc.cores = )` and the limit of `R CMD check`. Results do not depend on it.
#' The compiler is also taken from the environment variables `KERNELOPS_CXX` and `CXX`, the cache
#' directory from `KERNELOPS_CACHE_DIR`.
#'
#' @details
#' `use_cpu()` sets the number of threads; `use_float32()` computes in single precision, which is
#' faster, and `use_float64()` in double precision. Inputs and results are double in R either way.
#'
#' @param ncore Number of threads; `NULL` or 0 for the default.
#' @return The old value of the option, invisibly; `NULL` if it was not set.
#' @name kernelops-options
#' @examples
#' old <- use_cpu(ncore = 2)
#' use_float32()
#' use_float64()
#' use_cpu(old)
NULL

#' @rdname kernelops-options
#' @export
use_cpu <- function(ncore = NULL) {
  if (is.numeric(ncore) && length(ncore) == 1L && !is.na(ncore) && ncore == 0) {
    ncore <- NULL
  }
  if (!is.null(ncore) && !is_count(ncore)) {
    raise_argument_error("ncore", "NULL, 0 or a positive whole number", ncore)
  }
  set_option("threads", if (!is.null(ncore)) as.integer(ncore))
}

#' @rdname kernelops-options
#' @export
use_float32 <- function() {
  set_option("precision", "float32")
}

#' @rdname kernelops-options
#' @export
use_float64 <- function() {
  set_option("precision", "float64")
}

is_count <- function(x) {
  is.numeric(x) && length(x) == 1L && x %in% seq_len(65536L)
}

is_path <- function(x) {
  is_string(x) && nzchar(x)
}

is_flag <- function(x) {
  is.logical(x) && length(x) == 1L && !is.na(x)
}

is_character <- function(x) {
  is.character(x) && !anyNA(x)
}

# One row for each option: its default (NULL: found out on this machine), its check, and in words
# what it must be.
option_row <- function(default, check, expected) {
  list(default = default, check = check, expected = expected)
}

option_table <- list(
  precision = option_row(
    "float64", function(x) is_string(x) && x %in% c("float64", "float32"),
    "\"float64\" or \"float32\""
  ),
  threads = option_row(NULL, is_count, "a positive whole number"),
  compiler = option_row(NULL, is_path, "one string, the command or path of a C++ compiler"),
  compiler_flags = option_row(character(), is_character, "a character vector"),
  cpu = option_row("", is_string, "one string, the name of a processor"),
  cache_dir = option_row(NULL, is_path, "one string, the path of a directory"),
  verbose = option_row(FALSE, is_flag, "TRUE or FALSE")
)

option_names <- paste0("kernelops.", names(option_table))

# The checked value of an option, its default if it is not set.
keops_option <- function(name) {
  row <- option_table[[name]]
  value <- getOption(paste0("kernelops.", name))
  if (is.null(value)) {
    return(row$default)
  }
  if (!row$check(value)) {
    raise_argument_error(paste0("options(kernelops.", name, ")"), row$expected, value)
  }
  value
}

set_option <- function(name, value) {
  old <- options(structure(list(value), names = paste0("kernelops.", name)))
  invisible(old[[1L]])
}
