// Functions that are short sentences in the others.
#ifndef KERNELOPS_KERNELS_ELEMENTARY_H_
#define KERNELOPS_KERNELS_ELEMENTARY_H_

#include "exponential.h"
#include "instructions.h"
#include "trigonometric.h"

namespace kernelops {

// x log(x), 0 at 0.
template <class V>
KERNELOPS_INLINE V x_log_x(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(x_log_x(low(x)), x_log_x(high(x)));
  } else {
    return select(x == V{}, V{}, x * log(x));
  }
}

// x less the whole multiple of m that leaves it in [o, o + m).
template <class V>
KERNELOPS_INLINE V modulo(const V& x, const V& m, const V& o) {
  return x - m * floor((x - o) / m);
}

// The nearest whole number, halves away from zero, like C's round.
template <class V>
KERNELOPS_INLINE V round_nearest(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(round_nearest(low(x)), round_nearest(high(x)));
  } else {
    const V magnitude = abs(x);
    const V below = floor(magnitude);
    const V nearest = select(magnitude - below < like(x, 0.5), below, below + like(x, 1));
    const V whole = select(magnitude < like(x, is_single<V> ? 0x1p23 : 0x1p52), nearest, magnitude);
    return copy_sign(whole, x);
  }
}

namespace detail {

// 10^n, the nearest T for n up to 22.
template <class T>
KERNELOPS_INLINE T power_of_ten(unsigned long n) {
  double result = 1, base = 10;
  KERNELOPS_UNROLL(64)
  for (; n != 0; n >>= 1) {
    if (n & 1) result *= base;
    base *= base;
  }
  constexpr double kLargest = sizeof(T) == 4 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  return result > kLargest ? static_cast<T>(__builtin_huge_val()) : static_cast<T>(result);
}

}  // namespace detail

// round_nearest(x 10^n) / 10^n, and x itself where x 10^n is not finite.
template <class V>
KERNELOPS_INLINE V round_digits(const V& x, long n) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(round_digits(low(x), n), round_digits(high(x), n));
  } else {
    const unsigned long digits = n < 0 ? 0ul - static_cast<unsigned long>(n) : n;
    const V factor = broadcast<V>(detail::power_of_ten<element_t<V>>(digits));
    const V whole = round_nearest(n < 0 ? x / factor : x * factor);
    const V rounded = n < 0 ? whole * factor : whole / factor;
    // Zero stays as it is even where the factor is infinite.
    const V result = select(whole == V{}, whole, rounded);
    return select(abs(whole) < like(x, __builtin_huge_val()), result, x);
  }
}

namespace detail {

// The n-th derivative of sin at x, given sin(x) and cos(x).
template <class V>
KERNELOPS_INLINE V sin_derivative(const V& sine, const V& cosine, long n) {
  const V value = n % 2 == 0 ? sine : cosine;
  return n % 4 < 2 ? value : -value;
}

}  // namespace detail

// The n-th derivative of sin(x) / x, which is the integral of t^n cos(x t + n pi / 2) over [0, 1].
// Differentiating x f(x) = sin(x) n times gives f_n = (sin^(n)(x) - n f_(n - 1)) / x, which loses
// digits for small x; below (n + 2) / 2 the power series does not.
template <class V>
KERNELOPS_INLINE V sinc_derivative(const V& x, long n) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sinc_derivative(low(x), n), sinc_derivative(high(x), n));
  } else {
    const V inverted = like(x, 1) / x;
    const V sine = sin(x), cosine = cos(x);
    V far = sine * inverted;
    KERNELOPS_UNROLL(16)
    for (long j = 1; j <= n; ++j) {
      far = (detail::sin_derivative(sine, cosine, j) - like(x, j) * far) * inverted;
    }
    // The sum over p = n mod 2, n mod 2 + 2, ... of (-1)^((p + n) / 2) x^p / (p! (p + n + 1)), as
    // nested products. So many terms suffice that the first one left out is below the precision.
    const long odd = n % 2;
    const long terms = (is_single<V> ? 5 : 10) + n;
    const V square = x * x;
    V near = V{};
    KERNELOPS_UNROLL(32)
    for (long k = terms; k >= 0; --k) {
      const long p = 2 * k + odd;
      near = like(x, 1.0 / (p + n + 1)) - (square * near) * like(x, 1.0 / ((p + 1) * (p + 2)));
    }
    if (odd) near = near * x;
    if ((n + odd) / 2 % 2 != 0) near = -near;
    const V result = select(abs(x) < like(x, 0.5 * (n + 2)), near, far);
    return select(abs(x) == like(x, __builtin_huge_val()), V{}, result);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_ELEMENTARY_H_
