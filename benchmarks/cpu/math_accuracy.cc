// Prints, as CSV, the largest error and the cycles per element of each function of inst/kernels:
//   g++ -O2 -std=c++17 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast
//       -Wno-psabi -Iinst -Itests/cpp benchmarks/cpu/math_accuracy.cc -o math_accuracy
//   ./math_accuracy [samples, default 300000]
// Errors are taken over bit patterns spread over the whole range, and over an equal number of
// points spread over the interval where the function neither overflows nor vanishes; of functions
// with zeros, singularities or slow references over the latter alone. The clock is that of a chain
// of integer products of 3 cycles, measured next to every function.
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
#include "support/references.h"

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

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double nanoseconds_per_cycle() {
  constexpr int kProducts = 10000;
  const auto start = Clock::now();
  std::uint64_t product = 3;
  for (int k = 0; k < kProducts; ++k) {
    product *= product;
    __asm__ volatile("" : "+r"(product));
  }
  return nanoseconds_since(start) / (3 * kProducts);
}

// The least of several runs, the clock's as well: others use the machine too.
template <class V, class Row>
double cycles(Row row, double lowest, double highest) {
  using T = element_t<V>;
  T* x = reinterpret_cast<T*>(input);
  for (int i = 0; i < kBlock; ++i) {
    x[i] = static_cast<T>(lowest + (highest - lowest) * (i * 769 % kBlock) / kBlock);
  }
  double time = HUGE_VAL, cycle = HUGE_VAL;
  const auto begin = Clock::now();
  for (int repeat = 0; repeat < 40 && (repeat < 3 || nanoseconds_since(begin) < 2e7); ++repeat) {
    const auto start = Clock::now();
    for (int k = 0; k < 10; ++k) {
      run<V>(row);
      __asm__ volatile("" ::: "memory");
    }
    time = std::min(time, nanoseconds_since(start) / (10 * kBlock));
    cycle = std::min(cycle, nanoseconds_per_cycle());
  }
  return time / cycle;
}

struct Interval {
  double lowest, highest;
};

// How many values of which interval, and whether those of the whole range count too.
struct Samples {
  Interval range;
  bool everywhere = true;
  std::int64_t count = 0;
};

std::int64_t default_count = 300000;

template <class V, class Row, class Reference>
void measure_vector(const char* name, Row row, Reference reference, Samples samples,
                    Interval timed) {
  using T = element_t<V>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const std::int64_t wanted = samples.count > 0 ? samples.count : default_count;
  const std::int64_t count = (wanted + kBlock - 1) / kBlock * kBlock;
  const auto [lowest, highest] = samples.range;
  double worst = worst_error<V>(row, reference, count, [=](std::int64_t i) {
    return static_cast<T>(lowest + (highest - lowest) * static_cast<double>(i) / count);
  });
  if (samples.everywhere) {
    const Bits stride = static_cast<Bits>(~Bits{0} / count - 12);
    worst = std::max(worst, worst_error<V>(row, reference, count, [=](std::int64_t i) {
                       const Bits bits = static_cast<Bits>(i * stride);
                       T value;
                       std::memcpy(&value, &bits, sizeof(T));
                       return value;
                     }));
  }
  std::printf("%s,%s,%d,%.3f,%.3f\n", name, sizeof(T) == 4 ? "float" : "double",
              static_cast<int>(sizeof(V)), worst, cycles<V>(row, timed.lowest, timed.highest));
  std::fflush(stdout);
}

template <class Row, class Reference>
void measure(const char* name, Row row, Reference reference, Samples samples, Interval timed) {
  measure_vector<Vector<float, 16>>(name, row, reference, samples, timed);
  measure_vector<Vector<float, 32>>(name, row, reference, samples, timed);
  measure_vector<Vector<float, 64>>(name, row, reference, samples, timed);
  measure_vector<Vector<double, 16>>(name, row, reference, samples, timed);
  measure_vector<Vector<double, 32>>(name, row, reference, samples, timed);
  measure_vector<Vector<double, 64>>(name, row, reference, samples, timed);
}

