# Writes vignettes/optimal-transport-results.csv: run from the root of the package with kernelops
# installed. The functions are those of the vignette.
library(kernelops)
use_cpu(2)

code <- knitr::purl("vignettes/optimal-transport.Rmd", tempfile(), quiet = TRUE)
is_definition <- function(line) {
  is.call(line) && identical(line[[1]], as.name("<-")) && is.call(line[[3]]) &&
    identical(line[[3]][[1]], as.name("function"))
}
for (line in as.list(parse(code))) if (is_definition(line)) eval(line)

ball <- function(n) {
  x <- matrix(rnorm(3 * n), ncol = 3)
  x / sqrt(rowSums(x^2)) * runif(n)^(1 / 3)
}
ring <- function(n) {
  angle <- runif(n, 0, 2 * pi)
  cbind(cos(angle), sin(angle), 0) * 0.9 + matrix(rnorm(3 * n, sd = 0.05), ncol = 3)
}

transport_size <- function(n) {
  set.seed(1)
  x <- ball(n)
  y <- ring(n)
  sinkhorn(x[1:100, ], y[1:100, ], epsilon = 1, at_most = 2)
  time <- system.time({
    both <- sinkhorn(x, y, epsilon = 0.1^2, tolerance = 0.01)
    own <- lapply(list(x, y), self_transport, epsilon = 0.1^2, tolerance = 0.01)
  })
  data.frame(
    points = n, dense = 8e-9 * n^2, iterations = both$iterations, time = time[["elapsed"]],
    divergence = both$value - own[[1]]$value / 2 - own[[2]]$value / 2
  )
}

results <- do.call(rbind, lapply(c(1000, 10000, 50000), transport_size))
write.csv(results, "vignettes/optimal-transport-results.csv", row.names = FALSE)
