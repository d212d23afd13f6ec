test_that("an explanation has every stage as text", {
  explanation <- explain(gaussian())
  parts <- c("formula", "graph", "simplified", "program", "source", "command")
  expect_s3_class(explanation, "keops_explanation")
  expect_setequal(names(explanation), parts)
  for (part in parts) {
    expect_type(explanation[[part]], "character")
    expect_length(explanation[[part]], 1L)
    expect_true(nzchar(explanation[[part]]))
  }
  expect_match(explanation$source, "extern \"C\"", fixed = TRUE)
})

test_that("an explanation prints all parts under headings", {
  op <- squared_norm_sum()
  output <- capture.output(value <- withVisible(print(explain(op))))
  expect_false(value$visible)
  for (title in c("Formula", "Graph", "Simplified graph", "Program", "source", "command")) {
    expect_match(output, paste0("^-- .*", title), all = FALSE)
  }
})

test_that("an explanation compiles nothing and shows the precision in use", {
  directory <- new_directory()
  with_options(list(kernelops.cache_dir = directory), {
    double <- explain(squared_norm_sum())
    single <- with_options(list(kernelops.precision = "float32"), explain(squared_norm_sum()))
  })
  expect_length(list.files(directory, "\\.so$", recursive = TRUE), 0L)
  expect_false(identical(double$source, single$source))
})

test_that("a gradient shares what it computes with its value", {
  second <- keops_grad(keops_grad(squared_norm_sum(), "x"), "x")
  expect_lt(length(strsplit(explain(second)$simplified, "\n")[[1L]]), 30L)
})
