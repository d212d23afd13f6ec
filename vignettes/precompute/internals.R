# Makes vignettes/internals-results.rds of the newest results of the benchmarks. Run it in the root
# of the repository: Rscript vignettes/precompute/internals.R
newest <- function(name) {
  pattern <- sprintf("^cpu-%s-[0-9-]+[.]csv$", name)
  files <- sort(list.files("benchmarks/results", pattern, full.names = TRUE))
  utils::read.csv(files[length(files)])
}

saveRDS(
  list(
    today = newest("tasks-today")[c("task", "M", "N", "method", "seconds", "package_seconds")],
    yardstick = newest("tasks")[c("task", "precision", "package", "clock_ratio")],
    latency = newest("latency")[c("question", "median", "unit")],
    scaling = newest("scaling")[c("question", "precision", "value", "unit")]
  ),
  "vignettes/internals-results.rds"
)
