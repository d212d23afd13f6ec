# What the scripts of this folder share: arguments, the device, clocks and the files they write.

# Values of `--name=value` and TRUE for `--name`; the names that may be given are those of
# `defaults`, whose values say what is meant where nothing is given.
read_options <- function(defaults) {
  given <- commandArgs(trailingOnly = TRUE)
  for (argument in given) {
    name <- sub("^--([a-z]+)(=.*)?$", "\\1", argument)
    if (!startsWith(argument, "--") || !name %in% names(defaults)) {
      stop("unknown argument: ", argument, "; known are ",
        paste0("--", names(defaults), collapse = " "),
        call. = FALSE
      )
    }
    value <- if (grepl("=", argument)) sub("^[^=]*=", "", argument) else "TRUE"
    defaults[[name]] <- methods::as(value, class(defaults[[name]])[1L])
  }
  defaults
}

script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])
folder <- dirname(normalizePath(script))
results <- file.path(dirname(folder), "results")

device_name <- function() {
  name <- tryCatch(
    if (file.exists("/proc/cpuinfo")) {
      sub("^[^:]*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1L])
    } else {
      system2("sysctl", c("-n", "machdep.cpu.brand_string"), stdout = TRUE)
    },
    error = function(condition) NA_character_
  )
  if (is.na(name)) paste(Sys.info()[c("sysname", "machine")], collapse = " ") else name
}

# Seconds of compilers and other processes that this one has started.
child_seconds <- function() sum(proc.time()[4:5])

# Seconds that the threads of this process have had; R tells milliseconds.
thread_seconds <- function() sum(proc.time()[1:2])

elapsed <- function(expression) {
  start <- Sys.time()
  force(expression)
  max(as.numeric(Sys.time() - start, units = "secs"), 1e-6)
}

use_precision <- function(precision) {
  if (precision == 32L) kernelops::use_float32() else kernelops::use_float64()
}

# A random matrix for every variable of an operator's declarations, uniform on [0, 1].
draw_inputs <- function(arguments, rows, columns) {
  parts <- regmatches(arguments, regexec("^ *([a-z]+) *= *(V[ij]|Pm)\\(([0-9]+)\\) *$", arguments))
  inputs <- lapply(parts, function(part) {
    count <- switch(part[3L], Vi = rows, Vj = columns, 1L)
    matrix(stats::runif(count * as.integer(part[4L])), nrow = count)
  })
  names(inputs) <- vapply(parts, `[[`, "", 2L)
  attr(inputs, "categories") <- vapply(parts, `[[`, "", 3L)
  inputs
}

# Runs R code in a process of its own and returns the numbers that it prints; `cache` is the folder
# of compiled kernels.
run_child <- function(lines, cache) {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(lines, script)
  output <- system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE, env = paste0("KERNELOPS_CACHE_DIR=", shQuote(cache))
  )
  as.numeric(strsplit(paste(output, collapse = " "), " +")[[1L]])
}

# Prints a table with three digits of every number.
print_table <- function(table) {
  short <- function(values) {
    if (!is.double(values)) {
      return(values)
    }
    vapply(values, function(value) format(signif(value, 3)), "")
  }
  shown <- as.data.frame(lapply(table, short))
  width <- base::options(width = 250L)
  on.exit(base::options(width))
  print(shown, row.names = FALSE)
}

# The path of a new file of results, named by what was measured and the time.
result_file <- function(name, extension) {
  dir.create(results, showWarnings = FALSE, recursive = TRUE)
  time <- format(Sys.time(), "%Y-%m-%d-%H%M%S", tz = "UTC")
  file.path(results, paste0("cpu-", name, "-", time, ".", extension))
}

# Writes a table with device and date.
write_results <- function(table, name) {
  table$device <- device_name()
  table$date <- format(Sys.time(), "%Y-%m-%d %H:%M:%S", tz = "UTC")
  file <- result_file(name, "csv")
  utils::write.csv(table, file, row.names = FALSE)
  cat("written: ", file.path("benchmarks/results", basename(file)), "\n", sep = "")
}
