// Hyperbolic functions, expm1, log1p and what is made of them, accurate near zero.
#ifndef KERNELOPS_KERNELS_HYPERBOLIC_H_
#define KERNELOPS_KERNELS_HYPERBOLIC_H_

#include "exponential.h"
#include "instructions.h"

namespace kernelops {

namespace detail {

// x = k log(2) + r, sinh(r) = r + odd, cosh(r) = 1 + even, |r| <= log(2) / 2; shifted is for scale.
template <class V>
struct Hyperbola {
  V k, shifted, r, odd, even;
};

template <class V>
KERNELOPS_INLINE Hyperbola<V> hyperbola(const V& x) {
  constexpr bool kSingle = is_single<V>;
  const V shift = like(x, kSingle ? 0x1.8p23 + 2 * 127 : 0x1.8p52 + 2 * 1023);
  const V shifted = x * like(x, 0x1.71547652b82fep+0) + shift;
  const V k = shifted - shift;
  const V minus_log2_low = like(x, kSingle ? -0x1.7f7d1cf8p-20 : 0x1.8432a1b0e2634p-43);
  // As in exp, but what is lost by rounding r is kept.
  const V difference = x - k * like(x, kSingle ? 0x1.62e4p-1 : 0x1.62e42fefa4p-1);
  const V r = difference + k * minus_log2_low;
  const V missing = (difference - r) + k * minus_log2_low;
  const V z = r * r;
  // Remez exchange on the relative errors of the wholes: 2^-34.3 and 2^-33.3, 2^-60.8 and 2^-64.6.
  if constexpr (kSingle) {
    return {k, shifted, r,
            (r * z) * polynomial(z, 0x1.555556p-3, 0x1.110fbep-7, 0x1.a2e308p-13) + missing,
            z * polynomial(z, 0x1p-1, 0x1.5554e6p-5, 0x1.6d4f3cp-10)};
  } else {
    return {
        k, shifted, r,
        (r * z) * polynomial(z, 0x1.5555555555559p-3, 0x1.111111110f69dp-7, 0x1.a01a01afeed08p-13,
                             0x1.71ddf834e6e5cp-19, 0x1.af5eff09f12f8p-26) +
            missing,
        z * polynomial(z, 0x1p-1, 0x1.555555555555cp-5, 0x1.6c16c16c13f4ep-10,
                       0x1.a01a01b1771acp-16, 0x1.27e4c50c3e83cp-22, 0x1.1f953d14a987cp-29)};
  }
}

// 2^-k, or something negligible beside 1 where that is small; its square is a normal number.
template <class V>
KERNELOPS_INLINE V inverse_power_of_two(const V& k) {
  return power_of_two(maximum(-k, like(k, is_single<V> ? -60 : -500)));
}

// x + y r + rest, where |x| >= |y r| or x is 0, and rest is smaller.
template <class V>
KERNELOPS_INLINE Pair<V> careful_sum(const V& x, const V& y, const V& r, const V& rest) {
  const V sum = x + y * r;
  return exact_sum(sum, ((x - sum) + y * r) + rest);
}

}  // namespace detail

// e^x - 1 = 2^k ((1 - 2^-k) + (e^r - 1)).
template <class V>
KERNELOPS_INLINE V expm1(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(expm1(low(x)), expm1(high(x)));
  } else {
    constexpr bool kSingle = is_single<V>;
    // Beyond these bounds the result is -1 or infinite.
    const V bounded = minimum(maximum(x, like(x, -40)), like(x, kSingle ? 89 : 710));
    const detail::Hyperbola<V> e = detail::hyperbola(bounded);
    const detail::Pair<V> sum =
        detail::exact_sum(like(x, 1) - detail::inverse_power_of_two(e.k), e.r);
    const V result = sum.high + (sum.low + (e.odd + e.even));
    return copy_sign(abs(detail::scale(result, e.k, e.shifted)), x);
  }
}

// With a = 1 - 4^-k and b = 1 + 4^-k, sinh(x) = 2^(k - 1) (a cosh(r) + b sinh(r)).
template <class V>
KERNELOPS_INLINE V sinh(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sinh(low(x)), sinh(high(x)));
  } else {
    const V bounded = minimum(abs(x), like(x, is_single<V> ? 90 : 711));
    const detail::Hyperbola<V> e = detail::hyperbola(bounded);
    const V root = detail::inverse_power_of_two(e.k);
    const V a = like(x, 1) - root * root, b = like(x, 1) + root * root;
    const V result = detail::careful_sum(a, b, e.r, b * e.odd + a * e.even).high;
    return copy_sign(detail::scale(result * like(x, 0.5), e.k, e.shifted), x);
  }
}

// 2^(k - 1) (b cosh(r) + a sinh(r)).
template <class V>
KERNELOPS_INLINE V cosh(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(cosh(low(x)), cosh(high(x)));
  } else {
    const V bounded = minimum(abs(x), like(x, is_single<V> ? 90 : 711));
    const detail::Hyperbola<V> e = detail::hyperbola(bounded);
    const V root = detail::inverse_power_of_two(e.k);
    const V a = like(x, 1) - root * root;
    const detail::Pair<V> b = detail::exact_sum(like(x, 1), root * root);
    const V result = b.high + (a * e.r + (a * e.odd + (b.high * e.even + b.low)));
    return detail::scale(result * like(x, 0.5), e.k, e.shifted);
  }
}

