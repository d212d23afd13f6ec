# What formulas cost together in one pass against one call for each: the value and the gradient of
# a Gaussian sum, and the softmax family with its normaliser.
#
# Usage: Rscript benchmarks/cpu/together.R [rows]
# All calls of a round follow one another; the table has medians over 9 rounds, of times and of the
# ratios within a round.
library(kernelops)

arguments <- commandArgs(trailingOnly = TRUE)
rows <- if (length(arguments) > 0L) as.integer(arguments[1L]) else 50000L
use_float32()
set.seed(1)
inputs <- list(
  x = matrix(rnorm(3 * rows), ncol = 3), y = matrix(rnorm(3 * rows), ncol = 3),
  b = matrix(rnorm(rows), ncol = 1), e = matrix(rnorm(rows), ncol = 1)
)
args <- c("x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "e = Vi(1)")

gaussian <- "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)"
tasks <- list(
  "Gaussian sum and its gradient in x" =
    c(value = gaussian, gradient = sprintf("Grad(%s, x, e)", gaussian)),
  "softmax and log-sum-exp" = c(
    mean = "SumSoftMaxWeight_Reduction(-SqDist(x, y), b, 0)",
    normaliser = "LogSumExp_Reduction(-SqDist(x, y), 0)"
  ),
  "nearest, its distance and the kernel sum" = c(
    near = "Min_ArgMin_Reduction(SqDist(x, y), 0)", value = gaussian
  )
)

seconds <- function(op) system.time(op(inputs))[["elapsed"]]

for (name in names(tasks)) {
  together <- keops_kernel(tasks[[name]], args)
  apart <- lapply(tasks[[name]], keops_kernel, args = args)
  for (op in c(apart, together)) op(lapply(inputs, head, 10L))
  rounds <- replicate(9L, c(vapply(apart, seconds, 0), together = seconds(together)))
  times <- apply(rounds, 1L, median)
  alone <- rounds[names(apart), , drop = FALSE]
  cat(name, ", ", rows, " x ", rows, " float32\n", sep = "")
  cat(sprintf("  %-12s %.3f s\n", names(times), times), sep = "")
  cat(sprintf(
    "  together / sum of the calls %.2f, together / longest call %.2f\n",
    median(rounds["together", ] / colSums(alone)),
    median(rounds["together", ] / apply(alone, 2L, max))
  ))
}
