// The error function, within 1.5 units in the last place, and its complement: in float within one,
// in double within five, four where products are fused.
#ifndef KERNELOPS_KERNELS_SPECIAL_H_
#define KERNELOPS_KERNELS_SPECIAL_H_

#include "exponential.h"

namespace kernelops {

namespace detail {

// erf(x) for |x| <= 1: x + x p(x^2). The short form is as exact as floats need it.
template <bool kShort, class V>
KERNELOPS_INLINE V erf_near(const V& x) {
  const V z = x * x;
  // Remez exchange on the relative error of the whole, in 33 digits.
  V p;
  if constexpr (kShort) {  // 2^-28.6
    p = polynomial(z, 0x1.06eba8p-3, -0x1.81273ep-2, 0x1.ce2cf8p-4, -0x1.b7f90ep-6, 0x1.5405b2p-8,
                   -0x1.a3f702p-11, 0x1.496a38p-14);
  } else {  // 2^-56.3
    p = polynomial(z, 0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b2p-4,
                   -0x1.b82ce3128499dp-6, 0x1.565bcd0db02ecp-8, -0x1.c02db3d8ed345p-11,
                   0x1.f9a321a11f35ep-14, -0x1.f4d1df3960f65p-17, 0x1.b9def19edd29bp-20,
                   -0x1.5f1d36c900285p-23, 0x1.f7a4126e35ab4p-27, -0x1.386ac17421a1ap-30,
                   0x1.0579ac585da44p-34);
  }
  return x * p + x;
}

// erfc(x) = e^(-x^2) g(t) / (s + 2 s x) for x >= 0.48, where g is smooth in t = (x - c) / (x + c)
// (Shepherd and Laframboise, 1981), and the scale s is such that g(0) is a short number.
template <bool kShort, class V>
KERNELOPS_INLINE V erfc_far(const V& x) {
  // Beyond these bounds the result is 0.
  const V y = minimum(x, like(x, kShort ? 10.5 : 28));
  const V center = like(x, kShort ? 3 : 3.5);
  const V t = (y - center) / (y + center);
  // Remez exchange on the relative error up to the bounds, in 33 digits.
  V g;
  if constexpr (kShort) {  // 2^-27.5
    g = polynomial(t, 0x1.031cp+0, -0x1.c0b88ep-4, -0x1.3abb9cp-5, 0x1.acf084p-4, -0x1.8aa27p-4,
                   0x1.c43a1p-5, -0x1.3a786ap-6, 0x1.f91876p-10, 0x1.83b6e8p-10, -0x1.bdb736p-12);
  } else {  // 2^-56.6
    g = polynomial(t, 0x1.021p+0, -0x1.d1538f1d90eb9p-4, -0x1.18a7df2d68e96p-7,
                   0x1.441bdb6c0a99ap-4, -0x1.7e814fbed2761p-4, 0x1.246a6c4493142p-4,
                   -0x1.448862b72b06fp-5, 0x1.fbd1c6eb9845fp-7, -0x1.c0480e8cd6bfdp-9,
                   -0x1.012d7852ff0ffp-12, 0x1.e0317b774a81bp-12, -0x1.9d8b2c97dfa93p-14,
                   -0x1.2333202dfcb48p-15, 0x1.4a43225fba24p-16, 0x1.faf52b8644acep-20,
                   -0x1.9f42f05bdee06p-19, -0x1.2cb7921512443p-25, 0x1.0493178e46fc5p-21,
                   -0x1.e83988349f562p-28, -0x1.3e9540042d8c3p-24, 0x1.768e8a1389434p-31,
                   0x1.12bbae11c5d05p-27);
  }
  constexpr double kScale = kShort ? 0x1.9d946ap-1 : 0x1.9f7158c352603p-1;
  g = g / (y * like(x, 2 * kScale) + like(x, kScale));
  // x^2 = rounded + rest. Clearing a bit keeps compilers from fusing the product into exp, and the
  // square of the upper half of the bits of x is exact.
  using U = bits_t<V>;
  const V rounded = reinterpret<V>(reinterpret<U>(y * y) & (~U{} << 1));
  const V upper = reinterpret<V>(reinterpret<U>(y) & (~U{} << (is_single<V> ? 12 : 27)));
  const V rest = (upper * upper - rounded) + (y - upper) * (y + upper);
  return exp(-rounded) * (g - g * rest);
}

// 1 - erf(x).
template <bool kShort, class V>
KERNELOPS_INLINE V erfc(const V& x) {
  V result = like(x, 1) - erf_near<kShort>(x);
  const V magnitude = abs(x);
  const auto far = magnitude > like(x, 0.75);
  if (any(far)) {
    const V outer = erfc_far<kShort>(magnitude);
    result = select(far, select(x < V{}, like(x, 2) - outer, outer), result);
  }
  return result;
}

// The absolute value of the first with the sign of the second.
template <class V>
KERNELOPS_INLINE V carry_sign(const V& magnitude, const V& x) {
  const bits_t<V> sign_bit = reinterpret<bits_t<V>>(like(x, -0.0));
  return reinterpret<V>(reinterpret<bits_t<V>>(abs(magnitude)) |
                        (reinterpret<bits_t<V>>(x) & sign_bit));
}

}  // namespace detail

// 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
template <class V>
KERNELOPS_INLINE V erf(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(erf(low(x)), erf(high(x)));
  } else {
    V result = detail::erf_near<is_single<V>>(x);
    const V magnitude = abs(x);
    const auto far = magnitude > like(x, 1);
    if (any(far)) {
      const V outer = like(x, 1) - detail::erfc_far<is_single<V>>(magnitude);
      result = select(far, detail::carry_sign(outer, x), result);
    }
    return result;
  }
}

// 1 - erf(x), to full relative accuracy down to the least denormal number.
template <class V>
KERNELOPS_INLINE V erfc(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(erfc(low(x)), erfc(high(x)));
  } else if constexpr (is_single<V>) {
    return in_double(x,
                     [](const auto& v) KERNELOPS_ALWAYS_INLINE { return detail::erfc<true>(v); });
  } else {
    return detail::erfc<false>(x);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_SPECIAL_H_
