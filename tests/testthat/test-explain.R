test_that("an explanation has every stage as text", {
  explanation <- explain(gaussian())
  parts <- c("formula", "graph", "simplified", "program", "source", "command")
  expect_s3_class(explanation, "keops_explanation")
  expect_setequal(names(explanation), c(parts, "nodes", "edges"))
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

test_that("an explanation has the simplified graph as data", {
  op <- keops_kernel(
    c(sum = "Sum_Reduction((x - y) * s, 0)", all = "Sum_Reduction(x - y, 2)"),
    c("x = Vi(3)", "y = Vj(3)", "s = Pm(1)")
  )
  graph <- explain(op)
  nodes <- graph$nodes
  expect_identical(nodes$id, seq_len(nrow(nodes)))
  stages <- stats::setNames(nodes$stage, nodes$label)
  expect_identical(
    stages[c("x", "y", "s", "-", "Sum over j", "Sum over i and j")],
    c(
      x = "i", y = "j", s = "parameter", "-" = "pair", "Sum over j" = "i",
      "Sum over i and j" = "parameter"
    )
  )
  expect_setequal(nodes$label[nodes$result], c("Sum over j", "Sum over i and j"))
  expect_identical(nodes$dimension[nodes$label == "x"], 3)
  difference <- match("-", nodes$label)
  arguments <- graph$edges[graph$edges$to == difference, ]
  expect_identical(nodes$label[arguments$from[order(arguments$argument)]], c("x", "y"))
  expect_identical(sum(nodes$label == "-"), 1L)
})
