test_that("tables are data frames with one row for each name", {
  for (table in list(keops_operations(), keops_reductions())) {
    expect_s3_class(table, c("keops_table", "data.frame"), exact = TRUE)
    expect_false(anyDuplicated(table$name) > 0L)
  }
  expect_true(all(c("Add", "Exp", "SqDist", "Extract") %in% keops_operations()$name))
  expect_true(all(c("Sum", "LogSumExp", "ArgMin") %in% keops_reductions()$name))
})

test_that("tables print one line for each row within the width of the screen", {
  with_options(list(width = 70), {
    for (table in list(keops_operations(), keops_reductions())) {
      output <- capture.output(print(table))
      expect_length(output, nrow(table))
      expect_lte(max(nchar(output)), 70L)
    }
  })
  expect_match(format(keops_operations()), "^Extract\\(x, s, n\\) ", all = FALSE)
  expect_match(format(keops_operations()), "^Add\\(x, y\\), x \\+ y ", all = FALSE)
  expect_match(format(keops_operations()), "^Minus\\(x\\), -x ", all = FALSE)
  expect_match(format(keops_reductions()), "^LogSumExp_Reduction\\(f, 0\\) ", all = FALSE)
})

test_that("a part of a table prints as a data frame", {
  expect_output(print(keops_reductions()[, "name", drop = FALSE]), "LogSumExp")
})

test_that("the help pages are made of the tables", {
  text <- rd_table(cpp_operations, "keops_operations()")
  expect_match(text, "^@rawRd ")
  for (name in cpp_operations()$name) {
    expect_match(text, paste0("\\code{", name, "("), fixed = TRUE)
  }
  file <- tempfile(fileext = ".Rd")
  writeLines(c(
    "\\name{a}\\title{a}\\description{a}", sub("^@rawRd ", "", text),
    sub("^@rawRd ", "", rd_table(cpp_reductions, "keops_reductions()"))
  ), file)
  expect_length(tools::checkRd(file), 0L)
})

test_that("a help page without the compiled code points to the function", {
  expect_match(rd_table(function() stop("not loaded"), "keops_operations()"), "keops_operations")
})
