# Tests of results, made for the CPU, pass where the GPU is the back end: in both precisions, as they
# ask for, every reduction and every kind of formula, from text and from LazyTensors.

for (filter in c("^parity$", "^reductions$", "^(edges|gradient)$", "^lazy-", "^formulas$")) {
  local({
    filter <- filter
    test_that(paste("on a GPU the tests of results pass:", filter), {
      expect_identical(failures_on_gpu(filter), character())
    })
  })
}
