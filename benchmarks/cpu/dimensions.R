# Time as a function of the dimension of x and y, and of that of b: no dimension may be much dearer
# than its neighbour.
#
#   Rscript benchmarks/cpu/dimensions.R [--seconds=0.03] [--repetitions=3] [--threads=2]
#     [--precision=32 or 64] [--every=1] [--clock=clock|threads]
#
# The cost of a pair is divided by the operations that it needs: 2 D + e for x and y, 6 + e + D for
# b, with e = 8 in float32 and 12 in float64 for the exponential and the sum. What is left should be
# a smooth line; a cliff is a step above 1.3 between measured neighbours. --every=3 measures every
# third dimension.

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
options <- read_options(list(
  seconds = 0.03, repetitions = 3L, threads = 2L, precision = 0L, every = 1L,
  clock = "clock"
))
library(kernelops)
invisible(use_cpu(ncore = options$threads))
highest_step <- 1.3

around <- function(...) as.integer(outer(-1:1, c(...), "+"))
dimensions <- list(
  "x and y" = c(1:40, around(48, 64, 96, 128, 192, 256, 512, 784, 1024), 100, 400, 1500, 2000),
  "b" = c(1:12, around(16, 32, 64, 128, 256), 24, 48, 100, 192, 384, 511, 512)
)
# The first and the last are always measured.
thin <- function(values) {
  values <- as.integer(values)
  values <- sort(unique(values))
  values[unique(c(seq(1L, length(values), by = options$every), length(values)))]
}

operations <- function(of, dimension, precision) {
  exponential <- if (precision == 32L) 8 else 12
  if (of == "b") 6 + exponential + dimension else 2 * dimension + exponential
}

call_seconds <- function(op, inputs) {
  before <- thread_seconds()
  clock <- elapsed(op(inputs))
  if (options$clock == "clock") clock else (thread_seconds() - before) / options$threads
}

measure <- function(of, dimension, precision) {
  work <- operations(of, dimension, precision)
  size <- as.integer(sqrt(options$seconds * options$threads * 4e9 * 512 / precision / work))
  declarations <- c(
    sprintf(c("x = Vi(%d)", "y = Vj(%d)"), if (of == "b") 3L else dimension),
    sprintf("b = Vj(%d)", if (of == "b") dimension else 1L), "s = Pm(1)"
  )
  inputs <- draw_inputs(declarations, size, size)
  inputs$s <- matrix(1 / dimension)
  attr(inputs, "categories") <- NULL
  use_precision(precision)
  op <- keops_kernel("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)", declarations)
  first <- elapsed(op(lapply(inputs, utils::head, 4L)))
  # The best, because others use the machine too.
  seconds <- min(replicate(options$repetitions, call_seconds(op, inputs)))
  data.frame(
    of = of, dimension = dimension, precision = paste0("float", precision), size = size,
    first_call_seconds = first, giga_pairs = size^2 / seconds / 1e9,
    picoseconds_per_operation = 1e12 * seconds / size^2 / work
  )
}

steps <- function(part) {
  cost <- part$picoseconds_per_operation
  step <- cost[-1L] / cost[-length(cost)]
  data.frame(
    of = part$of[1L], precision = part$precision[1L], from = part$dimension[-nrow(part)],
    to = part$dimension[-1L], step = pmax(step, 1 / step)
  )
}

draw <- function(table, file) {
  grDevices::png(file, width = 1400, height = 1000, res = 110)
  graphics::par(mfrow = c(2, 2), mar = c(4, 4.5, 3, 1), las = 1)
  for (of in unique(table$of)) {
    for (precision in unique(table$precision)) {
      part <- table[table$of == of & table$precision == precision, ]
      graphics::plot(part$dimension, part$picoseconds_per_operation,
        log = "x", type = "b", pch = 16, cex = 0.6, col = "#2f6f9f",
        ylim = c(0, max(part$picoseconds_per_operation)), xlab = paste("dimension of", of),
        ylab = "picoseconds per pair and operation", main = precision
      )
      step <- steps(part)
      cliff <- part$dimension %in% unlist(step[step$step > highest_step, c("from", "to")])
      graphics::points(part$dimension[cliff], part$picoseconds_per_operation[cliff],
        col = "#d1495b", cex = 1.4, lwd = 2
      )
    }
  }
  invisible(grDevices::dev.off())
}

precisions <- if (options$precision == 0L) c(32L, 64L) else options$precision
table <- do.call(rbind, lapply(names(dimensions), function(of) {
  do.call(rbind, lapply(precisions, function(precision) {
    do.call(rbind, lapply(thin(dimensions[[of]]), measure, of = of, precision = precision))
  }))
}))
all_steps <- do.call(rbind, lapply(
  split(table, list(table$of, table$precision), drop = TRUE), steps
))
cat(sprintf("%s, %d threads\nlargest steps between neighbours:\n", device_name(), options$threads))
largest <- all_steps[order(-all_steps$step), ]
print_table(utils::head(largest, 10L))
cliffs <- sum(all_steps$step > highest_step)
cat(cliffs, "of", nrow(all_steps), "steps are above", highest_step, "\n")
write_results(table, "dimensions")
plot <- result_file("dimensions", "png")
draw(table, plot)
cat("written: benchmarks/results/", basename(plot), "\n", sep = "")
