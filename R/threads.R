# How many threads to use unless the user says otherwise: all cores this process may run on, fewer
# if the environment asks for it.
default_threads <- function() {
  limits <- c(
    available_cores(),
    openmp_limit("OMP_NUM_THREADS"),
    openmp_limit("OMP_THREAD_LIMIT"),
    positive_integer(getOption("mc.cores")),
    cgroup_limit(),
    check_limit()
  )
  min(limits)
}

# The first number of an OpenMP variable, which may be a list such as "4,2".
openmp_limit <- function(variable) {
  positive_integer(sub(",.*$", "", Sys.getenv(variable)))
}

# R CMD check allows two.
check_limit <- function() {
  limit <- Sys.getenv("_R_CHECK_LIMIT_CORES_")
  if (nzchar(limit) && tolower(limit) != "false") 2L else integer()
}

# Cores this process may run on; on Linux the affinity mask counts.
available_cores <- function(status = "/proc/self/status") {
  if (file.exists(status)) {
    line <- grep("^Cpus_allowed_list:", readLines(status, warn = FALSE), value = TRUE)
    allowed <- count_ranges(trimws(sub("^[^:]*:", "", line)))
    if (length(allowed) == 1L) {
      return(allowed)
    }
  }
  cores <- positive_integer(parallel::detectCores())
  if (length(cores) == 1L) cores else 1L
}

# How many numbers a list such as "0-3,8" holds.
count_ranges <- function(text) {
  if (length(text) != 1L || !grepl("^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$", text)) {
    return(integer())
  }
  ranges <- strsplit(strsplit(text, ",", fixed = TRUE)[[1L]], "-", fixed = TRUE)
  widths <- vapply(ranges, function(range) diff(range(as.integer(range))) + 1L, 0L)
  sum(widths)
}

# The CPU quota of the control group of this process or of one above it, in whole cores.
cgroup_limit <- function(root = "/sys/fs/cgroup", membership = "/proc/self/cgroup") {
  if (!file.exists(membership)) {
    return(integer())
  }
  lines <- readLines(membership, warn = FALSE)
  unified <- sub("^0::", "", grep("^0::", lines, value = TRUE))
  split <- sub("^[^/]*:", "", grep("^[0-9]+:([^:]*,)?cpu(,[^:]*)?:", lines, value = TRUE))
  quotas <- c(
    unlist(lapply(folders_up(unified), function(folder) read_cpu_max(root, folder))),
    unlist(lapply(folders_up(split), function(folder) read_cfs_quota(root, folder)))
  )
  if (length(quotas) == 0L) integer() else max(1L, as.integer(floor(min(quotas))))
}

# A folder and all above it: "/a/b" gives "/a/b", "/a", "/".
folders_up <- function(folder) {
  if (length(folder) == 0L) {
    return(character())
  }
  folder <- folder[1L]
  folders <- folder
  while (dirname(folder) != folder) {
    folder <- dirname(folder)
    folders <- c(folders, folder)
  }
  folders
}

# Version 2: one file with "quota period", the quota may be "max".
read_cpu_max <- function(root, folder) {
  words <- strsplit(read_first_line(file.path(root, folder, "cpu.max")), " ", fixed = TRUE)
  quota_of(unlist(words))
}

# Version 1: two files; a quota of -1 is none.
read_cfs_quota <- function(root, folder) {
  files <- file.path(root, "cpu", folder, c("cpu.cfs_quota_us", "cpu.cfs_period_us"))
  quota_of(unlist(lapply(files, read_first_line)))
}

quota_of <- function(words) {
  numbers <- suppressWarnings(as.numeric(words))
  usable <- length(numbers) == 2L && !anyNA(numbers) && all(numbers > 0)
  if (usable) numbers[1L] / numbers[2L] else numeric()
}

read_first_line <- function(file) {
  if (!file.exists(file)) {
    return(character())
  }
  tryCatch(readLines(file, n = 1L, warn = FALSE), error = function(e) character())
}

# A positive whole number, or nothing.
positive_integer <- function(x) {
  number <- suppressWarnings(as.integer(x))
  number[!is.na(number) & number > 0L]
}
