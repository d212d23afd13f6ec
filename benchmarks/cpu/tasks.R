# Every task of the benchmark on the same data in the same run, alternately: the hand-written
# yardstick with its fraction of the counted limit, the package, and at sizes that they can bear,
# what an R user would use today and PyKeOps where a Python has it.
#
#   Rscript benchmarks/cpu/tasks.R [--quick] [--only=PART OF NAMES] [--seconds=0.5]
#     [--repetitions=7] [--threads=2] [--clock=clock|threads] [--python=python3]
#
# Sizes are such that the limit takes --seconds for each task and precision. --clock=threads judges
# by the time that the threads had, for machines that have other work; it does not see a thread that
# waits. Prints tables; writes CSV files and a plot into benchmarks/results.

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
source(file.path(folder, "yardsticks.R"))
source(file.path(folder, "alternatives.R"))

options <- read_options(list(
  quick = FALSE, only = "", seconds = NA_real_, repetitions = NA_integer_, threads = 2L,
  clock = "clock", python = "python3"
))
stopifnot(options$clock %in% c("clock", "threads"))
if (is.na(options$seconds)) options$seconds <- if (options$quick) 0.04 else 0.5
if (is.na(options$repetitions)) options$repetitions <- if (options$quick) 3L else 7L

library(kernelops)
invisible(use_cpu(ncore = options$threads))
compile_yardsticks()
tasks <- read_tasks()
tasks <- tasks[grepl(options$only, tasks$name, fixed = TRUE), ]
stopifnot(nrow(tasks) > 0L)

choose_sizes <- function(task, precision) {
  if (task$rows > 0L) {
    return(pmax(1L, as.integer(c(task$rows, task$columns) / (if (options$quick) 5 else 1))))
  }
  slots <- if (precision == 32L) task$slots32 else task$slots64
  pairs <- options$seconds * options$threads * 5e9 * 512 / precision / slots
  columns <- if (task$columns > 0L) task$columns else sqrt(pairs * task$aspect)
  as.integer(c(pairs / columns, columns))
}

make_operator <- function(task) {
  extra <- if (nzchar(task$extra)) paste0(task$extra, ", ") else ""
  keops_kernel(
    sprintf("%s_Reduction(%s, %s0)", task$reduction, task$formula, extra),
    strsplit(task$arguments, ",", fixed = TRUE)[[1L]]
  )
}

make_inputs <- function(task, rows, columns) {
  inputs <- draw_inputs(strsplit(task$arguments, ",", fixed = TRUE)[[1L]], rows, columns)
  given <- c(task$parameter1, task$parameter2, task$parameter3)
  for (name in names(inputs)[attr(inputs, "categories") == "Pm"]) {
    size <- length(inputs[[name]])
    inputs[[name]] <- matrix(given[seq_len(size)], nrow = 1L)
    given <- given[-seq_len(size)]
  }
  inputs
}

# Largest difference relative to the largest result; for indices, of the distances of what was
# chosen, for some rows.
difference <- function(task, inputs, result, expected) {
  if (is.list(result)) result <- result[[1L]]
  result <- matrix(result, nrow = nrow(expected))
  if (!startsWith(task$reduction, "Arg")) {
    return(max(abs(result - expected)) / max(abs(expected)))
  }
  some <- unique(round(seq(1, nrow(expected), length.out = 50L)))
  distance <- function(i, indices) colSums((t(inputs$y[indices, , drop = FALSE]) - inputs$x[i, ])^2)
  max(vapply(some, function(i) {
    max(abs(sqrt(distance(i, result[i, ]) / distance(i, expected[i, ])) - 1))
  }, 0))
}

