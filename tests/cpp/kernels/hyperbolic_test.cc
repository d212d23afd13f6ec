#include "kernels/hyperbolic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class HyperbolicTest : public VectorTest<C> {};
TYPED_TEST_SUITE(HyperbolicTest, VectorCases, CaseName);

TYPED_TEST(HyperbolicTest, SinhIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {this->kFloat ? 90.0 : 711.0, 3.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return sinh(x); },
        [](long double x) -> long double { return std::sinh(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, CoshIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {this->kFloat ? 90.0 : 711.0, 3.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return cosh(x); },
        [](long double x) -> long double { return std::cosh(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, TanhIsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {22.0, 1.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return tanh(x); },
        [](long double x) -> long double { return std::tanh(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, Expm1IsWithinOneAndAHalfUlps) {
  using T = typename TestFixture::T;
  for (double range : {this->kFloat ? 90.0 : 711.0, 1.0}) {
    this->expect_ulps(
        1.5, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return expm1(x); },
        [](long double x) -> long double { return std::expm1(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, Log1pIsWithinOneUlp) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 100.0}) {
    this->expect_ulps(
        1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return log1p(x); },
        [](long double x) -> long double { return std::log1p(x); }, samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, SigmoidIsWithinOneUlp) {
  using T = typename TestFixture::T;
  for (double range : {this->kFloat ? 105.0 : 750.0, 3.0}) {
    this->expect_ulps(
        1.0, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return sigmoid(x); },
        [](long double x) -> long double { return 1 / (1 + std::exp(-x)); },
        samples<T>(-range, range));
  }
}

TYPED_TEST(HyperbolicTest, SoftplusIsWithinTwoUlpsOrTwoAndAHalf) {
  using T = typename TestFixture::T;
  const double limit = detail::kFusedProducts ? 2.0 : 2.5;
  for (double range : {this->kFloat ? 105.0 : 750.0, 3.0}) {
    this->expect_ulps(
        limit, [](const auto& x) KERNELOPS_ALWAYS_INLINE { return softplus(x); },
        [](long double x) -> long double {
          return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
        },
        samples<T>(-range, range));
  }
}

// Where the logarithm and the maximum cancel, the error is that of the larger one.
TYPED_TEST(HyperbolicTest, LogAddExpIsStable) {
  using T = typename TestFixture::T;
  for (double range : {1.0, 50.0}) {
    const std::vector<T> x = samples<T>(-range, range), y = partners(x);
    const std::vector<T> result = this->apply(
        [](const auto& u, const auto& v) KERNELOPS_ALWAYS_INLINE { return log_add_exp(u, v); }, x,
        y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double u = x[i], v = y[i];
      const long double largest = std::fmax(u, v);
      const long double expected =
          u == v ? u + std::log(2.0L) : largest + std::log1p(std::exp(-std::fabs(u - v)));
      if (!std::isfinite(expected) || std::isnan(u) || std::isnan(v)) {
        ASSERT_TRUE(same<T>(result[i], std::isnan(u) || std::isnan(v) ? kNan<T> : T(expected)))
            << u << ", " << v << ": " << result[i];
      } else {
        // The rounding of u - v is an error of the exponential, too.
        const long double scale =
            std::fmax(std::fabs(largest), std::fabs(expected)) +
            (expected == largest ? 0 : std::fabs(u - v) * std::fabs(expected - largest));
        ASSERT_LE(std::fabs(result[i] - expected), 2 * std::numeric_limits<T>::epsilon() * scale +
                                                       std::numeric_limits<T>::denorm_min())
            << u << ", " << v << ": " << result[i];
      }
    }
  }
}

TYPED_TEST(HyperbolicTest, ZerosKeepTheirSigns) {
  using T = typename TestFixture::T;
  using V = typename TestFixture::V;
  for (T zero : {T(0), T(-0.0)}) {
    const V x = broadcast<V>(zero);
    EXPECT_TRUE(same<T>(sinh(x)[0], zero));
    EXPECT_TRUE(same<T>(tanh(x)[0], zero));
    EXPECT_TRUE(same<T>(expm1(x)[0], zero));
    EXPECT_TRUE(same<T>(log1p(x)[0], zero));
  }
}

}  // namespace
}  // namespace kernelops
