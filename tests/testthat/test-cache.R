clean <- c(KERNELOPS_CACHE_DIR = "", `_R_CHECK_PACKAGE_NAME_` = "", `_R_CHECK_LIMIT_CORES_` = "")

# Every file of a cache that holds a compiled kernel.
kernels_in <- function(directory) {
  list.files(directory, "\\.(so|dll|dylib)$", recursive = TRUE, full.names = TRUE)
}

compute_in <- function(directory, file) {
  run_session(
    c(
      "options(kernelops.cache_dir = directory)",
      "seconds <- system.time(result <- op(inputs))[['elapsed']]",
      "saveRDS(list(result = result, seconds = seconds), file)"
    ),
    directory = directory, file = file, op = gaussian(), inputs = gaussian_inputs()
  )
}

test_that("the directory is that of the option, the variable, the user, in this order", {
  with_environment(clean, {
    user <- new_directory()
    with_environment(c(R_USER_CACHE_DIR = user), {
      expect_identical(cache_directory(NULL), file.path(user, "R", "kernelops"))
      with_environment(c(KERNELOPS_CACHE_DIR = "/variable"), {
        expect_identical(cache_directory(NULL), "/variable")
        expect_identical(cache_directory("/option"), "/option")
        expect_identical(cache_directory("here"), file.path(getwd(), "here"))
      })
      expect_false(dir.exists(user))
    })
  })
})

test_that("during R CMD check the directory is temporary", {
  with_environment(clean, {
    with_environment(c(`_R_CHECK_PACKAGE_NAME_` = "kernelops"), {
      expect_identical(cache_directory(NULL), file.path(tempdir(), "kernelops"))
    })
  })
})

test_that("a directory that cannot be made is not used", {
  file <- tempfile()
  file.create(file)
  expect_false(is_writable(file.path(file, "cache")))
  expect_true(is_writable(file.path(tempdir(), "a", "b")))
  with_environment(clean, {
    with_environment(c(R_USER_CACHE_DIR = file), {
      expect_identical(cache_directory(NULL), file.path(tempdir(), "kernelops"))
    })
  })
})

test_that("kernels are kept in a directory of the user's own and can be removed", {
  directory <- new_directory()
  with_options(list(kernelops.cache_dir = directory), {
    op <- keops_kernel("Sum_Reduction(x * y * 2718, 0)", c("x = Vi(1)", "y = Vj(1)"))
    op(list(1, 1))
    expect_gte(length(kernels_in(directory)), 1L)
    if (.Platform$OS.type == "unix") {
      expect_identical(format(file.mode(directory)), "700")
    }
    removed <- withVisible(keops_cache_clear())
    expect_false(removed$visible)
    expect_gte(removed$value, 1L)
    expect_length(kernels_in(directory), 0L)
    expect_identical(keops_cache_clear(), 0L)
    expect_identical(op(list(2, 2)), matrix(4 * 2718))
  })
})

test_that("another session finds a kernel and builds a damaged one again", {
  directory <- new_directory()
  file <- tempfile()
  expected <- dense_gaussian(gaussian_inputs())
  compute_in(directory, file)
  expect_close(readRDS(file)$result, expected)
  kernels <- kernels_in(directory)
  built <- file.mtime(kernels)
  expect_gte(length(kernels), 1L)

  compute_in(directory, file)
  expect_close(readRDS(file)$result, expected)
  expect_identical(file.mtime(kernels), built)

  for (damage in list(raw(0), charToRaw("not a library"))) {
    for (kernel in kernels) {
      unlink(kernel, force = TRUE)
      writeBin(damage, kernel)
    }
    unlink(file)
    output <- compute_in(directory, file)
    expect_true(file.exists(file), info = paste(output, collapse = "\n"))
    expect_close(readRDS(file)$result, expected)
  }
})

test_that("sessions that start together share a cache without harm", {
  skip_on_cran()
  directory <- new_directory()
  files <- replicate(4, tempfile())
  lines <- c(
    "options(kernelops.cache_dir = directory)", "use_cpu(1)", "result <- op(inputs)",
    "saveRDS(result, paste0(file, '-part'))", "invisible(file.rename(paste0(file, '-part'), file))"
  )
  for (file in files) {
    run_session(
      lines, directory = directory, file = file, op = gaussian(), inputs = gaussian_inputs(),
      wait = FALSE
    )
  }
  expect_true(wait_for(function() all(file.exists(files)), 60))
  for (file in files) {
    expect_close(readRDS(file), dense_gaussian(gaussian_inputs()))
  }
  expect_length(kernels_in(directory), 1L)
})

test_that("the cache is cut down to its size", {
  directory <- new_directory()
  with_options(list(kernelops.cache_dir = directory, kernelops.cache_size = 0), {
    op <- keops_kernel("Sum_Reduction(x * y * 577, 0)", c("x = Vi(1)", "y = Vj(1)"))
    expect_identical(op(list(1, 1)), matrix(577))
    expect_length(kernels_in(directory), 0L)
    expect_identical(op(list(2, 1)), matrix(2 * 577))
  })
})
