wrong_values <- list(
  precision = list("float16", 64, c("float32", "float64"), NA_character_),
  threads = list(0, -1, 1.5, "two", NA, c(1, 2)),
  compiler = list("", 1, c("gcc", "clang"), NA_character_),
  compiler_flags = list(1, NA_character_),
  cpu = list(1, NA_character_),
  cache_dir = list("", 1, NA_character_),
  verbose = list("yes", NA, 1)
)

test_that("every option has a test of wrong values", {
  expect_setequal(names(wrong_values), names(option_table))
})

for (name in names(option_table)) {
  local({
    name <- name

    test_that(paste("the option", name, "refuses wrong values by its name"), {
      for (value in wrong_values[[name]]) {
        new <- stats::setNames(list(value), paste0("kernelops.", name))
        error <- with_options(new, {
          expect_error(current_settings(), class = "kernelops_error_argument")
        })
        expect_match(conditionMessage(error), paste0("kernelops.", name), fixed = TRUE)
      }
    })

    test_that(paste("the option", name, "has a default that passes its check"), {
      default <- option_table[[name]]$default
      expect_true(is.null(default) || option_table[[name]]$check(default))
    })
  })
}

test_that("setters return the old value invisibly and take it back", {
  with_options(list(kernelops.precision = NULL, kernelops.threads = NULL), {
    first <- withVisible(use_float32())
    expect_false(first$visible)
    expect_null(first$value)
    expect_identical(current_settings()$precision, "float32")
    expect_identical(use_float64(), "float32")
    expect_identical(current_settings()$precision, "float64")
    expect_null(use_cpu(3))
    expect_identical(current_settings()$threads, 3L)
    expect_identical(use_cpu(ncore = 0), 3L)
    expect_identical(current_settings()$threads, default_threads())
    expect_null(use_cpu(2))
    expect_identical(use_cpu(NULL), 2L)
  })
})

test_that("verbose says when a kernel is compiled, and only then", {
  with_options(list(kernelops.verbose = TRUE, kernelops.cache_dir = new_directory()), {
    op <- keops_kernel("Sum_Reduction(x * y * 1618, 0)", c("x = Vi(1)", "y = Vj(1)"))
    expect_message(op(list(1, 1)), "compiling .*1618.* in float64")
    expect_silent(op(list(1, 1)))
  })
})

test_that("use_cpu() refuses what is no number of threads", {
  for (value in list(-1, 1.5, "two", NA, c(1, 2))) {
    expect_error(use_cpu(value), class = "kernelops_error_argument")
  }
})
