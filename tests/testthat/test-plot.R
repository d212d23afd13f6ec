# Calls `code` with a device that draws nothing that is kept.
on_null_device <- function(code, width = 7, height = 7) {
  grDevices::pdf(NULL, width, height)
  on.exit(grDevices::dev.off())
  force(code)
}

test_that("the graph of a formula is plotted on its own or by ggplot2", {
  explanation <- explain(gaussian())
  on_null_device({
    before <- graphics::par("mar")
    value <- withVisible(plot(explanation))
    expect_identical(graphics::par("mar"), before)
  })
  expect_false(value$visible)
  expect_identical(value$value, explanation)
  skip_if_not_installed("ggplot2")
  drawn <- ggplot2::autoplot(explanation, main = "A sum")
  expect_s3_class(drawn, "ggplot")
  expect_identical(drawn$labels$title, "A sum")
  expect_no_error(on_null_device(print(drawn)))
})

test_that("the graph of every reference formula can be plotted", {
  skip_if_not_installed("jsonlite")
  cases <- jsonlite::fromJSON(
    test_path("keops-reference.json"),
    simplifyDataFrame = FALSE, simplifyMatrix = TRUE
  )$cases
  on_null_device({
    for (case in cases) {
      graph <- explain(keops_kernel(case$formula, case$args))
      expect_no_error(plot(graph))
      expect_true(all(graph$edges$from < graph$edges$to))
    }
  })
})

test_that("graphs without edges, of several formulas and on small devices can be plotted", {
  operators <- list(
    keops_kernel("Sum_Reduction(x, 1)", "x = Vi(3)"),
    keops_kernel("Sum_Reduction(1, 0)", c("x = Vi(3)", "y = Vj(3)")),
    keops_kernel(
      c(sum = "Sum_Reduction(SqDist(x, y), 0)", all = "Max_Reduction(SqDist(x, y), 1)"),
      c("x = Vi(3)", "y = Vj(3)")
    )
  )
  for (op in operators) {
    on_null_device(expect_no_error(plot(explain(op))))
    on_null_device(expect_no_error(plot(explain(op), main = "")), width = 2, height = 2)
  }
})

test_that("a constant is drawn once for each use and a long number is cut short", {
  op <- keops_kernel("Sum_Reduction(Sin(3 * x) * (3 / 7 + Cos(3 + y)), 0)", c("x=Vi(1)", "y=Vj(1)"))
  graph <- explain(op)
  measure <- function(text, cex = 1) cex * nchar(text)
  drawing <- explanation_drawing(graph, measure, gap = 1)
  constants <- drawing$nodes$label[drawing$nodes$kind == "constant"]
  expect_identical(sum(constants == "3"), 2L)
  expect_true("0.4286" %in% constants)
  expect_identical(sum(graph$nodes$label == "3"), 1L)
  expect_identical(nrow(drawing$edges), nrow(graph$edges))
  label_of <- function(nodes, edges) sort(paste(nodes$stage[edges$from], nodes$label[edges$to]))
  expect_identical(
    label_of(drawing$nodes, drawing$edges), label_of(graph$nodes, graph$edges)
  )
})

test_that("arguments out of order are numbered if their order matters", {
  nodes <- data.frame(x = c(0, 4, 2), layer = c(1, 1, 2), commutative = FALSE)
  drawing <- list(
    nodes = nodes, edges = data.frame(from = 1:2, to = 3L, argument = 2:1),
    routes = list(list(shift = -1), list(shift = 1))
  )
  numbers <- argument_numbers(drawing, 0.25)
  expect_identical(numbers$argument, 2:1)
  expect_identical(numbers$x, c(1, 3))
  drawing$nodes$commutative <- TRUE
  expect_identical(nrow(argument_numbers(drawing, 0.25)), 0L)
  drawing$nodes$commutative <- FALSE
  drawing$edges$argument <- 1:2
  expect_identical(nrow(argument_numbers(drawing, 0.25)), 0L)
})

test_that("a curve starts below its source, ends on top of its target and only goes down", {
  found <- layered_layout(
    data.frame(from = c(1L, 2L, 1L), to = c(2L, 3L, 3L), argument = c(1L, 1L, 2L)),
    c(1, 1, 1), 1, rep(TRUE, 3)
  )
  curve <- route_curve(found$routes[[3L]], 0.25)
  expect_equal(unname(curve[1L, ]), c(found$x[1L], 1.25))
  expect_equal(
    unname(curve[nrow(curve), ]), c(found$x[3L] + found$routes[[3L]]$shift, 2.75)
  )
  expect_false(is.unsorted(curve[, "y"]))
})

test_that("long titles are cut", {
  explanation <- list(formula = strrep("x", 100))
  expect_identical(drawing_title(explanation, NULL, 20), paste(strrep("x", 16), "..."))
  expect_identical(drawing_title(explanation, "short", 20), "short")
})
