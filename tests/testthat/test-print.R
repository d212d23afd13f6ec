test_that("an operator prints formula, variables, precision, back end and state", {
  op <- gaussian()
  output <- capture.output(value <- withVisible(print(op)))
  expect_identical(value$value, op)
  expect_false(value$visible)
  text <- paste(output, collapse = "\n")
  for (part in c(
    "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)", "x = Vi(3)", "s = Pm(1)", "6 columns",
    "one row for each i", "about 21 operations and 1 exponential a pair", "float64", "compiled"
  )) {
    expect_match(text, part, fixed = TRUE)
  }
  single <- with_options(list(kernelops.precision = "float32"), format(op))
  expect_match(single, "float32", all = FALSE)
})

test_that("an operator says whether it is compiled", {
  new <- list(kernelops.cache_dir = new_directory())
  with_options(new, {
    op <- keops_kernel("Sum_Reduction(x * y * 3141, 0)", c("x = Vi(1)", "y = Vj(1)"))
    expect_false(summary(op)$compiled)
    expect_match(format(op), "^kernel +not yet compiled", all = FALSE)
    op(list(1, 1))
    expect_true(summary(op)$compiled)
    expect_match(format(op), "^kernel +ready", all = FALSE)
  })
})

test_that("a long formula and many variables fit a screen", {
  op <- Reduce(function(op, k) keops_grad(op, "x"), 1:6, gaussian())
  lines <- format(op)
  expect_lte(length(lines), 24L)
  expect_lte(max(nchar(lines[grepl("formula", lines)])), getOption("width"))
  names <- paste0("p", 1:30)
  op <- keops_kernel(
    sprintf("Sum_Reduction(x * y * %s, 0)", paste(names, collapse = " * ")),
    c("x = Vi(1)", "y = Vj(1)", paste0(names, " = Pm(1)"))
  )
  expect_lte(length(format(op)), 24L)
  expect_match(format(op), "and 20 more", all = FALSE)
})

test_that("a summary is a list of plain data", {
  facts <- summary(gaussian(1L))
  expect_s3_class(facts, "summary.keops_operator")
  expect_identical(facts$arguments$name, c("x", "y", "b", "s"))
  expect_identical(facts$arguments$kind, c("Vi", "Vj", "Vi", "Pm"))
  expect_identical(facts$results[[1L]]$index, "j")
  expect_identical(facts$precision, "float64")
  expect_output(print(facts), "one row for each j")
})

test_that("the cost of a pair is written for people", {
  expect_identical(
    format_cost(c(operations = 1234, exponential = 2, BesselK = 2, sine = 1)),
    "about 1,234 operations, 2 exponentials, 2 BesselK and 1 sine a pair"
  )
  expect_identical(format_cost(c(operations = 1)), "about 1 operation a pair")
  expect_identical(format_cost(c(operations = 0)), "nothing a pair")
  expect_identical(summary(squared_norm_sum())$cost, c(operations = 9))
})

test_that("an operator of indices says so", {
  op <- keops_kernel("ArgMin_Reduction(SqDist(x, y), 0)", c("x = Vi(3)", "y = Vj(3)"))
  expect_match(format(op), "integer matrix", all = FALSE)
})

test_that("text is cut into lines and cut off", {
  with_options(list(width = 42), {
    expect_identical(shorten("", 2), "")
    expect_identical(shorten(strrep("a", 30), 2), strrep("a", 30))
    expect_identical(shorten(strrep("a", 31), 2), c(strrep("a", 30), "a"))
    expect_identical(shorten(strrep("a", 90), 2), c(strrep("a", 30), paste(strrep("a", 26), "...")))
  })
})
