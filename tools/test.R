# Runs test files of the installed package and writes how many tests passed, failed and were
# skipped. Arguments: the folder of the tests, a folder to share with other workers, the file for
# the counts. Workers take files, the longest first, until none is left; kernels are compiled by one
# process at a time, so several workers are faster.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1L]

library(testthat)

files <- list.files(folder, "^test-.*[.]R$")
files <- files[order(-file.size(file.path(folder, files)))]
counts <- c(passed = 0, failed = 0, skipped = 0)
for (file in files) {
  taken <- dir.create(file.path(arguments[2L], file), showWarnings = FALSE)
  if (!taken) next
  results <- as.data.frame(test_dir(
    folder,
    filter = sub("^test-(.*)[.]R$", "^\\1$", file), package = "kernelops",
    load_package = "installed", reporter = SummaryReporter$new(max_reports = 1000),
    stop_on_failure = FALSE
  ))
  failed <- results$failed > 0L | results$error
  skipped <- results$skipped & !failed
  counts <- counts + c(sum(!failed & !skipped), sum(failed), sum(skipped))
}
cat(counts, file = arguments[3L])
