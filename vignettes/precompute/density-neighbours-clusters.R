# Processor time of neighbour searches for the vignette "Kernel density, k-nearest neighbours,
# k-means". Run in the folder vignettes, with kernelops and FNN installed; takes some minutes.
library(kernelops)
use_cpu(2)

# Time of all cores together, which depends little on what else the machine does.
processor_seconds <- function(f) {
  min(replicate(2, sum(system.time(f())[c("user.self", "sys.self")])))
}

set.seed(1)
n <- 1e4
times <- lapply(c(3, 10, 30, 100), function(dimension) {
  x <- matrix(rnorm(n * dimension), n)
  ours <- function() argKmin(sqdist(Vi(x), Vj(x)), K = 6, index = "j")
  tree <- function() FNN::knnx.index(x, x, k = 6)
  stopifnot(ours() == tree())
  double <- processor_seconds(ours)
  use_float32()
  ours() # compiles
  single <- processor_seconds(ours)
  use_float64()
  data.frame(
    rows = n, dimension = dimension, tree = processor_seconds(tree), float64 = double,
    float32 = single
  )
})
write.csv(do.call(rbind, times), "density-neighbours-clusters-results.csv", row.names = FALSE)
