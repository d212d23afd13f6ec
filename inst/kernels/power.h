// Real powers, cube roots and the length of two sides of a right angle.
#ifndef KERNELOPS_KERNELS_POWER_H_
#define KERNELOPS_KERNELS_POWER_H_

#include "exponential.h"
#include "instructions.h"
#include "roots.h"

namespace kernelops {

namespace detail {

// The logarithm to base 2 of x >= 0 with a relative error of 2^-63: with s = f / (2 + f), it is
// k + s (2 / log(2) + 2 / (3 log(2)) s^2 + s^4 Q(s^2)). Only Q needs no more than a double.
template <class V>
KERNELOPS_INLINE Pair<V> log2_pair(const V& x) {
  const Binary<V> parts = binary(x);
  const V one = like(x, 1);
  const V f = parts.significand - one;
  const V divisor = parts.significand + one;
  const V divisor_low = parts.significand - (divisor - one);
  const V inverted = approximate_inverse(divisor);
  const V s = f * inverted;
  const V remainder = fused(-s, divisor_low, fused(-s, divisor, f));
  const V s_low = remainder * inverted;
  const Pair<V> z = exact_product(s, s);
  const V z_low = z.low + like(x, 2) * s * s_low;
  // Remez exchange on the relative error of the whole: 2^-62.2.
  const V q = polynomial(z.high, 0x1.2776c50efa662p-1, 0x1.a61762a57c9aep-2, 0x1.484b1540126f6p-2,
                         0x1.0c9a0f607d0c2p-2, 0x1.c6b9d5d1cdd2fp-3, 0x1.859d6709c665ep-3,
                         0x1.96b555a936121p-3);
  const V second = like(x, 0x1.ec709dc3a03fdp-1);
  const Pair<V> linear = exact_product(z.high, second);
  const V linear_low = (linear.low + z.high * like(x, 0x1.d27f05548af0cp-55)) + z_low * second;
  const Pair<V> rest = exact_sum(linear.high, (z.high * z.high) * q);
  const Pair<V> factor = exact_sum(like(x, 0x1.71547652b82fep+1), rest.high);
  const V factor_low = factor.low + (rest.low + (linear_low + like(x, 0x1.777d0ffda0d24p-55)));
  const Pair<V> fraction = exact_product(s, factor.high);
  const V fraction_low = fraction.low + (s * factor_low + s_low * factor.high);
  const Pair<V> sum = exact_sum(parts.exponent, fraction.high);
  const Pair<V> result = exact_sum(sum.high, sum.low + fraction_low);
  return {log_with_special_cases(result.high, x), result.low};
}

// x^y for x >= 0 as 2^(y log2(x)), of doubles.
template <class V>
KERNELOPS_INLINE V power_of_magnitude(const V& x, const V& y) {
  const Pair<V> log2 = log2_pair(x);
  const Pair<V> product = exact_product(y, log2.high);
  // Beyond these bounds the result is 0 or infinite.
  const V bounded = minimum(maximum(product.high, like(x, -1078)), like(x, 1025));
  const V low = select(bounded == product.high, product.low + y * log2.low, V{});
  const V shift = like(x, 0x1.8p52 + 2 * 1023);
  const V shifted = bounded + shift;
  const V k = shifted - shift;
  return scale(exp2_fraction((bounded - k) + low), k, shifted);
}

// The same for floats, given and returned as doubles, with a relative error of 2^-27.
template <class V>
KERNELOPS_INLINE V power_of_single_magnitude(const V& x, const V& y) {
  const Binary<V> parts = binary(x);
  const V f = parts.significand - like(x, 1);
  // Remez exchange on the relative error of f q(f) = log2(1 + f): 2^-35.8.
  const V q = split_polynomial(f, 0x1.71547652d0069p+0, -0x1.715476560b6b7p-1, 0x1.ec709ccd962e4p-2,
                               -0x1.71546f289b77dp-2, 0x1.277724570d666p-2, -0x1.ec7576825b009p-3,
                               0x1.a6012388e0188p-3, -0x1.70a5c076f5b58p-3, 0x1.48b5d1d731d32p-3,
                               -0x1.31940247f1244p-3, 0x1.1c3fa36732589p-3, -0x1.a1f5f567dc2ffp-4,
                               0x1.3736c7f4e2a34p-5);
  const V product = y * log_with_special_cases(parts.exponent + f * q, x);
  // Beyond these bounds the result is 0 or infinite.
  const V bounded =
      has_avx512<V> ? product : minimum(maximum(product, like(x, -160)), like(x, 130));
  const V shift = like(x, 0x1.8p52);
  const V k = (bounded + shift) - shift;
  // Remez exchange on the relative error, |f| <= 1/2: 2^-29.0.
  const V p = split_polynomial(bounded - k, 0x1.0000000261512p+0, 0x1.62e430c7e92c6p-1,
                               0x1.ebfbdadcb0618p-3, 0x1.c6aed4b94ae99p-5, 0x1.3b2dbbc0fba7fp-7,
                               0x1.5f456a8cf39ap-10, 0x1.41d3337c22e99p-13);
  if constexpr (has_avx512<V>) {
    return scale_avx512(p, k);
  } else {
    return p * power_of_two(k);
  }
}

// Half of the lanes, as many bytes as all of them were.
template <class V>
KERNELOPS_INLINE half_t<V> power_of_half(const half_t<V>& x, const half_t<V>& y) {
  using Wide = Vector<double, static_cast<int>(sizeof(V))>;
  return __builtin_convertvector(
      power_of_single_magnitude(__builtin_convertvector(x, Wide), __builtin_convertvector(y, Wide)),
      half_t<V>);
}

// Given |x|^y, x^y with the special cases of C's pow.
template <class V>
KERNELOPS_INLINE V power_with_special_cases(const V& of_magnitude, const V& x, const V& y) {
  const V magnitude = abs(x);
  const V one = like(x, 1), infinity = like(x, __builtin_huge_val());
  // x^0, 1^y, and (-1)^inf.
  const auto unit = (y == V{}) | (x == one) | ((magnitude == one) & (abs(y) == infinity));
  V result = select(unit, one, of_magnitude);
  const V half = y * like(x, 0.5);
  const auto whole = floor(y) == y;
  const auto odd = whole & (floor(half) != half);
  const auto invalid = (x < V{}) & (x > -infinity) & (y - y == V{}) & ~whole;
  result = select(invalid, like(x, __builtin_nan("")), result);
  const bits_t<V> sign = reinterpret<bits_t<V>>(odd) & sign_bit(x);
  return reinterpret<V>(reinterpret<bits_t<V>>(result) ^ sign);
}

}  // namespace detail

// x^y with the special cases of C's pow.
template <class V>
KERNELOPS_INLINE V power_real(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(power_real(low(x), low(y)), power_real(high(x), high(y)));
  } else {
    const V magnitude = abs(x);
    V result;
    if constexpr (is_single<V>) {
      result = join(detail::power_of_half<V>(low(magnitude), low(y)),
                    detail::power_of_half<V>(high(magnitude), high(y)));
    } else {
      result = detail::power_of_magnitude(magnitude, y);
    }
    // All but positive finite numbers to finite powers.
    using U = bits_t<V>;
    const V infinity = like(x, __builtin_huge_val());
    const auto regular = (reinterpret<U>(x) - 1 < reinterpret<U>(infinity) - 1) & (y - y == V{});
    return __builtin_expect(any(~regular), 0) ? detail::power_with_special_cases(result, x, y)
                                              : result;
  }
}

