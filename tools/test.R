# Runs the tests of the installed package and writes how many passed, failed and were skipped.
# Arguments: the folder of the tests, the file for the counts.
arguments <- commandArgs(trailingOnly = TRUE)

library(testthat)
results <- as.data.frame(test_dir(
  arguments[1L],
  package = "kernelops", load_package = "installed",
  reporter = SummaryReporter$new(max_reports = 1000), stop_on_failure = FALSE
))
failed <- results$failed > 0L | results$error
skipped <- results$skipped & !failed
cat(sum(!failed & !skipped), sum(failed), sum(skipped), file = arguments[2L])