measure <- function(task, precision) {
  sizes <- choose_sizes(task, precision)
  set.seed(1)
  inputs <- make_inputs(task, sizes[1L], sizes[2L])
  plain <- unclass(inputs)
  attr(plain, "categories") <- NULL
  use_precision(precision)
  operator <- make_operator(task)
  result <- NULL
  memory <- tryCatch(
    {
      operator(lapply(plain, function(values) values[1L, , drop = FALSE]))
      # The first call with these sizes: later ones find memory that is already there.
      peak_memory(function() result <<- operator(plain))
    },
    error = function(condition) {
      message(task$name, ", float", precision, ": ", conditionMessage(condition))
      NA_real_
    }
  )
  expected <- run_yardstick(task, precision, inputs, options$threads)$result
  times <- array(NA_real_, c(2L, 2L, options$repetitions), list(
    c("yardstick", "package"), c("clock", "threads"), NULL
  ))
  limit <- numeric(options$repetitions)
  for (repetition in seq_len(options$repetitions)) {
    limit[repetition] <- measure_limit(task, precision, sizes[1L], sizes[2L], options$threads)
    # Whoever comes second finds a warmer or a busier machine; take turns.
    for (who in if (repetition %% 2L == 1L) 1:2 else 2:1) {
      if (who == 1L) {
        times[who, , repetition] <- run_yardstick(task, precision, inputs, options$threads)$seconds
      } else if (!is.null(result)) {
        times[who, , repetition] <- both_times(operator(plain), options$threads)
      }
    }
  }
  pairs <- sizes[1L] * as.numeric(sizes[2L])
  ratio <- function(clock) {
    goal <- if (task$of_limit) pairs / limit else times["yardstick", clock, ]
    stats::median(goal / times["package", clock, ])
  }
  bytes <- as.numeric(object.size(plain)) + as.numeric(object.size(result))
  message(sprintf("%s, float%d: %.2f", task$name, precision, ratio(options$clock)))
  data.frame(
    task = task$name, precision = paste0("float", precision), M = sizes[1L], N = sizes[2L],
    yardstick = pairs / stats::median(times["yardstick", "clock", ]) / 1e9,
    of_limit = stats::median(pairs / times["yardstick", "threads", ] / limit),
    package = pairs / stats::median(times["package", "clock", ]) / 1e9,
    clock_ratio = ratio("clock"), threads_ratio = ratio("threads"),
    target = task$target, to = if (task$of_limit) "limit" else "yardstick",
    met = ratio(options$clock) >= task$target,
    difference = if (is.null(result)) NA_real_ else difference(task, inputs, result, expected),
    memory_mb = memory / 2^20, memory_ratio = memory / bytes
  )
}

# What users have today, at sizes at which a matrix of pairs fits in memory, in double.
compare_today <- function(task) {
  methods <- alternatives[[task$name]]
  size <- if (options$quick) 1500L else 6000L
  wide <- max(task$slots64, 10)
  rows <- as.integer(max(200, size / (if (wide > 100) 3 else 1)))
  columns <- if (task$columns > 1L) task$columns else as.integer(rows * min(task$aspect, 10))
  set.seed(1)
  inputs <- make_inputs(task, rows, columns)
  plain <- unclass(inputs)
  attr(plain, "categories") <- NULL
  use_precision(64L)
  operator <- make_operator(task)
  result <- operator(plain)
  do.call(rbind, lapply(names(methods), function(name) {
    if (!method_installed(name)) {
      return(NULL)
    }
    repetitions <- if (options$quick) 1L else 3L
    value <- methods[[name]](plain)
    times <- replicate(repetitions, c(elapsed(methods[[name]](plain)), elapsed(operator(plain))))
    data.frame(
      task = task$name, M = rows, N = columns, method = name,
      seconds = stats::median(times[1L, ]), package_seconds = stats::median(times[2L, ]),
      speedup = stats::median(times[1L, ] / times[2L, ]),
      difference = difference(task, inputs, result, as.matrix(value))
    )
  }))
}

