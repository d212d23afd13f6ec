#' Plot the graph of a formula
#'
#' Draws the simplified graph that an operator computes: variables on top, results at the bottom,
#' arrows from the arguments to the operations that use them. Equal parts of a formula are one node.
#' The colour of a node is its stage, that is, how often it is computed: once for parameters, once
#' for each row i or j, or for every pair of rows. Few nodes for every pair make an operator fast.
#'
#' Variables have square corners, operations round ones, reductions a thick border, and constants
#' none. A node's dimension is written beside its name where it is not 1. Where an operation has
#' several arguments and they do not come from left to right, small numbers at the arrows tell
#' their order.
#'
#' @param x,object An explanation made by [explain()].
#' @param main The title; by default the formula.
#' @param ... Not used.
#' @return `plot()` returns `x` invisibly, `autoplot()` a plot of 'ggplot2'.
#' @seealso [explain()]
#' @name plot.keops_explanation
#' @examples
#' op <- keops_kernel(
#'   "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)",
#'   c("x = Vi(3)", "y = Vj(3)", "b = Vj(6)", "s = Pm(1)")
#' )
#' plot(explain(op))
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'   ggplot2::autoplot(explain(keops_grad(op, "x")))
#' }
NULL

#' @rdname plot.keops_explanation
#' @export
plot.keops_explanation <- function(x, ..., main = NULL) {
  old <- graphics::par(mar = c(0.3, 0.3, 3.6, 0.3))
  on.exit(graphics::par(old))
  graphics::plot.new()
  inches <- function(text, cex = 1) graphics::strwidth(text, units = "inches", cex = cex)
  line <- graphics::strheight("Mg", units = "inches")
  drawing <- explanation_drawing(x, inches, gap = 2 * line)
  layers <- max(drawing$nodes$layer)
  region <- graphics::par("pin")
  spacing <- min(0.8, region[2L] / layers)
  cex <- min(1, 0.98 * region[1L] / drawing$width, 0.6 * spacing / (1.9 * line))
  graphics::plot.window(
    drawing$middle + c(-0.5, 0.5) * region[1L] / cex,
    (layers + 1) / 2 + c(0.5, -0.5) * region[2L] / spacing,
    xaxs = "i", yaxs = "i"
  )
  draw_edges(drawing, half = 0.95 * line * cex / spacing, cex = cex)
  draw_nodes(drawing, half = 0.95 * line * cex / spacing, cex = cex)
  draw_titles(x, main, unique(drawing$nodes$stage))
  invisible(x)
}

#' @rdname plot.keops_explanation
#' @exportS3Method ggplot2::autoplot
autoplot.keops_explanation <- function(object, ..., main = NULL) {
  drawing <- explanation_drawing(object, function(text, cex = 1) cex * nchar(text), gap = 3)
  half <- 0.28
  # Narrow and shallow graphs do not fill the plot.
  span <- max(drawing$width + 2, 60)
  depth <- max(drawing$nodes$layer, 8)
  size <- 3 * min(1, 75 / span)
  nodes <- drawing$nodes
  nodes$stage <- factor(nodes$stage, names(stage_titles))
  boxes <- nodes[nodes$kind != "constant", ]
  curves <- do.call(rbind, lapply(seq_along(drawing$routes), function(e) {
    data.frame(route_curve(drawing$routes[[e]], half), edge = e)
  }))
  orders <- argument_numbers(drawing, half)
  .data <- ggplot2::.data
  ggplot2::ggplot(nodes, ggplot2::aes(.data$x, .data$layer)) +
    ggplot2::geom_path(
      ggplot2::aes(.data$x, .data$y, group = .data$edge), curves,
      colour = "grey40", linewidth = 0.35,
      arrow = ggplot2::arrow(length = ggplot2::unit(0.06, "inches"), type = "closed")
    ) +
    ggplot2::geom_tile(
      ggplot2::aes(width = .data$width, height = 2 * half, fill = .data$stage), boxes,
      colour = "grey20", linewidth = ifelse(boxes$kind == "reduction", 1, 0.3)
    ) +
    ggplot2::geom_text(ggplot2::aes(label = paste0(.data$label, .data$size)), size = size) +
    ggplot2::geom_text(
      ggplot2::aes(.data$x, .data$y, label = .data$argument), orders,
      size = 0.7 * size, colour = "grey20", hjust = ifelse(orders$left, 2, -1)
    ) +
    ggplot2::scale_y_reverse() +
    ggplot2::coord_cartesian(
      xlim = drawing$middle + c(-0.5, 0.5) * span,
      ylim = (max(drawing$nodes$layer) + 1) / 2 + c(0.5, -0.5) * depth
    ) +
    ggplot2::scale_fill_manual(NULL, values = stage_fills, labels = stage_titles, drop = TRUE) +
    ggplot2::labs(title = drawing_title(object, main, 70L)) +
    ggplot2::theme_void() +
    ggplot2::theme(
      legend.position = "top", plot.title = ggplot2::element_text(size = 10, hjust = 0.5)
    )
}

