test_that("attaching the package masks nothing", {
  output <- run_session(c(
    "detach('package:kernelops')",
    "before <- conflicts()",
    "messages <- capture.output(library(kernelops), type = 'message')",
    "cat(length(messages), identical(conflicts(), before))"
  ))
  expect_identical(utils::tail(output, 1L), "0 TRUE")
})

test_that("functions that are not attached are exported", {
  attached <- ls("package:kernelops")
  expect_false(any(masked_names %in% attached))
  expect_true(all(masked_names %in% getNamespaceExports("kernelops")))
})

test_that("base R's own examples give what they give without the package", {
  functions <- c(
    "Arithmetic", "Comparison", "Logic", "sum", "range", "Extremes", "exp", "Trig", "Round",
    "ifelse", "matmult", "crossprod", "diag", "colSums", "t", "Complex"
  )
  lines <- c(
    "run <- function(topic) {",
    "  set.seed(1)",
    "  out <- new.env()",
    "  text <- capture.output(suppressWarnings(suppressMessages(utils::example(topic, 'base',",
    "    character.only = TRUE, ask = FALSE, echo = FALSE, local = out, give.lines = FALSE))))",
    "  values <- mget(setdiff(ls(out), c('time')), envir = out)",
    "  list(text = text, values = lapply(values, function(v) if (is.function(v)) NULL else v))",
    "}",
    "grDevices::pdf(NULL)",
    "results <- function() lapply(topics, function(topic) try(run(topic), silent = TRUE))",
    "with_package <- results()",
    "detach('package:kernelops', unload = TRUE)",
    "without <- results()",
    "failed <- vapply(with_package, inherits, TRUE, 'try-error')",
    "same <- mapply(function(a, b) isTRUE(all.equal(a, b)), with_package, without)",
    "cat(sum(failed), paste(topics[!same], collapse = ' '), 'done')"
  )
  output <- run_session(lines, topics = functions)
  expect_identical(utils::tail(output, 1L), "0  done")
})

test_that("masked functions do what R's do for everything else", {
  m <- matrix(1:6, 2)
  expect_identical(kernelops::crossprod(m), base::crossprod(m))
  expect_identical(kernelops::crossprod(m, 1:2), base::crossprod(m, 1:2))
  expect_identical(kernelops::tcrossprod(m), base::tcrossprod(m))
  expect_identical(kernelops::atan2(1:3, 2), base::atan2(1:3, 2))
  expect_identical(kernelops::ifelse(1:3 > 2, "a", "b"), c("b", "b", "a"))
  model <- stats::lm(dist ~ speed, cars)
  expect_identical(
    stats::coef(kernelops::step(model, trace = 0)), stats::coef(stats::step(model, trace = 0))
  )
})

test_that("masked functions know LazyTensors", {
  p <- lazy_points(6L, 4L, 2L)
  k <- exp(-sqdist(p$x_i, p$y_j))
  dense <- exp(-squared_distances(p$x, p$y))
  expect_equal(kernelops::crossprod(k, 1:6), base::crossprod(dense, 1:6))
  expect_equal(kernelops::tcrossprod(k, matrix(1:8, 2)), base::tcrossprod(dense, matrix(1:8, 2)))
  expect_equal(kernelops::crossprod(k) %*% 1:4, base::crossprod(dense) %*% 1:4)
  expect_equal(as.matrix(kernelops::atan2(k, 2)), base::atan2(dense, 2))
  expect_equal(as.matrix(kernelops::step(k - 0.5)), (dense >= 0.5) + 0)
  here <- new.env()
  expect_identical(keops_mask(here), masked_names)
  expect_setequal(ls(here), masked_names)
  expect_error(stats::step(k), "unit_step", class = "kernelops_error_argument")
})
