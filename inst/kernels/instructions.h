// The operations that are one instruction of the machine where it has it.
#ifndef KERNELOPS_KERNELS_INSTRUCTIONS_H_
#define KERNELOPS_KERNELS_INSTRUCTIONS_H_

#include "vector.h"

namespace kernelops {

namespace detail {

// Whether the EVEX instructions of AVX-512 work on registers of V's size.
template <class V>
constexpr bool has_avx512 =
#if defined(__AVX512F__) && defined(__AVX512VL__)
    sizeof(V) <= 64;
#elif defined(__AVX512F__)
    sizeof(V) == 64;
#else
    false;
#endif

constexpr bool kFusedProducts =
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
    true;
#else
    false;
#endif

// Emits INSTRUCTION with the suffix of V's precision. The assembler text has no side effects, so
// the compiler still moves, merges and drops it like any other operation.
#define KERNELOPS_X86(INSTRUCTION, OPERANDS, OUTPUT, ...)                 \
  do {                                                                    \
    if constexpr (is_single<V>) {                                         \
      __asm__(INSTRUCTION "ps " OPERANDS : OUTPUT(result) : __VA_ARGS__); \
    } else {                                                              \
      __asm__(INSTRUCTION "pd " OPERANDS : OUTPUT(result) : __VA_ARGS__); \
    }                                                                     \
  } while (false)

#if defined(__AVX512F__)

// significand * 2^exponent with one rounding; exponent is a whole number or an infinity, and
// NaN * 2^-inf = 0, NaN * 2^inf = inf.
template <class V>
KERNELOPS_INLINE V scale_avx512(const V& significand, const V& exponent) {
  V result;
  KERNELOPS_X86("vscalef", "%2, %1, %0", "=v", "v"(significand), "v"(exponent));
  return result;
}

// The fraction of t below its multiple of 2^-bits, from 0 to 2^-bits; 0 for infinities.
template <int bits, class V>
KERNELOPS_INLINE V fraction_avx512(const V& t) {
  V result;
  if constexpr (is_single<V>) {
    __asm__("vreduceps %2, %1, %0" : "=v"(result) : "v"(t), "i"(bits * 16 + 9));
  } else {
    __asm__("vreducepd %2, %1, %0" : "=v"(result) : "v"(t), "i"(bits * 16 + 9));
  }
  return result;
}

// The entry of a table of two registers at the lowest bits of floor(t * entries), which adding
// `magic` rounding down leaves in the lowest bits of the sum.
template <class V>
KERNELOPS_INLINE V table_avx512(const V& t, const V& magic, const V& lower, const V& upper) {
  V result;
  if constexpr (is_single<V>) {
    __asm__("vaddps %{rd-sae%}, %2, %1, %0\n\tvpermi2ps %4, %3, %0"
            : "=&v"(result)
            : "v"(t), "v"(magic), "v"(lower), "v"(upper));
  } else {
    __asm__("vaddpd %{rd-sae%}, %2, %1, %0\n\tvpermi2pd %4, %3, %0"
            : "=&v"(result)
            : "v"(t), "v"(magic), "v"(lower), "v"(upper));
  }
  return result;
}

// |x| < 2 ? a * x + b : b, with b also where x is NaN.
template <class V>
KERNELOPS_INLINE V fused_where_small_avx512(const V& a, const V& x, const V& b) {
  // The one bit of 2 is that of all exponents from 2 on.
  const V two = like(x, 2);
  V result = b;
  unsigned short small;
  if constexpr (is_single<V>) {
    __asm__("vptestnmd %4, %3, %1\n\tvfmadd231ps %3, %2, %0 %{%1%}"
            : "+v"(result), "=&Yk"(small)
            : "v"(a), "v"(x), "v"(two));
  } else {
    __asm__("vptestnmq %4, %3, %1\n\tvfmadd231pd %3, %2, %0 %{%1%}"
            : "+v"(result), "=&Yk"(small)
            : "v"(a), "v"(x), "v"(two));
  }
  return result;
}

// The significand of x in [3/4, 3/2), of any x that is neither zero nor infinite nor NaN.
template <class V>
KERNELOPS_INLINE V significand_avx512(const V& x) {
  V result;
  KERNELOPS_X86("vgetmant", "$3, %1, %0", "=v", "v"(x));
  return result;
}

template <class V>
KERNELOPS_INLINE V exponent_avx512(const V& x) {
  V result;
  KERNELOPS_X86("vgetexp", "%1, %0", "=v", "v"(x));
  return result;
}

// Replaces result where x is special: four bits of the table per class of x, from the lowest
// quiet NaN, signalling NaN, 0, 1, -inf, inf, negative, positive, say by what
// (0: keep, 2: the NaN of x, 3: NaN, 4: -inf, 5: inf, 8: 0).
template <class V>
KERNELOPS_INLINE V fix_avx512(const V& regular, const V& x, unsigned table) {
  V result = regular;
  const bits_t<V> tables = table - bits_t<V>{};
  KERNELOPS_X86("vfixupimm", "$0, %2, %1, %0", "+v", "v"(x), "v"(tables));
  return result;
}

// 1 / sqrt(x) with a relative error of 2^-14.
template <class V>
KERNELOPS_INLINE V rsqrt_guess_avx512(const V& x) {
  V result;
  KERNELOPS_X86("vrsqrt14", "%1, %0", "=v", "v"(x));
  return result;
}

// 1 / x with a relative error of 2^-14.
template <class V>
KERNELOPS_INLINE V inverse_guess_avx512(const V& x) {
  V result;
  KERNELOPS_X86("vrcp14", "%1, %0", "=v", "v"(x));
  return result;
}

#else  // Named below, never used.

template <class V>
V scale_avx512(const V& significand, const V& exponent);
template <int bits, class V>
V fraction_avx512(const V& t);
template <class V>
V table_avx512(const V& t, const V& magic, const V& lower, const V& upper);
template <class V>
V fused_where_small_avx512(const V& a, const V& x, const V& b);
template <class V>
V significand_avx512(const V& x);
template <class V>
V exponent_avx512(const V& x);
template <class V>
V fix_avx512(const V& regular, const V& x, unsigned table);
template <class V>
V rsqrt_guess_avx512(const V& x);
template <class V>
V inverse_guess_avx512(const V& x);

#endif

}  // namespace detail

template <class V>
KERNELOPS_INLINE V abs(const V& x) {
  return reinterpret<V>(reinterpret<bits_t<V>>(x) & ~reinterpret<bits_t<V>>(like(x, -0.0)));
}

// The sign bit of x alone.
template <class V>
KERNELOPS_INLINE bits_t<V> sign_bit(const V& x) {
  return reinterpret<bits_t<V>>(x) & reinterpret<bits_t<V>>(like(x, -0.0));
}

// magnitude, which has no sign, with the sign of x.
template <class V>
KERNELOPS_INLINE V copy_sign(const V& magnitude, const V& x) {
  return reinterpret<V>(reinterpret<bits_t<V>>(magnitude) | sign_bit(x));
}

// y < x ? y : x. GCC recognises the one instruction for this in some contexts only.
template <class V>
KERNELOPS_INLINE V minimum(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(minimum(low(x), low(y)), minimum(high(x), high(y)));
  } else {
#if defined(__AVX__)
    V result;
    KERNELOPS_X86("vmin", "%1, %2, %0", "=v", "v"(x), "v"(y));
    return result;
#elif defined(__SSE2__)
    V result = y;
    KERNELOPS_X86("min", "%1, %0", "+x", "x"(x));
    return result;
#else
    return select(y < x, y, x);
#endif
  }
}

