// Mathematics on whole vectors of float or double. Vectors of any size work; those wider than the
// target's registers are cut first, since compilers lower their comparisons lane by lane.
// Nothing here needs tables in memory or fast-math, and only polygamma, the Bessel functions and
// the sine, cosine and tangent of huge numbers need libm; every function handles infinities, NaN
// and denormals. Largest errors are measured by benchmarks/cpu/math_accuracy.cc.
#ifndef KERNELOPS_KERNELS_MATH_H_
#define KERNELOPS_KERNELS_MATH_H_

#include "bessel.h"
#include "elementary.h"
#include "exponential.h"
#include "gamma.h"
#include "hyperbolic.h"
#include "instructions.h"
#include "power.h"
#include "roots.h"
#include "special.h"
#include "trigonometric.h"
#include "vector.h"

namespace kernelops {

template <class V>
KERNELOPS_INLINE V square(const V& x) {
  return x * x;
}

// -1, 0 or 1; 0 for NaN.
template <class V>
KERNELOPS_INLINE V sign(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(sign(low(x)), sign(high(x)));
  } else {
    return select(x > V{}, like(x, 1), select(x < V{}, like(x, -1), V{}));
  }
}

// 0 where x < 0, otherwise 1.
template <class V>
KERNELOPS_INLINE V step(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(step(low(x)), step(high(x)));
  } else {
    return select(x < V{}, V{}, like(x, 1));
  }
}

// x^n by squaring; x^-n = 1 / x^n. A constant n leaves only the multiplications.
template <class V>
KERNELOPS_INLINE V power(const V& x, long n) {
  V base = x;
  unsigned long remaining = n < 0 ? 0ul - static_cast<unsigned long>(n) : n;
  V result = like(x, 1);
  KERNELOPS_UNROLL(64)
  while (remaining != 0) {
    if (remaining & 1) result = result * base;
    remaining >>= 1;
    if (remaining != 0) base = base * base;
  }
  return n < 0 ? inverse(result) : result;
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_MATH_H_
