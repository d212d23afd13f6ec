// Functions that CUDA has with the accuracy and the special cases of those of math.h, to be
// preferred: they use what the hardware has. The others are those of math.h.
#ifndef KERNELOPS_KERNELS_CUDA_FUNCTIONS_H_
#define KERNELOPS_KERNELS_CUDA_FUNCTIONS_H_

#include "cuda/instructions.h"

namespace kernelops {

#define KERNELOPS_CUDA_BINARY(name, single, full)                                    \
  KERNELOPS_INLINE Lane<float> name(const Lane<float>& x, const Lane<float>& y) {    \
    return ::single(x.value, y.value);                                               \
  }                                                                                  \
  KERNELOPS_INLINE Lane<double> name(const Lane<double>& x, const Lane<double>& y) { \
    return ::full(x.value, y.value);                                                 \
  }

KERNELOPS_CUDA_UNARY(exp, expf, exp)
KERNELOPS_CUDA_UNARY(expm1, expm1f, expm1)
KERNELOPS_CUDA_UNARY(log, logf, log)
KERNELOPS_CUDA_UNARY(log1p, log1pf, log1p)
KERNELOPS_CUDA_UNARY(cbrt, cbrtf, cbrt)
KERNELOPS_CUDA_UNARY(sin, sinf, sin)
KERNELOPS_CUDA_UNARY(cos, cosf, cos)
KERNELOPS_CUDA_UNARY(tan, tanf, tan)
KERNELOPS_CUDA_UNARY(asin, asinf, asin)
KERNELOPS_CUDA_UNARY(acos, acosf, acos)
KERNELOPS_CUDA_UNARY(atan, atanf, atan)
KERNELOPS_CUDA_UNARY(sinh, sinhf, sinh)
KERNELOPS_CUDA_UNARY(cosh, coshf, cosh)
KERNELOPS_CUDA_UNARY(tanh, tanhf, tanh)
KERNELOPS_CUDA_UNARY(erf, erff, erf)
KERNELOPS_CUDA_UNARY(erfc, erfcf, erfc)
KERNELOPS_CUDA_BINARY(power_real, powf, pow)
KERNELOPS_CUDA_BINARY(atan2, atan2f, atan2)
KERNELOPS_CUDA_BINARY(hypot, hypotf, hypot)

// One instruction, with a relative error below 2^-22.5: what exp2 promises in float. Results below
// the smallest normal number are 0.
KERNELOPS_INLINE Lane<float> exp2(const Lane<float>& t) {
  float result;
#if defined(__CUDACC__)
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(t.value));
#else
  result = ::exp2f(t.value);
#endif
  return result;
}

KERNELOPS_INLINE Lane<float> lgamma(const Lane<float>& x) { return ::lgammaf(x.value); }

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_CUDA_FUNCTIONS_H_
