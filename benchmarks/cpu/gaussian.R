# Gaussian sums on the CPU: the hand-written yardsticks of this folder and the package, on the same
# data in the same run, alternately.
#
#   Rscript benchmarks/cpu/gaussian.R [--quick] [--threads=2] [--repetitions=7]
#     [--sizes=100000,70000,25000] [--output=FOLDER]
#
# The sizes are M = N for: D=3 float32, D=3 float64, D=100 float32.

arguments <- commandArgs(trailingOnly = TRUE)
option <- function(name, default) {
  prefix <- paste0("--", name, "=")
  given <- arguments[startsWith(arguments, prefix)]
  if (length(given) == 0) default else substring(given[length(given)], nchar(prefix) + 1)
}
unknown <- arguments[!grepl("^--(quick|(threads|repetitions|sizes|output)=.+)$", arguments)]
if (length(unknown) > 0) stop("unknown argument: ", paste(unknown, collapse = " "))
quick <- "--quick" %in% arguments
threads <- as.integer(option("threads", "2"))
repetitions <- as.integer(option("repetitions", if (quick) "3" else "7"))
sizes <- option("sizes", if (quick) "40000,25000,8000" else "100000,70000,25000")
sizes <- as.integer(strsplit(sizes, ",")[[1]])
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
folder <- dirname(normalizePath(script))
output <- option("output", file.path(dirname(folder), "results"))
stopifnot(length(sizes) == 3, !anyNA(sizes), sizes > 0, threads >= 1, repetitions >= 1)

compiler <- system2(file.path(R.home("bin"), "R"), c("CMD", "config", "CXX"), stdout = TRUE)
build <- tempfile("yardstick")
dir.create(build)
build_library <- function(source, flags) {
  target <- file.path(build, sub("\\.cc$", .Platform$dynlib.ext, source))
  command <- paste(compiler, flags, "-shared -fPIC -pthread", shQuote(file.path(folder, source)),
                   "-o", shQuote(target))
  if (system(command) != 0) stop("the compiler failed: ", command)
  dyn.load(target)
}
# GCC 12 warns about its own vector headers.
yardsticks <- build_library("gaussian_yardstick.cc",
                            "-std=gnu++17 -O3 -march=native -Wno-maybe-uninitialized")
naive <- build_library("gaussian_naive.cc", "-O3")

