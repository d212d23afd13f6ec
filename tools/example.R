# The first example of the README, next to the same computation with dense matrices.
library(kernelops)

set.seed(1)
x <- matrix(runif(100 * 3), ncol = 3)
y <- matrix(runif(200 * 3), ncol = 3)
b <- matrix(rnorm(200 * 6), ncol = 6)
s <- 0.5

op <- keops_kernel(
  "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)",
  c("x = Vi(3)", "y = Vj(3)", "b = Vj(6)", "s = Pm(1)")
)
print(op)

seconds <- system.time(res <- op(list(x, y, b, s)))[["elapsed"]]
squared <- outer(rowSums(x^2), rowSums(y^2), "+") - 2 * x %*% t(y)
dense <- exp(-s * squared) %*% b

cat(sprintf("\nresult: %d x %d, first call %.2f s\n", nrow(res), ncol(res), seconds))
print(res[1:3, ])
cat("the same with dense matrices:\n")
print(dense[1:3, ])

grad <- keops_grad(op, "x")
eta <- matrix(1, 100, 6)
g <- grad(list(x, y, b, s, eta))
weights <- exp(-s * squared) * (eta %*% t(b))
dense_grad <- -2 * s * (rowSums(weights) * x - weights %*% y)

relative <- function(a, b) max(abs(a - b)) / max(abs(b))
cat(sprintf("largest relative difference, result:   %.1e\n", relative(res, dense)))
cat(sprintf("largest relative difference, gradient: %.1e\n", relative(g, dense_grad)))
stopifnot(relative(res, dense) < 1e-10, relative(g, dense_grad) < 1e-10)
