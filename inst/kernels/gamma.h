// The logarithm of the gamma function and its derivatives. Floats are computed in double.
#ifndef KERNELOPS_KERNELS_GAMMA_H_
#define KERNELOPS_KERNELS_GAMMA_H_

#include "exponential.h"

namespace kernelops {

namespace detail {

// sin(pi r) for |r| <= 1/2, doubles only. Remez exchange on the relative error: 2^-54.5.
template <class V>
KERNELOPS_INLINE V sine_of_half_turns(const V& r) {
  return r * polynomial(r * r, 0x1.921fb54442d18p+1, -0x1.4abbce625be52p+2, 0x1.466bc6775aa6ep+1,
                        -0x1.32d2cce627543p-1, 0x1.50783485190f2p-4, -0x1.e3074ddd1ea53p-8,
                        0x1.e8f35e9dad88bp-12, -0x1.6f7977181a469p-16, 0x1.9d1b87ea137ddp-21);
}

}  // namespace detail

// log |Gamma(x)|; +Inf at the poles 0, -1, -2, ... Within 8 units in the last place for x > -1/2,
// zeros at 1 and 2 included; below, the error is relative to the larger of 1 and the result.
template <class V>
KERNELOPS_INLINE V lgamma(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(lgamma(low(x)), lgamma(high(x)));
  } else if constexpr (is_single<V>) {
    return in_double(x, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return lgamma(v); });
  } else {
    const V one = like(x, 1);
    const auto reflected = x < like(x, -0.5);
    const V y = select(reflected, -x, x);
    // Gamma(y) = product Gamma(2 + d), or Gamma(2 + d) / product below 3/2, |d| <= 1/2. The
    // differences are exact.
    V shifted = y, product = one;
    KERNELOPS_UNROLL(6)
    for (int k = 0; k < 6; ++k) {
      const auto above = shifted >= like(x, 2.5);
      const V below = shifted - one;
      product = select(above, product * below, product);
      shifted = select(above, below, shifted);
    }
    const auto divides = y < like(x, 1.5);
    const auto divides_twice = y < like(x, 0.5);
    product = select(divides, y, product);
    product = select(divides_twice, abs(y * (y + one)), product);
    V d = shifted - like(x, 2);
    d = select(divides, y - one, d);
    d = select(divides_twice, y, d);
    const auto large = y >= like(x, 8);
    const V logarithm = log(select(large, y, product));
    // log(Gamma(2 + d)) / d: Remez exchange on the relative error, 2^-55.2.
    V p = detail::polynomial(d, 0x1.b0ee6072093cep-2, 0x1.4a34cc4a60fa6p-2, -0x1.13e001a55760ap-4,
                             0x1.51322ac7d84fp-6, -0x1.e404fc218dcc3p-8, 0x1.7add6eada7172p-9,
                             -0x1.38ac5c2d3d07ep-10, 0x1.0b36af8e875e6p-11, -0x1.d3fd4b6ebeff1p-13,
                             0x1.a127ac1c1aa4bp-14, -0x1.78de996d5daacp-15, 0x1.580ea6a1cbe41p-16,
                             -0x1.3cb3e1378aa6fp-17, 0x1.2580384372426p-18, -0x1.1274c1d75039bp-19,
                             0x1.01fb1423d2e3ep-20, -0x1.ce3c428a4f29p-22, 0x1.a65a5a01a4188p-23,
                             -0x1.1fc8155fd45d3p-23, 0x1.2909506d19ee1p-24);
    V result = d * p + select(divides, -logarithm, logarithm);
    if (any(large)) {
      // Stirling's series, economized by a Remez exchange for y >= 8: 2^-57.6.
      const V inverted = one / y;
      p = detail::polynomial(inverted * inverted, 0x1.5555555555555p-4, -0x1.6c16c16c14af5p-9,
                             0x1.a01a017e8a0cep-11, -0x1.38134e15e0347p-11, 0x1.b92c93697c8dcp-11,
                             -0x1.ef980aeedf98p-10, 0x1.4c382e96c8281p-8);
      const V tail = inverted * p + like(x, 0.41893853320467274178);  // log(2 pi) / 2 - 1 / 2
      result = select(large, (y - like(x, 0.5)) * (logarithm - one) + tail, result);
    }
    if (any(reflected)) {
      // Gamma(-y) Gamma(y) = -pi / (y sin(pi y)).
      const V r = y - floor(y + like(x, 0.5));
      const V sine = abs(detail::sine_of_half_turns(r));
      const V mirrored = log(like(x, 3.14159265358979323846) / (y * sine)) - result;
      const auto pole = y == floor(y);
      result = select(reflected, select(pole, like(x, __builtin_huge_val()), mirrored), result);
    }
    return result;
  }
}

