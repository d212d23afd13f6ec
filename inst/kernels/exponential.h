// exp and log, within one unit in the last place; exp2, which trades some of that for speed.
#ifndef KERNELOPS_KERNELS_EXPONENTIAL_H_
#define KERNELOPS_KERNELS_EXPONENTIAL_H_

#include "instructions.h"

namespace kernelops {

namespace detail {

// c0 + c1 x + c2 x^2 + ...
template <class V>
KERNELOPS_INLINE V polynomial(const V& x, double constant) {
  return like(x, constant);
}
template <class V, class... Rest>
KERNELOPS_INLINE V polynomial(const V& x, double constant, Rest... rest) {
  return polynomial(x, rest...) * x + like(x, constant);
}

// The terms with even powers, as a polynomial of z = x^2, and those with odd ones divided by x.
template <class V>
KERNELOPS_INLINE V even_terms(const V& z, double constant, double) {
  return like(z, constant);
}
template <class V>
KERNELOPS_INLINE V even_terms(const V& z, double constant) {
  return like(z, constant);
}
template <class V, class... Rest>
KERNELOPS_INLINE V even_terms(const V& z, double even, double, Rest... rest) {
  return even_terms(z, rest...) * z + like(z, even);
}
template <class V>
KERNELOPS_INLINE V odd_terms(const V& z, double, double odd, double) {
  return like(z, odd);
}
template <class V>
KERNELOPS_INLINE V odd_terms(const V& z, double, double odd) {
  return like(z, odd);
}
template <class V, class... Rest>
KERNELOPS_INLINE V odd_terms(const V& z, double, double odd, Rest... rest) {
  return odd_terms(z, rest...) * z + like(z, odd);
}

// polynomial() in half the time where nothing else waits to be computed, for one product more.
template <class V, class... Constants>
KERNELOPS_INLINE V split_polynomial(const V& x, Constants... constants) {
  const V z = x * x;
  return odd_terms(z, constants...) * x + even_terms(z, constants...);
}

// 1 / x within a few units in the last place, for x neither huge nor tiny.
template <class V>
KERNELOPS_INLINE V approximate_inverse(const V& x) {
  const V one = like(x, 1);
  if constexpr (has_avx512<V>) {
    // Newton's steps double the correct bits, 14 at first.
    V y = inverse_guess_avx512(x);
    if constexpr (!is_single<V>) y = y + y * (one - x * y);
    return y + y * (one - x * y);
  } else {
    return one / x;
  }
}

// x / y, rounded once or almost so.
template <class V>
KERNELOPS_INLINE V quotient(const Pair<V>& x, const Pair<V>& y) {
  const V inverted = approximate_inverse(y.high);
  const V guess = x.high * inverted;
  const V remainder = fused(-guess, y.high, x.high) + (x.low - guess * y.low);
  return guess + remainder * inverted;
}

// x * 2^k for any k that fits an exponent. The lowest bits of shifted hold k and twice the bias.
template <class V>
KERNELOPS_INLINE V scale(const V& x, const V& k, const V& shifted) {
  if constexpr (has_avx512<V>) {
    return scale_avx512(x, k);
  } else {
    // Two factors, since 2^k alone may be out of range where the result is not.
    constexpr int kMantissaBits = is_single<V> ? 23 : 52;
    const bits_t<V> exponent = reinterpret<bits_t<V>>(shifted);
    const bits_t<V> half = exponent >> 1;
    return x * reinterpret<V>(half << kMantissaBits) *
           reinterpret<V>((exponent - half) << kMantissaBits);
  }
}

// 2^f, |f| <= 1/2. Least relative squares at Chebyshev nodes (2^-28.9), and a Remez exchange
// (2^-58).
template <class V>
KERNELOPS_INLINE V exp2_fraction(const V& f) {
  if constexpr (is_single<V>) {
    return polynomial(f, 1.0000000005920209, 0.69314720560051191, 0.24022646608713963,
                      0.05550328997517278, 0.0096185195343443976, 0.0013399860363275725,
                      0.00015337576835671904);
  } else {
    return polynomial(f, 1, 0.69314718055994529, 0.24022650695910155, 0.055504108664819925,
                      0.0096181291075883475, 0.0013333558146788774, 0.0001540353046249882,
                      1.525273349109609e-05, 1.3215433097307574e-06, 1.0178197558846429e-07,
                      7.0741043418275163e-09, 4.4353523518648836e-10);
  }
}

// 2^exponent * significand, which is in [3/4, 3/2).
template <class V>
struct Binary {
  V exponent, significand;
};

// The parts of a positive number; something finite for zero, infinity and NaN without AVX-512.
template <class V>
KERNELOPS_INLINE Binary<V> binary(const V& x) {
  if constexpr (has_avx512<V>) {
    const V significand = significand_avx512(x);
    return {exponent_avx512(x) - exponent_avx512(significand), significand};
  } else {
    constexpr bool kSingle = is_single<V>;
    constexpr int kMantissaBits = kSingle ? 23 : 52;
    constexpr double kImplicitBit = kSingle ? 0x1p23 : 0x1p52;
    constexpr double kBias = kSingle ? 127 : 1023;
    const auto denormal = x < like(x, kSingle ? 0x1p-126 : 0x1p-1022);
    const bits_t<V> bits = reinterpret<bits_t<V>>(select(denormal, x * like(x, kImplicitBit), x));
    const bits_t<V> one = reinterpret<bits_t<V>>(like(x, 1));
    const bits_t<V> exponent =
        (bits - reinterpret<bits_t<V>>(like(x, 0.75)) + one) >> kMantissaBits;
    // Or-ed into the mantissa of 2^(mantissa bits), a small integer is converted.
    const V converted = reinterpret<V>(exponent | reinterpret<bits_t<V>>(like(x, kImplicitBit)));
    return {converted - select(denormal, like(x, kImplicitBit + kBias + kMantissaBits),
                               like(x, kImplicitBit + kBias)),
            reinterpret<V>(bits - (exponent << kMantissaBits) + one)};
  }
}

// k log(2) + log(1 + f), -1/4 <= f <= 1/2.
template <class V>
KERNELOPS_INLINE V log_of_parts(const V& k, const V& f) {
  constexpr bool kSingle = is_single<V>;
  const V k_log2 = k * like(f, kSingle ? 0x1.62e4p-1 : 0x1.62e42fefa4p-1);
  const V k_log2_low = k * like(f, kSingle ? 0x1.7f7d1cf8p-20 : -0x1.8432a1b0e2634p-43);
  const V head = k_log2 + f;
  const V tail = f - (head - k_log2);
  const V half_square = like(f, 0.5) * f * f;
  // Remez exchange on the relative error of the whole, in 60 digits.
  V correction;
  if constexpr (kSingle) {  // f - f^2/2 + f^3 P(f): 2^-30.0
    const V p =
        polynomial(f, 0x1.55555ap-2, -0x1.00006ep-2, 0x1.999788p-3, -0x1.5519b8p-3, 0x1.24609ap-3,
                   -0x1.04aa34p-3, 0x1.df426ap-4, -0x1.756674p-4, 0x1.349e3ap-5);
    correction = (f * f) * f * p - half_square;
  } else {  // s = f / (2 + f), 2 s + s^3 P(s^2): 2^-62.7
    const V s = f / (f + like(f, 2));
    const V z = s * s;
    const V p = polynomial(z, 0x1.555555555554fp-1, 0x1.999999999c0f7p-2, 0x1.24924921ec0dap-2,
                           0x1.c71c7488d8e6bp-3, 0x1.745c4c7ae6b94p-3, 0x1.3b358baf0d321p-3,
                           0x1.0dcf13b22412fp-3, 0x1.1b69ecd091bd9p-3);
    correction = s * (half_square + z * p) - half_square;
  }
  return head + (tail + (correction + k_log2_low));
}

// The logarithm of x, which is regular where that is neither zero, negative, infinite nor NaN.
template <class V>
KERNELOPS_INLINE V log_with_special_cases(const V& regular, const V& x) {
  if constexpr (has_avx512<V>) {
    return fix_avx512(regular, x, 0x03530422);
  } else {
    const V infinity = like(x, __builtin_huge_val());
    const V finite = select(x == infinity, infinity, regular);
    const V positive = select(x == V{}, -infinity, finite);
    return select(x >= V{}, positive, like(x, __builtin_nan("")));
  }
}

}  // namespace detail

// e^x = 2^k e^r with |r| <= log(2) / 2.
template <class V>
KERNELOPS_INLINE V exp(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(exp(low(x)), exp(high(x)));
  } else {
    constexpr bool kSingle = is_single<V>;
    constexpr bool kScale = detail::has_avx512<V>;
    V bounded = x;
    if constexpr (!kScale) {
      // Beyond these bounds the result is 0 or infinite.
      bounded = maximum(x, like(x, kSingle ? -105 : -747));
      bounded = minimum(bounded, like(x, kSingle ? 89 : 710));
    }
    // Adding shift leaves k, plus twice the exponent bias, in the lowest bits of shifted.
    const V shift = like(x, kSingle ? 0x1.8p23 + 2 * 127 : 0x1.8p52 + 2 * 1023);
    const V shifted = bounded * like(x, 0x1.71547652b82fep+0) + shift;
    const V k = shifted - shift;
    // log(2) in two parts; k times the first is exact.
    V r = bounded - k * like(x, kSingle ? 0x1.62e4p-1 : 0x1.62e42fefa4p-1);
    r = r - k * like(x, kSingle ? 0x1.7f7d1cf8p-20 : -0x1.8432a1b0e2634p-43);
    // Remez exchange on the relative error of 1 + r + r^2 q(r), |r| < 0.3467, in 60 digits.
    V q;
    if constexpr (kSingle) {  // 2^-28.3
      q = detail::polynomial(r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558f2p-5, 0x1.1239f2p-7,
                             0x1.6a241ap-10);
    } else {  // 2^-57.9
      q = detail::polynomial(r, 0x1.000000000000ap-1, 0x1.55555555554fap-3, 0x1.555555555086dp-5,
                             0x1.1111111127c31p-7, 0x1.6c16c1842db6ep-10, 0x1.a01a012a44ecbp-13,
                             0x1.a0199a01e963fp-16, 0x1.71df256c06e0ap-19, 0x1.28ad7cfa0f2c7p-22,
                             0x1.ad7f605207511p-26);
    }
    const V one = like(x, 1);
    if constexpr (kScale) {
      // Where x is too large for r to mean anything, k alone decides.
      return detail::scale_avx512(detail::fused_where_small_avx512(q * r + one, r, one), k);
    } else {
      // The first form has an operation less, but needs the single rounding of a fused product.
      const V result = detail::kFusedProducts ? (q * r + one) * r + one : q * (r * r) + r + one;
      return detail::scale(result, k, shifted);
    }
  }
}

