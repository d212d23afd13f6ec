// Applies the vector functions of inst/kernels to many values and judges the results.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/vector.h"

namespace kernelops::testing {

// The unsigned integer of the size of T.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// Infinity and NaN, short.
template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

// The number of this bit pattern, and back.
template <class T>
T from_bits(Bits<T> bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <class T>
Bits<T> to_bits(T value) {
  Bits<T> bits;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

// Equal as bit patterns, except that every NaN equals every other.
template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || to_bits(a) == to_bits(b);
}

// The distance in units in the last place of T at the expected value.
template <class T>
double ulp_error(T result, long double expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(result) || std::isnan(rounded)) {
    return std::isnan(result) && std::isnan(rounded) ? 0 : HUGE_VAL;
  }
  if (std::isinf(result) || std::isinf(rounded)) return result == rounded ? 0 : HUGE_VAL;
  const int exponent =
      std::max(rounded == 0 ? std::numeric_limits<T>::min_exponent : std::ilogb(rounded) + 1,
               std::numeric_limits<T>::min_exponent);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs((result - expected) / unit));
}

// Values where special cases meet.
template <class T>
std::vector<T> boundaries() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {T(0),
                           T(0.25),
                           T(0.5),
                           T(0.75),
                           T(1),
                           T(1.5),
                           T(2),
                           T(2.5),
                           T(3),
                           T(4.5),
                           std::nextafter(T(0.5), T(0)),
                           std::sqrt(T(0.5)),
                           std::sqrt(T(2)),
                           Limits::denorm_min(),
                           Limits::min(),
                           Limits::max(),
                           T(8388607.5),
                           T(8388608),
                           T(4503599627370495.5),
                           T(4503599627370496),
                           kInfinity<T>};
  // The ends of the range of exp, and everything within a few units of all of these.
  for (double x : {87.33655, 88.72284, 103.27893, 103.97208, 708.39642, 709.78271, 744.44007,
                   745.13322, 1e10, 1e30}) {
    values.push_back(static_cast<T>(x));
  }
  std::vector<T> result = {kNan<T>, -kNan<T>};
  for (T value : values) {
    T below = value, above = value;
    for (int k = 0; k < 4; ++k) {
      for (T x : {below, above}) {
        result.push_back(x);
        result.push_back(-x);
      }
      below = std::nextafter(below, -kInfinity<T>);
      above = std::nextafter(above, kInfinity<T>);
    }
  }
  return result;
}

// Boundaries, bit patterns spread over every exponent, and points spread over [lowest, highest].
template <class T>
std::vector<T> samples(double lowest, double highest) {
  constexpr int kCount = 200000;
  std::vector<T> values = boundaries<T>();
  const Bits<T> stride = ~Bits<T>(0) / kCount - 12;
  for (int k = 0; k < kCount; ++k) values.push_back(from_bits<T>(stride * k + 7 * k % 12));
  for (int k = 0; k <= kCount; ++k) {
    values.push_back(static_cast<T>(lowest + (highest - lowest) * k / kCount));
  }
  values.resize((values.size() + 31) / 32 * 32, T(1));
  return values;
}

// `count` points spread evenly over [lowest, highest], a multiple of 32 of them.
template <class T>
std::vector<T> spread(double lowest, double highest, int count) {
  std::vector<T> values((count + 31) / 32 * 32);
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = static_cast<T>(lowest + (highest - lowest) * k / (values.size() - 1));
  }
  return values;
}

// Tests of functions on vectors of one element type and size.
template <class Case>
class VectorTest : public ::testing::Test {
 protected:
  using T = typename Case::T;
  using V = Vector<T, Case::kBytes>;
  static constexpr bool kFloat = sizeof(T) == 4;

  // function(x) of every element, vector by vector; the number of elements is a multiple of 32.
  template <class F>
  static std::vector<T> apply(F function, const std::vector<T>& x) {
    std::vector<T> result(x.size());
    for (std::size_t i = 0; i < x.size(); i += lanes<V>) {
      store<V>(&result[i], function(load<V>(&x[i])));
    }
    return result;
  }

  // Fails if a result is further than `limit` units in the last place from the reference.
  template <class F, class Reference>
  static void expect_ulps(double limit, F function, Reference reference, const std::vector<T>& x) {
    const std::vector<T> result = apply(function, x);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulp_error<T>(result[i], reference(static_cast<long double>(x[i])));
      if (error > worst) {
        worst = error;
        at = i;
      }
    }
    EXPECT_LE(worst, limit) << "at " << x[at] << ": " << result[at];
  }

  // The same of two arguments.
  template <class F>
  static std::vector<T> apply(F function, const std::vector<T>& x, const std::vector<T>& y) {
    std::vector<T> result(x.size());
    for (std::size_t i = 0; i < x.size(); i += lanes<V>) {
      store<V>(&result[i], function(load<V>(&x[i]), load<V>(&y[i])));
    }
    return result;
  }

  // For functions of two arguments, called as in C.
  template <class F, class Reference>
  static void expect_ulps(double limit, F function, Reference reference, const std::vector<T>& x,
                          const std::vector<T>& y) {
    const std::vector<T> result = apply(function, x, y);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulp_error<T>(
          result[i], reference(static_cast<long double>(x[i]), static_cast<long double>(y[i])));
      if (error > worst) {
        worst = error;
        at = i;
      }
    }
    EXPECT_LE(worst, limit) << "at " << x[at] << ", " << y[at] << ": " << result[at];
  }

  // Fails unless each result has the bits of the reference.
  template <class F, class Reference>
  static void expect_exact(F function, Reference reference, const std::vector<T>& x) {
    const std::vector<T> result = apply(function, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T expected = reference(x[i]);
      ASSERT_TRUE(same<T>(result[i], expected)) << "at " << x[i] << ": " << result[i];
    }
  }
};

// Makes y of the samples x: another order of them, so that pairs meet unevenly.
template <class T>
std::vector<T> partners(const std::vector<T>& x) {
  std::vector<T> result(x.size());
  std::size_t at = 0;
  for (T& value : result) {
    at = (at + 77773) % x.size();
    value = x[at];
  }
  return result;
}

// An element type and the size of a vector.
template <class Element, int Bytes>
struct Case {
  using T = Element;
  static constexpr int kBytes = Bytes;
};

// Names the cases of a typed test suite.
struct CaseName {
  template <class C>
  static std::string GetName(int) {
    return (sizeof(typename C::T) == 4 ? "float" : "double") + std::to_string(C::kBytes);
  }
};

// Every element type and vector size.
using VectorCases =
    ::testing::Types<Case<float, 16>, Case<float, 32>, Case<float, 64>, Case<float, 128>,
                     Case<double, 16>, Case<double, 32>, Case<double, 64>, Case<double, 128>>;

}  // namespace kernelops::testing
