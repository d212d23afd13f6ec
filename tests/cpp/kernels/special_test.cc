#include "kernels/special.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using testing::Case;
using testing::CaseName;
using testing::kInfinity;
using testing::kNan;
using testing::same;
using testing::samples;

template <class Case>
class SpecialTest : public testing::VectorTest<Case> {};

using Cases =
    ::testing::Types<Case<float, 16>, Case<float, 32>, Case<float, 64>, Case<float, 128>,
                     Case<double, 16>, Case<double, 32>, Case<double, 64>, Case<double, 128>>;
TYPED_TEST_SUITE(SpecialTest, Cases, CaseName);

TYPED_TEST(SpecialTest, ErfIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 2.0, 7.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return erf(x); },
        [](long double x) { return std::erf(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(SpecialTest, ErfcIsWithinFiveUlps) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 3.0, this->kFloat ? 10.6 : 28.0}) {
    this->expect_ulps(
        this->kFloat ? 0.6 : 5.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return erfc(x); },
        [](long double x) { return std::erfc(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(SpecialTest, ErfIsOdd) {
  using T = typename TestFixture::T;
  const std::vector<T> x = samples<T>(-4, 4);
  const std::vector<T> y =
      this->apply([](const auto& v) KERNELOPS_ALWAYS_INLINE { return erf(v); }, x);
  const std::vector<T> mirrored =
      this->apply([](const auto& v) KERNELOPS_ALWAYS_INLINE { return erf(-v); }, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_TRUE(same<T>(y[i], -mirrored[i])) << "at " << x[i];
  }
}

TYPED_TEST(SpecialTest, ErrorFunctionsAtSpecialValues) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  const auto erf_at = [](double x) { return T(erf(broadcast<V>(static_cast<T>(x)))[0]); };
  const auto erfc_at = [](double x) { return T(erfc(broadcast<V>(static_cast<T>(x)))[0]); };
  const double infinity = kInfinity<double>;
  EXPECT_TRUE(same<T>(erf_at(0), 0));
  EXPECT_TRUE(same<T>(erf_at(-0.0), T(-0.0)));
  EXPECT_EQ(erf_at(infinity), 1);
  EXPECT_EQ(erf_at(-infinity), -1);
  EXPECT_TRUE(std::isnan(erf_at(kNan<double>)));
  EXPECT_EQ(erfc_at(0), 1);
  EXPECT_EQ(erfc_at(infinity), 0);
  EXPECT_EQ(erfc_at(-infinity), 2);
  EXPECT_TRUE(std::isnan(erfc_at(kNan<double>)));
  EXPECT_GT(erfc_at(this->kFloat ? 10.05 : 27.2), 0);
  EXPECT_EQ(erfc_at(this->kFloat ? 10.07 : 27.3), 0);
}

// One lane beyond the bound of the near formula must not disturb the others.
TYPED_TEST(SpecialTest, LanesAreIndependent) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  for (T far : {T(3), T(-3), kNan<T>, kInfinity<T>}) {
    for (int lane = 0; lane < lanes<V>; ++lane) {
      V x = broadcast<V>(T(0.25));
      x[lane] = far;
      const V outer = erf(broadcast<V>(far)), inner = erf(broadcast<V>(T(0.25)));
      const V outer_c = erfc(broadcast<V>(far)), inner_c = erfc(broadcast<V>(T(0.25)));
      const V result = erf(x), result_c = erfc(x);
      for (int k = 0; k < lanes<V>; ++k) {
        EXPECT_TRUE(same<T>(result[k], k == lane ? outer[k] : inner[k]));
        EXPECT_TRUE(same<T>(result_c[k], k == lane ? outer_c[k] : inner_c[k]));
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
