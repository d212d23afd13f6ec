# Times of neighbour searches for the vignette "Kernel density, k-nearest neighbours, k-means".
# Run in the folder vignettes, with kernelops and FNN installed; takes some minutes.
library(kernelops)
use_cpu(2)

seconds <- function(f) {
  min(replicate(2, system.time(f())[["elapsed"]]))
}

set.seed(1)
cases <- expand.grid(dimension = c(3, 10, 30, 100), rows = 2e4)
times <- lapply(seq_len(nrow(cases)), function(k) {
  n <- cases$rows[k]
  x <- matrix(rnorm(n * cases$dimension[k]), n)
  ours <- function() argKmin(sqdist(Vi(x), Vj(x)), K = 6, index = "j")
  tree <- function() FNN::knnx.index(x, x, k = 6)
  same <- mean(ours() == tree())
  double <- seconds(ours)
  use_float32()
  single <- seconds(ours)
  use_float64()
  data.frame(cases[k, ], tree = seconds(tree), float64 = double, float32 = single, same = same)
})
write.csv(do.call(rbind, times), "density-neighbours-clusters-results.csv", row.names = FALSE)
