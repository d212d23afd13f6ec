#' Remove compiled kernels
#'
#' Compiled kernels are kept in a directory of the user and found again by later sessions. They are
#' rebuilt when they are missing, so it is always safe to remove them. The directory is that of
#' `tools::R_user_dir("kernelops", "cache")`, or of the option `kernelops.cache_dir` or the
#' environment variable `KERNELOPS_CACHE_DIR`, in this order: option, variable, user directory.
#' During `R CMD check`, or if the user directory cannot be written, it is a temporary directory
#' that ends with the session.
#'
#' After compiling, kernels older than three months, and then the oldest until the rest fits the
#' option `cache_size`, are removed.
#'
#' @return The number of kernels removed, invisibly.
#' @export
#' @examples
#' \donttest{
#' directory <- file.path(tempdir(), "kernels")
#' with_keops_options(list(cache_dir = directory), keops_cache_clear())
#' }
keops_cache_clear <- function() {
  invisible(cpp_clear_cache(current_settings()))
}

cache_directory <- function(option = keops_option("cache_dir")) {
  variable <- Sys.getenv("KERNELOPS_CACHE_DIR")
  chosen <- if (!is.null(option)) option else variable
  if (nzchar(chosen)) {
    return(absolute_path(chosen))
  }
  user <- path.expand(tools::R_user_dir("kernelops", "cache"))
  if (is_checking() || !is_absolute(user) || !is_writable(user)) {
    return(file.path(tempdir(), "kernelops"))
  }
  user
}

# R CMD check must leave nothing behind.
is_checking <- function() {
  any(nzchar(Sys.getenv(c("_R_CHECK_PACKAGE_NAME_", "_R_CHECK_LIMIT_CORES_"))))
}

# Whether a directory can be written, or made, without making it.
is_writable <- function(path) {
  while (!file.exists(path) && dirname(path) != path) {
    path <- dirname(path)
  }
  dir.exists(path) && file.access(path, 2L) == 0L
}

is_absolute <- function(path) {
  grepl("^(/|[A-Za-z]:[/\\\\]|\\\\\\\\)", path)
}

absolute_path <- function(path) {
  path <- path.expand(path)
  if (is_absolute(path)) path else file.path(getwd(), path)
}
