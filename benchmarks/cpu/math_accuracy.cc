// Prints, as CSV, the largest error and the time per element of each function of inst/kernels:
//   g++ -O2 -std=c++17 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast
//       -Wno-psabi -Iinst benchmarks/cpu/math_accuracy.cc -o math_accuracy
//   ./math_accuracy [stride of the float bit patterns, 1 for all of them; default 101]
// Errors are taken over bit patterns spread over the whole range, and over an equal number of
// points spread over the interval where the function neither overflows nor vanishes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/math.h"

namespace kernelops {
namespace {

constexpr int kBlock = 2048;
alignas(64) unsigned char input[kBlock * sizeof(double)];
alignas(64) unsigned char output[kBlock * sizeof(double)];

template <class T>
double ulp_error(T result, long double expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(result) || std::isnan(rounded)) {
    return std::isnan(result) && std::isnan(rounded) ? 0 : HUGE_VAL;
  }
  if (std::isinf(result) || std::isinf(rounded)) return result == rounded ? 0 : HUGE_VAL;
  constexpr int kLeast = std::numeric_limits<T>::min_exponent;
  const int exponent = rounded == 0 ? kLeast : std::max(std::ilogb(rounded) + 1, kLeast);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs((result - expected) / unit));
}

// Not inlined, so that each measured loop stands alone in the assembly.
template <class V, class Row>
__attribute__((noinline)) void run(Row row) {
  using T = element_t<V>;
  const T* x = reinterpret_cast<const T*>(input);
  T* y = reinterpret_cast<T*>(output);
  for (int i = 0; i < kBlock; i += lanes<V>) store<V>(y + i, row(load<V>(x + i)));
}

template <class V, class Row, class Reference, class Generator>
double worst_error(Row row, Reference reference, std::int64_t count, Generator generate) {
  using T = element_t<V>;
  T* x = reinterpret_cast<T*>(input);
  const T* y = reinterpret_cast<const T*>(output);
  // Twice the precision of float suffices to judge a float.
  using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;
  double worst = 0;
  for (std::int64_t first = 0; first < count; first += kBlock) {
    for (int i = 0; i < kBlock; ++i) x[i] = generate(first + i);
    run<V>(row);
    for (int i = 0; i < kBlock; ++i) {
      worst = std::max(worst, ulp_error<T>(y[i], reference(static_cast<Wide>(x[i]))));
    }
  }
  return worst;
}

template <class V, class Row>
double nanoseconds(Row row, double lowest, double highest) {
  using T = element_t<V>;
  T* x = reinterpret_cast<T*>(input);
  for (int i = 0; i < kBlock; ++i) {
    x[i] = static_cast<T>(lowest + (highest - lowest) * (i * 769 % kBlock) / kBlock);
  }
  double best = HUGE_VAL;
  for (int repeat = 0; repeat < 30; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < 100; ++k) {
      run<V>(row);
      __asm__ volatile("" ::: "memory");
    }
    const std::chrono::duration<double, std::nano> elapsed =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count() / (100 * kBlock));
  }
  return best;
}

struct Interval {
  double lowest, highest;
};

std::uint64_t float_stride = 101;

template <class V, class Row, class Reference>
void measure_vector(const char* name, Row row, Reference reference, Interval range,
                    Interval timed) {
  using T = element_t<V>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const std::int64_t count =
      ((1ll << 32) / (sizeof(T) == 4 ? float_stride : 2000) + kBlock - 1) / kBlock * kBlock;
  const std::uint64_t stride = sizeof(T) == 4 ? float_stride : ~0ull / count - 12;
  const double everywhere = worst_error<V>(row, reference, count, [=](std::int64_t i) {
    const Bits bits = static_cast<Bits>(i * stride);
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  });
  const double inside = worst_error<V>(row, reference, count, [=](std::int64_t i) {
    return static_cast<T>(range.lowest + (range.highest - range.lowest) * i / count);
  });
  std::printf("%s,%s,%d,%.3f,%.3f\n", name, sizeof(T) == 4 ? "float" : "double",
              static_cast<int>(sizeof(V)), std::max(everywhere, inside),
              nanoseconds<V>(row, timed.lowest, timed.highest));
  std::fflush(stdout);
}

template <class Row, class Reference>
void measure(const char* name, Row row, Reference reference, Interval range, Interval timed) {
  measure_vector<Vector<float, 16>>(name, row, reference, range, timed);
  measure_vector<Vector<float, 32>>(name, row, reference, range, timed);
  measure_vector<Vector<float, 64>>(name, row, reference, range, timed);
  measure_vector<Vector<double, 16>>(name, row, reference, range, timed);
  measure_vector<Vector<double, 32>>(name, row, reference, range, timed);
  measure_vector<Vector<double, 64>>(name, row, reference, range, timed);
}