# The K nearest for large K, package only: what a candidate costs that enters the list, beyond the
# pass over the pairs. A row meets about K (1 + log(N / K)) of them.
measure_candidates <- function(precision) {
  rows <- if (options$quick) 500L else 5000L
  columns <- 40L * rows
  set.seed(1)
  points <- list(matrix(runif(3 * rows), ncol = 3), matrix(runif(3 * columns), ncol = 3))
  use_precision(precision)
  sizes <- c(1L, 10L, 100L, 1000L)
  operators <- lapply(sprintf("ArgKMin_Reduction(SqDist(x, y), %d, 0)", sizes), keops_kernel,
    args = c("x = Vi(3)", "y = Vj(3)")
  )
  times <- vapply(operators, function(operator) {
    operator(lapply(points, head, 10L))
    elapsed(operator(points))
  }, 0)
  accepted <- rows * sizes * (1 + log(columns / sizes))
  data.frame(
    K = sizes, precision = paste0("float", precision), M = rows, N = columns,
    giga_pairs = as.numeric(rows) * columns / times / 1e9,
    nanoseconds_per_candidate = 1e9 * (times - times[1L]) / accepted
  )
}

draw_ratios <- function(table, file) {
  table$ratio <- table[[paste0(options$clock, "_ratio")]]
  names <- rev(unique(table$task))
  grDevices::png(file, width = 1500, height = 200 + 36 * length(names), res = 110)
  graphics::par(mfrow = c(1, 2), mar = c(4, 12, 3, 1), las = 1)
  for (precision in c("float32", "float64")) {
    part <- table[table$precision == precision, ]
    part <- part[match(names, part$task), ]
    colours <- ifelse(is.na(part$met), "grey80", ifelse(part$met, "#4daf7c", "#e0894b"))
    places <- graphics::barplot(part$ratio,
      horiz = TRUE, names.arg = names, col = colours, border = NA, cex.names = 0.85,
      xlim = c(0, max(1.1, part$ratio, na.rm = TRUE)), main = precision,
      xlab = "package / yardstick (* / limit)"
    )
    graphics::abline(v = 1, col = "grey60", lty = 3)
    graphics::segments(part$target, places - 0.5, part$target, places + 0.5, lwd = 3)
    label <- paste0(sprintf("%.2f", part$ratio), ifelse(part$to == "limit", "*", ""))
    graphics::text(0.02, places, label, adj = 0, cex = 0.8)
  }
  invisible(grDevices::dev.off())
}

each <- function(numbers, run) do.call(rbind, lapply(numbers, function(k) run(tasks[k, ])))
grid <- expand.grid(precision = c(32L, 64L), number = seq_len(nrow(tasks)))
table <- do.call(rbind, Map(
  function(number, precision) measure(tasks[number, ], precision), grid$number, grid$precision
))
cat(sprintf(
  "%s, %s, %d threads, %d repetitions\n", device_name(), instruction_set(), options$threads,
  options$repetitions
))
cat("Gpairs/s by the clock and paired ratios, medians. of_limit: yardstick / limit by the time\n")
cat("of the threads. clock_ratio, threads_ratio: package / yardstick or limit by either.\n")
cat("memory: the peak of a call beyond what was there, in MB and by inputs + results.\n")
print_table(table)
write_results(table, "tasks")
plot <- result_file("tasks", "png")
draw_ratios(table, plot)
cat("written: benchmarks/results/", basename(plot), "\n", sep = "")

today <- each(which(tasks$name %in% names(alternatives)), compare_today)
if (!is.null(today)) {
  cat("\nWhat R users have today, one thread and in double as it comes, and the package:\n")
  print_table(today)
  write_results(today, "tasks-today")
}
if (any(tasks$reduction == "ArgKMin")) {
  cat("\nThe K nearest, D=3, package only:\n")
  candidates <- rbind(measure_candidates(32L), measure_candidates(64L))
  print_table(candidates)
  write_results(candidates, "tasks-candidates")
}
compare_pykeops(tasks, table, options$python, options$threads)
