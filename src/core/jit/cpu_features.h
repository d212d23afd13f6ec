// The vector instructions a kernel may use. They are named explicitly to the compiler, so that the
// flags, and with them the name of a cached kernel, say all about the machine it is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernelops {

/// A set of vector instructions and what a code generator must know of it.
struct CpuFeatures {
  std::string name;      // "avx512", "avx2", "sse2", "neon" or "generic"
  int vector_bytes;      // width of a vector register
  int vector_registers;  // how many of them there are
  std::vector<std::string> flags;
};

/// The best set that the running machine has.
CpuFeatures detect_cpu();

/// The set of that name; throws Error(argument) if there is none or the running machine lacks it.
CpuFeatures cpu_features_named(std::string_view name);

}  // namespace kernelops
