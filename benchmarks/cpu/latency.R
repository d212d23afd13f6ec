# How long a user waits where there is little to compute: the first answer of a formula with an
# empty and with a filled cache of kernels, each in an R process of its own, a warm call, and what
# formulas take to compile.
#
#   Rscript benchmarks/cpu/latency.R [--quick] [--processes=9]
#
# Prints and writes medians over that many processes, over 2000 warm calls, and over the formulas
# of tests/testthat/keops-reference.json (every tenth with --quick).

source(file.path(
  dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])), "common.R"
))
options <- read_options(list(quick = FALSE, processes = NA_integer_))
if (is.na(options$processes)) options$processes <- if (options$quick) 3L else 9L

example <- c(
  "library(kernelops)",
  "set.seed(1)",
  "x <- matrix(runif(300), ncol = 3)",
  "y <- matrix(runif(600), ncol = 3)",
  "b <- matrix(rnorm(1200), ncol = 6)",
  "start <- Sys.time()",
  "op <- keops_kernel(",
  "  'Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)',",
  "  c('x = Vi(3)', 'y = Vj(3)', 'b = Vj(6)', 's = Pm(1)')",
  ")",
  "result <- op(list(x, y, b, 0.5))",
  "cat(as.numeric(Sys.time() - start, units = 'secs'))"
)
# Lines that time a call, after what it needs.
warm <- function(preparation, call) {
  c(
    "library(kernelops)",
    "set.seed(1)",
    "x <- matrix(runif(30), ncol = 3)",
    preparation,
    sprintf("call <- function() %s", call),
    "for (k in 1:100) call()",
    "seconds <- vapply(1:2000, function(k) {",
    "  start <- Sys.time()",
    "  call()",
    "  as.numeric(Sys.time() - start, units = 'secs')",
    "}, 0)",
    "cat(median(seconds))"
  )
}
operator <- paste(
  "op <- keops_kernel('Sum_Reduction(Exp(-SqDist(x, y)), 0)',", "c('x = Vi(3)', 'y = Vj(3)'))"
)
symbolic <- "K <- exp(-sqdist(Vi(x), Vj(x)) / 0.3)"
warm_calls <- list(
  "warm call from R, 10 x 10 points" = warm(c(operator, "inputs <- list(x, x)"), "op(inputs)"),
  "the same, rowSums() of a symbolic matrix" = warm(symbolic, "rowSums(K)"),
  "the same, a symbolic matrix times a vector" = warm(symbolic, "K %*% x[, 1]"),
  "making a symbolic matrix" = warm(character(), "exp(-sqdist(Vi(x), Vj(x)) / 0.3)")
)

# What the first call of each formula with tiny data takes beyond a second call, in milliseconds, by
# the clock and of the compiler's own time, which other work on the machine disturbs less.
compile_times <- function(formulas) {
  library(kernelops)
  1e3 * vapply(formulas, function(each) {
    op <- if (is.function(each$formula)) each$formula() else keops_kernel(each$formula, each$args)
    before <- child_seconds()
    first <- elapsed(op(each$inputs))
    compiler <- child_seconds() - before
    c(first - elapsed(op(each$inputs)), compiler)
  }, c(clock = 0, compiler = 0))
}

note_compiling <- function(question, formulas, target = "") {
  times <- compile_times(formulas)
  note(question, times["clock", ], "ms", target)
  note(paste0(question, ", compiler alone"), times["compiler", ], "ms")
}

gaussian_of <- function(dimension) {
  args <- c(sprintf(c("x = Vi(%d)", "y = Vj(%d)"), dimension), "b = Vj(1)")
  list(
    formula = "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)", args = args,
    inputs = list(
      matrix(0.1, 4L, dimension), matrix(0.2, 5L, dimension), matrix(1, 5L, 1L)
    )
  )
}

third_derivative <- function() {
  gaussian <- gaussian_of(3L)
  op <- kernelops::keops_kernel(gaussian$formula, gaussian$args)
  for (order in 1:3) op <- kernelops::keops_grad(op, "x")
  op
}

parity_formulas <- function() {
  file <- file.path(dirname(dirname(folder)), "tests", "testthat", "keops-reference.json")
  cases <- jsonlite::fromJSON(file, simplifyDataFrame = FALSE, simplifyMatrix = TRUE)$cases
  if (options$quick) cases <- cases[seq(1L, length(cases), by = 10L)]
  lapply(cases, function(case) {
    inputs <- lapply(case$inputs, function(values) {
      if (is.matrix(values)) values else matrix(values, nrow = 1L)
    })
    list(formula = case$formula, args = case$args, inputs = inputs)
  })
}

rows <- list()
note <- function(question, values, unit, target = "") {
  rows[[length(rows) + 1L]] <<- data.frame(
    question = question, median = stats::median(values), least = min(values),
    most = max(values), count = length(values), unit = unit, target = target
  )
}

first <- vapply(seq_len(options$processes), function(k) run_child(example, tempfile("empty-")), 0)
filled <- tempfile("filled-")
invisible(run_child(example, filled))
second <- vapply(seq_len(options$processes), function(k) run_child(example, filled), 0)
note("first answer, empty cache", 1e3 * first, "ms")
note("first answer, filled cache", 1e3 * second, "ms")
for (question in names(warm_calls)) {
  note(question, 1e6 * run_child(warm_calls[[question]], filled), "microseconds", "<= 200")
}

# Before the package is loaded, so that every formula is compiled here.
Sys.setenv(KERNELOPS_CACHE_DIR = tempfile("compiled-"))
invisible(compile_times(list(gaussian_of(2L))))
if (requireNamespace("jsonlite", quietly = TRUE)) {
  note_compiling("compile, parity formulas", parity_formulas(), "<= 300")
}
note_compiling("compile, Gaussian D=3", list(gaussian_of(3L)))
note_compiling("compile, Gaussian D=1000", list(gaussian_of(1000L)), "as D=3")
eta <- list(matrix(1, 4L, 1L), matrix(1, 4L, 3L), matrix(1, 4L, 3L))
third <- list(formula = third_derivative, inputs = c(gaussian_of(3L)$inputs, eta))
note_compiling("compile, third derivative D=3", list(third), "<= 600")

table <- do.call(rbind, rows)
cat(device_name(), "\n", sep = "")
print_table(table)
write_results(table, "latency")
