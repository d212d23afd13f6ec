// Square roots and inverses. With AVX-512, whose square roots and divisions take 6 to 24 cycles of
// a unit of their own, they are made of multiplications, within one unit in the last place; exact
// where the result is a number of half the digits. Elsewhere they are the machine's.
#ifndef KERNELOPS_KERNELS_ROOTS_H_
#define KERNELOPS_KERNELS_ROOTS_H_

#include "instructions.h"

namespace kernelops {

namespace detail {

// sqrt(x) and 1 / (2 sqrt(x)) with half of the bits or more, not for zero and infinity: a step of
// Newton's doubles the correct bits, 14 at first.
template <class V>
KERNELOPS_INLINE Pair<V> root_guess_avx512(const V& x) {
  const V guess = rsqrt_guess_avx512(x);
  V root = x * guess;
  V half_inverse = guess * like(x, 0.5);
  if constexpr (!is_single<V>) {
    const V error = like(x, 0.5) - root * half_inverse;
    root = root * error + root;
    half_inverse = half_inverse * error + half_inverse;
  }
  return {root, half_inverse};
}

}  // namespace detail

// The residual of a denormal number is rounded like one: the result is the root of a number within
// half a unit in the last place of x.
template <class V>
KERNELOPS_INLINE V sqrt(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sqrt(low(x)), sqrt(high(x)));
  } else if constexpr (detail::has_avx512<V>) {
    const detail::Pair<V> guess = detail::root_guess_avx512(x);
    const V root = (x - guess.high * guess.high) * guess.low + guess.high;
    // Zeros and infinity are their own roots.
    return detail::fix_avx512(root, x, 0x00100100);
  } else {
    return detail::sqrt_instruction(x);
  }
}

template <class V>
KERNELOPS_INLINE V inverse(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(inverse(low(x)), inverse(high(x)));
  } else if constexpr (detail::has_avx512<V>) {
    const V guess = detail::inverse_guess_avx512(x);
    V y = guess;
    if constexpr (!is_single<V>) y = y * (like(x, 1) - x * y) + y;
    y = y * (like(x, 1) - x * y) + y;
    // Zeros and infinities as guesses are right.
    return detail::fix_avx512(y, guess, 0x00110100);
  } else {
    return like(x, 1) / x;
  }
}

// 1 / sqrt(x), and 0 where x is 0, so that the gradients of norms vanish there.
template <class V>
KERNELOPS_INLINE V rsqrt_or_zero(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(rsqrt_or_zero(low(x)), rsqrt_or_zero(high(x)));
  } else if constexpr (detail::has_avx512<V>) {
    // Newton's step on the residual: a quarter of the time of a root and a division.
    V y = detail::rsqrt_guess_avx512(x);
    if constexpr (!is_single<V>) {
      const V half = y * like(x, 0.5);
      y = (like(x, 1) - (x * y) * y) * half + y;
    }
    const V half = y * like(x, 0.5);
    y = (like(x, 1) - (x * y) * y) * half + y;
    return detail::fix_avx512(y, x, 0x00800800);
  } else {
    return select(x == V{}, V{}, like(x, 1) / detail::sqrt_instruction(x));
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_ROOTS_H_
