# Threads and sums: two threads against one for large and for small work, how exact a float32 sum
# of many terms is, and what each way of summing costs.
#
#   Rscript benchmarks/cpu/scaling.R [--quick] [--repetitions=5]

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
options <- read_options(list(quick = FALSE, repetitions = 5L))
library(kernelops)
set.seed(1)
declarations <- c("x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "s = Pm(1)")
gaussian <- "Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)"

gaussian_inputs <- function(rows, columns) {
  inputs <- draw_inputs(declarations, rows, columns)
  attr(inputs, "categories") <- NULL
  inputs
}

# Median seconds of a call with so many threads, and the paired ratio of one to two.
threads_ratio <- function(size, calls) {
  op <- keops_kernel(gaussian, declarations)
  inputs <- gaussian_inputs(size, size)
  op(inputs)
  times <- replicate(options$repetitions, vapply(1:2, function(threads) {
    use_cpu(ncore = threads)
    elapsed(for (call in seq_len(calls)) op(inputs)) / calls
  }, 0))
  c(one = stats::median(times[1L, ]), two = stats::median(times[2L, ]),
    ratio = stats::median(times[1L, ] / times[2L, ]))
}

rows <- list()
note <- function(question, precision, value, unit, target = "") {
  rows[[length(rows) + 1L]] <<- data.frame(
    question = question, precision = paste0("float", precision), value = value, unit = unit,
    target = target
  )
}

for (precision in c(32L, 64L)) {
  use_precision(precision)
  large <- threads_ratio(if (options$quick) 15000L else 60000L, 1L)
  note("two threads against one, large", precision, large[["ratio"]], "times", ">= 1.9")
  small <- threads_ratio(100L, 1000L)
  note("two threads against one, 100 x 100", precision, small[["ratio"]], "times", ">= 1")
  note("100 x 100, one thread", precision, 1e6 * small[["one"]], "microseconds")
}
use_cpu(ncore = 2L)

# Positive terms that either precision holds, but not their sums, so that the error is that of the
# sum.
terms <- if (options$quick) 1e7L else 1e8L
set.seed(1)
values <- matrix((floor(runif(terms) * 2^24) + 1) / 2^24)
exact <- sum(values)
for (scheme in c("auto", "block_sum", "direct_sum", "kahan_scheme")) {
  use_float32()
  op <- keops_kernel("Sum_Reduction(x * b, 0)", c("x = Vi(1)", "b = Vj(1)"), sum_scheme = scheme)
  error <- abs(drop(op(list(matrix(1), values))) / exact - 1)
  target <- if (scheme == "auto") "<= 1e-6" else ""
  note(sprintf("sum of %.0e terms, %s", terms, scheme), 32L, error, "relative error", target)
}
rm(values)

size <- if (options$quick) 10000L else 40000L
inputs <- gaussian_inputs(size, size)
schemes <- c("auto", "direct_sum", "kahan_scheme")
for (precision in c(32L, 64L)) {
  use_precision(precision)
  operators <- lapply(schemes, function(scheme) {
    op <- keops_kernel(gaussian, declarations, sum_scheme = scheme)
    op(inputs)
    op
  })
  times <- replicate(options$repetitions, vapply(operators, function(op) elapsed(op(inputs)), 0))
  for (k in 2:3) {
    cost <- stats::median(times[k, ] / times[1L, ])
    note(paste("Gaussian sum,", schemes[k], "against auto"), precision, cost, "times as long")
  }
}

table <- do.call(rbind, rows)
cat(device_name(), "\n", sep = "")
print_table(table)
write_results(table, "scaling")
