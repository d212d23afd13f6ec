#include "kernels/trigonometric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class TrigonometricTest : public VectorTest<C> {};
TYPED_TEST_SUITE(TrigonometricTest, VectorCases, CaseName);

TYPED_TEST(TrigonometricTest, SinIsWithinTwoUlps) {
  using T = typename TestFixture::T;
  for (double range : {4.0, 1000.0, 200000.0}) {
    this->expect_ulps(
        2.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return sin(x); },
        [](long double x) -> long double { return std::sin(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(TrigonometricTest, CosIsWithinTwoUlps) {
  using T = typename TestFixture::T;
  for (double range : {4.0, 1000.0, 200000.0}) {
    this->expect_ulps(
        2.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return cos(x); },
        [](long double x) -> long double { return std::cos(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(TrigonometricTest, TanIsWithinTwoUlps) {
  using T = typename TestFixture::T;
  for (double range : {4.0, 1000.0, 200000.0}) {
    this->expect_ulps(
        2.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return tan(x); },
        [](long double x) -> long double { return std::tan(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(TrigonometricTest, AsinIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 0.01}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return asin(x); },
        [](long double x) -> long double { return std::asin(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(TrigonometricTest, AcosIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 0.01}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return acos(x); },
        [](long double x) -> long double { return std::acos(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(TrigonometricTest, AtanIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {1.5, 20.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return atan(x); },
        [](long double x) -> long double { return std::atan(x); }, samples<T>(-range, range));
  }
}

// Arguments next to whole multiples of pi / 2, where most digits cancel.
TYPED_TEST(TrigonometricTest, MultiplesOfHalfPiKeepTheirDigits) {
  using T = typename TestFixture::T;
  std::vector<T> x;
  for (int k = 1; k <= 60000; ++k) {
    const T nearest = static_cast<T>(k * 1.57079632679489661923L);
    x.push_back(nearest);
    x.push_back(-std::nextafter(nearest, T(0)));
  }
  this->expect_ulps(
      2.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return sin(v); },
      [](long double v) { return std::sin(v); }, x);
  this->expect_ulps(
      2.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return cos(v); },
      [](long double v) { return std::cos(v); }, x);
  this->expect_ulps(
      2.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return tan(v); },
      [](long double v) { return std::tan(v); }, x);
}

TYPED_TEST(TrigonometricTest, Atan2IsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  const auto function = [](const auto& y, const auto& x)
                            KERNELOPS_ALWAYS_INLINE { return atan2(y, x); };
  const auto reference = [](long double y, long double x) { return std::atan2(y, x); };
  for (double range : {1.0, 1e6}) {
    const std::vector<T> x = samples<T>(-range, range);
    this->expect_ulps(1.5, function, reference, x, partners(x));
  }
}

TYPED_TEST(TrigonometricTest, ZerosAndInfinitiesHaveTheSignsOfC) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  for (T zero : {T(0), T(-0.0)}) {
    const V x = broadcast<V>(zero);
    EXPECT_TRUE(same<T>(sin(x)[0], zero));
    EXPECT_TRUE(same<T>(tan(x)[0], zero));
    EXPECT_TRUE(same<T>(asin(x)[0], zero));
    EXPECT_TRUE(same<T>(atan(x)[0], zero));
    EXPECT_EQ(cos(x)[0], 1);
  }
  for (T infinite : {kInfinity<T>, -kInfinity<T>}) {
    const V x = broadcast<V>(infinite);
    EXPECT_TRUE(std::isnan(sin(x)[0]));
    EXPECT_TRUE(std::isnan(cos(x)[0]));
    EXPECT_TRUE(std::isnan(tan(x)[0]));
    EXPECT_TRUE(std::isnan(asin(x)[0]));
    EXPECT_TRUE(std::isnan(acos(x)[0]));
  }
  const std::vector<T> values = {T(0),
                                 T(-0.0),
                                 T(1),
                                 T(-1),
                                 kInfinity<T>,
                                 -kInfinity<T>,
                                 kNan<T>,
                                 std::numeric_limits<T>::max(),
                                 -std::numeric_limits<T>::denorm_min()};
  for (T y : values) {
    for (T x : values) {
      const T result = atan2(broadcast<V>(y), broadcast<V>(x))[0];
      const T expected = std::atan2(y, x);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(result)) << y << ", " << x;
      } else {
        EXPECT_EQ(std::signbit(result), std::signbit(expected)) << y << ", " << x;
        EXPECT_LE(ulp_error<T>(result, std::atan2((long double)y, (long double)x)), 1.5)
            << y << ", " << x;
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
