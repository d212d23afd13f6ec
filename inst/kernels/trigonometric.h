// sin, cos, tan and their inverses. Below a large limit arguments are reduced by multiples of pi
// whose product is exact; beyond it, which is rare, libm does the work lane by lane.
#ifndef KERNELOPS_KERNELS_TRIGONOMETRIC_H_
#define KERNELOPS_KERNELS_TRIGONOMETRIC_H_

#include "exponential.h"
#include "instructions.h"
#include "roots.h"

namespace kernelops {

namespace detail {

// function(x[k]) for the lanes of the mask, where there are any.
template <class M, class V, class F>
KERNELOPS_INLINE V replace_lanes(const M& mask, const V& x, const V& otherwise, F function) {
  if (__builtin_expect(!any(mask), 1)) return otherwise;
  V result = otherwise;
  for (int k = 0; k < lanes<V>; ++k) {
    if (mask[k]) result[k] = function(x[k]);
  }
  return result;
}

// Below this the number of half periods has an error that only widens the interval of the reduced
// argument by a thousandth.
template <class V>
constexpr double kReductionLimit = is_single<V> ? 1e5 : 0x1p40;

// Leaves whole numbers in the lowest bits of a sum.
template <class V>
constexpr double kRoundingShift = is_single<V> ? 0x1.8p23 : 0x1.8p52;

// The parts of minus pi.
template <class V>
constexpr double kFirst = is_single<V> ? -0x1.921fb6p+1 : -0x1.921fb54442d18p+1;
template <class V>
constexpr double kSecond = is_single<V> ? 0x1.777a5cp-24 : -0x1.1a62633145c07p-53;
template <class V>
constexpr double kThird = is_single<V> ? 0x1.ee59dap-49 : 0x1.f1976b7ed8fbcp-109;

// x - k pi for a whole k near x / pi, or with halves = 2, x - k pi / 2. The first difference is
// exact, since all its bits are multiples of the last bit of x or of the first part of pi.
template <int halves, class V>
KERNELOPS_INLINE V subtract_pi(const V& x, const V& k) {
  V r = fused(k, like(x, kFirst<V> / halves), x);
  r = fused(k, like(x, kSecond<V> / halves), r);
  return fused(k, like(x, kThird<V> / halves), r);
}

// x - k pi / 2, and what its roundings lose. The first of them is known where the result is not
// small; elsewhere tan does not amplify it.
template <class V>
KERNELOPS_INLINE Pair<V> subtract_half_pi(const V& x, const V& k) {
  const V second = like(x, kSecond<V> / 2), third = like(x, kThird<V> / 2);
  const V difference = fused(k, like(x, kFirst<V> / 2), x);
  const V rest = fused(k, second, difference);
  const V high = fused(k, third, rest);
  const V lost = fused(k, second, difference - rest);
  return {high, select(abs(rest) > like(x, 0x1p-6), lost, V{}) + fused(k, third, rest - high)};
}

// sin(r), |r| <= pi / 2.
template <class V>
KERNELOPS_INLINE V sin_reduced(const V& r) {
  const V z = r * r;
  // Remez exchange on the relative error of the whole: 2^-27.2 and 2^-57.9.
  V p;
  if constexpr (is_single<V>) {
    p = polynomial(z, -0x1.55554cp-3, 0x1.110ed8p-7, -0x1.9f7054p-13, 0x1.5dbddp-19);
  } else {
    p = polynomial(z, -0x1.5555555555555p-3, 0x1.11111111110c1p-7, -0x1.a01a01a0148a1p-13,
                   0x1.71de3a5287076p-19, -0x1.ae6454cafd1cbp-26, 0x1.6123cb11cc515p-33,
                   -0x1.ae43176aef665p-41, 0x1.8828f8e468084p-49);
  }
  return r + (r * z) * p;
}

// x with its sign changed where the lowest bit of the integer is set.
template <class V>
KERNELOPS_INLINE V negate_if_odd(const V& x, const bits_t<V>& integer) {
  return reinterpret<V>(reinterpret<bits_t<V>>(x) ^ (integer << (is_single<V> ? 31 : 63)));
}

}  // namespace detail

// sin(x) = (-1)^k sin(x - k pi).
template <class V>
KERNELOPS_INLINE V sin(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sin(low(x)), sin(high(x)));
  } else {
    const V magnitude = abs(x);
    const V shift = like(x, detail::kRoundingShift<V>);
    const V shifted = magnitude * like(x, 0x1.45f306dc9c883p-2) + shift;
    const auto r = detail::subtract_pi<1>(magnitude, shifted - shift);
    const V sine = detail::negate_if_odd(detail::sin_reduced(r), reinterpret<bits_t<V>>(shifted));
    const V result = reinterpret<V>(reinterpret<bits_t<V>>(sine) ^ sign_bit(x));
    return detail::replace_lanes(
        magnitude > like(x, detail::kReductionLimit<V>), x, result,
        [](auto lane) { return is_single<V> ? __builtin_sinf(lane) : __builtin_sin(lane); });
  }
}

