// What the yardsticks need of vectors beyond simd.h. Port slots are those of README.md.

#ifndef KERNELOPS_BENCHMARKS_CPU_OPERATIONS_H_
#define KERNELOPS_BENCHMARKS_CPU_OPERATIONS_H_

#include "simd.h"

namespace yardstick {

// In the words of the compiler's vectors; AVX-512 has instructions of its own below.
template <class T>
struct PortableOperations {
  using Vector = typename Simd<T>::Vector;
  static constexpr int kWidth = Simd<T>::kWidth;
  // Whether 2^t of a large t is infinity, so that overflow can be seen afterwards.
  static constexpr bool kExponentialOverflows = false;

  static Vector Add(Vector a, Vector b) { return a + b; }
  static Vector Maximum(Vector a, Vector b) { return a > b ? a : b; }
  static Vector Minimum(Vector a, Vector b) { return a < b ? a : b; }
  static Vector Absolute(Vector a) { return a < -a ? -a : a; }
  static Vector Reciprocal(Vector a) { return Simd<T>::Broadcast(1) / a; }
  static Vector NegativeSquareRoot(Vector a) {
    T values[kWidth];
    Simd<T>::Store(values, a);
    for (T& value : values) value = -std::sqrt(value);
    return Simd<T>::Load(values);
  }
  // a minus the nearest integer.
  static Vector Fraction(Vector a) {
    const Vector magic = Simd<T>::Broadcast(sizeof(T) == 4 ? T(12582912) : T(6755399441055744));
    return a - ((a + magic) - magic);
  }
  static unsigned Below(Vector a, Vector b) {
    unsigned bits = 0;
    for (int lane = 0; lane < kWidth; ++lane) bits |= unsigned(a[lane] < b[lane]) << lane;
    return bits;
  }
  // Where a < b: `then`, otherwise `other`.
  static Vector IfBelow(Vector a, Vector b, Vector then, Vector other) {
    return a < b ? then : other;
  }
  static Vector LoadDoubles(const double* from) {
    T values[kWidth];
    for (int lane = 0; lane < kWidth; ++lane) values[lane] = static_cast<T>(from[lane]);
    return Simd<T>::Load(values);
  }
  static void StoreDoubles(double* to, Vector value) {
    T values[kWidth];
    Simd<T>::Store(values, value);
    for (int lane = 0; lane < kWidth; ++lane) to[lane] = values[lane];
  }
};

#if defined(__AVX512F__) && defined(__AVX512DQ__)

template <class T>
struct Operations;

template <>
struct Operations<float> {
  using Vector = __m512;
  static constexpr bool kExponentialOverflows = true;
  // Estimate 3 slots, a Newton step 2.
  static constexpr double kReciprocalSlots = 5;
  static constexpr double kSquareRootSlots = 8;

  static Vector Add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector Maximum(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static Vector Minimum(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector Absolute(Vector a) { return _mm512_abs_ps(a); }
  static Vector Reciprocal(Vector a) {
    const Vector guess = _mm512_rcp14_ps(a);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(a, guess, _mm512_set1_ps(1)), guess, guess);
  }
  // a y with y near 1 / sqrt(a), and one Newton step, all negated: 3 + 5 slots. vsqrtps takes 3
  // slots, but 12 cycles. The least number keeps zero from meeting infinity.
  static Vector NegativeSquareRoot(Vector a) {
    a = _mm512_max_ps(a, _mm512_set1_ps(1e-30f));
    const Vector guess = _mm512_rsqrt14_ps(a);
    const Vector root = _mm512_mul_ps(a, guess);
    const Vector half = _mm512_mul_ps(root, _mm512_set1_ps(-0.5f));
    // root + half (a y^2 - 1), half = -root / 2; the sign turns all of it.
    return _mm512_fmsub_ps(_mm512_fnmadd_ps(root, guess, _mm512_set1_ps(1)), half, root);
  }
  static Vector Fraction(Vector a) { return _mm512_reduce_ps(a, 0x08); }
  static unsigned Below(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static Vector IfBelow(Vector a, Vector b, Vector then, Vector other) {
    return _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), then);
  }
  static Vector LoadDoubles(const double* from) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_loadu_pd(from))),
                              _mm512_cvtpd_ps(_mm512_loadu_pd(from + 8)), 1);
  }
  static void StoreDoubles(double* to, Vector value) {
    _mm512_storeu_pd(to, _mm512_cvtps_pd(_mm512_castps512_ps256(value)));
    _mm512_storeu_pd(to + 8, _mm512_cvtps_pd(_mm512_extractf32x8_ps(value, 1)));
  }
};

template <>
struct Operations<double> {
  using Vector = __m512d;
  static constexpr bool kExponentialOverflows = true;
  static constexpr double kReciprocalSlots = 7;
  static constexpr double kSquareRootSlots = 10;

  static Vector Add(Vector a, Vector b) { return _mm512_add_pd(a, b); }
  static Vector Maximum(Vector a, Vector b) { return _mm512_max_pd(a, b); }
  static Vector Minimum(Vector a, Vector b) { return _mm512_min_pd(a, b); }
  static Vector Absolute(Vector a) { return _mm512_abs_pd(a); }
  static Vector Reciprocal(Vector a) {
    const Vector one = _mm512_set1_pd(1);
    Vector guess = _mm512_rcp14_pd(a);
    guess = _mm512_fmadd_pd(_mm512_fnmadd_pd(a, guess, one), guess, guess);
    return _mm512_fmadd_pd(_mm512_fnmadd_pd(a, guess, one), guess, guess);
  }
  static Vector NegativeSquareRoot(Vector a) {
    a = _mm512_max_pd(a, _mm512_set1_pd(1e-290));
    const Vector guess = _mm512_rsqrt14_pd(a);
    Vector root = _mm512_mul_pd(a, guess);
    // With error e = 1 - a y^2, 1 / sqrt(1 - e) = 1 + e/2 + 3/8 e^2 + 5/16 e^3: one step of higher
    // order instead of two Newton steps.
    const Vector error = _mm512_fnmadd_pd(root, guess, _mm512_set1_pd(1));
    Vector series = _mm512_fmadd_pd(error, _mm512_set1_pd(0.3125), _mm512_set1_pd(0.375));
    series = _mm512_fmadd_pd(series, error, _mm512_set1_pd(0.5));
    return _mm512_fnmsub_pd(_mm512_mul_pd(series, error), root, root);
  }
  static Vector Fraction(Vector a) { return _mm512_reduce_pd(a, 0x08); }
  static unsigned Below(Vector a, Vector b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static Vector IfBelow(Vector a, Vector b, Vector then, Vector other) {
    return _mm512_mask_mov_pd(other, _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), then);
  }
  static Vector LoadDoubles(const double* from) { return _mm512_loadu_pd(from); }
  static void StoreDoubles(double* to, Vector value) { _mm512_storeu_pd(to, value); }
};

#else

template <class T>
struct Operations : PortableOperations<T> {
  static constexpr double kReciprocalSlots = 0;
  static constexpr double kSquareRootSlots = 0;
};

#endif

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_OPERATIONS_H_
