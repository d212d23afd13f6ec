// The functions of C on single numbers, for operations that users write themselves: overloads for
// float and double, which generated functions bring into their scope with KERNELOPS_SCALAR_WORDS,
// so that the functions on vectors of the same names are hidden.
#ifndef KERNELOPS_KERNELS_SCALAR_H_
#define KERNELOPS_KERNELS_SCALAR_H_

#include "vector.h"

namespace kernelops {
namespace scalar {

// clang-format off
#define KERNELOPS_SCALAR_UNARY(name)                                      \
  KERNELOPS_INLINE float name(float x) { return __builtin_##name##f(x); } \
  KERNELOPS_INLINE double name(double x) { return __builtin_##name(x); }  \
  KERNELOPS_INLINE double name(int x) { return __builtin_##name(static_cast<double>(x)); }

// The precision of both arguments together, as in C.
#define KERNELOPS_SCALAR_BINARY(name)                                                 \
  KERNELOPS_INLINE float name(float x, float y) { return __builtin_##name##f(x, y); } \
  template <class A, class B>                                                         \
  KERNELOPS_INLINE double name(A x, B y) {                                            \
    return __builtin_##name(static_cast<double>(x), static_cast<double>(y));          \
  }

#define KERNELOPS_SCALAR_UNARY_FUNCTIONS(X)                                                   \
  X(exp) X(exp2) X(expm1) X(log) X(log2) X(log10) X(log1p) X(sqrt) X(cbrt) X(sin) X(cos)      \
  X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) X(erf)    \
  X(erfc) X(tgamma) X(fabs) X(floor) X(ceil) X(round) X(trunc)
#define KERNELOPS_SCALAR_BINARY_FUNCTIONS(X) X(pow) X(atan2) X(fmod) X(fmin) X(fmax) X(hypot)

KERNELOPS_SCALAR_UNARY_FUNCTIONS(KERNELOPS_SCALAR_UNARY)
KERNELOPS_SCALAR_BINARY_FUNCTIONS(KERNELOPS_SCALAR_BINARY)

template <class T>
KERNELOPS_INLINE T abs(T x) {
  return x < 0 ? -x : x == 0 ? T{} : x;
}

#define KERNELOPS_USE_SCALAR(name) using scalar::name;
#define KERNELOPS_SCALAR_WORDS                            \
  KERNELOPS_SCALAR_UNARY_FUNCTIONS(KERNELOPS_USE_SCALAR)  \
  KERNELOPS_SCALAR_BINARY_FUNCTIONS(KERNELOPS_USE_SCALAR) \
  using scalar::abs;
// clang-format on

}  // namespace scalar
}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_SCALAR_H_
