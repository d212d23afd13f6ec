#' Compare with base R on this machine
#'
#' Times sums of a Gaussian kernel and nearest neighbours between two sets of `n` points, by this
#' package and by base R, which has to store the `n` x `n` matrix of squared distances. Shows what
#' there is to gain on the machine at hand, with the options that are set (see
#' [kernelops-options]). Compiling is not timed, nor are other ways to do it in R: an approximate
#' or tree-based search for neighbours may be faster than both.
#'
#' @param n Numbers of points on each side, from small to large.
#' @param d The dimension of the points.
#' @param tasks Any of `"sum"` and `"nearest"`.
#' @param seconds About how long all of it may take, without compiling. What would take longer than
#'   what is left of its share is not run.
#' @param memory_limit Base R is not asked for matrices of more than this number of bytes. It needs
#'   room for about two of them.
#' @return A data frame of class `keops_benchmark` with one row for each task and `n`: `task`, `n`,
#'   `kernelops` and `base`, the seconds of one call, `NA` where it was not run; `ratio`, how many
#'   times as long base R takes; `memory`, the bytes of the dense matrix; and `difference`, the
#'   largest difference of the two results relative to the largest value, of nearest neighbours the
#'   fraction that is different. Ties and single precision make a few neighbours differ.
#' @seealso [plot.keops_benchmark()]
#' @export
#' @examples
#' \donttest{
#' keops_benchmark(n = c(100, 300), tasks = "sum", seconds = 0.5)
#' }
keops_benchmark <- function(n = c(1000, 2000, 5000, 10000, 20000, 50000, 100000), d = 3,
                            tasks = c("sum", "nearest"), seconds = 10, memory_limit = 1e9) {
  check_benchmark(n, d, tasks, seconds, memory_limit)
  timings <- lapply(tasks, function(task) {
    time_task(benchmark_tasks[[task]], n, d, seconds / max(length(tasks), 1L), memory_limit)
  })
  empty <- data.frame(
    task = character(), n = numeric(), kernelops = numeric(), base = numeric(), ratio = numeric(),
    memory = numeric(), difference = numeric()
  )
  settings <- current_settings()
  structure(
    do.call(rbind, c(list(empty), timings)),
    class = c("keops_benchmark", "data.frame"), dimension = d, memory_limit = memory_limit,
    precision = settings$precision, threads = settings$threads
  )
}

check_benchmark <- function(n, d, tasks, seconds, memory_limit) {
  whole <- is.numeric(n) && length(n) > 0L && all(is.finite(n) & n >= 1 & n == floor(n))
  if (!whole || is.unsorted(n, strictly = TRUE)) {
    raise_argument_error("n", "increasing positive whole numbers", n)
  }
  if (!is_count(d)) {
    raise_argument_error("d", "a positive whole number", d)
  }
  if (!is.character(tasks) || !all(tasks %in% names(benchmark_tasks)) || anyDuplicated(tasks)) {
    known <- paste0("\"", names(benchmark_tasks), "\"", collapse = ", ")
    raise_argument_error("tasks", paste("some of", known), tasks)
  }
  check_positive("seconds", seconds)
  check_positive("memory_limit", memory_limit)
}

check_positive <- function(name, value) {
  if (!is.numeric(value) || length(value) != 1L || is.na(value) || value <= 0) {
    raise_argument_error(name, "a positive number", value)
  }
}

squared_distance_matrix <- function(x, y) {
  outer(rowSums(x^2), rowSums(y^2), "+") - 2 * base::tcrossprod(x, y)
}

# Per task: a title, the formula and its variables, the same in base R with the dense matrix, and
# how much two results differ.
benchmark_tasks <- list(
  sum = list(
    title = "Gaussian kernel sum",
    formula = "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
    variables = c("x", "y", "b"),
    base = function(x, y, b) exp(-squared_distance_matrix(x, y)) %*% b,
    difference = function(ours, base) max(abs(ours - base)) / max(abs(base))
  ),
  nearest = list(
    title = "Nearest neighbour",
    formula = "ArgMin_Reduction(SqDist(x, y), 0)",
    variables = c("x", "y"),
    base = function(x, y) max.col(-squared_distance_matrix(x, y), "first"),
    difference = function(ours, base) mean(ours != base)
  )
)

time_task <- function(task, n, d, seconds, memory_limit) {
  declarations <- c(x = sprintf("x = Vi(%d)", d), y = sprintf("y = Vj(%d)", d), b = "b = Vj(1)")
  op <- keops_kernel(task$formula, unname(declarations[task$variables]))
  inputs_of <- function(size) benchmark_inputs(size, d)[task$variables]
  memory <- 8 * n^2
  # Base R has most of the time, as it needs it.
  ours <- time_way(function(...) op(list(...)), inputs_of, n, seconds / 3)
  base <- time_way(task$base, inputs_of, n[memory <= memory_limit], seconds * 2 / 3)
  not_run <- rep(NA_real_, length(n) - length(base$seconds))
  base$seconds <- c(base$seconds, not_run)
  both <- !is.na(ours$seconds) & !is.na(base$seconds)
  difference <- rep(NA_real_, length(n))
  difference[both] <- mapply(task$difference, ours$values[both], base$values[which(both)])
  data.frame(
    task = rep(task$title, length(n)), n = n, kernelops = ours$seconds, base = base$seconds,
    ratio = base$seconds / ours$seconds, memory = memory, difference = difference
  )
}

