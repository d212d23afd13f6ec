# Points along i and along j, and the LazyTensors of them.
lazy_points <- function(rows = 7L, columns = 5L, dimension = 3L) {
  x <- uniform(rows, dimension, seed = 11)
  y <- uniform(columns, dimension, seed = 12)
  list(x = x, y = y, x_i = Vi(x), y_j = Vj(y))
}

# A function of a row of x and a row of y for all pairs: an array rows x columns x dimension.
dense_pairs <- function(x, y, f) {
  values <- lapply(seq_len(nrow(y)), function(j) {
    t(vapply(seq_len(nrow(x)), function(i) f(x[i, ], y[j, ]), f(x[1L, ], y[1L, ])))
  })
  dimension <- length(f(x[1L, ], y[1L, ]))
  out <- array(0, c(nrow(x), nrow(y), dimension))
  for (j in seq_len(nrow(y))) out[, j, ] <- matrix(values[[j]], nrow(x), dimension, byrow = FALSE)
  if (dimension == 1L) for (j in seq_len(nrow(y))) out[, j, 1L] <- as.vector(values[[j]])
  out
}

# All numbers of a LazyTensor as rows x columns x dimension.
lazy_values <- function(tensor) {
  values <- as.array(tensor)
  if (length(dim(values)) == 2L) dim(values) <- c(dim(values), 1L)
  values
}
