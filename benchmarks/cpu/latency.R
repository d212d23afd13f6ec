# How long a user waits where there is little to compute: the first answer of a formula with an
# empty cache of kernels, the first answer with a filled one, and a warm call. Each first answer is
# timed in an R process of its own, from keops_kernel() to the result, without library(kernelops).
#
# Usage: Rscript benchmarks/cpu/latency.R [processes]
# Prints medians over that many processes, 9 by default, and over 2000 warm calls.
arguments <- commandArgs(trailingOnly = TRUE)
processes <- if (length(arguments) > 0L) as.integer(arguments[1L]) else 9L

# What a child process runs; it prints seconds.
example <- c(
  "library(kernelops)",
  "set.seed(1)",
  "x <- matrix(runif(300), ncol = 3)",
  "y <- matrix(runif(600), ncol = 3)",
  "b <- matrix(rnorm(1200), ncol = 6)",
  "start <- Sys.time()",
  "op <- keops_kernel(",
  "  'Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)',",
  "  c('x = Vi(3)', 'y = Vj(3)', 'b = Vj(6)', 's = Pm(1)')",
  ")",
  "result <- op(list(x, y, b, 0.5))",
  "cat(as.numeric(Sys.time() - start, units = 'secs'))"
)
warm <- c(
  "library(kernelops)",
  "set.seed(1)",
  "x <- matrix(runif(30), ncol = 3)",
  "op <- keops_kernel('Sum_Reduction(Exp(-SqDist(x, y)), 0)', c('x = Vi(3)', 'y = Vj(3)'))",
  "inputs <- list(x, x)",
  "for (call in 1:100) op(inputs)",
  "seconds <- vapply(1:2000, function(call) {",
  "  start <- Sys.time()",
  "  op(inputs)",
  "  as.numeric(Sys.time() - start, units = 'secs')",
  "}, 0)",
  "cat(median(seconds))"
)

seconds_of <- function(lines, cache) {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(lines, script)
  output <- system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE, env = paste0("KERNELOPS_CACHE_DIR=", shQuote(cache))
  )
  as.numeric(output)
}

first <- vapply(seq_len(processes), function(k) seconds_of(example, tempfile("empty-")), 0)
filled <- tempfile("filled-")
invisible(seconds_of(example, filled))
second <- vapply(seq_len(processes), function(k) seconds_of(example, filled), 0)
warm_call <- seconds_of(warm, filled)

report <- function(name, seconds) {
  milliseconds <- 1e3 * c(median(seconds), range(seconds))
  cat(name, sprintf("%.1f ms (%.1f to %.1f)\n", milliseconds[1], milliseconds[2], milliseconds[3]))
}
report("first answer, empty cache: ", first)
report("first answer, filled cache:", second)
cat(sprintf("warm call, 10 x 10 points:  %.1f microseconds\n", 1e6 * warm_call))
