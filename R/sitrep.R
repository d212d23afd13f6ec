#' What was found on this machine
#'
#' A situation report for users and for bug reports: the compiler and the flags it takes, the width
#' of the processor's vectors, the number of threads, the cache of compiled kernels, the GPUs with
#' their driver and the compiler for them, NVRTC or else nvcc, or what was looked for and why it was
#' refused.
#'
#' @return A list of class `keops_sitrep` with all that is printed, invisibly.
#' @export
#' @examples
#' keops_sitrep()
keops_sitrep <- function() {
  settings <- current_settings()
  report <- cpp_system_report(settings)
  report$precision <- settings$precision
  report$cache_size <- settings$cache_size
  report$gpu <- cpp_gpu_report(settings)
  report$gpu$devices <- as.data.frame(report$gpu$devices)
  report$gpu$memory <- keops_gpu_memory()
  report <- structure(report, class = "keops_sitrep")
  print(report)
  invisible(report)
}

#' @export
print.keops_sitrep <- function(x, ...) {
  cat(format(x), sep = "\n")
  invisible(x)
}

#' @export
format.keops_sitrep <- function(x, ...) {
  compiler <- if (nzchar(x$compiler)) c(x$compiler, x$compiler_version) else "none"
  files <- if (x$cache_files == 1L) "1 file" else paste(x$cache_files, "files")
  lines <- c(
    labelled("kernelops", x$version),
    labelled("compiler", compiler),
    if (length(x$compiler_flags) > 0L) {
      labelled("flags", strwrap(paste(x$compiler_flags, collapse = " "), getOption("width") - 12L))
    },
    if (length(x$compiler_refused) > 0L) labelled("refused", x$compiler_refused),
    labelled("vectors", sprintf("%s, %d bytes", x$vector_name, as.integer(x$vector_bytes))),
    labelled("threads", sprintf("%d of %d cores", x$threads, x$cores)),
    labelled("precision", x$precision),
    labelled("cache", x$cache_directory),
    labelled(
      "", sprintf("%s, %s of %s", files, format_bytes(x$cache_bytes), format_bytes(x$cache_size))
    ),
    gpu_lines(x$gpu)
  )
  lines
}

# The GPUs or why there is none, and what else work on them needs.
gpu_lines <- function(gpu) {
  devices <- gpu$devices
  found <- sprintf(
    "%d: %s, compute capability %s, %s", devices$device, devices$name, devices$compute_capability,
    vapply(devices$memory, format_bytes, "")
  )
  in_use <- sprintf(
    "%d: %s in use, %s kept, at most %s", gpu$memory$device,
    vapply(gpu$memory$used, format_bytes, ""), vapply(gpu$memory$cached, format_bytes, ""),
    vapply(gpu$memory$cap, format_bytes, "")
  )
  part <- function(label, path, version, refused) {
    c(
      labelled(label, if (nzchar(path)) c(version, path) else "none"),
      if (length(refused) > 0L) labelled("refused", refused)
    )
  }
  c(
    labelled("GPU", c(if (nzchar(gpu$reason)) paste("none:", gpu$reason), found)),
    if (length(in_use) > 0L) labelled("memory", in_use),
    part(
      "driver", gpu$driver, paste("supports CUDA up to", gpu$driver_version), gpu$driver_refused
    ),
    part("NVRTC", gpu$nvrtc, gpu$nvrtc_version, gpu$nvrtc_refused),
    # Looked for where there is no NVRTC.
    if (!nzchar(gpu$nvrtc)) part("nvcc", gpu$nvcc, gpu$nvcc_version, gpu$nvcc_refused)
  )
}

format_bytes <- function(bytes) {
  format(structure(bytes, class = "object_size"), units = "auto", standard = "SI")
}
