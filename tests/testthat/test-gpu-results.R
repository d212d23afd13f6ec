# Results on a GPU are those of the CPU.

test_that("every reduction and its gradient gives on a GPU what it gives on the CPU", {
  reductions <- as.data.frame(keops_reductions())
  # Products of these numbers are exact in both precisions, and there are ties.
  x <- round(8 * uniform(37, 3, seed = 1)) / 8
  y <- round(8 * uniform(70, 3, seed = 2)) / 8
  results <- gpu_value(
    {
      run <- function(row, axis) {
        parts <- c("x * y", if (row$weighted) "2 + x * y", if (row$ranked) "3", axis)
        formula <- sprintf("%s_Reduction(%s)", row$name, paste(parts, collapse = ", "))
        op <- keops_kernel(formula, c("x = Vi(3)", "y = Vj(3)"))
        result <- op(list(x, y))
        gradient <- tryCatch(
          keops_grad(op, "y")(list(x, y, matrix(1, nrow(if (axis == 0) x else y), 3))),
          kernelops_error = function(error) class(error)[1L]
        )
        list(result = result, gradient = gradient)
      }
      run_all <- function(precision) {
        options(kernelops.precision = precision)
        lapply(split(reductions, reductions$name), function(row) lapply(0:1, run, row = row))
      }
      run_both <- function() lapply(c("float64", "float32"), run_all)
      cpu <- run_both()
      use_gpu()
      list(cpu = cpu, gpu = run_both())
    },
    reductions = reductions, x = x, y = y
  )
  for (precision in 1:2) {
    for (name in names(results$cpu[[precision]])) {
      expect_equal(
        results$gpu[[!!precision]][[!!name]], results$cpu[[precision]][[name]],
        tolerance = c(1e-13, 1e-5)[precision]
      )
    }
  }
  classes <- rapply(results$gpu, identity, classes = "character", how = "unlist")
  expect_true(all(classes %in% c("kernelops_error_unsupported", "kernelops_error_argument")))
})

for (filter in c("^edges$", "^gradient$", "^lazy-(matrix|gradient|product)$")) {
  local({
    filter <- filter
    test_that(paste("the tests of the CPU pass on a GPU:", filter), {
      expect_identical(failures_on_gpu(filter), character())
    })
  })
}

for (precision in c("float64", "float32")) {
  local({
    precision <- precision
    test_that(paste("the reference cases have the reference values on a GPU in", precision), {
      skip_if_not_installed("jsonlite")
      cases <- read_parity()$cases
      results <- gpu_value(
        {
          use_gpu()
          options(kernelops.precision = precision)
          lapply(cases, function(case) {
            keops_kernel(case$formula, case$args)(parity_inputs(case))
          })
        },
        cases = cases, precision = precision
      )
      for (k in seq_along(cases)) {
        expect_parity(results[[k]], parity_output(cases[[k]]), parity_tolerance(precision))
      }
    })
  })
}
