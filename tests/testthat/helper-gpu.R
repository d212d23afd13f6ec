# A GPU that is not there: the driver and the NVRTC that the tests of the engine are built with,
# which compile CUDA text for the CPU. A driver stays as it is for the life of a process, so each
# test has a session of its own.

fake_gpu_libraries <- function() {
  folder <- Sys.getenv("KERNELOPS_FAKE_GPU", test_path("..", "..", "build"))
  normalizePath(
    file.path(folder, c("libfake_cuda_driver.so", "libfake_nvrtc.so")), mustWork = FALSE
  )
}

skip_without_fake_gpu <- function() {
  skip_on_cran()
  skip_if_not(
    all(file.exists(fake_gpu_libraries())), paste0(
      "the GPU of the tests is not built: cmake --build build --target fake_cuda_driver ",
      "fake_nvrtc, or its folder in KERNELOPS_FAKE_GPU,"
    )
  )
}

# The environment of a session on a machine with pretended GPUs. `machine` says what they are, as
# in c(DEVICES = "2"), see fake_driver.h.
fake_gpu_environment <- function(machine = character()) {
  libraries <- fake_gpu_libraries()
  compiled <- Sys.getenv("KERNELOPS_FAKE_NVRTC_CACHE", file.path(tempdir(), "fake-nvrtc"))
  dir.create(compiled, showWarnings = FALSE)
  if (length(machine) > 0L) names(machine) <- paste0("KERNELOPS_FAKE_", names(machine))
  c(
    KERNELOPS_LIBCUDA = libraries[1L], KERNELOPS_NVRTC = libraries[2L],
    KERNELOPS_FAKE_NVRTC_CACHE = compiled,
    KERNELOPS_CACHE_DIR = file.path(tempdir(), "fake-gpu-kernels"), machine
  )
}

# The value of a block of code in such a session, where it sees what a test sees, and values given
# by name. An error of it is one here.
in_gpu_session <- function(code, ..., machine = character()) {
  skip_without_fake_gpu()
  code <- substitute(code)
  result <- tempfile(fileext = ".rds")
  output <- with_environment(fake_gpu_environment(machine), run_session(
    c(
      "suppressPackageStartupMessages(library(testthat))",
      "place <- list2env(given, parent = asNamespace(\"kernelops\"))",
      "source_test_helpers(folder, place)",
      "value <- tryCatch(eval(code, place), error = identity)",
      "saveRDS(value, result)"
    ),
    given = list(...), folder = normalizePath(test_path(".")), code = code, result = result
  ))
  if (!file.exists(result)) {
    stop("the session ended without a result:\n", paste(output, collapse = "\n"))
  }
  value <- readRDS(result)
  if (inherits(value, "error")) {
    stop(conditionMessage(value), "\nin ", deparse(conditionCall(value))[1L])
  }
  value
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

# The tests of other files that fail where the GPU is the back end.
failures_on_gpu <- function(filter, machine = character()) {
  in_gpu_session(
    {
      options(kernelops.backend = "gpu")
      tests <- as.data.frame(test_dir(
        folder,
        filter = filter, reporter = "silent", package = "kernelops",
        load_package = "installed", stop_on_failure = FALSE
      ))
      stopifnot(sum(tests$passed) > 0L)
      failed <- tests$failed > 0L | tests$error
      sprintf("%s: %s", tests$file[failed], tests$test[failed])
    },
    filter = filter, folder = normalizePath(test_path(".")), machine = machine
  )
}
