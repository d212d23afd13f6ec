# Which compilers to try, in order. A compiler the user named is the only one: if it is missing,
# that is an error and not a reason to use another in silence.
compiler_candidates <- function(option = keops_option("compiler")) {
  if (!is.null(option)) {
    return(option)
  }
  named <- Sys.getenv("KERNELOPS_CXX")
  if (nzchar(named)) {
    return(named)
  }
  found <- c(without_flags(Sys.getenv("CXX")), makeconf_compilers(), "c++", "g++", "clang++")
  unique(found[nzchar(found)])
}

# The C++ compilers that R was configured with, read from its Makeconf.
makeconf_compilers <- function(etc = R.home("etc"), arch = .Platform$r_arch) {
  files <- unique(file.path(c(file.path(etc, arch), etc), "Makeconf"))
  files <- files[file.exists(files)]
  if (length(files) == 0L) {
    return(character())
  }
  lines <- readLines(files[1L], warn = FALSE)
  values <- lapply(c("CXX17", "CXX"), function(name) {
    pattern <- paste0("^", name, "[[:space:]]*=[[:space:]]*")
    sub(pattern, "", grep(pattern, lines, value = TRUE))
  })
  compilers <- without_flags(unlist(values))
  unique(compilers[nzchar(compilers) & !grepl("$", compilers, fixed = TRUE)])
}

# A command line up to its first flag: "ccache g++ -std=gnu++17" is "ccache g++".
without_flags <- function(command) {
  trimws(sub("(^|[[:space:]]+)-.*$", "", command))
}
