# What an R user would write today for tasks of the benchmark, and PyKeOps.

dense_squares <- function(x, y) {
  pmax(outer(rowSums(x^2), rowSums(y^2), "+") - 2 * tcrossprod(x, y), 0)
}

dense_gaussian <- list("base R, crossprod" = function(i) {
  exp(-drop(i$s) * dense_squares(i$x, i$y)) %*% i$b
})

radial <- function(profile) {
  list(
    "base R, crossprod" = function(i) profile(drop(i$s) * sqrt(dense_squares(i$x, i$y))) %*% i$b,
    "fields::rdist" = function(i) profile(drop(i$s) * fields::rdist(i$x, i$y)) %*% i$b
  )
}

nearest <- list(
  "FNN, brute force" = function(i) FNN::get.knnx(i$y, i$x, 10L, algorithm = "brute")$nn.index,
  "FNN, kd-tree" = function(i) FNN::get.knnx(i$y, i$x, 10L, algorithm = "kd_tree")$nn.index
)

alternatives <- list(
  "Gaussian D=1" = dense_gaussian,
  "Gaussian D=2" = dense_gaussian,
  "Gaussian D=3" = c(dense_gaussian, list("fields::rdist" = function(i) {
    exp(-drop(i$s) * fields::rdist(i$x, i$y)^2) %*% i$b
  })),
  "Gaussian D=10" = dense_gaussian,
  "Gaussian D=100" = dense_gaussian,
  "Gaussian D=784" = dense_gaussian,
  "Gaussian D=1000" = dense_gaussian,
  "gradient D=3" = list("base R, crossprod" = function(i) {
    weights <- exp(-drop(i$s) * dense_squares(i$x, i$y)) * rep(i$b, each = nrow(i$x))
    -2 * drop(i$s) * drop(i$e) * (i$x * rowSums(weights) - weights %*% i$y)
  }),
  "Laplacian D=3" = radial(function(q) exp(-q)),
  "Matern 3/2 D=3" = radial(function(q) (1 + q) * exp(-q)),
  "Matern 5/2 D=3" = radial(function(q) (1 + q + q^2 / 3) * exp(-q)),
  "log-sum-exp D=3" = list("base R, crossprod" = function(i) {
    log(rowSums(exp(-drop(i$s) * dense_squares(i$x, i$y))))
  }),
  "Gaussian D=3, b of 100" = dense_gaussian,
  "Gaussian D=100, b of 100" = dense_gaussian,
  "attention D=64" = list("base R, crossprod" = function(i) {
    scores <- drop(i$s) * tcrossprod(i$x, i$y)
    weights <- exp(scores - apply(scores, 1L, max))
    weights %*% i$v / rowSums(weights)
  }),
  "10 nearest D=3" = nearest,
  "10 nearest D=10" = nearest,
  "10 nearest D=100" = nearest,
  "centres D=10" = list(
    "base R, crossprod" = function(i) max.col(-dense_squares(i$x, i$y), "first"),
    "stats::kmeans, one step" = function(i) {
      # It complains that it has not converged.
      suppressWarnings(stats::kmeans(i$x, i$y, iter.max = 1L, algorithm = "Lloyd")$cluster)
    }
  ),
  "absolute differences D=3" = list("base R, outer" = function(i) {
    Reduce(`+`, lapply(seq_len(ncol(i$x)), function(k) {
      rowSums(abs(outer(i$x[, k], i$y[, k], "-")))
    }))
  })
)

# Methods that are functions of packages are named by the package.
method_installed <- function(name) {
  package <- sub("[:, ].*$", "", name)
  package == "base" || requireNamespace(package, quietly = TRUE)
}

# PyKeOps on the same formulas and sizes, with data of its own, in a process of its own.
pykeops_script <- '
import sys, time, os
os.environ["OMP_NUM_THREADS"] = sys.argv[7]
import numpy as np
from pykeops.numpy import Genred
reduction, formula, extra, arguments = sys.argv[1:5]
dtype = "float" + sys.argv[5]
rows, columns = (int(n) for n in sys.argv[6].split("x"))
data = []
for a in arguments.split(","):
    kind, size = a.split("=")[1].rstrip(")").split("(")
    data.append(np.random.rand({"Vi": rows, "Vj": columns}.get(kind, 1), int(size)).astype(dtype))
options = {}
if reduction == "SumSoftMaxWeight":
    options["formula2"] = extra
elif extra:
    options["opt_arg"] = int(extra)
op = Genred(formula, arguments.split(","), reduction_op=reduction, axis=1, **options)
op(*data, backend="CPU")
start = time.time()
op(*data, backend="CPU")
print(time.time() - start)
'

compare_pykeops <- function(tasks, table, python, threads) {
  found <- nzchar(Sys.which(python)) &&
    system2(python, c("-c", shQuote("import pykeops")), stdout = FALSE, stderr = FALSE) == 0L
  if (!found) {
    cat("\nPyKeOps: no", python, "that imports pykeops; not compared.\n")
    return(invisible())
  }
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  writeLines(pykeops_script, script)
  seconds <- vapply(seq_len(nrow(table)), function(k) {
    task <- tasks[tasks$name == table$task[k], ]
    words <- c(
      script, task$reduction, task$formula, task$extra, task$arguments,
      sub("float", "", table$precision[k]), paste0(table$M[k], "x", table$N[k]), threads
    )
    output <- suppressWarnings(system2(python, shQuote(words), stdout = TRUE, stderr = FALSE))
    if (length(output) == 0L) NA_real_ else suppressWarnings(as.numeric(output[length(output)]))
  }, 0)
  compared <- table[c("task", "precision", "M", "N")]
  compared$pykeops <- table$M * as.numeric(table$N) / seconds / 1e9
  compared$speedup <- table$package / compared$pykeops
  cat("\nPyKeOps, Gpairs/s, and how many times faster the package is:\n")
  print_table(compared)
  write_results(compared, "tasks-pykeops")
}
