# Evaluates code with options set, and puts the old ones back.
with_options <- function(new, code) {
  old <- options(new)
  on.exit(options(old))
  code
}

with_environment <- function(new, code) {
  old <- Sys.getenv(names(new), unset = NA, names = TRUE)
  on.exit({
    Sys.unsetenv(names(old)[is.na(old)])
    if (any(!is.na(old))) do.call(Sys.setenv, as.list(old[!is.na(old)]))
  })
  do.call(Sys.setenv, as.list(new))
  code
}

# A directory that does not exist yet.
new_directory <- function() {
  tempfile("kernelops-test-")
}

# A fresh R session that runs some lines with the package attached. The lines find values given by
# name as variables. Returns what it prints.
run_session <- function(lines, ..., wait = TRUE) {
  values <- list(...)
  script <- tempfile(fileext = ".R")
  data <- tempfile(fileext = ".rds")
  saveRDS(values, data)
  start <- c(
    sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")),
    sprintf("invisible(list2env(readRDS(%s), globalenv()))", deparse(data)),
    "library(kernelops)"
  )
  writeLines(c(start, lines), script)
  rscript <- file.path(R.home("bin"), "Rscript")
  arguments <- c("--vanilla", shQuote(script))
  if (!wait) {
    return(invisible(system2(rscript, arguments, stdout = FALSE, stderr = FALSE, wait = FALSE)))
  }
  suppressWarnings(system2(rscript, arguments, stdout = TRUE, stderr = TRUE))
}

# Waits until a condition holds; FALSE if it does not within some seconds.
wait_for <- function(condition, seconds = 30) {
  deadline <- Sys.time() + seconds
  while (Sys.time() < deadline) {
    if (condition()) {
      return(TRUE)
    }
    Sys.sleep(0.02)
  }
  FALSE
}

# Paths and hashes out of a message, for snapshots.
scrub <- function(lines) {
  lines <- gsub(tempdir(), "<tempdir>", lines, fixed = TRUE)
  lines <- gsub("/[^ '\"`]*/(kernelops|include|kernels)[^ '\"`]*", "<path>", lines)
  lines <- gsub("kernelops-test-[[:xdigit:]]+", "<directory>", lines)
  gsub("[[:xdigit:]]{16,}", "<hash>", lines)
}

# Evaluates the expressions of a block one by one and prints each with the class and the message of
# its error. Unlike that of expect_snapshot(error = TRUE), the text does not depend on the version
# of testthat.
print_errors <- function(block) {
  caller <- parent.frame()
  for (code in as.list(substitute(block))[-1L]) {
    error <- tryCatch(
      {
        eval(code, caller)
        stop("no error")
      },
      error = identity
    )
    message <- strsplit(conditionMessage(error), "\n", fixed = TRUE)[[1L]]
    cat(paste(">", deparse(code, width.cutoff = 200L)), sep = "\n")
    cat(paste0("<", class(error)[1L], ">"), paste0("  ", scrub(message)), "", sep = "\n")
  }
}
