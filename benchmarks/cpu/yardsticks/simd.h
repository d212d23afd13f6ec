// Vectors of one width per instruction set, and the exponential of each, for the yardsticks.
//
// Every Simd<T> has: Vector, kWidth, a few operations, and an exponential in base two,
// Exponential::Accumulate, which adds b 2^t to sums for t <= 0, several vectors at a time and
// instruction by instruction: the scheduler of a core holds about 100 waiting instructions, less
// than the chain of one vector after another would need to keep two ports busy. The polynomial of
// 2^f is multiplied by b once per column, while packing, because the coefficients then come from
// memory operands and the multiplication by b costs nothing per pair. What an instruction set
// counts per vector of pairs is stated next to it: the limit printed by the benchmark comes from
// these numbers.

#ifndef KERNELOPS_BENCHMARKS_CPU_SIMD_H_
#define KERNELOPS_BENCHMARKS_CPU_SIMD_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace yardstick {

// Minimax polynomials of 2^f, lowest degree first; the relative error is given for each.
constexpr double kDegree2[] = {  // f in [0, 1/32], 6.5e-08; one is exact, as float32 would round it
    1.0, 0.6931236539816306, 0.24265568734914852};
constexpr double kDegree3[] = {  // f in [-1/16, 1/16], 1.8e-8
    0.99999998166760118, 0.69314720855211975, 0.24026407296311594, 0.055498895388555236};
constexpr double kDegree5[] = {  // f in [-1/2, 1/2], 7.5e-8
    1.0000000716457143,  0.69314696709554913,   0.24022119755112492,
    0.05550713226404249, 0.0096755403991503307, 0.0013276487050971838};
constexpr double kDegree6[] = {  // f in [0, 1/16], 6.9e-18
    1.0,
    0.69314718055993441,
    0.24022650696190864,
    0.055504108394622706,
    0.0096181414762567998,
    0.0013330655280692448,
    0.00015740594022796908};
constexpr double kDegree11[] = {  // f in [-1/2, 1/2], 3.1e-18
    1.0,
    0.69314718055994529,
    0.24022650695910155,
    0.055504108664819925,
    0.0096181291075883475,
    0.0013333558146788774,
    0.0001540353046249882,
    1.525273349109609e-05,
    1.3215433097307574e-06,
    1.0178197558846429e-07,
    7.0741043418275163e-09,
    4.4353523518648836e-10};

// Horner's rule over coefficients that were already multiplied by b, in place, for several vectors.
template <class Simd, int kRows>
inline void EvaluatePolynomials(const typename Simd::Vector* coefficients,
                                typename Simd::Vector* f) {
  constexpr int kLast = Simd::kCoefficients - 1;
  typename Simd::Vector value[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    value[r] = Simd::MultiplyAdd(coefficients[kLast], f[r], coefficients[kLast - 1]);
  }
#pragma GCC unroll 16
  for (int k = kLast - 2; k >= 0; --k) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      value[r] = Simd::MultiplyAdd(value[r], f[r], coefficients[k]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) f[r] = value[r];
}

template <class T>
struct Simd;

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#define YARDSTICK_INSTRUCTION_SET "AVX-512"

// 2^t = 2^(k/32) 2^floor(t) 2^f with k/32 the upper bits of t's fraction, f < 1/32 the rest:
// vreduceps gives f, adding a large number rounded down leaves k in the low bits, vpermi2ps looks
// 2^(k/32) up in two registers, and vscalefps multiplies by 2^floor(t). vscalefps flushes every
// very negative t to zero, hence no clamp.
template <>
struct Simd<float> {
  using Vector = __m512;
  static constexpr int kWidth = 16;
  static constexpr int kCoefficients = 3;
  static constexpr const double* kPolynomial = kDegree2;
  static constexpr double kExponentialInstructions = 7;

  static Vector Zero() { return _mm512_setzero_ps(); }
  static Vector Broadcast(float value) { return _mm512_set1_ps(value); }
  static Vector Load(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(float* to, Vector value) { _mm512_storeu_ps(to, value); }
  static Vector Subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector NegativeMultiplyAdd(Vector a, Vector b, Vector c) {
    return _mm512_fnmadd_ps(a, b, c);
  }
  static Vector NegativeMultiplySubtract(Vector a, Vector b, Vector c) {
    return _mm512_fnmsub_ps(a, b, c);
  }

  struct Exponential {
    Vector low, high, magic;
    Exponential() {
      float table[32];
      for (int k = 0; k < 32; ++k) table[k] = static_cast<float>(std::exp2(k / 32.0));
      low = Load(table);
      high = Load(table + 16);
      magic = Broadcast(1.5f * 262144.0f);
    }
    template <int kRows>
    void Accumulate(const Vector* t, const Vector* coefficients, Vector* sums) const {
      Vector f[kRows], power[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        power[r] = _mm512_add_round_ps(t[r], magic, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        power[r] = _mm512_permutex2var_ps(low, _mm512_castps_si512(power[r]), high);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) power[r] = _mm512_scalef_ps(power[r], t[r]);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) f[r] = _mm512_reduce_ps(t[r], 0x59);
      EvaluatePolynomials<Simd, kRows>(coefficients, f);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] = MultiplyAdd(f[r], power[r], sums[r]);
    }
  };
};

