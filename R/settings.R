# The settings every call passes to the engine. Finding them out reads files and the environment, so
# they are kept until an option or a variable they depend on changes.
current_settings <- function() {
  sources <- list(
    cpp_options(setting_options),
    Sys.getenv(setting_variables, names = FALSE)
  )
  if (!identical(sources, memory$sources)) {
    memory$settings <- find_settings()
    memory$sources <- sources
  }
  memory$settings
}

memory <- new.env(parent = emptyenv())

setting_options <- c(option_names, "mc.cores")

setting_variables <- c(
  "KERNELOPS_CACHE_DIR", "KERNELOPS_CXX", "CXX", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT",
  "R_USER_CACHE_DIR", "_R_CHECK_PACKAGE_NAME_", "_R_CHECK_LIMIT_CORES_"
)

find_settings <- function() {
  if (keops_option("backend") == "gpu") watch_collections()
  list(
    backend = keops_option("backend"),
    device = device_numbers(keops_option("device")),
    gpu_memory = as.double(effective_option("gpu_memory")),
    tensor_cores = keops_option("tensor_cores"),
    precision = keops_option("precision"),
    threads = as.integer(effective_option("threads")),
    na_action = keops_option("na_action"),
    compilers = compiler_candidates(),
    compiler_flags = keops_option("compiler_flags"),
    cpu = keops_option("cpu"),
    cache_directory = cache_directory(),
    cache_size = as.double(keops_option("cache_size")),
    kernel_directory = system.file("kernels", package = "kernelops"),
    version = as.character(utils::packageVersion("kernelops")),
    nvrtc = effective_option("nvrtc"),
    verbose = keops_option("verbose"),
    progress = keops_option("progress")
  )
}