// cos(x) = (-1)^(k + 1) sin(x - (2 k + 1) pi / 2).
template <class V>
KERNELOPS_INLINE V cos(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(cos(low(x)), cos(high(x)));
  } else {
    const V magnitude = abs(x);
    const V shift = like(x, detail::kRoundingShift<V>);
    const V shifted = (magnitude * like(x, 0x1.45f306dc9c883p-2) - like(x, 0.5)) + shift;
    const V quarters = (shifted - shift) * like(x, 2) + like(x, 1);
    const auto r = detail::subtract_pi<2>(magnitude, quarters);
    const V result =
        detail::negate_if_odd(detail::sin_reduced(r), reinterpret<bits_t<V>>(shifted) + 1);
    return detail::replace_lanes(
        magnitude > like(x, detail::kReductionLimit<V>), x, result,
        [](auto lane) { return is_single<V> ? __builtin_cosf(lane) : __builtin_cos(lane); });
  }
}

// tan(x) is sin(r) / cos(r) or -cos(r) / sin(r), r = x - k pi / 2.
template <class V>
KERNELOPS_INLINE V tan(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(tan(low(x)), tan(high(x)));
  } else {
    const V magnitude = abs(x);
    const V shift = like(x, detail::kRoundingShift<V>);
    const V shifted = magnitude * like(x, 0x1.45f306dc9c883p-1) + shift;
    const detail::Pair<V> reduced = detail::subtract_half_pi(magnitude, shifted - shift);
    const V r = reduced.high;
    const V z = r * r;
    // Remez exchange on the relative errors of the wholes, |r| <= pi / 4: 2^-27.8 and 2^-33,
    // 2^-57.9 and 2^-63.
    V s, c;
    if constexpr (is_single<V>) {
      s = detail::polynomial(z, -0x1.555544p-3, 0x1.1106c6p-7, -0x1.991c26p-13);
      c = detail::polynomial(z, -0.5, 0x1.55554ap-5, -0x1.6c0c26p-10, 0x1.99e714p-16);
    } else {
      s = detail::polynomial(z, -0x1.5555555555548p-3, 0x1.111111110f73p-7, -0x1.a01a019be9217p-13,
                             0x1.71de35552b513p-19, -0x1.ae5e4b83e0ea5p-26, 0x1.5d8b55929dfadp-33);
      c = detail::polynomial(z, -0.5, 0x1.555555555554bp-5, -0x1.6c16c16c15013p-10,
                             0x1.a01a019c8ed07p-16, -0x1.27e4f7f1410d9p-22, 0x1.1ee9db8e2ebaap-29,
                             -0x1.8fa65e90e53c1p-37);
    }
    const detail::Pair<V> sine = detail::exact_sum(r, (r * z) * s + reduced.low);
    const detail::Pair<V> cosine = detail::exact_sum(like(x, 1), z * c - r * reduced.low);
    const bits_t<V> quarters = reinterpret<bits_t<V>>(shifted);
    const mask_t<V> odd = (quarters & 1) != 0;
    const V quotient = detail::quotient<V>(
        {select(odd, cosine.high, sine.high), select(odd, cosine.low, sine.low)},
        {select(odd, sine.high, cosine.high), select(odd, sine.low, cosine.low)});
    const V result = reinterpret<V>(
        reinterpret<bits_t<V>>(detail::negate_if_odd(quotient, quarters)) ^ sign_bit(x));
    return detail::replace_lanes(
        magnitude > like(x, detail::kReductionLimit<V>), x, result,
        [](auto lane) { return is_single<V> ? __builtin_tanf(lane) : __builtin_tan(lane); });
  }
}

