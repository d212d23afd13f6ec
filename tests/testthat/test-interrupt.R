# A job of a minute or more, in a session of its own.
long_job <- c(
  "x <- matrix(runif(3 * 8e5), ncol = 3)",
  "op <- keops_kernel('Sum_Reduction(Exp(-SqDist(x, y)), 0)', c('x = Vi(3)', 'y = Vj(3)'))",
  "invisible(op(list(x[1:10, ], x[1:10, ])))",
  "use_cpu(2)"
)

# Is the next call right?
next_call <- c(
  "d <- as.matrix(dist(x[1:50, ]))^2",
  "right <- max(abs(op(list(x[1:50, ], x[1:50, ])) - rowSums(exp(-d)))) < 1e-10"
)

test_that("an interrupt comes back at once and the next call is right", {
  skip_on_cran()
  skip_on_os("windows")
  ready <- tempfile()
  report <- tempfile()
  lines <- c(
    long_job,
    "writeLines(as.character(Sys.getpid()), ready)",
    "caught <- tryCatch({ op(list(x, x)); 'none' }, interrupt = class)",
    "back <- as.numeric(Sys.time())",
    next_call,
    "saveRDS(list(caught = caught, back = back, right = right), report)"
  )
  run_session(lines, ready = ready, report = report, wait = FALSE)
  expect_true(wait_for(function() file.exists(ready) && length(readLines(ready)) == 1L))
  child <- as.integer(readLines(ready))
  on.exit(tools::pskill(child, tools::SIGKILL))
  Sys.sleep(1)
  expect_false(file.exists(report))
  sent <- as.numeric(Sys.time())
  tools::pskill(child, tools::SIGINT)
  expect_true(wait_for(function() file.exists(report), 10))
  Sys.sleep(0.2)
  result <- readRDS(report)
  expect_true("kernelops_error_interrupt" %in% result$caught)
  expect_lt(result$back - sent, 0.3)
  expect_true(result$right)
})

test_that("a time limit stops a computation and the next call is right", {
  skip_on_cran()
  report <- tempfile()
  lines <- c(
    long_job,
    "setTimeLimit(elapsed = 1)",
    "seconds <- system.time(caught <- tryCatch({ op(list(x, x)); 'none' }, error = class))[[3]]",
    "setTimeLimit()",
    next_call,
    "saveRDS(list(caught = caught, seconds = seconds, right = right), report)"
  )
  output <- run_session(lines, report = report)
  expect_true(file.exists(report), info = paste(output, collapse = "\n"))
  result <- readRDS(report)
  expect_true("error" %in% result$caught)
  expect_lt(result$seconds, 1.5)
  expect_true(result$right)
})