// The derivative of log Gamma(x); NaN at its poles 0, -1, -2, ... The error is below 3e-15 times
// the larger of 1 and the result.
template <class V>
KERNELOPS_INLINE V digamma(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(digamma(low(x)), digamma(high(x)));
  } else if constexpr (is_single<V>) {
    return in_double(x, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return digamma(v); });
  } else {
    const V one = like(x, 1);
    const auto reflected = x < like(x, -0.5);
    const V y = select(reflected, -x, x);
    const auto small = y < like(x, 8);
    V w = y, sum{};
    if (any(small)) {
      // psi(y) = psi(y + 8) - (1 / y + 1 / (y + 1) + ... + 1 / (y + 7)), over one denominator.
      V numerator = one, denominator = y;
      KERNELOPS_UNROLL(7)
      for (int k = 1; k < 8; ++k) {
        const V factor = y + like(x, k);
        numerator = numerator * factor + denominator;
        denominator = denominator * factor;
      }
      sum = select(small, numerator / denominator, sum);
      w = select(small, y + like(x, 8), y);
    }
    // The asymptotic series, economized by a Remez exchange for w >= 8: 2^-57.6 w^-2.
    const V inverted = one / w;
    const V z = inverted * inverted;
    const V p = detail::polynomial(
        z, 0x1.5555555555555p-4, -0x1.1111111110d77p-7, 0x1.04104101a98efp-8, -0x1.11110c2d9c2d6p-8,
        0x1.f07735ba1fb7dp-8, -0x1.58e87b0fc2e02p-6, 0x1.47dd07c9dac81p-4, -0x1.330300adbae47p-2);
    V result = log(w) - (inverted * like(x, 0.5) + z * p) - sum;
    const auto left = x <= V{};
    if (any(left)) {
      // psi(-y) = psi(y) + 1 / y + pi cot(pi y), the cosine as the sine of the complement.
      const V r = y - floor(y + like(x, 0.5));
      const V cotangent =
          detail::sine_of_half_turns(like(x, 0.5) - abs(r)) / detail::sine_of_half_turns(r);
      const V mirrored = (result + one / y) + like(x, 3.14159265358979323846) * cotangent;
      result = select(reflected, mirrored, result);
      result = select(left & (x == floor(x)), like(x, __builtin_nan("")), result);
    }
    return result;
  }
}

namespace detail {

// n! zeta(n + 1, x) = sum over k >= 0 of n! / (x + k)^(n + 1), for n >= 1 and finite x > 0.
KERNELOPS_FUNCTION double factorial_times_zeta(double x, long n) {
  const double s = static_cast<double>(n) + 1;
  // All terms relative to the first, until nothing is left or Euler and Maclaurin's formula
  // converges.
  double sum = 0, shifted = x, weight = 1;
  for (int k = 1; shifted < s + 10 && weight > 0x1p-60 * sum; ++k) {
    sum += weight;
    shifted = x + k;
    weight = __builtin_pow(x / shifted, s);
  }
  if (shifted >= s + 10) {
    // B_2k / (2 k)!
    constexpr double kBernoulli[] = {1. / 12,
                                     -1. / 720,
                                     1. / 30240,
                                     -1. / 1209600,
                                     1. / 47900160,
                                     -691. / 1307674368000,
                                     1. / 74724249600,
                                     -3617. / 10670622842880000,
                                     43867. / 5109094217170944000,
                                     -174611. / 802857662698291200000.};
    double rising = s / shifted, tail = shifted / (s - 1) + 0.5;
    for (int k = 0; k < 10; ++k) {
      tail += kBernoulli[k] * rising;
      rising *= (s + (2 * k + 1)) / shifted * ((s + (2 * k + 2)) / shifted);
    }
    sum += weight * tail;
  }
  // n! / x^(n + 1) = significand 2^exponent: partial products may be out of range.
  double significand = 1 / x;
  int exponent = 0;
  for (long j = 1; j <= n; ++j) {
    significand *= static_cast<double>(j) / x;
    if (significand > 0x1p500) {
      significand *= 0x1p-500;
      exponent += 500;
      if (exponent > 4000 && static_cast<double>(j) > x) break;
    } else if (significand < 0x1p-500) {
      significand *= 0x1p500;
      exponent -= 500;
      if (exponent < -4000 && s < x) break;
    }
  }
  return __builtin_ldexp(significand * sum, exponent);
}

// polygamma of one number, for n != 0.
KERNELOPS_FUNCTION double polygamma_lane(double x, long n) {
  const double infinity = __builtin_huge_val(), nan = __builtin_nan("");
  if (x != x || n < 0 || x == -infinity) return nan;
  if (x == infinity) return 0;
  const bool odd = n % 2 != 0;
  if (x > 0) return odd ? factorial_times_zeta(x, n) : -factorial_times_zeta(x, n);
  const double whole = __builtin_floor(-x);
  const double right = -x - whole;
  if (right == 0) return odd ? infinity : nan;
  // Terms of x + k > 0, and of x + k < 0: those are all from `right` on, less those beyond -x.
  const double above = factorial_times_zeta(1 - right, n);
  double below = factorial_times_zeta(right, n);
  if (below < infinity) below -= factorial_times_zeta(1 - x, n);
  if (odd) return above + below;
  // The nearer pole dominates what is out of range.
  if (above == infinity && below == infinity) return right < 0.5 ? infinity : -infinity;
  return below - above;
}

}  // namespace detail

// The n-th derivative of digamma, n >= 0; NaN for negative n. At the poles, +Inf if n is odd and
// NaN otherwise, where the limits from the left and from the right differ. The relative error is
// below 1e-14 for x > 0 and n up to 20; for x < 0 that of the larger of the sums on either side.
template <class V>
KERNELOPS_INLINE V polygamma(const V& x, long n) {
  if (n == 0) return digamma(x);
  V result = x;
  for (int k = 0; k < lanes<V>; ++k) {
    result[k] = static_cast<element_t<V>>(detail::polygamma_lane(x[k], n));
  }
  return result;
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_GAMMA_H_