# Colours that people who do not see all colours can tell apart (Okabe and Ito), lightened under
# black text.
stage_fills <- c(parameter = "#DDDDDD", i = "#9AD2F2", j = "#F5CF7F", pair = "#7FCEB9")

stage_titles <- c(
  parameter = "once (parameters)", i = "for each i", j = "for each j", pair = "for every pair"
)

# What both kinds of plots draw: nodes with places, and the routes of the edges. `inches` measures
# texts, in any unit. A constant is drawn once for each operation that uses it.
explanation_drawing <- function(x, inches, gap) {
  graph <- repeat_constants(x$nodes, x$edges)
  nodes <- graph$nodes
  shown <- suppressWarnings(as.numeric(nodes$label))
  short <- nodes$kind == "constant" & !is.na(shown)
  nodes$label[short] <- vapply(shown[short], format, "", digits = 4L)
  nodes$size <- ifelse(nodes$dimension == 1, "", paste0("  dim ", nodes$dimension))
  nodes$width <- inches(nodes$label) + inches(nodes$size, cex = 0.7) +
    ifelse(nodes$kind == "constant", 0.5, 1) * inches("mm")
  layout <- layered_layout(graph$edges, nodes$width, gap, !nodes$commutative)
  nodes$x <- layout$x
  nodes$layer <- layout$layer
  list(
    nodes = nodes, edges = graph$edges, routes = layout$routes, width = layout$width,
    middle = layout$left + layout$width / 2
  )
}

repeat_constants <- function(nodes, edges) {
  is_constant <- nodes$kind == "constant"
  used <- which(is_constant[edges$from])
  # One that is a result itself has no uses and stays.
  copied <- is_constant & seq_len(nrow(nodes)) %in% edges$from
  kept <- which(!copied)
  copies <- nodes[edges$from[used], ]
  new_number <- match(seq_len(nrow(nodes)), kept) + length(used)
  edges$from <- new_number[edges$from]
  edges$from[used] <- seq_along(used)
  edges$to <- new_number[edges$to]
  list(nodes = rbind(copies, nodes[kept, ]), edges = edges)
}

# Points of an edge as a smooth curve. `half` is half the height of a node in layers.
route_curve <- function(route, half) {
  y <- route$layer + route$side * half
  last <- length(y)
  # Both ends are vertical.
  bend <- (1 - 2 * half) * 0.15
  x <- route$x[c(1L, seq_len(last), last)]
  y <- c(y[1L], y[1L] + bend, y[-c(1L, last)], y[last] - bend, y[last])
  points <- seq(y[1L], y[length(y)], length.out = 1L + 20L * ceiling(y[length(y)] - y[1L]))
  cbind(x = stats::splinefun(y, x, method = "monoH.FC")(points), y = points)
}