device <- tryCatch({
  if (file.exists("/proc/cpuinfo")) {
    sub("^[^:]*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
  } else {
    system2("sysctl", c("-n", "machdep.cpu.brand_string"), stdout = TRUE)
  }
}, error = function(condition) NA_character_)
if (is.na(device)) device <- paste(Sys.info()[c("sysname", "machine")], collapse = " ")
instruction_set <- trimws(.C("yardstick_instruction_set", strrep(" ", 15),
                             PACKAGE = "gaussian_yardstick")[[1]])

has_package <- requireNamespace("kernelops", quietly = TRUE)
if (has_package) {
  invisible(kernelops::use_cpu(ncore = threads))
} else {
  message("The package kernelops is not installed: yardsticks only.")
}

seconds_of <- function(expression) {
  begin <- proc.time()[["elapsed"]]
  force(expression)
  max(proc.time()[["elapsed"]] - begin, 1e-3)
}

run_yardstick <- function(name, data) {
  .C(name, data$x, data$y, data$b, data$s, out = double(nrow(data$x)), nrow(data$x), nrow(data$y),
     threads, PACKAGE = "gaussian_yardstick")$out
}

run_naive <- function(precision, data) {
  .C(paste0("gaussian_sum_naive_float", precision), data$x, data$y, data$b, data$s,
     out = double(nrow(data$x)), nrow(data$x), nrow(data$y), ncol(data$x),
     PACKAGE = "gaussian_naive")$out
}

run_base <- function(data) {
  distance <- 0
  for (k in seq_len(ncol(data$x))) {
    distance <- distance + outer(data$x[, k], data$y[, k], "-")^2
  }
  drop(exp(-data$s * distance) %*% data$b)
}

package_operator <- function(dimension, precision) {
  if (!has_package) return(NULL)
  tryCatch({
    if (precision == 32) kernelops::use_float32() else kernelops::use_float64()
    kernelops::keops_kernel(
      "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)",
      c(sprintf("x = Vi(%d)", dimension), sprintf("y = Vj(%d)", dimension), "b = Vj(1)",
        "s = Pm(1)"))
  }, error = function(condition) {
    message("The package refused: ", conditionMessage(condition))
    NULL
  })
}

relative_difference <- function(a, b) max(abs(a - b) / abs(b))
head_of <- function(data, rows, columns) {
  rows <- seq_len(min(rows, nrow(data$x)))
  columns <- seq_len(min(columns, nrow(data$y)))
  list(x = data$x[rows, , drop = FALSE], y = data$y[columns, , drop = FALSE],
       b = data$b[columns], s = data$s)
}

measure <- function(task, precision, dimension, size) {
  name <- sprintf("gaussian_sum_d%d_float%d", dimension, precision)
  set.seed(1)
  # Positive b, because a relative difference says nothing about a sum that cancels.
  data <- list(x = matrix(runif(size * dimension), size), y = matrix(runif(size * dimension), size),
               b = runif(size), s = 3 / dimension)
  counted <- .C("yardstick_describe", as.integer(precision), as.integer(dimension),
                instructions = double(1), lanes = integer(1), PACKAGE = "gaussian_yardstick")
  operator <- package_operator(dimension, precision)
  package_arguments <- list(data$x, data$y, matrix(data$b), data$s)
  giga_pairs <- as.numeric(size) * size / 1e9

  sample <- head_of(data, 300, size)
  yardstick_error <- relative_difference(run_yardstick(name, sample), run_naive(64, sample))
  package_result <- NULL
  if (!is.null(operator)) {
    package_result <- tryCatch(operator(package_arguments), error = function(condition) {
      message("The package failed: ", conditionMessage(condition))
      NULL
    })
  }
  yardstick_result <- run_yardstick(name, data)

  rate <- package_rate <- limit <- rep(NA_real_, repetitions)
  for (repetition in seq_len(repetitions)) {
    peak <- .C("yardstick_peak", as.integer(precision), threads, 0.1, peak = double(1),
               PACKAGE = "gaussian_yardstick")$peak
    if (counted$instructions > 0) {
      limit[repetition] <- peak * counted$lanes / counted$instructions / 1e9
    }
    time_yardstick <- function() giga_pairs / seconds_of(run_yardstick(name, data))
    time_package <- function() {
      if (is.null(package_result)) return(NA_real_)
      giga_pairs / seconds_of(operator(package_arguments))
    }
    # Whoever comes second finds a warmer or a busier machine; take turns.
    if (repetition %% 2 == 1) {
      rate[repetition] <- time_yardstick()
      package_rate[repetition] <- time_package()
    } else {
      package_rate[repetition] <- time_package()
      rate[repetition] <- time_yardstick()
    }
  }
  small <- head_of(data, if (dimension > 16) 500 else 2000, 2000)
  small_pairs <- nrow(small$x) * nrow(small$y) / 1e9
  data.frame(
    task = task, precision = paste0("float", precision), M = size, N = size, D = dimension,
    threads = threads,
    yardstick_gpairs = median(rate),
    package_gpairs = median(package_rate),
    ratio = median(package_rate / rate),
    limit_gpairs = median(limit),
    fraction_of_limit = median(rate / limit),
    max_relative_difference = if (is.null(package_result)) NA_real_ else
      relative_difference(drop(package_result), yardstick_result),
    yardstick_error = yardstick_error,
    naive_gpairs = small_pairs / seconds_of(run_naive(precision, small)),
    base_r_gpairs = small_pairs / seconds_of(run_base(small)))
}

table <- rbind(
  measure("gaussian", 32, 3, sizes[1]),
  measure("gaussian", 64, 3, sizes[2]),
  measure("gaussian", 32, 100, sizes[3]))

cat(sprintf("%s, %s, %d threads, %d repetitions\n", device, instruction_set, threads, repetitions))
cat("Gpairs/s, medians; ratio = package / yardstick, fraction = yardstick / limit, both paired;\n")
cat("naive and base_r: one thread, small sizes, for orientation.\n")
shown <- table
names(shown) <- sub("_gpairs$", "", names(shown))
names(shown) <- sub("fraction_of_limit", "fraction", names(shown))
names(shown) <- sub("max_relative_difference", "difference", names(shown))
print(shown, digits = 3, row.names = FALSE, width = 200)

table$device <- device
table$instruction_set <- instruction_set
table$date <- format(Sys.time(), "%Y-%m-%d %H:%M:%S", tz = "UTC")
table$repetitions <- repetitions
dir.create(output, showWarnings = FALSE, recursive = TRUE)
file <- file.path(output, paste0("cpu-gaussian-", format(Sys.time(), "%Y-%m-%d-%H%M%S", tz = "UTC"),
                                 ".csv"))
write.csv(table, file, row.names = FALSE)
cat("written: ", file.path(basename(output), basename(file)), "\n", sep = "")
