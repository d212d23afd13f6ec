// A generated program, ready for a compiler.
#pragma once

#include <string>

namespace kernelops {

/// The text of a kernel. It contains nothing a user wrote but numbers that were printed again, so
/// it depends on the formula and not on the names of its variables.
struct KernelSource {
  std::string text;
};

}  // namespace kernelops
