// What "best" means: the smallest or the largest.
#ifndef KERNELOPS_KERNELS_ORDER_H_
#define KERNELOPS_KERNELS_ORDER_H_

#include "vector.h"

namespace kernelops {

// `Order::better(a, b)` says whether a is strictly better than b.
struct Smallest {
  static constexpr double kWorst = __builtin_huge_val();
  template <class V>
  KERNELOPS_INLINE auto better(const V& a, const V& b) {
    return a < b;
  }
};
struct Largest {
  static constexpr double kWorst = -__builtin_huge_val();
  template <class V>
  KERNELOPS_INLINE auto better(const V& a, const V& b) {
    return a > b;
  }
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_ORDER_H_
