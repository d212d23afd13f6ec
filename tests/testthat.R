library(testthat)
library(kernelops)

test_check("kernelops")
