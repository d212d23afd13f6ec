# Writes vignettes/kriging-results.csv: run from the root of the package with kernelops installed.
# The functions are those of the vignette.
library(kernelops)
use_cpu(2)

code <- knitr::purl("vignettes/kriging.Rmd", tempfile(), quiet = TRUE)
definitions <- Filter(function(line) {
  is.call(line) && identical(line[[1]], as.name("<-")) && is.call(line[[3]]) &&
    identical(line[[3]][[1]], as.name("function"))
}, as.list(parse(code)))
for (definition in definitions) eval(definition)

height_at <- function(x) {
  i <- pmin(floor(x), matrix(dim(volcano) - 1, nrow(x), 2, byrow = TRUE))
  f <- x - i
  corner <- function(di, dj) volcano[cbind(i[, 1] + di, i[, 2] + dj)]
  (1 - f[, 1]) * (1 - f[, 2]) * corner(0, 0) + f[, 1] * (1 - f[, 2]) * corner(1, 0) +
    (1 - f[, 1]) * f[, 2] * corner(0, 1) + f[, 1] * f[, 2] * corner(1, 1)
}
places <- function(n) cbind(runif(n, 1, nrow(volcano)), runif(n, 1, ncol(volcano)))

solve_size <- function(n, m) {
  set.seed(1)
  x <- places(n)
  new <- places(2000)
  z <- height_at(x) + rnorm(n)
  some <- seq_len(400)
  best <- optim(log(c(200, 1e-3)), negative_log_likelihood, x = 10 * x[some, ], z = z[some])
  range <- exp(best$par[1])
  nugget <- exp(best$par[2])
  K <- covariance(10 * x, 10 * x, range)
  b <- z - mean(z)
  product <- min(replicate(3, system.time(K %*% b)[["elapsed"]]))
  whole <- system.time({
    precondition <- nystroem(K, nugget, seq_len(m))
    fit <- conjugate_gradient(function(v) K %*% v + nugget * v, b, precondition, tolerance = 1e-6)
  })[["elapsed"]]
  predicted <- mean(z) + covariance(10 * new, 10 * x, range) %*% fit$x
  data.frame(
    points = n, dense = 8e-9 * n^2, preconditioner = m, iterations = length(fit$residual),
    product = product, whole = whole, rmse = sqrt(mean((predicted - height_at(new))^2))
  )
}

results <- do.call(rbind, Map(solve_size, c(2000, 10000, 50000), c(300, 600, 1200)))
write.csv(results, "vignettes/kriging-results.csv", row.names = FALSE)
