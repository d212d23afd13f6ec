#include "kernels/gamma.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/references.h"
#include "support/vectors.h"

namespace kernelops {
namespace {

using testing::Case;
using testing::CaseName;
using testing::digamma_reference;
using testing::kInfinity;
using testing::kNan;
using testing::polygamma_reference;
using testing::samples;
using testing::spread;

constexpr long double kPi = 3.14159265358979323846264338327950288L;

template <class Case>
class GammaTest : public testing::VectorTest<Case> {
 protected:
  using T = typename Case::T;
  using V = Vector<T, Case::kBytes>;

  // Fails if an error exceeds `limit` times the larger of 1 and the result; floats are rounded too.
  template <class F, class Reference>
  static void expect_close(double limit, F function, Reference reference, const std::vector<T>& x) {
    if (sizeof(T) == 4) limit = 0x1.01p-24;
    const std::vector<T> result = testing::VectorTest<Case>::apply(function, x);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double expected = reference(static_cast<long double>(x[i]));
      const T rounded = static_cast<T>(expected);
      double error = 0;
      if (std::isnan(rounded) || std::isinf(rounded)) {
        error = testing::same(rounded, result[i]) ? 0 : HUGE_VAL;
      } else {
        const long double difference = std::fabs(result[i] - expected);
        error = static_cast<double>(difference / std::max(1.0L, std::fabs(expected)));
      }
      if (!(error <= worst)) {
        worst = error;
        at = i;
      }
    }
    EXPECT_LE(worst, limit) << "at " << x[at] << ": " << result[at];
  }

  static T lgamma_at(double x) { return lgamma(broadcast<V>(static_cast<T>(x)))[0]; }
  static T digamma_at(double x) { return digamma(broadcast<V>(static_cast<T>(x)))[0]; }
  static T polygamma_at(double x, long n) {
    return polygamma(broadcast<V>(static_cast<T>(x)), n)[0];
  }
};

using Cases =
    ::testing::Types<Case<float, 16>, Case<float, 32>, Case<float, 64>, Case<float, 128>,
                     Case<double, 16>, Case<double, 32>, Case<double, 64>, Case<double, 128>>;
TYPED_TEST_SUITE(GammaTest, Cases, CaseName);

TYPED_TEST(GammaTest, LgammaIsWithinEightUlpsOfPositiveNumbers) {
  using T = typename TestFixture::T;
  for (double highest : {0.5, 2.5, 10.0, 1000.0}) {
    std::vector<T> x = samples<T>(0, highest);
    for (T& value : x) value = std::fabs(value);
    this->expect_ulps(
        this->kFloat ? 0.51 : 8.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return lgamma(v); },
        [](long double v) { return std::lgamma(v); }, x);
  }
  this->expect_ulps(
      this->kFloat ? 0.51 : 8.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return lgamma(v); },
      [](long double v) { return std::lgamma(v); }, spread<T>(-0.5, 0.5, 20000));
}

TYPED_TEST(GammaTest, LgammaReflectsNegativeNumbers) {
  using T = typename TestFixture::T;
  for (double lowest : {-3.0, -40.0, -3000.0}) {
    this->expect_close(
        1e-15, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return lgamma(v); },
        [](long double v) { return std::lgamma(v); }, spread<T>(lowest, -0.5, 20000));
  }
}

TYPED_TEST(GammaTest, LgammaAtSpecialValues) {
  using T = typename TestFixture::T;
  const T infinity = kInfinity<T>;
  EXPECT_EQ(this->lgamma_at(1), 0);
  EXPECT_EQ(this->lgamma_at(2), 0);
  for (double pole : {0.0, -0.0, -1.0, -2.0, -100.0, -0x1p60}) {
    EXPECT_EQ(this->lgamma_at(pole), infinity) << pole;
  }
  EXPECT_EQ(this->lgamma_at(kInfinity<double>), infinity);
  EXPECT_EQ(this->lgamma_at(-kInfinity<double>), infinity);
  EXPECT_TRUE(std::isnan(this->lgamma_at(kNan<double>)));
}

TYPED_TEST(GammaTest, DigammaIsAccurate) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 10.0, 300.0}) {
    this->expect_close(
        3e-15, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return digamma(v); },
        [](long double v) { return digamma_reference(v); }, spread<T>(-range, range, 20000));
  }
  this->expect_ulps(
      this->kFloat ? 0.51 : 4.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return digamma(v); },
      [](long double v) { return digamma_reference(v); }, spread<T>(6, 1e5, 20000));
}

TYPED_TEST(GammaTest, DigammaAtSpecialValues) {
  for (double pole : {0.0, -0.0, -1.0, -2.0, -100.0, -0x1p60, -kInfinity<double>, kNan<double>}) {
    EXPECT_TRUE(std::isnan(this->digamma_at(pole))) << pole;
  }
  EXPECT_EQ(this->digamma_at(kInfinity<double>), kInfinity<double>);
  EXPECT_LT(this->digamma_at(1e-30), -0.9e30);
  EXPECT_GT(this->digamma_at(-1e-30), 0.9e30);
}

