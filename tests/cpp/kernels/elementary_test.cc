#include "kernels/elementary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class ElementaryTest : public VectorTest<C> {};
TYPED_TEST_SUITE(ElementaryTest, VectorCases, CaseName);

TYPED_TEST(ElementaryTest, XLogXIsWithinTwoUlps) {
  using T = typename TestFixture::T;
  for (double highest : {2.0, 1e4}) {
    this->expect_ulps(
        2.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return x_log_x(x); },
        [](long double x) { return x == 0 ? 0 : x * std::log(x); }, samples<T>(0, highest));
  }
}

TYPED_TEST(ElementaryTest, ModuloLeavesAnInterval) {
  using V = typename TestFixture::V;
  const auto remainder = [](double x, double m, double o) {
    return modulo(broadcast<V>(x), broadcast<V>(m), broadcast<V>(o))[0];
  };
  EXPECT_EQ(remainder(7, 3, 0), 1);
  EXPECT_EQ(remainder(-7, 3, 0), 2);
  EXPECT_EQ(remainder(7, 3, -1.5), 1);
  EXPECT_EQ(remainder(8, 3, -1.5), -1);
  EXPECT_EQ(remainder(7, 2.5, 10), 12);
}

TYPED_TEST(ElementaryTest, RoundDigitsRoundsTheScaledNumber) {
  using T = typename TestFixture::T;
  for (volatile long n = -30; n <= 30; n = n + 3) {
    const long digits = n;
    T factor = 1;
    for (long k = 0; k < std::labs(digits) && !this->kFloat; ++k) factor *= 10;
    if (this->kFloat) factor = static_cast<T>(std::pow(10.0L, std::labs(digits)));
    if (std::labs(digits) > 22) factor = static_cast<T>(std::pow(10.0, std::labs(digits)));
    const std::vector<T> x = samples<T>(-1000, 1000);
    const std::vector<T> result = this->apply(
        [digits](const auto& v) KERNELOPS_ALWAYS_INLINE { return round_digits(v, digits); }, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T scaled = digits < 0 ? x[i] / factor : x[i] * factor;
      const T expected = !std::isfinite(scaled) ? x[i]
                         : digits < 0           ? std::round(scaled) * factor
                                                : std::round(scaled) / factor;
      if (std::labs(digits) > 22) {
        ASSERT_LE(ulp_error<T>(result[i], expected), 4) << x[i] << ", " << digits;
      } else {
        ASSERT_TRUE(same(result[i], expected)) << x[i] << ", " << digits << ": " << result[i];
      }
    }
  }
  using V = typename TestFixture::V;
  EXPECT_EQ(round_digits(broadcast<V>(T(0.5)), 400)[0], T(0.5));
  EXPECT_EQ(round_digits(broadcast<V>(T(12.5)), -400)[0], 0);
  EXPECT_EQ(round_digits(broadcast<V>(T(0)), 400)[0], 0);
  EXPECT_TRUE(same(round_digits(broadcast<V>(-kInfinity<T>), -2)[0], -kInfinity<T>));
}

// The integral of t^n cos(x t + n pi / 2) over [0, 1], by the formula of Gauss on small intervals.
long double integral(long double x, int n) {
  constexpr int kIntervals = 200;
  constexpr long double kQuarter = 1.57079632679489661923132169163975144L;
  constexpr long double kNodes[] = {0, 0.5384693101056830910363144L, -0.5384693101056830910363144L,
                                    0.9061798459386639927976269L, -0.9061798459386639927976269L};
  constexpr long double kWeights[] = {0.5688888888888888888889L, 0.4786286704993664680413L,
                                      0.4786286704993664680413L, 0.2369268850561890875143L,
                                      0.2369268850561890875143L};
  long double sum = 0;
  for (int k = 0; k < kIntervals; ++k) {
    for (int node = 0; node < 5; ++node) {
      const long double t = (k + 0.5L + 0.5L * kNodes[node]) / kIntervals;
      sum += kWeights[node] * std::pow(t, n) * std::cos(x * t + n * kQuarter);
    }
  }
  return sum / (2 * kIntervals);
}

TYPED_TEST(ElementaryTest, SincDerivativesAreAccurateBesideTheirMaximum) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  for (volatile int n = 0; n <= 6; n = n + 1) {
    const double limit = (this->kFloat ? 2e-6 : 1e-14) / (n + 1);
    for (int k = -151; k <= 151; ++k) {
      const T x = static_cast<T>(0.199 * k);
      EXPECT_NEAR(sinc_derivative(broadcast<V>(x), n)[0], static_cast<double>(integral(x, n)),
                  limit)
          << x << ", " << n;
    }
    EXPECT_TRUE(std::isnan(sinc_derivative(broadcast<V>(kNan<T>), n)[0]));
    EXPECT_EQ(sinc_derivative(broadcast<V>(kInfinity<T>), n)[0], 0);
    const double at_zero = n % 2 != 0 ? 0 : (n % 4 == 0 ? 1.0 : -1.0) / (n + 1);
    EXPECT_EQ(sinc_derivative(broadcast<V>(T(0)), n)[0], static_cast<T>(at_zero));
  }
}

}  // namespace
}  // namespace kernelops
