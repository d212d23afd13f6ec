#include "kernels/math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace kernelops {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

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
  values.resize((values.size() + 15) / 16 * 16, T(1));
  return values;
}

template <class Case>
class MathTest : public testing::Test {
 protected:
  using T = typename Case::T;
  using V = Vector<T, Case::kBytes>;
  static constexpr bool kFloat = sizeof(T) == 4;

  template <class F>
  static std::vector<T> apply(F function, const std::vector<T>& x) {
    std::vector<T> result(x.size());
    for (std::size_t i = 0; i < x.size(); i += lanes<V>) {
      store<V>(&result[i], function(load<V>(&x[i])));
    }
    return result;
  }

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

  template <class F, class Reference>
  static void expect_exact(F function, Reference reference, const std::vector<T>& x) {
    const std::vector<T> result = apply(function, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T expected = reference(x[i]);
      ASSERT_TRUE(same<T>(result[i], expected)) << "at " << x[i] << ": " << result[i];
    }
  }
};

template <class Element, int Bytes>
struct Case {
  using T = Element;
  static constexpr int kBytes = Bytes;
};

struct CaseName {
  template <class C>
  static std::string GetName(int) {
    return (sizeof(typename C::T) == 4 ? "float" : "double") + std::to_string(C::kBytes);
  }
};

using Cases = testing::Types<Case<float, 16>, Case<float, 32>, Case<float, 64>, Case<double, 16>,
                             Case<double, 32>, Case<double, 64>>;
TYPED_TEST_SUITE(MathTest, Cases, CaseName);

TYPED_TEST(MathTest, ExpIsWithinOneUlp) {
  using T = typename TestFixture::T;
  const double range = this->kFloat ? 105 : 750;
  this->expect_ulps(
      1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp(x); },
      [](long double x) { return std::exp(x); }, samples<T>(-range, range));
  this->expect_ulps(
      1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp(x); },
      [](long double x) { return std::exp(x); }, samples<T>(-1, 1));
}

TYPED_TEST(MathTest, Exp2IsWithinThreeUlps) {
  using T = typename TestFixture::T;
  const double range = this->kFloat ? 155 : 1080;
  for (double highest : {range, 1.0}) {
    this->expect_ulps(
        3.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp2(x); },
        [](long double x) { return std::exp2(x); }, samples<T>(-highest, highest));
  }
}

TYPED_TEST(MathTest, LogIsWithinOneUlp) {
  using T = typename TestFixture::T;
  for (double highest : {2.0, 1e4}) {
    this->expect_ulps(
        1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return log(x); },
        [](long double x) { return std::log(x); }, samples<T>(0, highest));
  }
}

TYPED_TEST(MathTest, LogIsExactAtOneAndZero) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  EXPECT_TRUE(same<T>(log(broadcast<V>(1))[0], 0));
  EXPECT_TRUE(same<T>(log(broadcast<V>(0))[0], -kInfinity<T>));
  EXPECT_TRUE(same<T>(log(broadcast<V>(T(-0.0)))[0], -kInfinity<T>));
}

TYPED_TEST(MathTest, SqrtAndInverseAreCorrectlyRounded) {
  using T = typename TestFixture::T;
  const std::vector<T> x = samples<T>(0, 100);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return sqrt(v); },
                     [](T v) { return std::sqrt(v); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return inverse(v); },
                     [](T v) { return 1 / v; }, x);
}

TYPED_TEST(MathTest, RsqrtIsZeroAtZero) {
  using T = typename TestFixture::T;
  const auto reference = [](long double x) { return x == 0 ? 0 : 1 / std::sqrt(x); };
  this->expect_ulps(
      1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return rsqrt_or_zero(x); }, reference,
      samples<T>(0, 100));
}

TYPED_TEST(MathTest, RoundingMatchesC) {
  using T = typename TestFixture::T;
  for (double range : {10.0, 1e7}) {
    const std::vector<T> x = samples<T>(-range, range);
    this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return floor(v); },
                       [](T v) { return std::floor(v); }, x);
    this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return round_nearest(v); },
                       [](T v) { return std::round(v); }, x);
  }
}