#define KERNELOPS_MEASURE(NAME, CALL, REFERENCE, ...)                   \
  measure(                                                              \
      NAME, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return CALL; }, \
      [](auto x) -> decltype(x) { return REFERENCE; }, __VA_ARGS__)

// The second argument of functions of two is a constant.
void measure_exponentials() {
  KERNELOPS_MEASURE("exp", exp(x), std::exp(x), {{-105, 90}}, {-20, 0});
  KERNELOPS_MEASURE("exp in double's range", exp(x), std::exp(x), {{-750, 712}}, {-20, 0});
  KERNELOPS_MEASURE("exp2", exp2(x), std::exp2(x), {{-150, 129}}, {-20, 0});
  KERNELOPS_MEASURE("exp2_times of 0.75", exp2_times(x, like(x, 0.75)),
                    std::exp2(x) * decltype(x)(0.75), {{-125, 127}, false}, {-20, 0});
  KERNELOPS_MEASURE("expm1", expm1(x), std::expm1(x), {{-3, 3}}, {-10, 10});
  KERNELOPS_MEASURE("log", log(x), std::log(x), {{0.25, 4}}, {0, 10});
  KERNELOPS_MEASURE("log1p", log1p(x), std::log1p(x), {{-1, 3}}, {-1, 10});
  KERNELOPS_MEASURE("x_log_x", x_log_x(x), x == 0 ? 0 : x * std::log(x), {{0, 4}}, {0, 10});
  KERNELOPS_MEASURE("sigmoid", sigmoid(x), 1 / (1 + std::exp(-x)), {{-20, 20}}, {-10, 10});
  KERNELOPS_MEASURE("softplus", softplus(x),
                    x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)), {{-20, 20}},
                    {-10, 10});
  KERNELOPS_MEASURE("log_add_exp of 1.5", log_add_exp(x, like(x, 1.5)),
                    std::fmax(x, decltype(x)(1.5)) + std::log1p(std::exp(-std::fabs(x - 1.5))),
                    {{-20, 20}}, {-10, 10});
}

void measure_powers() {
  KERNELOPS_MEASURE("sqrt", sqrt(x), std::sqrt(x), {{1, 4}, false}, {0, 10});
  KERNELOPS_MEASURE("rsqrt_or_zero", rsqrt_or_zero(x), x == 0 ? 0 : 1 / std::sqrt(x), {{1, 4}},
                    {0, 10});
  KERNELOPS_MEASURE("inverse", inverse(x), 1 / x, {{1, 2}}, {1, 10});
  KERNELOPS_MEASURE("division of 0.75", like(x, 0.75) / x, decltype(x)(0.75) / x, {{1, 2}},
                    {1, 10});
  KERNELOPS_MEASURE("cbrt", cbrt(x), std::cbrt(x), {{-8, 8}}, {-8, 8});
  KERNELOPS_MEASURE("hypot with 0.75", hypot(x, like(x, 0.75)), std::hypot(x, decltype(x)(0.75)),
                    {{-2, 2}}, {-2, 2});
  KERNELOPS_MEASURE("power_real to 2.75", power_real(x, like(x, 2.75)),
                    std::pow(x, decltype(x)(2.75)), {{0, 10}}, {0.1, 10});
  KERNELOPS_MEASURE("power_real of 1.5", power_real(like(x, 1.5), x), std::pow(decltype(x)(1.5), x),
                    {{-180, 220}}, {-10, 10});
}