namespace detail {

// (s, s^3 P(s^2)), whose sum is asin(s), |s| <= 1/2; z = s^2. Remez exchange on the relative error
// of the whole: 2^-27.6 and 2^-55.8.
template <class V>
KERNELOPS_INLINE V asin_tail(const V& s, const V& z) {
  if constexpr (is_single<V>) {
    return (s * z) *
           polynomial(z, 0x1.5555c8p-3, 0x1.330204p-4, 0x1.747bbap-5, 0x1.8c3e28p-6, 0x1.595c92p-5);
  } else {
    return (s * z) * polynomial(z, 0x1.555555555539p-3, 0x1.333333336e7c8p-4, 0x1.6db6db427ca35p-5,
                                0x1.f1c72c38578edp-6, 0x1.6e89f44d8985fp-6, 0x1.1c6be0f17707ep-6,
                                0x1.c6fdce531db0ep-7, 0x1.8ec2b08d39df3p-7, 0x1.abd1bca9012e2p-8,
                                0x1.3ff326de4695ep-6, -0x1.09d0f098b1d35p-6, 0x1.056cb59ec9519p-5);
  }
}

// pi / 4 in two parts; small multiples of the first are exact.
template <class V>
constexpr double kEighthHigh = is_single<V> ? 0x1.921fbp-1 : 0x1.921fb54442d18p-1;
template <class V>
constexpr double kEighthLow = is_single<V> ? 0x1.5110b4p-23 : 0x1.1a62633145c07p-55;

// atan of the quotient of two numbers without signs, or pi / 2 minus that where swapped, or pi
// minus all that where negative. The quotient is at most 1, and above 1/2 becomes that of the angle
// less pi / 4, so that one division and one short polynomial do.
template <class V>
KERNELOPS_INLINE V atan_of_quotient(const V& numerator, const V& denominator,
                                    const mask_t<V>& swapped, const mask_t<V>& negative) {
  const V one = like(numerator, 1);
  const auto large = numerator > like(numerator, 0.5) * denominator;
  V t = select(large, numerator - denominator, numerator) /
        select(large, numerator + denominator, denominator);
  V eighths = select(large, one, V{});
  eighths = select(swapped, like(one, 2) - eighths, eighths);
  eighths = select(negative, like(one, 4) - eighths, eighths);
  t = reinterpret<V>(reinterpret<bits_t<V>>(t) ^ sign_bit(reinterpret<V>(swapped ^ negative)));
  const V z = t * t;
  // Remez exchange on the relative error of the whole, |t| <= 1/2: 2^-31.7 and 2^-57.7.
  V p;
  if constexpr (is_single<V>) {
    p = polynomial(z, -0x1.555552p-2, 0x1.999744p-3, -0x1.24502ep-3, 0x1.c07222p-4, -0x1.480bb6p-4,
                   0x1.3fcfb8p-5);
  } else {
    p = polynomial(z, -0x1.5555555555516p-2, 0x1.999999999112fp-3, -0x1.249249215d681p-3,
                   0x1.c71c7090bb8f1p-4, -0x1.745cf4c691325p-4, 0x1.3b113d75f7613p-4,
                   -0x1.10f31c0a1a471p-4, 0x1.dfe94d6a837dep-5, -0x1.a397a60e74677p-5,
                   0x1.56f3a2cdc2d75p-5, -0x1.c178dc4ddf287p-6, 0x1.4b7a30c2b8203p-7);
  }
  const V tail = (t * z) * p + eighths * like(one, kEighthLow<V>);
  return eighths * like(one, kEighthHigh<V>) + (t + tail);
}

}  // namespace detail