TYPED_TEST(MathTest, SignsAndSteps) {
  using T = typename TestFixture::T;
  const std::vector<T> x = samples<T>(-2, 2);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return abs(v); },
                     [](T v) { return std::fabs(v); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return sign(v); },
                     [](T v) { return T((v > 0) - (v < 0)); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return step(v); },
                     [](T v) { return T(v < 0 ? 0 : 1); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return square(v); },
                     [](T v) { return v * v; }, x);
}

TYPED_TEST(MathTest, MinimumAndMaximumKeepTheFirstUnlessTheSecondIsBeyond) {
  using T = typename TestFixture::T;
  const std::vector<T> x = samples<T>(-2, 2);
  for (T y : {T(0), T(-0.0), T(1), -kInfinity<T>, kInfinity<T>, kNan<T>}) {
    this->expect_exact([y](const auto& v)
                           KERNELOPS_ALWAYS_INLINE { return minimum(v, like(v, y)); },
                       [y](T v) { return y < v ? y : v; }, x);
    this->expect_exact([y](const auto& v)
                           KERNELOPS_ALWAYS_INLINE { return maximum(v, like(v, y)); },
                       [y](T v) { return y > v ? y : v; }, x);
    this->expect_exact([y](const auto& v)
                           KERNELOPS_ALWAYS_INLINE { return minimum(like(v, y), v); },
                       [y](T v) { return v < y ? v : y; }, x);
    this->expect_exact([y](const auto& v)
                           KERNELOPS_ALWAYS_INLINE { return maximum(like(v, y), v); },
                       [y](T v) { return v > y ? v : y; }, x);
  }
}

TYPED_TEST(MathTest, PowerIsAChainOfProducts) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  const std::vector<T> x = samples<T>(-3, 3);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return power(v, 0); },
                     [](T) { return T(1); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return power(v, 1); },
                     [](T v) { return v; }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return power(v, 2); },
                     [](T v) { return v * v; }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return power(v, 3); },
                     [](T v) { return v * (v * v); }, x);
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return power(v, -2); },
                     [](T v) { return T(1) / (v * v); }, x);
  EXPECT_EQ(power(broadcast<V>(2), 10)[0], 1024);
  EXPECT_EQ(power(broadcast<V>(-2), -3)[0], -0.125);
  EXPECT_EQ(power(broadcast<V>(-1), std::numeric_limits<long>::min())[0], 1);
  for (volatile long n = -20; n <= 20; n = n + 1) {
    EXPECT_NEAR(power(broadcast<V>(T(1.25)), n)[0] / std::pow(1.25, n), 1,
                20 * std::numeric_limits<T>::epsilon());
  }
}

TYPED_TEST(MathTest, SelectAndAnyWorkLaneByLane) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  V x{};
  EXPECT_FALSE(any(x != x));
  for (int lane = 0; lane < lanes<V>; ++lane) {
    V y{};
    y[lane] = 2;
    const auto mask = y > x;
    EXPECT_TRUE(any(mask));
    const V chosen = select(mask, broadcast<V>(5), broadcast<V>(T(-0.0)));
    const auto integers = select(mask, mask_t<V>{} + 7, mask_t<V>{});
    for (int k = 0; k < lanes<V>; ++k) {
      EXPECT_TRUE(same<T>(chosen[k], k == lane ? T(5) : T(-0.0)));
      EXPECT_EQ(integers[k], k == lane ? 7 : 0);
    }
  }
}

TYPED_TEST(MathTest, HalvesJoinAgain) {
  using V = typename TestFixture::V;
  V x{};
  for (int k = 0; k < lanes<V>; ++k) x[k] = k;
  if constexpr (sizeof(V) > 16) {
    const V joined = join(low(x), high(x));
    for (int k = 0; k < lanes<V>; ++k) EXPECT_EQ(joined[k], k);
  }
}

}  // namespace
}  // namespace kernelops
