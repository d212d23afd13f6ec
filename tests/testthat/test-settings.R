test_that("settings hold all that the engine needs", {
  settings <- current_settings()
  expect_setequal(names(settings), c(
    "backend", "device", "gpu_memory", "tensor_cores", "precision", "threads", "na_action",
    "compilers", "compiler_flags", "cpu", "cache_directory", "cache_size", "kernel_directory",
    "version", "nvrtc", "verbose", "progress"
  ))
  expect_type(settings$threads, "integer")
  expect_type(settings$compilers, "character")
  expect_true(dir.exists(settings$kernel_directory))
})

test_that("settings follow options and environment variables at once", {
  directory <- new_directory()
  with_environment(c(KERNELOPS_CACHE_DIR = directory), {
    expect_identical(current_settings()$cache_directory, directory)
  })
  with_options(list(kernelops.cpu = "x86-64-v3"), {
    expect_identical(current_settings()$cpu, "x86-64-v3")
  })
  expect_identical(current_settings()$cpu, "")
})

test_that("settings are found out once", {
  current_settings()
  seconds <- system.time(for (call in 1:2000) current_settings())[["elapsed"]] / 2000
  expect_lt(seconds, 1e-4)
})
