# A chain 1 -> 2 -> 3 -> 5 with a long edge 1 -> 5 and a late input 4 -> 5.
edges <- data.frame(from = c(1L, 2L, 1L, 3L, 4L), to = c(2L, 3L, 5L, 5L, 5L), argument = 1:5)

layout <- function(edges, widths, gap = 1, ordered = rep(TRUE, length(widths))) {
  layered_layout(edges, widths, gap, ordered)
}

# All boxes of a layer from left to right.
expect_apart <- function(found, widths, gap) {
  for (layer in unique(found$layer)) {
    here <- which(found$layer == layer)
    here <- here[order(found$x[here])]
    space <- diff(found$x[here]) - (widths[here][-1L] + widths[here][-length(here)]) / 2
    expect_true(all(space > gap - 1e-9))
  }
}

test_that("results are at the bottom and everything else just above what needs it first", {
  expect_identical(layout(edges, rep(1, 5))$layer, c(1L, 2L, 3L, 3L, 4L))
})

test_that("a long edge passes through the layers between its ends", {
  route <- layout(edges, rep(1, 5))$routes[[3L]]
  expect_setequal(route$layer, 1:4)
  expect_identical(route$side[c(1L, length(route$side))], c(1L, -1L))
  expect_false(is.unsorted(route$layer + 0.25 * route$side))
})

test_that("nodes of a layer do not overlap", {
  operators <- list(gaussian(), keops_grad(keops_grad(gaussian(), "x"), "x"))
  for (op in operators) {
    graph <- explain(op)
    widths <- nchar(graph$nodes$label)
    found <- layout(graph$edges, widths, gap = 2)
    expect_apart(found, widths, 2)
    expect_gte(found$width, max(widths))
  }
})

test_that("a tree has no crossings, and arguments come from left to right", {
  # (4 - 3) - (1 - 2): the order of the nodes is not that of the arguments.
  tree <- data.frame(
    from = c(4L, 3L, 1L, 2L, 5L, 6L), to = c(5L, 5L, 6L, 6L, 7L, 7L), argument = rep(1:2, 3)
  )
  found <- layout(tree, rep(2, 7))
  expect_identical(order(found$x[1:4]), c(4L, 3L, 1L, 2L))
  expect_lt(found$x[5], found$x[6])
  shifts <- vapply(found$routes, `[[`, 0, "shift")
  expect_true(all(shifts * c(-1, 1) > 0))
})

test_that("a shared part is drawn without crossings where the order of arguments allows it", {
  quotient <- keops_kernel(
    "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0) / Sum_Reduction(Exp(-SqDist(x, y)), 0)",
    c("x = Vi(3)", "y = Vj(3)", "b = Vj(2)")
  )
  graph <- explain(quotient)
  found <- layout(graph$edges, nchar(graph$nodes$label), ordered = !graph$nodes$commutative)
  sums <- which(graph$nodes$kind == "reduction")
  first <- graph$edges$from[graph$edges$argument == 1L & graph$edges$to == nrow(graph$nodes)]
  expect_lt(found$x[first], found$x[setdiff(sums, first)])
})

test_that("one node alone is a graph", {
  found <- layout(data.frame(from = integer(), to = integer(), argument = integer()), 3)
  expect_identical(found$layer, 1L)
  expect_length(found$routes, 0L)
  expect_identical(found$width, 3)
})
