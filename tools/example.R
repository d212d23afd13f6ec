# The examples of the README at a size at which dense matrices give the same numbers.
library(kernelops)

set.seed(1)
x <- matrix(runif(100 * 3), ncol = 3)
y <- matrix(runif(200 * 3), ncol = 3)
b <- matrix(rnorm(200 * 6), ncol = 6)
s <- 0.5
squared <- outer(rowSums(x^2), rowSums(y^2), "+") - 2 * x %*% t(y)
dense <- exp(-s * squared) %*% b
relative <- function(a, b) max(abs(a - b)) / max(abs(b))
elapsed <- function(code) system.time(code)[["elapsed"]]

K <- exp(-s * sqdist(Vi(x), Vj(y)))
print(K)
smooth <- K %*% b
cat(sprintf("\nK %%*%% b: %d x %d\n", nrow(smooth), ncol(smooth)))
print(smooth[1:3, ])
cat("the same with dense matrices:\n")
print(dense[1:3, ])
near <- argKmin(sqdist(Vi(x), Vj(y)), 5, index = "j")
cat("\nthe 5 nearest rows of y for the first rows of x:\n")
print(near[1:3, ])
dense_near <- t(apply(squared, 1, order))[, 1:5]

cat("\nThe same sum from a formula as text:\n")
op <- keops_kernel(
  "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)",
  c("x = Vi(3)", "y = Vj(3)", "b = Vj(6)", "s = Pm(1)")
)
print(op)

kernel <- if (summary(op)$compiled) "found in the cache" else "compiled"
first <- elapsed(res <- op(list(x, y, b, s)))
later <- elapsed(for (call in 1:100) op(list(x, y, b, s))) / 100

cat(sprintf("\nresult: %d x %d\n", nrow(res), ncol(res)))
cat(sprintf("first call %.3f s (kernel %s), later calls %.6f s\n", first, kernel, later))

grad <- keops_grad(op, "x")
eta <- matrix(1, 100, 6)
g <- grad(list(x, y, b, s, eta))
weights <- exp(-s * squared) * (eta %*% t(b))
dense_grad <- -2 * s * (rowSums(weights) * x - weights %*% y)

cat(sprintf("\ngradient in x: %d x %d\n", nrow(g), ncol(g)))
print(g[1:3, ])
cat("the same with dense matrices:\n")
print(dense_grad[1:3, ])

cat(sprintf("\nlargest relative difference, result:   %.1e\n", relative(res, dense)))
cat(sprintf("largest relative difference, gradient: %.1e\n", relative(g, dense_grad)))

big <- matrix(runif(3e4 * 3), ncol = 3)
many <- elapsed(op(list(big, big, matrix(rnorm(3e4 * 6), ncol = 6), s)))
cat(sprintf("\n30 000 x 30 000 points: %.2f s, %.2f billion pairs a second\n\n", many, 0.9 / many))
keops_sitrep()

stopifnot(
  relative(smooth, dense) < 1e-10, identical(near, dense_near), relative(res, dense) < 1e-10,
  relative(g, dense_grad) < 1e-10
)
