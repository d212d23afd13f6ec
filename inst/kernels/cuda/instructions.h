// Takes the place of instructions.h for CUDA.
#ifndef KERNELOPS_KERNELS_INSTRUCTIONS_H_
#define KERNELOPS_KERNELS_INSTRUCTIONS_H_

#include "cuda/vector.h"

namespace kernelops {

namespace detail {

template <class V>
constexpr bool has_avx512 = false;

// The compiler fuses products and sums.
constexpr bool kFusedProducts = true;

// Named by the other headers, never used.
template <class V>
__device__ V scale_avx512(const V& significand, const V& exponent);
template <int bits, class V>
__device__ V fraction_avx512(const V& t);
template <class V>
__device__ V table_avx512(const V& t, const V& magic, const V& lower, const V& upper);
template <class V>
__device__ V fused_where_small_avx512(const V& a, const V& x, const V& b);
template <class V>
__device__ V significand_avx512(const V& x);
template <class V>
__device__ V exponent_avx512(const V& x);
template <class V>
__device__ V fix_avx512(const V& regular, const V& x, unsigned table);
template <class V>
__device__ V rsqrt_guess_avx512(const V& x);
template <class V>
__device__ V inverse_guess_avx512(const V& x);

}  // namespace detail

#define KERNELOPS_CUDA_UNARY(name, single, full)                                        \
  KERNELOPS_INLINE Lane<float> name(const Lane<float>& x) { return ::single(x.value); } \
  KERNELOPS_INLINE Lane<double> name(const Lane<double>& x) { return ::full(x.value); }

KERNELOPS_CUDA_UNARY(abs, fabsf, fabs)
KERNELOPS_CUDA_UNARY(floor, floorf, floor)
KERNELOPS_CUDA_UNARY(ceil, ceilf, ceil)
KERNELOPS_CUDA_UNARY(trunc, truncf, trunc)

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

// y < x ? y : x.
template <class V>
KERNELOPS_INLINE V minimum(const V& x, const V& y) {
  return select(y < x, y, x);
}

// y > x ? y : x.
template <class V>
KERNELOPS_INLINE V maximum(const V& x, const V& y) {
  return select(y > x, y, x);
}

namespace detail {

KERNELOPS_CUDA_UNARY(sqrt_instruction, sqrtf, sqrt)

// A number as the sum of two: high is the nearest to it, low what is missing.
template <class V>
struct Pair {
  V high, low;
};

// x * y + z without the rounding of x * y.
KERNELOPS_INLINE Lane<float> fused(const Lane<float>& x, const Lane<float>& y,
                                   const Lane<float>& z) {
  return ::fmaf(x.value, y.value, z.value);
}
KERNELOPS_INLINE Lane<double> fused(const Lane<double>& x, const Lane<double>& y,
                                    const Lane<double>& z) {
  return ::fma(x.value, y.value, z.value);
}

// x * y exactly, barring overflow and underflow.
template <class V>
KERNELOPS_INLINE Pair<V> exact_product(const V& x, const V& y) {
  const V product = x * y;
  return {product, fused(x, y, -product)};
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

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_INSTRUCTIONS_H_