namespace detail {

// The parts of b 2^t on whole registers of AVX-512: b 2^t = (b 2^(k / entries) 2^floor(t)) 2^f. Two
// registers hold the powers for all k, multiplied by b, which costs nothing where b is the same for
// several t, and a short polynomial does the rest. The product of the parts is left to the caller's
// expression, where an addition may take it in. Factors whose products overflow or vanish before
// the result would do so are no loss: 0 * 2^1000 is 0.
template <class V>
KERNELOPS_INLINE V exp2_times_avx512(const V& t, const V& b) {
  constexpr bool kSingle = is_single<V>;
  V lower, upper, q, f;
  if constexpr (kSingle) {
    lower =
        V{0x1.000000p+0, 0x1.059b0ep+0, 0x1.0b5586p+0, 0x1.11301ep+0, 0x1.172b84p+0, 0x1.1d4874p+0,
          0x1.2387a6p+0, 0x1.29e9e0p+0, 0x1.306fe0p+0, 0x1.371a74p+0, 0x1.3dea64p+0, 0x1.44e086p+0,
          0x1.4bfdaep+0, 0x1.5342b6p+0, 0x1.5ab07ep+0, 0x1.6247ecp+0};
    upper =
        V{0x1.6a09e6p+0, 0x1.71f75ep+0, 0x1.7a1148p+0, 0x1.82589ap+0, 0x1.8ace54p+0, 0x1.93737cp+0,
          0x1.9c4918p+0, 0x1.a5503cp+0, 0x1.ae89fap+0, 0x1.b7f770p+0, 0x1.c199bep+0, 0x1.cb720ep+0,
          0x1.d5818ep+0, 0x1.dfc974p+0, 0x1.ea4afap+0, 0x1.f50766p+0};
    // Remez exchange on the relative error of 1 + f q, 0 <= f < 1/32: 2^-23.9.
    f = fraction_avx512<5>(t);
    q = polynomial(f, 0.6931236539816306, 0.24265568734914852);
  } else {
    lower =
        V{0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
          0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0};
    upper =
        V{0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
          0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
    // The same, 0 <= f < 1/16: 2^-57.
    f = fraction_avx512<4>(t);
    q = polynomial(f, 0.69314718055993441, 0.24022650696190864, 0.055504108394622706,
                   0.0096181414762567998, 0.0013330655280692448, 0.00015740594022796908);
  }
  // Whole multiples of 1/32 or 1/16 are what these numbers have in their lowest bits.
  const V magic = like(t, kSingle ? 0x1.8p18 : 0x1.8p48);
  // Of a NaN, powers that are infinite or 0 leave nothing.
  const V one_unless_nan = fix_avx512(like(t, 1), b, 0x00000022);
  return (q * f + one_unless_nan) * scale_avx512(table_avx512(t, magic, lower * b, upper * b), t);
}

}  // namespace detail

// 2^t. For the argument c u of exp with a constant or once computed c this takes half the time of
// exp(c u), because log2(e) goes into c. The rounding of c u weighs more than the error here, which
// is below 3 units in the last place in float and 2 in double with AVX-512, and below 1.3
// elsewhere.
template <class V>
KERNELOPS_INLINE V exp2(const V& t) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(exp2(low(t)), exp2(high(t)));
  } else {
    constexpr bool kSingle = is_single<V>;
    if constexpr (detail::has_avx512<V> && sizeof(V) == 64) {
      return detail::exp2_times_avx512(t, like(t, 1));
    } else {
      const V bounded =
          minimum(maximum(t, like(t, kSingle ? -152 : -1078)), like(t, kSingle ? 129 : 1025));
      // As in exp: the lowest bits of shifted hold the nearest whole number and twice the bias.
      const V shift = like(t, kSingle ? 0x1.8p23 + 2 * 127 : 0x1.8p52 + 2 * 1023);
      const V shifted = bounded + shift;
      const V f = bounded - (shifted - shift);
      return detail::scale(detail::exp2_fraction(f), shifted - shift, shifted);
    }
  }
}

// b 2^t, for b that is the same in many calls: below 3.5 units in the last place in float and 2.5
// in double with AVX-512, below 2 elsewhere.
template <class V>
KERNELOPS_INLINE V exp2_times(const V& t, const V& b) {
  if constexpr (detail::has_avx512<V> && sizeof(V) == 64) {
    return detail::exp2_times_avx512(t, b);
  } else {
    return exp2(t) * b;
  }
}

// log(x) = k log(2) + log(1 + f) with 1 + f in [3/4, 3/2).
template <class V>
KERNELOPS_INLINE V log(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(log(low(x)), log(high(x)));
  } else {
    const detail::Binary<V> parts = detail::binary(x);
    const V result = detail::log_of_parts(parts.exponent, parts.significand - like(x, 1));
    return detail::log_with_special_cases(result, x);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_EXPONENTIAL_H_
