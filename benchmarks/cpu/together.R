# What formulas cost together in one pass against one call for each: the value and the gradient of
# a Gaussian sum, and the softmax family with its normaliser.
#
#   Rscript benchmarks/cpu/together.R [--rows=50000]
#
# All calls of a round follow one another; the table has medians over 9 rounds, of times and of the
# ratios within a round.

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
options <- read_options(list(rows = 50000L))
library(kernelops)
rows <- options$rows
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

table <- do.call(rbind, lapply(names(tasks), function(name) {
  together <- keops_kernel(tasks[[name]], args)
  apart <- lapply(tasks[[name]], keops_kernel, args = args)
  for (op in c(apart, together)) op(lapply(inputs, head, 10L))
  rounds <- replicate(9L, vapply(
    c(apart, together = together), function(op) elapsed(op(inputs)), 0
  ))
  alone <- rounds[names(apart), , drop = FALSE]
  shared <- rounds["together", ]
  data.frame(
    task = name, rows = rows, precision = "float32",
    first = stats::median(alone[1L, ]), second = stats::median(alone[2L, ]),
    together = stats::median(shared), to_sum = stats::median(shared / colSums(alone)),
    to_longest = stats::median(shared / apply(alone, 2L, max))
  )
}))
cat("seconds of either formula alone and of both together; together / sum, together / longest\n")
print_table(table)
write_results(table, "together")
