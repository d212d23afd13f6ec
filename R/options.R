#' Options
#'
#' @description
#' What an operator runs with is looked up when it is called. `keops_options()` shows and sets the
#' options, `with_keops_options()` sets them while some code runs, and `use_cpu()`, `use_gpu()`,
#' `use_float32()` and `use_float64()` set the most common ones. `options(kernelops.<name> = )`
#' does the same, and is what belongs in a file that R reads when it starts.
#'
#' @eval rd_options()
#'
#' @details
#' The default number of threads honours `OMP_NUM_THREADS`, `OMP_THREAD_LIMIT`, the CPU quota of a
#' container, `options(mc.cores = )` and the limit of `R CMD check`. Results do not depend on it.
#' The compiler is also taken from the environment variables `KERNELOPS_CXX` and `CXX`, the cache
#' directory from `KERNELOPS_CACHE_DIR`, NVRTC from `KERNELOPS_NVRTC`, `CUDA_HOME` and `CUDA_PATH`,
#' and the library of the GPU driver from `KERNELOPS_LIBCUDA`; the vignette on GPUs,
#' `vignette("gpu")`, says where else they are looked for.
#'
#' `use_gpu()` finds and starts the GPUs at once, so that what is missing is said there and then;
#' the option `backend` alone is looked at by the next call. `use_cpu()` goes back. On a GPU,
#' `gpu_memory` bounds the memory of each device that is used at a time: larger inputs are streamed
#' through it. `tensor_cores` lets scalar products and squared distances of long vectors in float32
#' be computed by tensor cores; that vignette has the bound of their error. See [keops_to_gpu()] for
#' data that stay on a GPU.
#'
#' Inputs and results are double in R, in either precision; `"float32"` is faster.
#'
#' @param ... New values by name, `precision = "float32"`, or one list of them; `NULL` stands for
#'   the default. All are checked before any is set.
#' @param new A list of new values with names.
#' @param code What to run with them. The old values come back afterwards, also after an error.
#' @param ncore Number of threads; `NULL` or 0 for the default.
#' @param device The GPUs to use, by their numbers from 0 on, or `"all"`; the rows of a result are
#'   split over several.
#' @return `keops_options()` without arguments returns the values as a list of class
#'   `keops_options`, which prints as a table. With arguments it returns the old values invisibly,
#'   `NULL` where an option was not set, as a list that can be given back to it.
#'   `with_keops_options()` returns the value of `code`. `use_gpu()` returns the devices as a data
#'   frame, invisibly: `device`, `name`, `compute_capability` and `memory` in bytes. The others
#'   return the old value of their option, invisibly, `NULL` if it was not set.
#' @name kernelops-options
#' @examples
#' keops_options()
#' old <- keops_options(precision = "float32", threads = 2)
#' keops_options()$precision
#' keops_options(old)
#'
#' with_keops_options(list(threads = 1), keops_options()$threads)
#'
#' old <- use_cpu(ncore = 2)
#' use_cpu(old)
NULL

#' @rdname kernelops-options
#' @export
keops_options <- function(...) {
  new <- list(...)
  if (length(new) == 0L) {
    return(current_options())
  }
  if (length(new) == 1L && is.null(names(new)) && is.list(new[[1L]])) {
    new <- new[[1L]]
  }
  if (inherits(new, "keops_options")) {
    new <- set_values(new)
  }
  check_options(new)
  set_options(new)
}

#' @rdname kernelops-options
#' @export
with_keops_options <- function(new, code) {
  old <- keops_options(as.list(new))
  on.exit(set_options(old))
  code
}

#' @rdname kernelops-options
#' @export
use_cpu <- function(ncore = NULL) {
  if (is.numeric(ncore) && length(ncore) == 1L && !is.na(ncore) && ncore == 0) {
    ncore <- NULL
  }
  if (!is.null(ncore) && !is_count(ncore)) {
    raise_argument_error("ncore", "NULL, 0 or a positive whole number", ncore)
  }
  set_option("backend", "cpu")
  set_option("threads", if (!is.null(ncore)) as.integer(ncore))
}