// The quotient of the two.
template <class V>
KERNELOPS_INLINE V tanh(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(tanh(low(x)), tanh(high(x)));
  } else {
    // Beyond this the result is 1.
    const V bounded = minimum(abs(x), like(x, is_single<V> ? 10 : 22));
    const detail::Hyperbola<V> e = detail::hyperbola(bounded);
    const V root = detail::power_of_two(-e.k);
    // The last bits of a and b matter where the result is close to 1.
    const detail::Pair<V> a = detail::exact_sum(like(x, 1), -(root * root));
    const detail::Pair<V> b = detail::exact_sum(like(x, 1), root * root);
    const detail::Pair<V> numerator = detail::careful_sum(
        a.high, b.high, e.r, b.high * e.odd + (a.high * e.even + (a.low + b.low * e.r)));
    const detail::Pair<V> denominator = detail::careful_sum(
        b.high, a.high, e.r, a.high * e.odd + (b.high * e.even + (b.low + a.low * e.r)));
    return copy_sign(detail::quotient(numerator, denominator), x);
  }
}

// log(u) for u = 1 + x, to which what that rounding lost is added.
template <class V>
KERNELOPS_INLINE V log1p(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(log1p(low(x)), log1p(high(x)));
  } else {
    const V one = like(x, 1);
    const V u = one + x;
    const V x_in_u = u - one;
    const V lost = (one - (u - x_in_u)) + (x - x_in_u);
    const detail::Binary<V> parts = detail::binary(u);
    const V f = (parts.significand - one) + lost * detail::inverse_power_of_two(parts.exponent);
    const V result = detail::log_with_special_cases(detail::log_of_parts(parts.exponent, f), u);
    return reinterpret<V>(reinterpret<bits_t<V>>(result) | sign_bit(x));
  }
}

// 1 / (1 + e^-x).
template <class V>
KERNELOPS_INLINE V sigmoid(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sigmoid(low(x)), sigmoid(high(x)));
  } else {
    // 1 or e^-|x| over 1 + e^-|x|, of which e^-|x| is never rounded to one number.
    const V one = like(x, 1);
    const V bounded = maximum(-abs(x), like(x, is_single<V> ? -105 : -747));
    const detail::Hyperbola<V> e = detail::hyperbola(bounded);
    const V rest = e.odd + e.even;
    const V power = detail::power_of_two(maximum(e.k, like(x, is_single<V> ? -60 : -500)));
    const detail::Pair<V> first = detail::exact_sum(one, power);
    const detail::Pair<V> sum =
        detail::careful_sum(first.high, power, e.r, power * rest + first.low);
    const detail::Pair<V> mantissa = detail::careful_sum(one, one, e.r, rest);
    const auto negative = x < V{};
    const V result = detail::quotient<V>(
        {select(negative, mantissa.high, one), select(negative, mantissa.low, V{})}, sum);
    return select(negative, detail::scale(result, e.k, e.shifted), result);
  }
}

namespace detail {

// log(1 + e^-t) for t >= 0, NaN allowed: with u = e^-t, u + u^2 P(u) without the general logarithm.
template <class V>
KERNELOPS_INLINE V log1p_of_decay(const V& t) {
  const V u = exp(-t);
  // Interpolation at Chebyshev nodes, relative error of the whole: 2^-25.5 and 2^-56.3.
  V p;
  if constexpr (is_single<V>) {
    p = polynomial(u, -0.5, 0x1.555548p-2, -0x1.fffc0cp-3, 0x1.9959bcp-3, -0x1.533910p-3,
                   0x1.19dc3cp-3, -0x1.b956aep-4, 0x1.271c54p-4, -0x1.29827ep-5, 0x1.80374ap-7,
                   -0x1.d02b28p-10);
  } else {
    p = polynomial(u, -0.5, 0x1.5555555555539p-2, -0x1.fffffffffdc48p-3, 0x1.9999999909736p-3,
                   -0x1.55555541f9be4p-3, 0x1.2492478aafb14p-3, -0x1.ffffd26b3de15p-4,
                   0x1.c71aa3aa16f49p-4, -0x1.998c06828c139p-4, 0x1.740f1739f111bp-4,
                   -0x1.53f717a9a167dp-4, 0x1.363108bc954ffp-4, -0x1.16800aae65d08p-4,
                   0x1.dff188f2e1f26p-5, -0x1.7f5ee6f20c861p-5, 0x1.109dfa70fe733p-5,
                   -0x1.4a9fa99293e99p-6, 0x1.46a9e3a1c84f4p-7, -0x1.f2aeed7740109p-9,
                   0x1.11825c4b06ef3p-10, -0x1.7d6fb5a5e2a14p-13, 0x1.f9f2cb626decap-17);
  }
  return (u * u) * p + u;
}

}  // namespace detail

// log(1 + e^x), within two units in the last place, two and a half without fused products.
template <class V>
KERNELOPS_INLINE V softplus(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(softplus(low(x)), softplus(high(x)));
  } else {
    return maximum(x, V{}) + detail::log1p_of_decay(abs(x));
  }
}

// log(e^x + e^y).
template <class V>
KERNELOPS_INLINE V log_add_exp(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(log_add_exp(low(x), low(y)), log_add_exp(high(x), high(y)));
  } else {
    // Infinities that are equal have no difference.
    const V difference = select(x == y, V{}, abs(x - y));
    return maximum(x, y) + detail::log1p_of_decay(difference);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_HYPERBOLIC_H_