# Seconds and values of one way for the numbers of points `n`, as long as all of it takes no more
# than `seconds`.
time_way <- function(way, inputs_of, n, seconds) {
  times <- rep(NA_real_, length(n))
  values <- vector("list", length(n))
  # The first call, which compiles, is not timed; the second one predicts how long others take.
  first <- min(n, 1000)
  inputs <- inputs_of(first)
  do.call(way, inputs)
  rate <- time_call(way, inputs)$seconds / first^2
  for (k in seq_along(n)) {
    # Large matrices leave the caches and take longer than small ones would have it.
    if (1.5 * rate * n[k]^2 > seconds) break
    inputs <- inputs_of(n[k])
    timed <- time_call(way, inputs, at_most = min(0.5, seconds / 4))
    times[k] <- timed$seconds
    values[[k]] <- timed$value
    rate <- timed$seconds / n[k]^2
    seconds <- seconds - timed$spent
  }
  list(seconds = times, values = values)
}

# Points that look random; the numbers of the user's generator are left alone.
benchmark_inputs <- function(n, d) {
  scattered <- function(count, start) (43758.5453 * sin(12.9898 * seq_len(count) + start)) %% 1
  list(
    x = matrix(scattered(n * d, 0), n), y = matrix(scattered(n * d, 1), n),
    b = matrix(scattered(n, 2), n)
  )
}

# The median time of some calls, up to five, as long as they take no more than `at_most` together.
time_call <- function(way, inputs, at_most = 0.05) {
  times <- numeric()
  repeat {
    start <- Sys.time()
    value <- do.call(way, inputs)
    times <- c(times, max(as.numeric(Sys.time() - start, units = "secs"), 1e-6))
    if (length(times) == 5L || sum(times) + stats::median(times) > at_most) break
  }
  list(seconds = stats::median(times), spent = sum(times), value = value)
}