// As above with 16 powers 2^(k/16) and a degree of 6.
template <>
struct Simd<double> {
  using Vector = __m512d;
  static constexpr int kWidth = 8;
  static constexpr int kCoefficients = 7;
  static constexpr const double* kPolynomial = kDegree6;
  static constexpr double kExponentialInstructions = 11;

  static Vector Zero() { return _mm512_setzero_pd(); }
  static Vector Broadcast(double value) { return _mm512_set1_pd(value); }
  static Vector Load(const double* from) { return _mm512_loadu_pd(from); }
  static void Store(double* to, Vector value) { _mm512_storeu_pd(to, value); }
  static Vector Subtract(Vector a, Vector b) { return _mm512_sub_pd(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm512_mul_pd(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_pd(a, b, c); }
  static Vector NegativeMultiplyAdd(Vector a, Vector b, Vector c) {
    return _mm512_fnmadd_pd(a, b, c);
  }
  static Vector NegativeMultiplySubtract(Vector a, Vector b, Vector c) {
    return _mm512_fnmsub_pd(a, b, c);
  }

  struct Exponential {
    Vector low, high, magic;
    Exponential() {
      double table[16];
      for (int k = 0; k < 16; ++k) table[k] = std::exp2(k / 16.0);
      low = Load(table);
      high = Load(table + 8);
      magic = Broadcast(1.5 * 281474976710656.0);
    }
    template <int kRows>
    void Accumulate(const Vector* t, const Vector* coefficients, Vector* sums) const {
      Vector f[kRows], power[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        power[r] = _mm512_add_round_pd(t[r], magic, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        power[r] = _mm512_permutex2var_pd(low, _mm512_castpd_si512(power[r]), high);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) power[r] = _mm512_scalef_pd(power[r], t[r]);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) f[r] = _mm512_reduce_pd(t[r], 0x49);
      EvaluatePolynomials<Simd, kRows>(coefficients, f);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] = MultiplyAdd(f[r], power[r], sums[r]);
    }
  };
};

#elif defined(__AVX2__) && defined(__FMA__)

#define YARDSTICK_INSTRUCTION_SET "AVX2"

// Clamp, round by a magic number to eighths, look 2^(k/8) up, and put the exponent in by an integer
// shift and addition; the table has k's own shifted bits subtracted in advance. Lookup and addition
// go to the third vector port, which leaves 9 instructions on the two that multiply.
template <>
struct Simd<float> {
  using Vector = __m256;
  static constexpr int kWidth = 8;
  static constexpr int kCoefficients = 4;
  static constexpr const double* kPolynomial = kDegree3;
  static constexpr double kExponentialInstructions = 9;

  static Vector Zero() { return _mm256_setzero_ps(); }
  static Vector Broadcast(float value) { return _mm256_set1_ps(value); }
  static Vector Load(const float* from) { return _mm256_loadu_ps(from); }
  static void Store(float* to, Vector value) { _mm256_storeu_ps(to, value); }
  static Vector Subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector NegativeMultiplyAdd(Vector a, Vector b, Vector c) {
    return _mm256_fnmadd_ps(a, b, c);
  }
  static Vector NegativeMultiplySubtract(Vector a, Vector b, Vector c) {
    return _mm256_fnmsub_ps(a, b, c);
  }

  struct Exponential {
    Vector table, magic, lowest;
    Exponential() {
      float values[8];
      for (int k = 0; k < 8; ++k) {
        const float power = static_cast<float>(std::exp2(k / 8.0));
        std::uint32_t bits;
        std::memcpy(&bits, &power, sizeof bits);
        bits -= static_cast<std::uint32_t>(k) << 20;
        std::memcpy(&values[k], &bits, sizeof bits);
      }
      table = Load(values);
      magic = Broadcast(1.5f * 1048576.0f);
      lowest = Broadcast(-125.0f);
    }
    template <int kRows>
    void Accumulate(const Vector* t, const Vector* coefficients, Vector* sums) const {
      Vector f[kRows], power[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        // In this order a NaN comes through the maximum.
        const Vector clamped = _mm256_max_ps(lowest, t[r]);
        const Vector shifted = _mm256_add_ps(clamped, magic);
        f[r] = Subtract(clamped, Subtract(shifted, magic));
        const __m256i index = _mm256_castps_si256(shifted);
        power[r] = _mm256_castsi256_ps(
            _mm256_add_epi32(_mm256_castps_si256(_mm256_permutevar8x32_ps(table, index)),
                             _mm256_slli_epi32(index, 20)));
      }
      EvaluatePolynomials<Simd, kRows>(coefficients, f);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] = MultiplyAdd(f[r], power[r], sums[r]);
    }
  };
};

