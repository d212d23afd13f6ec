// What "best" means: the smallest or the largest.
#ifndef KERNELOPS_KERNELS_ORDER_H_
#define KERNELOPS_KERNELS_ORDER_H_

#include "vector.h"

namespace kernelops {

// `Order::better(a, b)` says whether a is strictly better than b, `not_better` whether it is known
// not to be: false if one is NaN. kNotBetter is the latter's number among the predicates of x86;
// kSign turns an integer so that larger is worse.
struct Smallest {
  static constexpr double kWorst = __builtin_huge_val();
  static constexpr int kNotBetter = 0x1d;
  static constexpr long long kSign = 1;
  template <class V>
  KERNELOPS_INLINE auto better(const V& a, const V& b) {
    return a < b;
  }
  template <class V>
  KERNELOPS_INLINE auto not_better(const V& a, const V& b) {
    return a >= b;
  }
};
struct Largest {
  static constexpr double kWorst = -__builtin_huge_val();
  static constexpr int kNotBetter = 0x12;
  static constexpr long long kSign = -1;
  template <class V>
  KERNELOPS_INLINE auto better(const V& a, const V& b) {
    return a > b;
  }
  template <class V>
  KERNELOPS_INLINE auto not_better(const V& a, const V& b) {
    return a <= b;
  }
};

// Whether `not_better` holds in every lane of several vectors, for rare branches.
template <class Order, class V>
class NoneBetter {
 public:
  KERNELOPS_METHOD void take(const V& a, const V& b) {
#if defined(__AVX512F__)
    // Comparing under the mask of the comparisons before saves joining their results.
    if constexpr (sizeof(V) == 64) {
      if constexpr (is_single<V>) {
        __asm__("vcmpps %4, %3, %2, %0 %{%1%}"
                : "=Yk"(bits_)
                : "Yk"(bits_), "v"(a), "v"(b), "i"(Order::kNotBetter));
      } else {
        __asm__("vcmppd %4, %3, %2, %0 %{%1%}"
                : "=Yk"(bits_)
                : "Yk"(bits_), "v"(a), "v"(b), "i"(Order::kNotBetter));
      }
      return;
    }
#endif
    mask_ &= Order::not_better(a, b);
  }

  KERNELOPS_METHOD bool holds() const {
#if defined(__AVX512F__)
    if constexpr (sizeof(V) == 64) return bits_ == kAll;
#endif
    return !any(~mask_);
  }

 private:
#if defined(__AVX512F__)
  static constexpr unsigned short kAll = is_single<V> ? 0xffff : 0xff;
  unsigned short bits_ = kAll;
#endif
  mask_t<V> mask_ = ~mask_t<V>{};
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_ORDER_H_
