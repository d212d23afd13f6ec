#include "kernels/math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class MathTest : public VectorTest<C> {};
TYPED_TEST_SUITE(MathTest, VectorCases, CaseName);

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

// A product of special values is what it is without the function.
TYPED_TEST(MathTest, Exp2TimesIsTheProduct) {
  using T = typename TestFixture::T;
  const double range = this->kFloat ? 100 : 900;
  for (T b : {T(1), T(-3), T(1e5), T(1e-5)}) {
    this->expect_ulps(
        4.0, [b](const auto& x) KERNELOPS_ALWAYS_INLINE { return exp2_times(x, like(x, b)); },
        [b](long double x) { return b * std::exp2(x); }, spread<T>(-range, range, 200000));
  }
  std::vector<T> x = spread<T>(-range, range, 1000);
  for (T special : {kInfinity<T>, -kInfinity<T>, kNan<T>, T(0)}) x.resize(x.size() + 32, special);
  for (T b : {T(0), T(-0.0), kInfinity<T>, -kInfinity<T>, kNan<T>}) {
    this->expect_exact([b](const auto& v)
                           KERNELOPS_ALWAYS_INLINE { return exp2_times(v, like(v, b)); },
                       [b](T v) { return std::exp2(v) * b; }, x);
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

TYPED_TEST(MathTest, SqrtAndInverseAreWithinOneUlp) {
  using T = typename TestFixture::T;
  for (double range : {4.0, 1e30}) {
    std::vector<T> x = samples<T>(0, range);
    this->expect_ulps(
        1.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return inverse(v); },
        [](long double v) { return 1 / v; }, x);
    // The root of a denormal number is one of a number nearby.
    std::replace_if(
        x.begin(), x.end(), [](T v) { return std::fpclassify(v) == FP_SUBNORMAL; }, T(1));
    this->expect_ulps(
        1.0, [](const auto& v) KERNELOPS_ALWAYS_INLINE { return sqrt(v); },
        [](long double v) { return std::sqrt(v); }, x);
  }
}

TYPED_TEST(MathTest, SqrtAndInverseAreExactWhereTheyCanBe) {
  using T = typename TestFixture::T;
  std::vector<T> squares = {T(-0.0), T(0), kInfinity<T>, kNan<T>, T(-1), -kInfinity<T>};
  for (int k = 1; k < 4000; ++k) squares.push_back(T(k) * T(k));
  squares.resize(4032, T(1));
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return sqrt(v); },
                     [](T v) { return std::sqrt(v); }, squares);
  std::vector<T> powers = {T(-0.0), T(0), kInfinity<T>, -kInfinity<T>, kNan<T>};
  for (int k = std::numeric_limits<T>::min_exponent; k < std::numeric_limits<T>::max_exponent;
       ++k) {
    powers.push_back(std::ldexp(T(1), k));
    powers.push_back(std::ldexp(T(-1), k));
  }
  powers.resize((powers.size() + 31) / 32 * 32, T(1));
  this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return inverse(v); },
                     [](T v) { return 1 / v; }, powers);
}

TYPED_TEST(MathTest, SqrtOfDenormalNumbersIsThatOfNumbersNearby) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  constexpr T kLeast = std::numeric_limits<T>::denorm_min();
  for (T x = kLeast; x < std::numeric_limits<T>::min(); x = x * T(1.37) + kLeast) {
    const T root = sqrt(broadcast<V>(x))[0];
    const long double square = static_cast<long double>(root) * root;
    EXPECT_LE(std::fabs(square - x), kLeast * 0.51L + x * 4 * std::numeric_limits<T>::epsilon());
  }
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
    this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return ceil(v); },
                       [](T v) { return std::ceil(v); }, x);
    this->expect_exact([](const auto& v) KERNELOPS_ALWAYS_INLINE { return trunc(v); },
                       [](T v) { return std::trunc(v); }, x);
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
                     [](T v) { return inverse(broadcast<typename TestFixture::V>(v * v))[0]; }, x);
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