template <>
struct Simd<double> {
  using Vector = __m256d;
  static constexpr int kWidth = 4;
  static constexpr int kCoefficients = 12;
  static constexpr const double* kPolynomial = kDegree11;
  static constexpr double kExponentialInstructions = 17;

  static Vector Zero() { return _mm256_setzero_pd(); }
  static Vector Broadcast(double value) { return _mm256_set1_pd(value); }
  static Vector Load(const double* from) { return _mm256_loadu_pd(from); }
  static void Store(double* to, Vector value) { _mm256_storeu_pd(to, value); }
  static Vector Subtract(Vector a, Vector b) { return _mm256_sub_pd(a, b); }
  static Vector Multiply(Vector a, Vector b) { return _mm256_mul_pd(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_pd(a, b, c); }
  static Vector NegativeMultiplyAdd(Vector a, Vector b, Vector c) {
    return _mm256_fnmadd_pd(a, b, c);
  }
  static Vector NegativeMultiplySubtract(Vector a, Vector b, Vector c) {
    return _mm256_fnmsub_pd(a, b, c);
  }

  struct Exponential {
    Vector magic, lowest;
    Exponential() {
      // The exponent's bias is part of the magic number, so that one shift makes 2^n.
      magic = Broadcast(1.5 * 4503599627370496.0 + 1023.0);
      lowest = Broadcast(-1021.0);
    }
    template <int kRows>
    void Accumulate(const Vector* t, const Vector* coefficients, Vector* sums) const {
      Vector f[kRows], power[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Vector clamped = _mm256_max_pd(lowest, t[r]);
        const Vector shifted = _mm256_add_pd(clamped, magic);
        f[r] = Subtract(clamped, Subtract(shifted, magic));
        power[r] = _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(shifted), 52));
      }
      EvaluatePolynomials<Simd, kRows>(coefficients, f);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] = MultiplyAdd(f[r], power[r], sums[r]);
    }
  };
};

#else

#define YARDSTICK_INSTRUCTION_SET "generic"

// Vectors of the compiler, so that the yardsticks exist on every machine; they claim no limit.
template <class T, class Integer>
struct GenericSimd {
  typedef T Vector __attribute__((vector_size(16)));
  typedef Integer Bits __attribute__((vector_size(16)));
  static constexpr int kWidth = 16 / sizeof(T);
  static constexpr bool kSingle = sizeof(T) == 4;
  static constexpr int kCoefficients = kSingle ? 6 : 12;
  static constexpr const double* kPolynomial = kSingle ? kDegree5 : kDegree11;
  static constexpr double kExponentialInstructions = 0;

  static Vector Zero() { return Vector{}; }
  static Vector Broadcast(T value) { return Vector{} + value; }
  static Vector Load(const T* from) {
    Vector value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static void Store(T* to, Vector value) { std::memcpy(to, &value, sizeof value); }
  static Vector Subtract(Vector a, Vector b) { return a - b; }
  static Vector Multiply(Vector a, Vector b) { return a * b; }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return a * b + c; }
  static Vector NegativeMultiplyAdd(Vector a, Vector b, Vector c) { return c - a * b; }
  static Vector NegativeMultiplySubtract(Vector a, Vector b, Vector c) { return -(a * b) - c; }

  struct Exponential {
    Vector magic, lowest;
    Exponential() {
      magic = Broadcast(kSingle ? T(12582912.0 + 127.0) : T(1.5 * 4503599627370496.0 + 1023.0));
      lowest = Broadcast(kSingle ? T(-125.0) : T(-1021.0));
    }
    template <int kRows>
    void Accumulate(const Vector* t, const Vector* coefficients, Vector* sums) const {
      Vector f[kRows], power[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Vector clamped = t[r] < lowest ? lowest : t[r];
        const Vector shifted = clamped + magic;
        f[r] = clamped - (shifted - magic);
        power[r] = reinterpret_cast<Vector>(reinterpret_cast<Bits>(shifted) << (kSingle ? 23 : 52));
      }
      EvaluatePolynomials<GenericSimd, kRows>(coefficients, f);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] = MultiplyAdd(f[r], power[r], sums[r]);
    }
  };
};

template <>
struct Simd<float> : GenericSimd<float, std::int32_t> {};
template <>
struct Simd<double> : GenericSimd<double, std::int64_t> {};

#endif

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_SIMD_H_