// Beyond 1/2, asin(x) = pi / 2 - 2 asin(sqrt((1 - x) / 2)).
template <class V>
KERNELOPS_INLINE V asin(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(asin(low(x)), asin(high(x)));
  } else {
    const V magnitude = abs(x);
    const V half = like(x, 0.5);
    const auto large = magnitude > half;
    const V z = select(large, (like(x, 1) - magnitude) * half, magnitude * magnitude);
    const V s = select(large, sqrt(z), magnitude);
    const V tail = detail::asin_tail(s, z);
    const detail::Pair<V> first =
        detail::exact_sum(like(x, 2 * detail::kEighthHigh<V>), like(x, -2) * s);
    const V complement =
        first.high + (first.low - (like(x, 2) * tail - like(x, 2 * detail::kEighthLow<V>)));
    return copy_sign(select(large, complement, s + tail), x);
  }
}

// pi / 2 - asin(x), and beyond 1/2, 2 asin(sqrt((1 - x) / 2)) or pi minus that.
template <class V>
KERNELOPS_INLINE V acos(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(acos(low(x)), acos(high(x)));
  } else {
    const V magnitude = abs(x);
    const V half = like(x, 0.5);
    const auto large = magnitude > half;
    const V z = select(large, (like(x, 1) - magnitude) * half, magnitude * magnitude);
    const V s = select(large, sqrt(z), x);
    const V tail = detail::asin_tail(s, z);
    const V twice = like(x, 2) * (s + tail);
    const V from_half =
        like(x, 2 * detail::kEighthHigh<V>) - (s + (tail - like(x, 2 * detail::kEighthLow<V>)));
    const V from_whole =
        like(x, 4 * detail::kEighthHigh<V>) - (twice - like(x, 4 * detail::kEighthLow<V>));
    return select(large, select(x < V{}, from_whole, twice), from_half);
  }
}

template <class V>
KERNELOPS_INLINE V atan(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(atan(low(x)), atan(high(x)));
  } else {
    const V magnitude = abs(x);
    const V one = like(x, 1);
    const mask_t<V> swapped = magnitude > one;
    return copy_sign(
        detail::atan_of_quotient(select(swapped, one, magnitude), select(swapped, magnitude, one),
                                 swapped, mask_t<V>{}),
        x);
  }
}

// The angle of the point (x, y), with the signs of C for zeros and infinities.
template <class V>
KERNELOPS_INLINE V atan2(const V& y, const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(atan2(low(y), low(x)), atan2(high(y), high(x)));
  } else {
    constexpr bool kSingle = is_single<V>;
    const V width = abs(x), height = abs(y);
    const mask_t<V> swapped = height > width;
    V numerator = select(swapped, width, height);
    V denominator = select(swapped, height, width);
    // Infinite both, they are equal; large both, their sum would overflow; zero both, their
    // quotient is zero.
    const V one = like(x, 1);
    const V infinity = like(x, __builtin_huge_val());
    const auto infinite = (numerator == infinity) & (denominator == infinity);
    numerator = select(infinite, one, numerator);
    denominator = select(infinite, one, denominator);
    const V factor =
        select(denominator > like(x, kSingle ? 0x1p125 : 0x1p1021), like(x, 0.25), one);
    numerator = numerator * factor;
    denominator = maximum(denominator * factor, like(x, kSingle ? 0x1p-149 : 0x1p-1074));
    const mask_t<V> negative = reinterpret<mask_t<V>>(x) < mask_t<V>{};
    return copy_sign(detail::atan_of_quotient(numerator, denominator, swapped, negative), y);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_TRIGONOMETRIC_H_
