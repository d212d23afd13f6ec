# The value of some code in a session with pretended GPUs, see helper-gpu.R for the arguments.
gpu_value <- function(...) {
  skip_without_fake_gpu()
  in_gpu_session(...)$value
}

# The kind and the message of the error of some code, "" if it has none.
error_text <- function(code) {
  tryCatch(
    {
      force(code)
      ""
    },
    error = function(error) paste0(class(error)[1L], ": ", conditionMessage(error))
  )
}

# The tests of other files that fail, or are skipped, where the GPU is the back end.
failures_on_gpu <- function(filter) {
  gpu_value(
    {
      options(kernelops.backend = "gpu")
      tests <- as.data.frame(testthat::test_dir(
        folder,
        filter = filter, reporter = "silent", package = "kernelops",
        load_package = "installed", stop_on_failure = FALSE
      ))
      # Nothing went back to the CPU on the way, and there was work.
      stopifnot(keops_options()$backend == "gpu", sum(tests$passed) > 0L)
      good <- tests$failed == 0L & !tests$error & !tests$skipped
      sprintf("%s: %s", tests$file, tests$test)[!good]
    },
    filter = filter, folder = normalizePath(test_path())
  )
}
