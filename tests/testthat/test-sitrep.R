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
  for (label in c("driver", "NVRTC")) {
    expect_match(output, paste0("^", label), all = FALSE)
  }
})

test_that("a report says what was looked for on behalf of a GPU and why it was refused", {
  report <- with_options(list(kernelops.nvrtc = "/nonexistent"), {
    capture.output(report <- keops_sitrep())
    report
  })
  expect_identical(report$gpu$nvrtc, "")
  expect_identical(report$gpu$nvrtc_refused, "/nonexistent (option): there is no such file")
  expect_match(format(report), "^NVRTC +none", all = FALSE)
  expect_match(format(report), "/nonexistent (option)", fixed = TRUE, all = FALSE)
  expect_true(nzchar(report$gpu$reason))
  expect_s3_class(report$gpu$memory, "data.frame")
  expect_s3_class(report$gpu$devices, "data.frame")
})

test_that("a report tells of every GPU, its driver and its compiler", {
  skip_without_fake_gpu()
  session <- in_gpu_session(keops_sitrep(), devices = 2, memory = 3e9)
  gpu <- session$value$gpu
  expect_identical(gpu$reason, "")
  expect_identical(gpu$devices$name, c("Pretend GPU 0", "Pretend GPU 1"))
  expect_match(session$output, "^GPU +0: Pretend GPU 0, compute capability 9.0, 3 GB$", all = FALSE)
  expect_identical(c(gpu$driver, gpu$nvrtc), unname(fake_gpu_libraries()))
})

test_that("a report says what the driver answers where it fails", {
  skip_without_fake_gpu()
  session <- in_gpu_session(
    {
      Sys.setenv(KERNELOPS_FAKE_FAIL = paste0("cuDeviceGetCount:", call, ":999"))
      first <- keops_sitrep()$gpu$reason
      c(first, keops_sitrep()$gpu$reason)
    },
    call = 1
  )
  expect_match(session$value[1L], "cuDeviceGetCount said CUDA_ERROR_UNKNOWN", fixed = TRUE)
  expect_identical(session$value[2L], "")
})

test_that("an error of a session with GPUs is an error of the test, with its class", {
  skip_without_fake_gpu()
  expect_error(
    in_gpu_session(keops_kernel("Sum_Reduction(x, 0)", "x = Nonsense(3)")),
    class = "kernelops_error"
  )
})

test_that("GPUs are printed with what makes them differ", {
  gpu <- list(
    reason = "",
    devices = data.frame(
      device = 0:1, name = "NVIDIA H200", compute_capability = "9.0", memory = 150e9
    ),
    memory = data.frame(device = 1L, used = 2e9, cached = 0, cap = 120e9, peak = 3e9),
    driver = "/usr/lib/libcuda.so.1", driver_version = "13.0", driver_refused = character(),
    nvrtc = "", nvrtc_version = "", nvrtc_refused = c("a: no", "b: no"),
    nvcc = "/usr/bin/nvcc", nvcc_version = "12.4", nvcc_refused = "c: no"
  )
  expect_identical(gpu_lines(gpu), c(
    "GPU        0: NVIDIA H200, compute capability 9.0, 150 GB",
    "           1: NVIDIA H200, compute capability 9.0, 150 GB",
    "memory     1: 2 GB in use, 0 B kept, at most 120 GB",
    "driver     supports CUDA up to 13.0", "           /usr/lib/libcuda.so.1",
    "NVRTC      none", "refused    a: no", "           b: no",
    "nvcc       12.4", "           /usr/bin/nvcc", "refused    c: no"
  ))
  gpu$nvrtc <- "/usr/lib/libnvrtc.so"
  expect_false(any(grepl("nvcc", gpu_lines(gpu))))
  gpu$reason <- "no driver"
  gpu$devices <- gpu$devices[0L, ]
  gpu$memory <- gpu$memory[0L, ]
  expect_identical(gpu_lines(gpu)[1L], "GPU        none: no driver")
})

test_that("a report shows the GPUs, their memory in use, driver and NVRTC", {
  lines <- gpu_value(devices = 2, {
    before <- capture.output(keops_sitrep())
    use_gpu(1)
    h <- keops_to_gpu(uniform(1000, 3))
    list(before, capture.output(keops_sitrep()))
  })
  devices <- sprintf("%d: Pretend GPU %d, compute capability 9.0, 1.1 GB", 0:1, 0:1)
  for (report in lines) {
    expect_identical(
      report[grep("^GPU ", report) + 0:1], paste0(c("GPU        ", "           "), devices)
    )
    expect_match(report, "^driver +supports CUDA up to 13.0$", all = FALSE)
    expect_match(report, "^NVRTC +13.0$", all = FALSE)
  }
  expect_false(any(grepl("^memory", lines[[1L]])))
  expect_match(lines[[2L]], "^memory +1: 2[0-9.]+ kB in use, .* kept, at most 859 MB$", all = FALSE)
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
