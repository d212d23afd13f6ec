# Tests of results, made for the CPU, pass where the GPU is the back end: every reduction, the
# reference cases and every kind of formula, in the precisions that they ask for.

for (filter in c("^parity$", "^reductions$", "^(edges|gradient)$", "^lazy-", "^formulas$")) {
  local({
    filter <- filter
    test_that(paste("on a GPU the tests of results pass:", filter), {
      expect_identical(failures_on_gpu(filter), character())
    })
  })
}
