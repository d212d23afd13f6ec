# Timings as keops_benchmark() returns them, without timing.
timings <- function(memory_limit = 1e9) {
  n <- c(1000, 10000, 100000)
  rows <- lapply(c("Gaussian kernel sum", "Nearest neighbour"), function(task) {
    data.frame(
      task = task, n = n, kernelops = c(0.001, 0.1, NA), base = c(0.02, NA, NA),
      ratio = c(20, NA, NA), memory = 8 * n^2, difference = c(0, NA, NA)
    )
  })
  structure(
    do.call(rbind, rows),
    class = c("keops_benchmark", "data.frame"), dimension = 3, memory_limit = memory_limit,
    precision = "float64", threads = 2L
  )
}

test_that("both ways are timed and agree", {
  found <- keops_benchmark(n = c(60, 150), d = 2, seconds = 1)
  expect_s3_class(found, c("keops_benchmark", "data.frame"), exact = TRUE)
  expect_identical(found$task, rep(c("Gaussian kernel sum", "Nearest neighbour"), each = 2L))
  expect_identical(found$n, c(60, 150, 60, 150))
  expect_true(all(found$kernelops > 0 & found$base > 0))
  expect_equal(found$ratio, found$base / found$kernelops)
  expect_identical(found$memory, 8 * found$n^2)
  expect_lt(max(found$difference), 1e-12)
})

test_that("the random numbers of the user are left alone", {
  set.seed(1)
  before <- .Random.seed
  benchmark_inputs(10, 2)
  expect_identical(.Random.seed, before)
})

test_that("points look random and have no ties", {
  inputs <- benchmark_inputs(200, 3)
  expect_identical(dim(inputs$x), c(200L, 3L))
  expect_equal(mean(inputs$x), 0.5, tolerance = 0.1)
  expect_lt(max(abs(stats::cor(cbind(inputs$x, inputs$y)) - diag(6))), 0.3)
  expect_identical(anyDuplicated(c(squared_distance_matrix(inputs$x, inputs$y))), 0L)
})

test_that("the dense way stops at the limit of memory and the other goes on", {
  found <- keops_benchmark(n = c(60, 150), tasks = "sum", seconds = 1, memory_limit = 8 * 100^2)
  expect_identical(is.na(found$base), c(FALSE, TRUE))
  expect_identical(is.na(found$difference), c(FALSE, TRUE))
  expect_false(anyNA(found$kernelops))
  none <- keops_benchmark(n = 60, tasks = "sum", seconds = 1, memory_limit = 1)
  expect_identical(is.na(none$base), TRUE)
})

test_that("nothing is run that would take longer than what is left", {
  slow <- function(inputs) Sys.sleep(0.01)
  found <- time_way(slow, function(size) list(size), c(1000, 2000, 100000), seconds = 0.5)
  expect_identical(is.na(found$seconds), c(FALSE, FALSE, TRUE))
})

test_that("wrong arguments are refused by name", {
  expect_refused <- function(argument, code) {
    condition <- expect_error(code, class = "kernelops_error_argument")
    expect_identical(condition$argument, argument)
  }
  expect_refused("n", keops_benchmark(n = c(100, 50)))
  expect_refused("n", keops_benchmark(n = numeric()))
  expect_refused("n", keops_benchmark(n = 1.5))
  expect_refused("d", keops_benchmark(d = 0))
  expect_refused("tasks", keops_benchmark(tasks = "everything"))
  expect_refused("seconds", keops_benchmark(seconds = -1))
  expect_refused("memory_limit", keops_benchmark(memory_limit = NA))
})

test_that("timings print as a table for each task", {
  lines <- format(timings())
  expect_identical(lines[1:2], c(
    "<keops_benchmark> seconds of one call", "points of dimension 3, float64, 2 threads"
  ))
  expect_identical(lines[4:8], c(
    "Gaussian kernel sum",
    "      n  kernelops  base R  ratio  dense matrix",
    "  1 000      0.001    0.02     20          8 MB",
    " 10 000        0.1       -      -        800 MB",
    "100 000          -       -      -         80 GB"
  ))
  expect_match(lines[length(lines)], "not run: the matrix would be larger than 1 GB")
  output <- capture.output(value <- withVisible(print(timings())))
  expect_identical(output, lines)
  expect_false(value$visible)
})

test_that("a part of the timings prints too", {
  expect_match(format(timings()[1, ]), "1 000", all = FALSE)
  expect_output(print(timings()[c("n", "ratio")]), "ratio")
})

test_that("timings are plotted on their own or by ggplot2", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  before <- graphics::par(c("mar", "mfrow"))
  value <- withVisible(plot(timings()))
  expect_identical(graphics::par(c("mar", "mfrow")), before)
  expect_false(value$visible)
  expect_no_error(plot(timings()[1, ]))
  nothing <- timings()
  nothing[c("kernelops", "base")] <- NA_real_
  expect_no_error(plot(nothing))
  skip_if_not_installed("ggplot2")
  for (each in list(timings(), timings(1e12), nothing)) {
    drawn <- ggplot2::autoplot(each)
    expect_s3_class(drawn, "ggplot")
    expect_no_error(print(drawn))
  }
})

test_that("the limit of memory is drawn where it is within what was timed", {
  expect_equal(largest_dense(timings(8 * 5000^2)), 5000)
  expect_null(largest_dense(timings(1e12)))
})
