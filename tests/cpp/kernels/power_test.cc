#include "kernels/power.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class PowerTest : public VectorTest<C> {};
TYPED_TEST_SUITE(PowerTest, VectorCases, CaseName);

TYPED_TEST(PowerTest, CbrtIsWithinOneUlp) {
  using T = typename TestFixture::T;
  for (double range : {8.0, 1000000.0}) {
    this->expect_ulps(
        1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return cbrt(x); },
        [](long double x) -> long double { return std::cbrt(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(PowerTest, HypotIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  const auto function = [](const auto& x, const auto& y)
                            KERNELOPS_ALWAYS_INLINE { return hypot(x, y); };
  const auto reference = [](long double x, long double y) { return std::hypot(x, y); };
  for (double range : {1.0, 1e6}) {
    const std::vector<T> x = samples<T>(-range, range);
    this->expect_ulps(1.5, function, reference, x, partners(x));
    std::vector<T> similar = x;
    for (T& value : similar) value *= T(0.75);
    this->expect_ulps(1.5, function, reference, x, similar);
  }
}

TYPED_TEST(PowerTest, PowerRealIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  const auto function = [](const auto& x, const auto& y)
                            KERNELOPS_ALWAYS_INLINE { return power_real(x, y); };
  const auto reference = [](long double x, long double y) { return std::pow(x, y); };
  for (double range : {2.0, 200.0}) {
    const std::vector<T> x = samples<T>(-range, range), y = partners(x);
    this->expect_ulps(1.5, function, reference, x, y);
  }
  // Bases near 1 with large exponents, results over the whole range.
  std::vector<T> x, y;
  for (int k = 1; k <= 64000; ++k) {
    x.push_back(static_cast<T>(1 + (k % 2 == 0 ? 1.0 : -0.5) * k / (this->kFloat ? 1e6 : 1e9)));
    const double largest = this->kFloat ? 104 : 746;
    y.push_back(static_cast<T>((k * 7 % 2001 - 1000) / 1000.0 * largest /
                               std::log(static_cast<double>(x.back()))));
  }
  this->expect_ulps(1.5, function, reference, x, y);
}

TYPED_TEST(PowerTest, SpecialPowersAreThoseOfC) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  const T huge = std::numeric_limits<T>::max();
  const std::vector<T> values = {T(0),
                                 T(-0.0),
                                 T(1),
                                 T(-1),
                                 T(0.5),
                                 T(-0.5),
                                 T(2),
                                 T(-2),
                                 T(3),
                                 T(-3),
                                 T(1.5),
                                 T(-2.5),
                                 kInfinity<T>,
                                 -kInfinity<T>,
                                 huge,
                                 -huge,
                                 kNan<T>,
                                 T(1e7f),
                                 T(16777215.0),
                                 T(-16777217.0),
                                 std::numeric_limits<T>::denorm_min(),
                                 -std::numeric_limits<T>::denorm_min()};
  for (T x : values) {
    for (T y : values) {
      const T result = power_real(broadcast<V>(x), broadcast<V>(y))[0];
      const T expected = std::pow(x, y);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(result)) << x << ", " << y << ": " << result;
      } else {
        EXPECT_EQ(std::signbit(result), std::signbit(expected)) << x << ", " << y;
        EXPECT_LE(ulp_error<T>(result, expected), 2) << x << ", " << y << ": " << result;
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
