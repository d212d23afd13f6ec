// Whole multiples.
#pragma once

#include <cstdint>

namespace kernelops {

/// a / b, rounded up; both positive, or a is 0.
inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The smallest multiple of b that is not below a.
inline std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

}  // namespace kernelops
