// What the host's options say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace kernelops {

/// How a call is computed.
struct Settings {
  bool float32 = false;
  bool refuses_missing = true;
  int threads = 1;
  std::vector<std::string> compilers;  // candidates in order
  std::vector<std::string> compiler_flags;
  std::string cpu;  // a name of CpuFeatures, or empty
  std::string cache_directory;
  std::string kernel_directory;  // the headers of inst/kernels
  std::string version;           // of the package
  // The size on disk that compiled kernels are cut down to.
  std::uintmax_t cache_bytes = std::numeric_limits<std::uintmax_t>::max();
  bool gpu = false;
  std::vector<int> devices = {0};  // GPUs by number; none stands for all
  std::size_t gpu_memory = 0;      // bytes of each device that may be used; 0 for most of it
  bool tensor_cores = false;
  std::string nvrtc;  // the library or its directory, or empty
};

}  // namespace kernelops
