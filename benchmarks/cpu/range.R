# Whether time depends on the data: sums of kernels that get so narrow that most exponentials, or
# some, are below the smallest normal number, which processors compute slowly if they are let.
#
#   Rscript benchmarks/cpu/range.R [--quick] [--threads=1] [--repetitions=7]
#
# Prints and writes pairs a second and the time relative to that of the widest kernel, medians of
# rounds in which all widths take turns. Target: at most 1.3.

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
options <- read_options(list(quick = FALSE, threads = 1L, repetitions = 7L))

library(kernelops)
use_cpu(options$threads)
set.seed(1)
count <- if (options$quick) 3000L else 10000L
x <- Vi(matrix(runif(3 * count), count))
y <- Vj(matrix(runif(3 * count), count))
b <- rnorm(count)

widths <- c(1, 0.1, 0.01, 1e-3, 1e-4)
formulas <- list(
  "Gaussian sum" = function(width) exp(-sqdist(x, y) / width) %*% b,
  "log-sum-exp" = function(width) logsumexp(-sqdist(x, y) / width, index = "j"),
  "Laplacian sum" = function(width) exp(-norm2(x - y) / width) %*% b
)

measure <- function(name, precision) {
  old <- keops_options(precision = precision)
  on.exit(keops_options(old))
  run <- formulas[[name]]
  for (width in widths) run(width)
  times <- replicate(options$repetitions, vapply(widths, function(width) elapsed(run(width)), 0))
  data.frame(
    formula = name, precision = precision, width = widths,
    gpairs = count^2 / apply(times, 1L, stats::median) / 1e9,
    to_widest = apply(sweep(times, 2L, times[1L, ], "/"), 1L, stats::median), target = "<= 1.3"
  )
}

rows <- list()
for (precision in c("float32", "float64")) {
  for (name in names(formulas)) rows[[length(rows) + 1L]] <- measure(name, precision)
}
table <- do.call(rbind, rows)
cat(device_name(), "\n", sep = "")
print_table(table)
write_results(table, "range")
