# Reference values of another implementation; the text "about" in the file says how to read them.
read_parity <- function() {
  jsonlite::fromJSON(
    test_path("keops-reference.json"),
    simplifyDataFrame = FALSE, simplifyMatrix = TRUE
  )
}

parity_inputs <- function(case) {
  lapply(case$inputs, function(values) if (is.matrix(values)) values else matrix(values, nrow = 1L))
}

# The result as R has it: one matrix, or a list of two; row numbers from 1 on.
parity_output <- function(case) {
  output <- case$output
  count <- if (is.array(output)) dim(output)[1L] else length(output)
  matrices <- lapply(seq_len(count), function(k) {
    values <- if (is.array(output)) array(output[k, , ], dim(output)[-1L]) else output[[k]]
    if ((k - 1L) %in% case$index_outputs) values + 1 else values
  })
  if (count == 1L) matrices[[1L]] else matrices
}

expect_parity <- function(actual, expected, tolerance) {
  if (!is.list(expected)) {
    return(expect_agree(actual + 0, expected + 0, tolerance))
  }
  expect_length(actual, length(expected))
  for (k in seq_along(expected)) {
    expect_agree(actual[[k]] + 0, expected[[k]] + 0, tolerance)
  }
}

parity_tolerance <- function(precision) {
  if (precision == "float64") 1e-6 else 1e-4
}
