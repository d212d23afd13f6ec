# Evaluates code with another delay and another bar.
with_progress_state <- function(delay, bar, code) {
  old <- as.list(progress_state)
  on.exit(list2env(old, progress_state))
  progress_state$delay <- delay
  progress_state$bar <- bar
  with_options(list(kernelops.progress = TRUE), code)
}

# A bar that remembers what it was shown.
recorder <- function() {
  seen <- data.frame(fraction = numeric(), seconds = numeric())
  closed <- 0
  list(
    show = function(fraction, seconds) seen[nrow(seen) + 1L, ] <<- list(fraction, seconds),
    close = function() closed <<- closed + 1,
    seen = function() seen,
    closed = function() closed
  )
}

# About a second of work.
long_call <- function(rows = 60000) {
  op <- keops_kernel("Sum_Reduction(Exp(-SqDist(x, y)), 0)", c("x = Vi(3)", "y = Vj(3)"))
  x <- matrix(0.5, rows, 3)
  op(list(x, x))
}

test_that("fractions grow from the delay on, and the bar is closed", {
  skip_on_cran()
  bar <- recorder()
  result <- with_progress_state(0.2, function() bar, long_call())
  expect_identical(range(result), c(60000, 60000))
  seen <- bar$seen()
  expect_gte(nrow(seen), 2L)
  expect_false(is.unsorted(seen$fraction))
  expect_true(all(seen$fraction > 0 & seen$fraction <= 1))
  expect_gte(min(seen$seconds), 0.2)
  expect_gte(min(diff(seen$seconds)), 0.09)
  expect_identical(bar$closed(), 1)
})

test_that("short computations show nothing", {
  bar <- recorder()
  with_progress_state(2, function() bar, long_call(1000))
  expect_identical(nrow(bar$seen()), 0L)
})

test_that("a bar that fails is a warning, and the result is right", {
  skip_on_cran()
  bar <- recorder()
  bar$show <- function(fraction, seconds) stop("no room")
  expect_warning(
    result <- with_progress_state(0, function() bar, long_call(30000)), "no room"
  )
  expect_identical(range(result), c(30000, 30000))
  expect_identical(bar$closed(), 1)
})

test_that("an interrupt in the bar stops the computation", {
  skip_on_cran()
  bar <- recorder()
  bar$show <- function(fraction, seconds) {
    stop(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
  }
  expect_error(
    with_progress_state(0, function() bar, long_call()), class = "kernelops_error_interrupt"
  )
  expect_identical(bar$closed(), 1)
})

test_that("the bar of cli draws its line", {
  old <- options(cli.dynamic = TRUE, cli.progress_handlers_only = "cli", cli.num_colors = 1L)
  on.exit(options(old))
  lines <- capture.output(type = "message", {
    bar <- cli_bar()
    bar$show(0.25, 3)
    bar$show(0.5, 6)
    bar$close()
    bar$close()
  })
  text <- paste(lines, collapse = "")
  expect_match(text, "25%, 9 s left", fixed = TRUE)
  expect_match(text, "50%, 6 s left", fixed = TRUE)
})

test_that("the bar of cli is a few lines where lines cannot be drawn over", {
  old <- options(cli.dynamic = FALSE, cli.progress_handlers_only = "cli", cli.num_colors = 1L)
  on.exit(options(old))
  lines <- capture.output(type = "message", {
    bar <- cli_bar()
    for (fraction in seq(0.25, 0.36, 0.01)) bar$show(fraction, 3)
    bar$close()
  })
  expect_identical(sum(grepl("%", lines, fixed = TRUE)), 2L)
})

test_that("a line shows the part that is done and the time that is left", {
  expect_identical(progress_line(0.25, 30, 8L), "kernelops [==>     ] 25%, 1 min 30 s left")
  expect_identical(progress_line(1, 30, 8L), "kernelops [========] 100%, 0 s left")
  expect_identical(progress_line(0.001, 2, 8L), "kernelops [>       ] 0%, 33 min 18 s left")
})

test_that("times are written for people", {
  expect_identical(format_seconds(0.25), "0.2 s")
  expect_identical(format_seconds(9), "9 s")
  expect_identical(format_seconds(12.3), "12 s")
  expect_identical(format_seconds(59.9), "1 min 0 s")
  expect_identical(format_seconds(7500), "2 h 5 min")
})

test_that("scripts and documents are silent unless asked", {
  expect_identical(shows_progress("auto"), interactive())
  with_options(list(knitr.in.progress = TRUE), expect_false(shows_progress("auto")))
  expect_true(shows_progress(TRUE))
  expect_false(shows_progress(FALSE))
})
