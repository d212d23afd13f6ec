# Reference values of another implementation, see the text "about" in the file. Cases whose
# operations do not exist yet wait.
skip_if_not_installed("jsonlite")

parity <- jsonlite::fromJSON(
  test_path("keops-reference.json"), simplifyDataFrame = FALSE, simplifyMatrix = TRUE
)

# What the names and signs of a formula need that is not in the tables.
parity_missing <- function(formula) {
  called <- gregexpr("[A-Za-z_][A-Za-z0-9_]*(?=\\()", formula, perl = TRUE)
  words <- regmatches(formula, called)[[1L]]
  reductions <- grepl("_Reduction$", words)
  operations <- c(cpp_operations()$name, "IntCst", "Zero", "Var")
  c(
    setdiff(sub("_Reduction$", "", words[reductions]), cpp_reductions()$name),
    setdiff(words[!reductions], operations)
  )
}

parity_inputs <- function(case) {
  lapply(case$inputs, function(values) if (is.matrix(values)) values else matrix(values, nrow = 1L))
}

# A result matrix from the file; a matrix of one column arrives as a matrix too.
parity_output <- function(case) {
  output <- case$output
  matrix <- if (is.array(output)) array(output, dim(output)[-1L]) else output[[1L]]
  if (0L %in% case$index_outputs) matrix + 1 else matrix
}

parity_waits <- vapply(parity$cases, function(case) length(parity_missing(case$formula)) > 0L, TRUE)

for (case in parity$cases[!parity_waits]) {
  local({
    case <- case
    test_that(paste0("reference case ", case$id, ": ", case$formula), {
      op <- keops_kernel(case$formula, case$args)
      expect_agree(op(parity_inputs(case)) + 0, parity_output(case) + 0, 1e-6)
    })
  })
}

test_that("reference cases are there", {
  expect_length(parity$cases, 211L)
  expect_gt(sum(!parity_waits), 80L)
})

cat(sprintf(
  "\nreference cases: %d run, %d wait for operations\n", sum(!parity_waits), sum(parity_waits)
))
