test_that("a report prints and returns what was found, invisibly", {
  output <- capture.output(value <- withVisible(keops_sitrep()))
  expect_false(value$visible)
  report <- value$value
  expect_s3_class(report, "keops_sitrep")
  expect_identical(report$version, as.character(utils::packageVersion("kernelops")))
  expect_gte(report$threads, 1L)
  for (label in c("kernelops", "compiler", "vectors", "threads", "precision", "cache", "GPU")) {
    expect_match(output, paste0("^", label), all = FALSE)
  }
  expect_true(nzchar(report$gpu))
})

test_that("a report works without a compiler", {
  report <- with_options(list(kernelops.compiler = "/nonexistent"), {
    capture.output(report <- keops_sitrep())
    report
  })
  expect_identical(report$compiler, "")
  expect_match(report$compiler_refused, "/nonexistent", all = FALSE)
  expect_match(format(report), "^compiler +none", all = FALSE)
})

test_that("bytes are written for people", {
  expect_identical(format_bytes(0), "0 B")
  expect_identical(format_bytes(1234567), "1.2 MB")
})
