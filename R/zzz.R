.onUnload <- function(libpath) {
  cpp_shut_down()
  library.dynam.unload("kernelops", libpath)
}