// y > x ? y : x.
template <class V>
KERNELOPS_INLINE V maximum(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(maximum(low(x), low(y)), maximum(high(x), high(y)));
  } else {
#if defined(__AVX__)
    V result;
    KERNELOPS_X86("vmax", "%1, %2, %0", "=v", "v"(x), "v"(y));
    return result;
#elif defined(__SSE2__)
    V result = y;
    KERNELOPS_X86("max", "%1, %0", "+x", "x"(x));
    return result;
#else
    return select(y > x, y, x);
#endif
  }
}

namespace detail {

template <class V>
KERNELOPS_INLINE V sqrt_instruction(const V& x) {
  V result;
#if defined(__AVX__)
  KERNELOPS_X86("vsqrt", "%1, %0", "=v", "v"(x));
#elif defined(__SSE2__)
  KERNELOPS_X86("sqrt", "%1, %0", "=x", "x"(x));
#elif defined(__aarch64__)
  if constexpr (is_single<V>) {
    __asm__("fsqrt %0.4s, %1.4s" : "=w"(result) : "w"(x));
  } else {
    __asm__("fsqrt %0.2d, %1.2d" : "=w"(result) : "w"(x));
  }
#else
  for (int k = 0; k < lanes<V>; ++k) {
    result[k] = is_single<V> ? __builtin_sqrtf(x[k]) : __builtin_sqrt(x[k]);
  }
#endif
  return result;
}

#if defined(__SSE4_1__)
// Rounds to whole numbers: down (mode 9), up (10) or towards zero (11), without exceptions.
template <int mode, class V>
KERNELOPS_INLINE V whole(const V& x) {
  V result;
  if constexpr (has_avx512<V>) {
    KERNELOPS_X86("vrndscale", "%2, %1, %0", "=v", "v"(x), "i"(mode));
  } else {
#if defined(__AVX__)
    KERNELOPS_X86("vround", "%2, %1, %0", "=x", "x"(x), "i"(mode));
#else
    KERNELOPS_X86("round", "%2, %1, %0", "=x", "x"(x), "i"(mode));
#endif
  }
  return result;
}
#endif

}  // namespace detail

