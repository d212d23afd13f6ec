# The yardsticks, compiled into a library and called from R.

compile_yardsticks <- function() {
  sources <- Sys.glob(file.path(folder, "yardsticks", "*.cc"))
  sources <- sources[basename(sources) != "main.cc"]
  build <- tempfile("yardsticks-")
  dir.create(build)
  objects <- file.path(build, sub("cc$", "o", basename(sources)))
  compiler <- system2(file.path(R.home("bin"), "R"), c("CMD", "config", "CXX"), stdout = TRUE)
  # GCC 12 warns about its own vector headers.
  flags <- "-std=gnu++17 -O3 -march=native -Wno-maybe-uninitialized -fPIC -pthread"
  commands <- paste(compiler, flags, "-c", shQuote(sources), "-o", shQuote(objects))
  cores <- if (.Platform$OS.type == "unix") 2L else 1L
  status <- unlist(parallel::mclapply(commands, system, mc.cores = cores, mc.preschedule = FALSE))
  library <- file.path(build, paste0("yardsticks", .Platform$dynlib.ext))
  link <- paste(compiler, "-shared -pthread", paste(shQuote(objects), collapse = " "),
    "-o", shQuote(library))
  if (any(status != 0L) || system(link) != 0L) stop("the yardsticks do not compile")
  dyn.load(library)
}

instruction_set <- function() {
  trimws(.C("yardstick_instruction_set", strrep(" ", 15L), PACKAGE = "yardsticks")[[1L]])
}

read_tasks <- function() {
  file <- tempfile(fileext = ".csv")
  on.exit(unlink(file))
  .C("yardstick_tasks", file, PACKAGE = "yardsticks")
  tasks <- utils::read.csv(file, colClasses = c(extra = "character"))
  tasks$number <- seq_len(nrow(tasks)) - 1L
  tasks
}

# All variables of one side of a task, side by side.
side_of <- function(inputs, category) {
  do.call(cbind, unname(inputs[attr(inputs, "categories") == category]))
}

run_yardstick <- function(task, precision, inputs, threads) {
  rows <- side_of(inputs, "Vi")
  columns <- side_of(inputs, "Vj")
  parameters <- as.double(unlist(inputs[attr(inputs, "categories") == "Pm"]))
  answer <- .C("yardstick_run", task$number, precision, rows, columns, c(parameters, 0),
    out = double(nrow(rows) * task$result_dimension), nrow(rows), nrow(columns), threads,
    seconds = double(2L), PACKAGE = "yardsticks")
  list(
    result = matrix(answer$out, nrow(rows)),
    seconds = c(clock = answer$seconds[1L], threads = answer$seconds[2L] / threads)
  )
}

# Pairs a second that the task can reach on this machine now.
measure_limit <- function(task, precision, rows, columns, threads) {
  .C("yardstick_limit", task$number, precision, rows, columns, threads,
    pairs = 0, PACKAGE = "yardsticks")$pairs
}

# Seconds by the clock, and by the time of the threads for each of them.
both_times <- function(expression, threads) {
  exact <- function() .C("yardstick_thread_seconds", seconds = 0, PACKAGE = "yardsticks")$seconds
  start <- exact()
  clock <- elapsed(expression)
  c(clock = clock, threads = max(exact() - start, 1e-6) / threads)
}

# Bytes that a call needs at its peak beyond what was there before, its result included; NA where
# the system does not tell.
peak_memory <- function(call) {
  status <- function(field) {
    line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
    1024 * as.numeric(gsub("[^0-9]", "", line))
  }
  tryCatch(
    {
      invisible(gc())
      .C("yardstick_trim", PACKAGE = "yardsticks")
      cat("5\n", file = "/proc/self/clear_refs")
      before <- status("VmRSS")
      call()
      max(0, status("VmHWM") - before)
    },
    error = function(condition) NA_real_,
    warning = function(condition) NA_real_
  )
}
