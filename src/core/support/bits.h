// The bit pattern of a number, to compare constants by.
#pragma once

#include <cstdint>
#include <cstring>

namespace kernelops {

/// The bits of `value`: they tell 0 from -0, and a NaN is equal to itself.
inline std::uint64_t bits_of(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace kernelops