# Numbers beside the arrows of operations whose arguments do not come in order from left to right,
# if their order matters.
argument_numbers <- function(drawing, half) {
  edges <- drawing$edges
  shift <- vapply(drawing$routes, `[[`, 0, "shift")
  wrong <- vapply(split(seq_along(shift), edges$to), function(into) {
    !drawing$nodes$commutative[edges$to[into[1L]]] && is.unsorted(shift[into][order(
      edges$argument[into]
    )])
  }, NA)
  numbered <- which(edges$to %in% as.integer(names(wrong)[wrong]))
  target <- edges$to[numbered]
  data.frame(
    x = drawing$nodes$x[target] + shift[numbered],
    y = drawing$nodes$layer[target] - half - 0.12,
    left = shift[numbered] < 0,
    argument = edges$argument[numbered]
  )
}

draw_edges <- function(drawing, half, cex) {
  colour <- "grey40"
  for (route in drawing$routes) {
    points <- route_curve(route, half)
    graphics::lines(points, col = colour)
    ends <- nrow(points) - c(1L, 0L)
    graphics::arrows(
      points[ends[1L], 1L], points[ends[1L], 2L], points[ends[2L], 1L], points[ends[2L], 2L],
      length = 0.07 * cex, angle = 22, col = colour
    )
  }
  numbers <- argument_numbers(drawing, half)
  if (nrow(numbers) > 0L) {
    graphics::text(
      numbers$x, numbers$y, numbers$argument,
      pos = ifelse(numbers$left, 2, 4), offset = 0.3, cex = 0.65 * cex, col = "grey20"
    )
  }
}

draw_nodes <- function(drawing, half, cex) {
  for (k in seq_len(nrow(drawing$nodes))) {
    node <- drawing$nodes[k, ]
    if (node$kind != "constant") {
      graphics::polygon(
        node_outline(node$x, node$layer, node$width / 2, half, round = node$kind != "variable"),
        col = stage_fills[[node$stage]], border = "grey20",
        lwd = if (node$kind == "reduction") 2.5 else 0.8
      )
    }
    # Signs are small letters.
    big <- if (grepl("[[:alnum:]]", node$label)) cex else 1.4 * cex
    small <- graphics::strwidth(node$size, cex = 0.7 * cex)
    graphics::text(node$x - small / 2, node$layer, node$label, cex = big)
    graphics::text(
      node$x + graphics::strwidth(node$label, cex = cex) / 2, node$layer, node$size,
      cex = 0.7 * cex
    )
  }
}

# A rectangle, with round corners if wanted.
node_outline <- function(x, y, half_width, half_height, round) {
  if (!round) {
    return(list(x = x + half_width * c(-1, 1, 1, -1), y = y + half_height * c(-1, -1, 1, 1)))
  }
  limits <- graphics::par("usr")
  unit <- graphics::par("pin") / abs(limits[c(2L, 4L)] - limits[c(1L, 3L)])
  radius <- min(half_width * unit[1L], half_height * unit[2L]) * 0.6
  angle <- seq(0, 2 * pi, length.out = 41L)[-41L]
  list(
    x = x + sign(cos(angle)) * (half_width - radius / unit[1L]) + cos(angle) * radius / unit[1L],
    y = y + sign(sin(angle)) * (half_height - radius / unit[2L]) + sin(angle) * radius / unit[2L]
  )
}

draw_titles <- function(x, main, stages) {
  width <- graphics::par("pin")[1L] / graphics::strwidth("m", units = "inches", cex = 0.9)
  graphics::mtext(drawing_title(x, main, 1.6 * width), line = 2, cex = 0.9, font = 2)
  shown <- intersect(names(stage_titles), stages)
  corner <- graphics::par("usr")
  graphics::legend(
    mean(corner[1:2]), corner[4L],
    legend = stage_titles[shown], fill = stage_fills[shown], horiz = TRUE, bty = "n",
    xjust = 0.5, yjust = 0.1, xpd = NA, cex = 0.8
  )
}

drawing_title <- function(x, main, width) {
  title <- if (is.null(main)) paste(x$formula, collapse = ", ") else main
  if (nchar(title) <= width) title else paste(substr(title, 1L, width - 4), "...")
}