// With x = 2^(3 q + e) m, e = -1, 0 or 1, and M = 2^e m: 2^q M^(1/3), where M^(-1/3) is found by
// iteration without division.
template <class V>
KERNELOPS_INLINE V cbrt(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(cbrt(low(x)), cbrt(high(x)));
  } else {
    constexpr bool kSingle = is_single<V>;
    const V magnitude = abs(x);
    const detail::Binary<V> parts = detail::binary(magnitude);
    const V one = like(x, 1);
    const V shift = like(x, kSingle ? 0x1.8p23 : 0x1.8p52);
    const V q = (parts.exponent * like(x, 0x1.5555555555555p-2) + shift) - shift;
    const V e = parts.exponent - q * like(x, 3);
    const auto above = e > V{}, below = e < V{};
    const V m = parts.significand * select(above, like(x, 2), select(below, like(x, 0.5), one));
    // Remez exchange on the relative error of m^(-1/3), 3/4 <= m < 3/2: 2^-14.7.
    V y = detail::polynomial(parts.significand, 0x1.d68c6ep+0, -0x1.b8a278p+0, 0x1.5c60ap+0,
                             -0x1.2786p-1, 0x1.975f3p-4);
    y = y * select(above, like(x, 0x1.965fea53d6e3dp-1),
                   select(below, like(x, 0x1.428a2f98d728bp+0), one));
    if constexpr (!kSingle) {
      const V error = one - (m * y) * (y * y);
      y = y + (y * error) * (like(x, 0x1.5555555555555p-2) + like(x, 0x1.c71c71c71c71cp-3) * error);
    }
    const V square = y * y;
    const V root = m * square;
    // Newton's step, with the residual of the cube.
    const V residual = detail::fused(-(root * root), root, m);
    const V result =
        (root + residual * (square * like(x, 0x1.5555555555555p-2))) * detail::power_of_two(q);
    const auto regular = (magnitude > V{}) & (magnitude < like(x, __builtin_huge_val()));
    return select(regular, copy_sign(result, x), x);
  }
}

// sqrt(x^2 + y^2), scaled where the squares would overflow or vanish.
template <class V>
KERNELOPS_INLINE V hypot(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(hypot(low(x), low(y)), hypot(high(x), high(y)));
  } else {
    constexpr bool kSingle = is_single<V>;
    const V width = abs(x), height = abs(y);
    const V longer = maximum(width, height);
    const auto large = longer > like(x, kSingle ? 0x1p50 : 0x1p500);
    const auto small = longer < like(x, kSingle ? 0x1p-40 : 0x1p-450);
    const V one = like(x, 1);
    const V factor = select(large, like(x, kSingle ? 0x1p-80 : 0x1p-600),
                            select(small, like(x, kSingle ? 0x1p100 : 0x1p600), one));
    const V inverse_factor = select(large, like(x, kSingle ? 0x1p80 : 0x1p600),
                                    select(small, like(x, kSingle ? 0x1p-100 : 0x1p-600), one));
    const V a = width * factor, b = height * factor;
    const V result = sqrt(a * a + b * b) * inverse_factor;
    const V infinity = like(x, __builtin_huge_val());
    return select((width == infinity) | (height == infinity), infinity, result);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_POWER_H_