TYPED_TEST(GammaTest, DigammaObeysItsRecurrenceAndReflection) {
  const double tolerance = this->kFloat ? 1e-6 : 5e-15;
  for (double x = 0.03125; x < 20; x += 0.03125) {
    const double here = this->digamma_at(x);
    EXPECT_NEAR(this->digamma_at(x + 1), here + 1 / x, tolerance * (1 + 1 / x));
    if (x < 1) {
      EXPECT_NEAR(this->digamma_at(1 - x), here + static_cast<double>(kPi) / std::tan(kPi * x),
                  tolerance * (1 + 1 / x + 1 / (1 - x)));
    }
  }
}

TYPED_TEST(GammaTest, PolygammaIsAccurate) {
  using T = typename TestFixture::T;
  for (long n : {1, 2, 3, 6, 12, 20}) {
    for (double highest : {2.0, 30.0, 500.0}) {
      this->expect_ulps(
          this->kFloat ? 0.51 : 50.0,
          [n](const auto& v) KERNELOPS_ALWAYS_INLINE { return polygamma(v, n); },
          [n](long double v) { return polygamma_reference(v, n); }, spread<T>(0.25, highest, 480));
    }
  }
}

// Made with psigamma of R 4.2.
TYPED_TEST(GammaTest, PolygammaMatchesR) {
  struct Row {
    long n;
    double at[6];
  };
  constexpr double kX[] = {-2.75, -0.25, 0.0078125, 0.75, 3.25, 10000};
  const Row rows[] = {
      {0,
       {-1.9590552649779895, 2.9141391202135285, -128.56443747297672, -1.0858608797864719,
        1.0169909110681792, 9.2102903711428503}},
      {1,
       {19.433868949488414, 18.54187964767161, 16385.626348148031, 2.5418796476716063,
        0.35979829030957983, 0.00010000500016666658}},
      {2,
       {-124.11765305971456, 122.69736678366237, -4194306.3541297829, -5.3026332163376395,
        -0.12815694713911513, -1.0001000049999982e-08}},
      {3,
       {1558.4897512832838, 1555.7633125348511, 1610612742.303184, 19.763312534850598,
        0.09043335532465574, 2.0003000199999944e-12}},
      {4,
       {-24481.624740671334, 24473.199394184587, -824633720855.95422, -102.80060581541747,
        -0.094871919953750827, -6.0012000999999781e-16}},
      {5,
       {492231.20775209565, 492198.75334287476, 527765581332596.56, 678.75334287457974,
        0.13160608578097313, 2.400600059999981e-19}},
  };
  for (const Row& row : rows) {
    for (int k = 0; k < 6; ++k) {
      EXPECT_NEAR(this->polygamma_at(kX[k], row.n) / row.at[k], 1, this->kFloat ? 1e-7 : 2e-14)
          << row.n << " at " << kX[k];
    }
  }
}

TYPED_TEST(GammaTest, PolygammaObeysItsRecurrence) {
  double factorial = 1;
  for (long n = 1; n <= 8; ++n) {
    factorial *= -static_cast<double>(n);
    for (double x = -4.9375; x < 6; x += 0.125) {
      const double here = this->polygamma_at(x, n), next = this->polygamma_at(x + 1, n);
      const double step = factorial * std::pow(x, -static_cast<double>(n + 1));
      const double scale = std::fabs(here) + std::fabs(next) + std::fabs(step);
      EXPECT_NEAR(next, here + step, scale * (this->kFloat ? 3e-7 : 1e-14)) << n << " at " << x;
    }
  }
}

TYPED_TEST(GammaTest, PolygammaAtSpecialValues) {
  using T = typename TestFixture::T;
  const double infinity = kInfinity<double>;
  for (double pole : {0.0, -0.0, -1.0, -7.0}) {
    EXPECT_EQ(this->polygamma_at(pole, 1), kInfinity<T>);
    EXPECT_TRUE(std::isnan(this->polygamma_at(pole, 2)));
    EXPECT_EQ(this->polygamma_at(pole, 3), kInfinity<T>);
  }
  for (long n : {1, 2, 5}) {
    EXPECT_EQ(this->polygamma_at(infinity, n), 0);
    EXPECT_TRUE(std::isnan(this->polygamma_at(-infinity, n)));
    EXPECT_TRUE(std::isnan(this->polygamma_at(kNan<double>, n)));
  }
  EXPECT_TRUE(std::isnan(this->polygamma_at(1, -1)));
  EXPECT_EQ(this->polygamma_at(2.5, 0), this->digamma_at(2.5));
  // Orders whose factorial is out of range.
  EXPECT_EQ(this->polygamma_at(1, 200), -kInfinity<T>);
  EXPECT_EQ(this->polygamma_at(-0.25, 200), kInfinity<T>);
  EXPECT_EQ(this->polygamma_at(-0.75, 200), -kInfinity<T>);
  EXPECT_EQ(this->polygamma_at(-0.5, 200), -kInfinity<T>);
  EXPECT_EQ(this->polygamma_at(-0.25, 201), kInfinity<T>);
  if (!this->kFloat) {
    // 200! / 100^201 zeta(201, 100) 100^201.
    const double expected =
        std::exp(std::lgamma(201.0) - 201 * std::log(100.0)) * 1.157082819903614;
    EXPECT_NEAR(this->polygamma_at(100, 200) / -expected, 1, 1e-6);
  }
}

}  // namespace
}  // namespace kernelops
