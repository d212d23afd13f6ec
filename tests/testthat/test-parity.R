skip_if_not_installed("jsonlite")

parity <- read_parity()

for (case in parity$cases) {
  local({
    case <- case
    test_that(paste0("reference case ", case$id, ": ", case$formula), {
      op <- keops_kernel(case$formula, case$args)
      for (precision in c("float64", "float32")) {
        result <- with_options(list(kernelops.precision = precision), op(parity_inputs(case)))
        expect_parity(result, parity_output(case), parity_tolerance(precision))
      }
    })
  })
}

test_that("all reference cases are there", {
  expect_length(parity$cases, 211L)
})
