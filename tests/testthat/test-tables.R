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

test_that("tables have no rows and columns that are of no use to users", {
  expect_false("SumTo" %in% keops_operations()$name)
  expect_false("SelectedSum" %in% keops_reductions()$name)
  expect_false("internal" %in% c(names(keops_operations()), names(keops_reductions())))
  expect_identical(rownames(keops_operations()), as.character(seq_len(nrow(keops_operations()))))
})

test_that("every row says all that a help page needs", {
  operations <- public_operations()
  for (column in c("name", "topic", "kind", "documentation", "mathematics")) {
    expect_true(all(nzchar(operations[[column]])), info = column)
  }
  differential <- operations$kind == "differential"
  expect_true(all(nzchar(operations$reference) | differential))
  for (k in seq_len(nrow(operations))) {
    row <- as.list(operations[k, ])
    expect_true(all(nzchar(operation_dimension(row))), info = row$name)
    expect_true(all(nzchar(operation_derivative(row))), info = row$name)
    # Where there is no derivative in an argument, the documentation says so.
    if (any(grepl("^none", operation_derivative(row)))) {
      expect_match(row$documentation, "no derivative in", info = row$name)
    }
  }
  reductions <- keops_reductions()
  for (column in c("name", "outputs", "reference", "documentation", "mathematics")) {
    expect_true(all(nzchar(reductions[[column]])), info = column)
  }
  for (k in seq_len(nrow(reductions))) {
    expect_true(all(nzchar(reduction_derivative(as.list(reductions[k, ])))))
  }
})

test_that("sentences end with a point", {
  for (table in list(public_operations(), keops_reductions(), cpp_synonyms())) {
    expect_match(table$documentation, "\\.$")
  }
})

test_that("the help pages are made of the tables", {
  pages <- c(rd_operations(), rd_reductions())
  for (page in pages) expect_match(page, "^@rawRd")
  names <- c(
    setdiff(keops_operations()$name, ls(defined_operations)),
    paste0(keops_reductions()$name, "_Reduction"), cpp_synonyms()$name
  )
  text <- paste(pages, collapse = "\n")
  for (name in names) {
    expect_match(text, paste0("\\code{", name, "("), fixed = TRUE)
  }
  expect_no_match(text, "code{SumTo(", fixed = TRUE)
  expect_no_match(text, "code{SelectedSum_Reduction", fixed = TRUE)
  for (topic in keops_operations()$topic) {
    expect_match(text, sprintf("\\section{%s}", topic), fixed = TRUE)
  }
  file <- tempfile(fileext = ".Rd")
  writeLines(c("\\name{a}\\title{a}\\description{a}", sub("^@rawRd\n", "", pages)), file)
  expect_length(tools::checkRd(file), 0L)
})

test_that("a help page without the compiled code points to the function", {
  page <- rd_sections(function() stop("not loaded"), "keops_operations()")
  expect_match(page, "See \\code{keops_operations()}", fixed = TRUE)
})
