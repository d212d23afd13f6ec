#include "kernels/bessel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/references.h"
#include "support/vectors.h"

namespace kernelops {
namespace {

using testing::bessel_reference;
using testing::Case;
using testing::CaseName;
using testing::kInfinity;
using testing::kNan;
using testing::same;
using testing::spread;

constexpr double kPi = 3.14159265358979323846;

template <class Case>
class BesselTest : public testing::VectorTest<Case> {
 protected:
  using T = typename Case::T;
  using V = Vector<T, Case::kBytes>;
  static constexpr bool kFloat = sizeof(T) == 4;

  // Fails if x^p K_nu(x) is further than `limit` units in the last place from the integral, or, of
  // floats, more than their rounding.
  static void expect_power(double limit, double nu, double p, const std::vector<T>& x) {
    const T order = static_cast<T>(nu), exponent = static_cast<T>(p);
    testing::VectorTest<Case>::expect_ulps(
        kFloat ? 0.51 : limit,
        [=](const auto& v) KERNELOPS_ALWAYS_INLINE {
          return bessel_k_power(v, like(v, order), like(v, exponent));
        },
        [=](long double v) { return bessel_reference(v, order, exponent); }, x);
  }

  static T at(double x, double nu) {
    return bessel_k(broadcast<V>(static_cast<T>(x)), broadcast<V>(static_cast<T>(nu)))[0];
  }
  static T power_at(double x, double nu, double p) {
    return bessel_k_power(broadcast<V>(static_cast<T>(x)), broadcast<V>(static_cast<T>(nu)),
                          broadcast<V>(static_cast<T>(p)))[0];
  }
};

using Cases =
    ::testing::Types<Case<float, 16>, Case<float, 32>, Case<float, 64>, Case<float, 128>,
                     Case<double, 16>, Case<double, 32>, Case<double, 64>, Case<double, 128>>;
TYPED_TEST_SUITE(BesselTest, Cases, CaseName);

TYPED_TEST(BesselTest, MatchesTheIntegral) {
  using T = typename TestFixture::T;
  for (double nu : {0.0, 0.25, 0.46875, 0.5, 0.75, 1.0, 2.5, 3.3125, 20.0}) {
    this->expect_power(60, nu, 0, spread<T>(0.015625, 2.0, 192));
    this->expect_power(40, nu, 0, spread<T>(2.0, 20.0, 192));
    this->expect_power(40, nu, 0, spread<T>(20.0, 748.0, 96));
  }
  for (double nu : {150.25, 400.0, 999.5}) {
    this->expect_power(400, nu, 0, spread<T>(0.5 * nu, std::min(2 * nu, 999.0), 96));
  }
}

TYPED_TEST(BesselTest, PowersMatchTheIntegral) {
  using T = typename TestFixture::T;
  for (double nu : {0.25, 0.5, 1.0, 1.5, 4.125, 19.75}) {
    for (double p : {nu, nu - 1, nu + 0.5, 3.0}) {
      this->expect_power(60, nu, p, spread<T>(0.015625, 20.0, 96));
      this->expect_power(120, nu, p, spread<T>(20.0, 748.0, 96));
    }
  }
  // From the least numbers on, where x^nu and K_nu(x) are out of range.
  std::vector<T> tiny(64);
  for (int k = 0; k < 64; ++k) {
    tiny[k] = static_cast<T>(std::ldexp(1.3, (this->kFloat ? -2 : -16) * (k + 2) - (k == 63)));
    tiny[k] = std::max(tiny[k], std::numeric_limits<T>::denorm_min());
  }
  for (double nu : {0.25, 0.5, 1.0, 1.5, 4.125, 19.75}) this->expect_power(40, nu, nu, tiny);
}

TYPED_TEST(BesselTest, DebyeMatchesTheIntegral) {
  if (this->kFloat) GTEST_SKIP();
  for (double nu : {1000.25, 1500.0, 3000.0}) {
    for (double x = 0.6 * nu; x < 1.6 * nu; x += 0.1 * nu) {
      const double expected = static_cast<double>(bessel_reference(x, nu, 0));
      const double result = this->at(x, nu);
      if (std::isinf(expected) || expected < std::numeric_limits<double>::min()) {
        EXPECT_NEAR(result, expected, std::numeric_limits<double>::min());
      } else {
        EXPECT_NEAR(result / expected, 1, 1e-11) << nu << " at " << x;
      }
    }
  }
}

TYPED_TEST(BesselTest, HalfIntegersAreElementary) {
  for (double x = 0.0625; x < 80; x += 0.0625) {
    const double half = std::sqrt(kPi / (2 * x)) * std::exp(-x);
    const double tolerance = this->kFloat ? 1e-7 : 1e-15;
    EXPECT_NEAR(this->at(x, 0.5) / half, 1, tolerance);
    EXPECT_NEAR(this->at(x, -0.5) / half, 1, tolerance);
    EXPECT_NEAR(this->at(x, 1.5) / (half * (1 + 1 / x)), 1, 1.5 * tolerance);
    EXPECT_NEAR(this->at(x, 2.5) / (half * (1 + 3 / x + 3 / (x * x))), 1, 1.5 * tolerance);
    EXPECT_NEAR(this->power_at(x, 0.5, 0.5) / (std::sqrt(kPi / 2) * std::exp(-x)), 1, tolerance);
  }
}

TYPED_TEST(BesselTest, ObeysItsRecurrence) {
  for (double nu = -3; nu < 12; nu += 0.375) {
    for (double x : {0.125, 0.75, 1.9375, 2.0, 2.0625, 3.5, 10.0, 60.0}) {
      const double before = this->at(x, nu - 1), here = this->at(x, nu), next = this->at(x, nu + 1);
      const double scale = std::fabs(before) + std::fabs(here) * 2 * std::fabs(nu) / x + next;
      if (!(scale < std::numeric_limits<typename TestFixture::T>::max())) continue;
      EXPECT_NEAR(next, before + 2 * nu / x * here, scale * (this->kFloat ? 3e-7 : 2e-14))
          << nu << " at " << x;
    }
  }
}

// Made with besselK of R 4.2.
TYPED_TEST(BesselTest, MatchesR) {
  struct Row {
    double nu;
    double at[7];
  };
  constexpr double kX[] = {0.1, 0.5, 1, 2, 2.5, 17, 690};
  const Row rows[] = {
      {0,
       {2.4270690247020168, 0.92441907122766587, 0.42102443824070834, 0.11389387274953346,
        0.062347553200366196, 1.249466402631773e-08, 1.0360107463557402e-301}},
      {0.25,
       {2.685156871876059, 0.9603163249318859, 0.43073977444858547, 0.11537827684085677,
        0.063017158998619524, 1.2517015644221748e-08, 1.0360576342454769e-301}},
      {1,
       {9.853844780870606, 1.6564411200033011, 0.60190723019723458, 0.13986588181652246,
        0.073890816347747079, 1.2857041671666644e-08, 1.0367612071694533e-301}},
      {2.25,
       {478.24732863808669, 12.220647030680881, 2.2586027442491146, 0.31131271164009833,
        0.14423811889583291, 1.4438397392067895e-08, 1.0398155457676881e-301}},
      {7,
       {460608047990.00208, 5837182.0103522148, 44207.020331914879, 305.53801768296233,
        58.554048390477817, 4.9897133435334489e-08, 1.0734296150202762e-301}},
      {19.625,
       {6.8314820457210706e+41, 1.3056586947695935e+28, 1.598622741776292e+22, 18992279847742744,
        231021600143141.09, 0.00033283863724998223, 1.3692241666097668e-301}},
  };
  if (this->kFloat) GTEST_SKIP();
  for (const Row& row : rows) {
    for (int k = 0; k < 7; ++k) {
      EXPECT_NEAR(this->at(kX[k], row.nu) / row.at[k], 1, 3e-14) << row.nu << " at " << kX[k];
    }
  }
}

TYPED_TEST(BesselTest, OrdersAreEven) {
  using T = typename TestFixture::T;
  for (double x : {0.0, 0.5, 3.0, 1e4}) {
    for (double nu : {0.0, 0.25, 0.5, 3.0, 1e5}) {
      EXPECT_TRUE(same<T>(this->at(x, nu), this->at(x, -nu)));
      EXPECT_TRUE(same<T>(this->power_at(x, nu, 2), this->power_at(x, -nu, 2)));
    }
  }
}

TYPED_TEST(BesselTest, SpecialValues) {
  using T = typename TestFixture::T;
  const double infinity = kInfinity<double>, nan = kNan<double>;
  for (double nu : {0.0, 0.25, 0.5, 7.0}) {
    EXPECT_EQ(this->at(0, nu), infinity);
    EXPECT_EQ(this->at(-0.0, nu), infinity);
    EXPECT_TRUE(std::isnan(this->at(-1, nu)));
    EXPECT_TRUE(std::isnan(this->at(-infinity, nu)));
    EXPECT_TRUE(std::isnan(this->at(nan, nu)));
    EXPECT_EQ(this->at(infinity, nu), 0);
    EXPECT_EQ(this->at(1e3, nu), 0);
    EXPECT_EQ(this->at(1e30, nu), 0);
    EXPECT_TRUE(std::isnan(this->power_at(1, nu, nan)));
    EXPECT_EQ(this->power_at(0, nu, nu + 1), 0);
    EXPECT_EQ(this->power_at(0, nu, nu - 1), infinity);
    EXPECT_EQ(this->power_at(infinity, nu, nu + 1), 0);
    EXPECT_EQ(this->power_at(1e30, nu, 3), 0);
  }
  EXPECT_EQ(this->power_at(0, 0, 0), infinity);
  EXPECT_EQ(this->power_at(0, 1, 1), 1);
  EXPECT_EQ(this->power_at(0, -3, 3), 8);
  EXPECT_NEAR(this->power_at(0, 0.5, 0.5), std::sqrt(kPi / 2), 1e-7);
  EXPECT_EQ(this->power_at(0, 500, 500), infinity);
  EXPECT_TRUE(std::isnan(this->at(1, nan)));
  EXPECT_EQ(this->at(1, infinity), infinity);
  EXPECT_EQ(this->at(1, 400), infinity);
  EXPECT_EQ(this->at(1, 1e9), infinity);
  EXPECT_EQ(this->at(1e9, 1e9), 0);
  EXPECT_EQ(this->at(std::numeric_limits<T>::denorm_min(), 20), infinity);
}

TYPED_TEST(BesselTest, LanesHaveOrdersOfTheirOwn) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  V x{}, nu{}, p{};
  for (int k = 0; k < lanes<V>; ++k) {
    x[k] = static_cast<T>(0.25 * k + 0.125);
    nu[k] = static_cast<T>(0.375 * k - 1);
    p[k] = static_cast<T>(0.5 * k);
  }
  const V result = bessel_k(x, nu), powers = bessel_k_power(x, nu, p);
  for (int k = 0; k < lanes<V>; ++k) {
    EXPECT_TRUE(same<T>(result[k], this->at(x[k], nu[k])));
    EXPECT_TRUE(same<T>(powers[k], this->power_at(x[k], nu[k], p[k])));
  }
}

}  // namespace
}  // namespace kernelops