#' @rdname kernelops-options
#' @export
use_gpu <- function(device = 0) {
  if (!is_devices(device)) {
    raise_argument_error("device", option_table$device$expected, device)
  }
  settings <- current_settings()
  settings$device <- device_numbers(device)
  started <- as.data.frame(cpp_start_gpus(settings))
  set_options(list(backend = "gpu", device = device))
  invisible(started)
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

is_one_of <- function(choices) {
  force(choices)
  function(x) is_string(x) && x %in% choices
}

is_size <- function(x) {
  is.numeric(x) && length(x) == 1L && is.finite(x) && x >= 0 && x < 2^63
}

is_devices <- function(x) {
  identical(x, "all") ||
    (is.numeric(x) && length(x) > 0L && all(x %in% 0:65535) && !anyDuplicated(x))
}

# As the engine knows them: none stands for all.
device_numbers <- function(device) {
  if (identical(device, "all")) integer() else as.integer(device)
}

# One row for each option: its default, its check, what it must be and what it means in words.
# Where the default is NULL, `find` finds it out on this machine and `default_text` describes it.
option_row <- function(default, check, expected, help, default_text = deparse(default),
                       find = NULL) {
  list(
    default = default, check = check, expected = expected, help = help,
    default_text = default_text, find = find
  )
}

option_table <- list(
  backend = option_row(
    "cpu", is_one_of(c("cpu", "gpu")), "\"cpu\" or \"gpu\"", "what computes"
  ),
  device = option_row(
    0, is_devices, "whole numbers from 0 on, each once, or \"all\"",
    "which GPUs, where they are used"
  ),
  gpu_memory = option_row(
    NULL, is_size, "a number of bytes", "memory of each GPU that may be used",
    default_text = "four fifths of it", find = function() 0
  ),
  tensor_cores = option_row(
    FALSE, is_flag, "TRUE or FALSE", "tensor cores of GPUs, in float32"
  ),
  precision = option_row(
    "float64", is_one_of(c("float64", "float32")), "\"float64\" or \"float32\"",
    "precision of the computation"
  ),
  threads = option_row(
    NULL, is_count, "a positive whole number", "number of threads",
    default_text = "all cores that may be used", find = function() default_threads()
  ),
  na_action = option_row(
    "fail", is_one_of(c("fail", "pass")), "\"fail\" or \"pass\"",
    "NA in inputs: an error, or as NaN"
  ),
  verbose = option_row(FALSE, is_flag, "TRUE or FALSE", "say when a kernel is compiled"),
  progress = option_row(
    "auto", function(x) is_flag(x) || identical(x, "auto"),
    "TRUE, FALSE or \"auto\" (in interactive sessions)", "progress bar of long computations"
  ),
  cache_dir = option_row(
    NULL, is_path, "one string, the path of a directory", "where compiled kernels are kept",
    default_text = "see keops_cache_clear()", find = function() cache_directory(NULL)
  ),
  cache_size = option_row(
    512 * 1024^2, is_size, "a number of bytes", "compiled kernels to keep",
    default_text = "512 MiB"
  ),
  compiler = option_row(
    NULL, is_path, "one string, the command or path of a C++ compiler", "the C++ compiler",
    default_text = "the one R was built with", find = function() compiler_candidates(NULL)[1L]
  ),
  compiler_flags = option_row(
    character(), is_character, "a character vector", "more flags for the compiler",
    default_text = "none"
  ),
  cpu = option_row(
    "", is_string, "one string, the name of a processor", "processor to generate code for",
    default_text = "the machine's own"
  ),
  nvrtc = option_row(
    NULL, is_path, "one string, the path of a library or of its directory",
    "NVRTC, the compiler for GPUs",
    default_text = "the first that fits the GPUs", find = function() ""
  )
)

option_names <- paste0("kernelops.", names(option_table))

check_option <- function(name, value, label = name) {
  row <- option_table[[name]]
  if (!row$check(value)) {
    raise_argument_error(label, row$expected, value)
  }
}

# The checked value of an option, its default if it is not set.
keops_option <- function(name) {
  value <- getOption(paste0("kernelops.", name))
  if (is.null(value)) {
    return(option_table[[name]]$default)
  }
  check_option(name, value, paste0("options(kernelops.", name, ")"))
  value
}

# The same, or what was found out on this machine.
effective_option <- function(name) {
  value <- keops_option(name)
  if (is.null(value)) option_table[[name]]$find() else value
}

set_option <- function(name, value) {
  invisible(set_options(stats::setNames(list(value), name))[[1L]])
}

# Sets options without checks and returns the old values invisibly.
set_options <- function(new) {
  old <- options(stats::setNames(new, sprintf("kernelops.%s", names(new))))
  invisible(stats::setNames(old, names(new)))
}

# Checks a list of new values before any is set.
check_options <- function(new) {
  if (length(new) > 0L && !has_names(new)) {
    raise_argument_error("...", "options by name, each once: precision = \"float32\"", new)
  }
  for (name in setdiff(names(new), names(option_table))) {
    refuse_option_name(name)
  }
  for (name in names(new)) {
    if (!is.null(new[[name]])) check_option(name, new[[name]])
  }
}

refuse_option_name <- function(name) {
  known <- names(option_table)
  distance <- drop(utils::adist(name, known, ignore.case = TRUE))
  nearest <- known[which.min(distance)]
  hint <- if (min(distance) <= 3L) sprintf("; did you mean `%s`?", nearest) else ""
  raise_error(
    "argument",
    sprintf(
      "there is no option `%s`%s\n  known: %s", name, hint, paste(known, collapse = ", ")
    ),
    list(argument = name, expected = known, nearest = if (nzchar(hint)) nearest)
  )
}

# The values of all options and which of them are set.
current_options <- function() {
  is_set <- !vapply(option_names, function(name) is.null(getOption(name)), NA)
  structure(
    lapply(stats::setNames(nm = names(option_table)), effective_option),
    set = stats::setNames(is_set, names(option_table)), class = "keops_options"
  )
}

# What was set, and NULL for what was not.
set_values <- function(x) {
  values <- unclass(x)
  is_set <- attr(x, "set")
  attr(values, "set") <- NULL
  values[!is_set] <- list(NULL)
  values
}

#' @export
print.keops_options <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.keops_options <- function(x, ...) {
  values <- vapply(names(x), function(name) format_option(name, x[[name]]), "")
  cells <- rbind(
    c("option", "value", "", "meaning"),
    cbind(
      names(x), values, ifelse(attr(x, "set"), "set", "default"),
      vapply(option_table[names(x)], `[[`, "", "help")
    )
  )
  width <- max(getOption("width"), 60L)
  lines <- apply(apply(cells, 2L, format), 1L, paste, collapse = "  ")
  unname(cut_off(trimws(lines, "right"), width))
}

format_option <- function(name, value) {
  text <- if (name == "gpu_memory" && value == 0) {
    option_table[[name]]$default_text
  } else if (name %in% c("cache_size", "gpu_memory")) {
    format_bytes(value)
  } else if (length(value) == 0L || identical(value, "")) {
    option_table[[name]]$default_text
  } else {
    paste(value, collapse = " ")
  }
  cut_off(text, 22L)
}

# The table of the help page.
rd_options <- function() {
  items <- vapply(names(option_table), function(name) {
    row <- option_table[[name]]
    sprintf(
      "  \\item{\\code{%s}}{%s: %s. Default: %s.}", name, rd_escape(row$help),
      rd_escape(row$expected), rd_escape(row$default_text)
    )
  }, "")
  paste(c("@rawRd", rd_section("Table", unname(items))), collapse = "\n")
}
