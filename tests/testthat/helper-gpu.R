# GPUs for tests where there are none: libraries in place of the driver and of NVRTC, which run
# generated kernels on the CPU. CMake builds them (tests/cpp/fake_driver, tests/cpp/fake_nvrtc), and
# tools/test.sh says where they are.
fake_gpu_libraries <- function() {
  places <- Sys.getenv(c("KERNELOPS_TEST_FAKE_DRIVER", "KERNELOPS_TEST_FAKE_NVRTC"))
  stats::setNames(places, c("KERNELOPS_LIBCUDA", "KERNELOPS_NVRTC"))
}

skip_without_fake_gpu <- function() {
  skip_on_cran()
  missing <- !file.exists(fake_gpu_libraries())
  skip_if(any(missing), "the fake GPU is not built: tools/test.sh does")
}

# Evaluates code in a fresh R session with pretended GPUs of so many bytes of memory. The code finds
# the functions of the helpers, and values given by name. Returns a list of its value and the lines
# that were printed; an error of the code is an error here. What the code leaves to the GPU is done
# when somebody waits for it, not before. `env` are further environment variables, such as
# KERNELOPS_FAKE_FAIL (tests/cpp/fake_driver/fake_driver.h), which the code may also set itself.
in_gpu_session <- function(code, ..., devices = 1, memory = NULL, env = character()) {
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  lines <- c(
    sprintf(
      "for (helper in list.files(%s, '^helper-', full.names = TRUE)) source(helper)",
      deparse(normalizePath(test_path()))
    ),
    "result <- tryCatch(list(value = {",
    deparse(substitute(code)),
    "}), error = function(error) list(error = error))",
    sprintf("saveRDS(result, %s)", deparse(file))
  )
  environment <- c(
    fake_gpu_libraries(),
    KERNELOPS_FAKE_DEVICES = sprintf("%d", as.integer(devices)),
    KERNELOPS_FAKE_ASYNC = "1",
    if (!is.null(memory)) c(KERNELOPS_FAKE_MEMORY = sprintf("%.0f", memory))
  )
  environment[names(env)] <- env
  output <- with_environment(environment, run_session(lines, ...))
  complaints <- grep("^fake CUDA driver: ", output, value = TRUE)
  if (!file.exists(file) || length(complaints) > 0L) {
    stop("the session went wrong:\n", paste(output, collapse = "\n"))
  }
  result <- readRDS(file)
  if (!is.null(result$error)) stop(result$error)
  list(value = result$value, output = output)
}