#' @export
print.keops_benchmark <- function(x, ...) {
  if (!all(benchmark_columns %in% names(x))) {
    return(NextMethod())
  }
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.keops_benchmark <- function(x, ...) {
  if (!all(benchmark_columns %in% names(x))) {
    return(NextMethod())
  }
  lines <- "<keops_benchmark> seconds of one call"
  setup <- attributes(x)
  if (!is.null(setup$precision)) {
    threads <- if (setup$threads == 1L) "1 thread" else paste(setup$threads, "threads")
    lines <- c(
      lines, sprintf("points of dimension %g, %s, %s", setup$dimension, setup$precision, threads)
    )
  }
  for (task in unique(x$task)) {
    lines <- c(lines, "", task, format_timings(x[x$task == task, ]))
  }
  if (anyNA(x$kernelops) || anyNA(x$base)) {
    reasons <- c(
      if (!is.null(setup$memory_limit)) {
        paste("the matrix would be larger than", format_bytes(setup$memory_limit))
      },
      "it would take too long"
    )
    lines <- c(lines, "", paste("- not run:", paste(reasons, collapse = ", or ")))
  }
  lines
}

benchmark_columns <- c("task", "n", "kernelops", "base", "ratio", "memory")

format_timings <- function(x) {
  short <- function(values, unit = "") {
    texts <- vapply(values, function(value) format(signif(value, 2), scientific = FALSE), "")
    ifelse(is.na(values), "-", paste0(texts, unit))
  }
  columns <- list(
    c("n", format(x$n, big.mark = " ", scientific = FALSE, trim = TRUE)),
    c("kernelops", short(x$kernelops)),
    c("base R", short(x$base)),
    c("ratio", short(x$ratio)),
    c("dense matrix", vapply(x$memory, format_bytes, ""))
  )
  do.call(paste, c(lapply(columns, format, justify = "right"), sep = "  "))
}

#' Plot timings
#'
#' Draws the timings of [keops_benchmark()] on logarithmic axes, one panel for each task. A dotted
#' line shows where the dense matrix of base R reaches the limit of memory.
#'
#' @param x,object Timings made by [keops_benchmark()].
#' @param ... Not used.
#' @return `plot()` returns `x` invisibly, `autoplot()` a plot of 'ggplot2'.
#' @seealso [keops_benchmark()]
#' @name plot.keops_benchmark
#' @examples
#' \donttest{
#' plot(keops_benchmark(n = c(100, 300), tasks = "sum", seconds = 0.5))
#' }
NULL

#' @rdname plot.keops_benchmark
#' @export
plot.keops_benchmark <- function(x, ...) {
  tasks <- unique(x$task)
  old <- graphics::par(mfrow = c(1L, max(length(tasks), 1L)), mar = c(4.2, 5, 2.5, 2.4))
  on.exit(graphics::par(old))
  limit <- largest_dense(x)
  for (task in tasks) {
    rows <- x[x$task == task, ]
    graphics::plot(
      NULL,
      xlim = log_range(x$n[was_timed(x)]), ylim = log_range(c(x$kernelops, x$base)), log = "xy",
      main = task, xlab = "points on each side", ylab = "", axes = FALSE, cex.main = 1
    )
    draw_log_axis(1L)
    draw_log_axis(2L)
    graphics::title(ylab = "seconds", line = 3.8)
    graphics::box()
    if (!is.null(limit)) {
      graphics::abline(v = limit, lty = 3, col = "grey40")
      graphics::mtext(
        paste(format_bytes(attr(x, "memory_limit")), "dense"),
        at = limit, cex = 0.6, col = "grey40"
      )
    }
    for (way in names(way_titles)) {
      graphics::lines(
        rows$n, rows[[way]],
        type = "b", col = way_colours[[way]], pch = way_points[[way]], lwd = 2
      )
    }
    graphics::legend(
      "bottomright",
      legend = way_titles, col = way_colours, pch = way_points, lwd = 2, bty = "n", cex = 0.9
    )
  }
  invisible(x)
}

# The range of an axis; one without values is there too.
log_range <- function(values) {
  values <- values[!is.na(values)]
  if (length(values) == 0L) c(0.1, 1) else range(values)
}

# Powers of ten written out, and marks between them.
draw_log_axis <- function(side) {
  limits <- graphics::par("usr")[if (side == 1L) 1:2 else 3:4]
  powers <- seq(floor(limits[1L]), ceiling(limits[2L]))
  between <- log10(outer(c(2, 5), 10^powers))
  shown <- 10^powers[powers >= limits[1L] & powers <= limits[2L]]
  marks <- 10^between[between >= limits[1L] & between <= limits[2L]]
  # An axis of less than a power of ten has labels between.
  if (length(shown) < 2L) shown <- sort(c(shown, marks))
  graphics::axis(
    side, shown, vapply(shown, format, "", scientific = FALSE, big.mark = " "),
    las = 1
  )
  graphics::axis(side, marks, FALSE, tcl = -0.25)
}

#' @rdname plot.keops_benchmark
#' @exportS3Method ggplot2::autoplot
autoplot.keops_benchmark <- function(object, ...) {
  long <- do.call(rbind, lapply(names(way_titles), function(way) {
    data.frame(
      task = object$task, n = object$n, seconds = object[[way]],
      way = rep(way_titles[[way]], nrow(object))
    )
  }))
  .data <- ggplot2::.data
  colours <- stats::setNames(way_colours, way_titles)
  points <- stats::setNames(way_points, way_titles)
  ggplot2::ggplot(
    long,
    ggplot2::aes(.data$n, .data$seconds, colour = .data$way, shape = .data$way)
  ) +
    ggplot2::geom_vline(xintercept = largest_dense(object), linetype = 3, colour = "grey40") +
    ggplot2::geom_line(linewidth = 0.8, na.rm = TRUE) +
    ggplot2::geom_point(size = 2.5, na.rm = TRUE) +
    ggplot2::facet_wrap(ggplot2::vars(.data$task)) +
    ggplot2::scale_x_log10() +
    ggplot2::scale_y_log10() +
    ggplot2::scale_colour_manual(NULL, values = colours) +
    ggplot2::scale_shape_manual(NULL, values = points) +
    ggplot2::labs(
      x = "points on each side", y = "seconds", caption = limit_caption(object)
    ) +
    ggplot2::theme_bw() +
    ggplot2::theme(legend.position = "top")
}

# Colours and signs that people who do not see all colours can tell apart (Okabe and Ito).
way_titles <- c(kernelops = "kernelops", base = "base R")
way_colours <- c(kernelops = "#0072B2", base = "#D55E00")
way_points <- c(kernelops = 16, base = 17)

# The number of points at which the dense matrix reaches the limit of memory; NULL where that is
# unknown or beyond all that was timed.
largest_dense <- function(x) {
  limit <- attr(x, "memory_limit")
  if (is.null(limit) || !any(was_timed(x))) {
    return(NULL)
  }
  points <- sqrt(limit / 8)
  if (points > max(x$n[was_timed(x)])) NULL else points
}

was_timed <- function(x) {
  !is.na(x$kernelops) | !is.na(x$base)
}

limit_caption <- function(x) {
  if (!is.null(largest_dense(x))) {
    paste("dotted: the dense matrix of base R takes", format_bytes(attr(x, "memory_limit")))
  }
}