template <class V>
KERNELOPS_INLINE V floor(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(floor(low(x)), floor(high(x)));
  } else {
#if defined(__SSE4_1__)
    return detail::whole<9>(x);
#else
    // Adding and subtracting 2^(mantissa bits) rounds to a whole number.
    const V magnitude = abs(x);
    const V limit = like(x, is_single<V> ? 0x1p23 : 0x1p52);
    const V signed_whole = copy_sign((magnitude + limit) - limit, x);
    const V result = select(signed_whole > x, signed_whole - like(x, 1), signed_whole);
    return select(magnitude < limit, result, x);
#endif
  }
}

template <class V>
KERNELOPS_INLINE V ceil(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(ceil(low(x)), ceil(high(x)));
  } else {
#if defined(__SSE4_1__)
    return detail::whole<10>(x);
#else
    return -floor(-x);
#endif
  }
}

template <class V>
KERNELOPS_INLINE V trunc(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(trunc(low(x)), trunc(high(x)));
  } else {
#if defined(__SSE4_1__)
    return detail::whole<11>(x);
#else
    return copy_sign(floor(abs(x)), x);
#endif
  }
}

namespace detail {

// A number as the sum of two: high is the nearest to it, low what is missing.
template <class V>
struct Pair {
  V high, low;
};

// x with the lower half of its mantissa cleared.
template <class V>
KERNELOPS_INLINE V upper_half(const V& x) {
  constexpr int kCleared = is_single<V> ? 12 : 27;
  return reinterpret<V>((reinterpret<bits_t<V>>(x) >> kCleared) << kCleared);
}

// x * y exactly, barring overflow and underflow. With FMA as one instruction that the compiler can
// not fold to zero; without, Dekker's product of halves.
template <class V>
KERNELOPS_INLINE Pair<V> exact_product(const V& x, const V& y) {
  const V product = x * y;
#if defined(__FMA__) || defined(__AVX512F__)
  V result = product;
  KERNELOPS_X86("vfmsub231", "%2, %1, %0", "+v", "v"(x), "v"(y));
  return {product, result};
#else
  const V x_high = upper_half(x), x_low = x - x_high;
  const V y_high = upper_half(y), y_low = y - y_high;
  return {product, ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low};
#endif
}

// x * y + z without the rounding of x * y.
template <class V>
KERNELOPS_INLINE V fused(const V& x, const V& y, const V& z) {
#if defined(__FMA__) || defined(__AVX512F__)
  V result = z;
  KERNELOPS_X86("vfmadd231", "%2, %1, %0", "+v", "v"(x), "v"(y));
  return result;
#else
  const Pair<V> product = exact_product(x, y);
  return (z + product.high) + product.low;
#endif
}

// x + y exactly, where |x| >= |y| or x is zero.
template <class V>
KERNELOPS_INLINE Pair<V> exact_sum(const V& x, const V& y) {
  const V sum = x + y;
  return {sum, y - (sum - x)};
}

// 2^k for whole k of which the result is a normal number.
template <class V>
KERNELOPS_INLINE V power_of_two(const V& k) {
  constexpr bool kSingle = is_single<V>;
  // Leaves the biased exponent in the lowest bits.
  const V shifted = k + like(k, kSingle ? 0x1.8p23 + 127 : 0x1.8p52 + 1023);
  return reinterpret<V>(reinterpret<bits_t<V>>(shifted) << (kSingle ? 23 : 52));
}

}  // namespace detail

#undef KERNELOPS_X86

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_INSTRUCTIONS_H_