void measure_all() {
  std::puts("function,precision,vector_bytes,max_ulp,ns_per_element");
  measure(
      "exp", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp(x); },
      [](auto x) { return std::exp(x); }, {-105, 90}, {-20, 0});
  measure(
      "exp near 0", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp(x); },
      [](auto x) { return std::exp(x); }, {-1, 1}, {-1, 0});
  measure(
      "exp2", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp2(x); },
      [](auto x) { return std::exp2(x); }, {-150, 129}, {-20, 0});
  measure(
      "log", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return log(x); },
      [](auto x) { return std::log(x); }, {0.25, 4}, {0, 10});
  measure(
      "sqrt", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return sqrt(x); },
      [](auto x) { return std::sqrt(x); }, {1, 4}, {0, 10});
  measure(
      "rsqrt_or_zero", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return rsqrt_or_zero(x); },
      [](auto x) { return x == 0 ? decltype(x)(0) : 1 / std::sqrt(x); }, {1, 4}, {0, 10});
  measure(
      "inverse", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return inverse(x); },
      [](auto x) { return 1 / x; }, {1, 2}, {1, 10});
  measure(
      "floor", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return floor(x); },
      [](auto x) { return std::floor(x); }, {-10, 10}, {-10, 10});
  measure(
      "round_nearest", [](const auto& x) KERNELOPS_ALWAYS_INLINE { return round_nearest(x); },
      [](auto x) { return std::round(x); }, {-10, 10}, {-10, 10});
}

#define KERNELOPS_MEASURE(NAME, CALL, REFERENCE, ...)                   \
  measure(                                                              \
      NAME, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return CALL; }, \
      [](auto x) -> decltype(x) { return REFERENCE; }, __VA_ARGS__)

// The second argument of functions of two is a constant.
void measure_elementary() {
  KERNELOPS_MEASURE("sin", sin(x), std::sin(x), {-100, 100}, {-10, 10});
  KERNELOPS_MEASURE("cos", cos(x), std::cos(x), {-100, 100}, {-10, 10});
  KERNELOPS_MEASURE("tan", tan(x), std::tan(x), {-10, 10}, {-10, 10});
  KERNELOPS_MEASURE("asin", asin(x), std::asin(x), {-1, 1}, {-1, 1});
  KERNELOPS_MEASURE("acos", acos(x), std::acos(x), {-1, 1}, {-1, 1});
  KERNELOPS_MEASURE("atan", atan(x), std::atan(x), {-4, 4}, {-4, 4});
  KERNELOPS_MEASURE("atan2 of x and -0.75", atan2(x, like(x, -0.75)),
                    std::atan2(x, decltype(x)(-0.75)), {-4, 4}, {-4, 4});
  KERNELOPS_MEASURE("sinh", sinh(x), std::sinh(x), {-3, 3}, {-10, 10});
  KERNELOPS_MEASURE("cosh", cosh(x), std::cosh(x), {-3, 3}, {-10, 10});
  KERNELOPS_MEASURE("tanh", tanh(x), std::tanh(x), {-3, 3}, {-10, 10});
  KERNELOPS_MEASURE("expm1", expm1(x), std::expm1(x), {-3, 3}, {-10, 10});
  KERNELOPS_MEASURE("log1p", log1p(x), std::log1p(x), {-1, 3}, {-1, 10});
  KERNELOPS_MEASURE("cbrt", cbrt(x), std::cbrt(x), {-8, 8}, {-8, 8});
  KERNELOPS_MEASURE("hypot of x and 0.75", hypot(x, like(x, 0.75)),
                    std::hypot(x, decltype(x)(0.75)), {-2, 2}, {-2, 2});
  KERNELOPS_MEASURE("power_real to 2.75", power_real(x, like(x, 2.75)),
                    std::pow(x, decltype(x)(2.75)), {0, 10}, {0, 10});
  KERNELOPS_MEASURE("power_real of 1.5", power_real(like(x, 1.5), x), std::pow(decltype(x)(1.5), x),
                    {-180, 220}, {-10, 10});
  KERNELOPS_MEASURE("ceil", ceil(x), std::ceil(x), {-10, 10}, {-10, 10});
  KERNELOPS_MEASURE("trunc", trunc(x), std::trunc(x), {-10, 10}, {-10, 10});
  KERNELOPS_MEASURE("sigmoid", sigmoid(x), 1 / (1 + std::exp(-x)), {-20, 20}, {-10, 10});
  KERNELOPS_MEASURE("softplus", softplus(x),
                    x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)), {-20, 20},
                    {-10, 10});
  KERNELOPS_MEASURE("x_log_x", x_log_x(x), x == 0 ? 0 : x * std::log(x), {0, 4}, {0, 10});
}

#undef KERNELOPS_MEASURE

}  // namespace
}  // namespace kernelops

int main(int count, char** arguments) {
  if (count > 1) kernelops::float_stride = std::max(1ll, std::atoll(arguments[1]));
  kernelops::measure_all();
  kernelops::measure_elementary();
}