void measure_trigonometric() {
  KERNELOPS_MEASURE("sin", sin(x), std::sin(x), {{-100, 100}}, {-10, 10});
  KERNELOPS_MEASURE("cos", cos(x), std::cos(x), {{-100, 100}}, {-10, 10});
  KERNELOPS_MEASURE("tan", tan(x), std::tan(x), {{-10, 10}}, {-10, 10});
  KERNELOPS_MEASURE("asin", asin(x), std::asin(x), {{-1, 1}}, {-1, 1});
  KERNELOPS_MEASURE("acos", acos(x), std::acos(x), {{-1, 1}}, {-1, 1});
  KERNELOPS_MEASURE("atan", atan(x), std::atan(x), {{-4, 4}}, {-4, 4});
  KERNELOPS_MEASURE("atan2 of x and -0.75", atan2(x, like(x, -0.75)),
                    std::atan2(x, decltype(x)(-0.75)), {{-4, 4}}, {-4, 4});
  KERNELOPS_MEASURE("sinc", sinc_derivative(x, 0), x == 0 ? 1 : std::sin(x) / x, {{-3, 3}, false},
                    {-10, 10});
  KERNELOPS_MEASURE("sinh", sinh(x), std::sinh(x), {{-3, 3}}, {-10, 10});
  KERNELOPS_MEASURE("cosh", cosh(x), std::cosh(x), {{-3, 3}}, {-10, 10});
  KERNELOPS_MEASURE("tanh", tanh(x), std::tanh(x), {{-3, 3}}, {-10, 10});
}

void measure_special() {
  KERNELOPS_MEASURE("erf", erf(x), std::erf(x), {{-6, 6}}, {-3, 3});
  KERNELOPS_MEASURE("erfc", erfc(x), std::erfc(x), {{-6, 10}}, {-3, 3});
  KERNELOPS_MEASURE("lgamma", lgamma(x), std::lgamma(x), {{1e-3, 30}, false}, {0.1, 20});
  KERNELOPS_MEASURE("digamma", digamma(x), testing::digamma_reference(x), {{2, 40}, false, 20000},
                    {0.1, 20});
  KERNELOPS_MEASURE("polygamma of order 1", polygamma(x, 1), testing::polygamma_reference(x, 1),
                    {{0.1, 40}, false, 4096}, {0.1, 20});
  KERNELOPS_MEASURE("bessel_k of order 0.5", bessel_k(x, like(x, 0.5)),
                    testing::bessel_reference(x, 0.5, 0), {{0.01, 20}, false, 2048}, {0.1, 10});
  KERNELOPS_MEASURE("bessel_k of order 1.25", bessel_k(x, like(x, 1.25)),
                    testing::bessel_reference(x, 1.25, 0), {{0.01, 20}, false, 2048}, {0.1, 10});
  KERNELOPS_MEASURE("bessel_k_power of order and power 1.25",
                    bessel_k_power(x, like(x, 1.25), like(x, 1.25)),
                    testing::bessel_reference(x, 1.25, 1.25), {{0.01, 20}, false, 2048}, {0.1, 10});
}

void measure_roundings() {
  KERNELOPS_MEASURE("floor", floor(x), std::floor(x), {{-10, 10}}, {-10, 10});
  KERNELOPS_MEASURE("ceil", ceil(x), std::ceil(x), {{-10, 10}}, {-10, 10});
  KERNELOPS_MEASURE("trunc", trunc(x), std::trunc(x), {{-10, 10}}, {-10, 10});
  KERNELOPS_MEASURE("round_nearest", round_nearest(x), std::round(x), {{-10, 10}}, {-10, 10});
}

#undef KERNELOPS_MEASURE

}  // namespace
}  // namespace kernelops

int main(int count, char** arguments) {
  if (count > 1) kernelops::default_count = std::max(1ll, std::atoll(arguments[1]));
  std::puts("function,precision,vector_bytes,max_ulp,cycles_per_element");
  kernelops::measure_exponentials();
  kernelops::measure_powers();
  kernelops::measure_trigonometric();
  kernelops::measure_special();
  kernelops::measure_roundings();
}
