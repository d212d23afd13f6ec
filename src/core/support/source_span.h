// Where in the user's text something stands.
#pragma once

#include <cstddef>

namespace kernelops {

/// A half-open range of characters [begin, end) in a formula.
struct SourceSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

}  // namespace kernelops
