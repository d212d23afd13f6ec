# Fails if lintr has something to say about the R code. Argument: the root of the repository.
setwd(commandArgs(trailingOnly = TRUE)[1L])
folders <- c("R", "tests/testthat", "tools", "benchmarks")
lints <- do.call(c, lapply(folders, lintr::lint_dir, relative_path = FALSE))
for (lint in lints) {
  cat(sprintf("%s:%d: %s\n", lint$filename, lint$line_number, lint$message))
}
quit(status = length(lints) > 0L)
