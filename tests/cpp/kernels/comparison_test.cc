#include "kernels/comparison.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/vectors.h"

namespace kernelops {
namespace {

using namespace testing;

template <class C>
class ComparisonTest : public VectorTest<C> {
 protected:
  using T = typename VectorTest<C>::T;
  using V = typename VectorTest<C>::V;

  // All triples of the values that comparisons treat apart, element by element.
  template <class Function, class Reference>
  static void expect_same(Function function, Reference reference) {
    const std::vector<T> values = {kNan<T>, -kInfinity<T>, -1, -0.0f, 0, 0.5f, 2, kInfinity<T>};
    std::vector<T> x, y, z;
    for (const T a : values) {
      for (const T b : values) {
        for (const T c : values) {
          x.push_back(a);
          y.push_back(b);
          z.push_back(c);
        }
      }
    }
    for (std::size_t first = 0; first < x.size(); first += lanes<V>) {
      T out[lanes<V>];
      store<V>(out, function(load<V>(&x[first]), load<V>(&y[first]), load<V>(&z[first])));
      for (std::size_t lane = 0; lane < lanes<V>; ++lane) {
        const std::size_t n = first + lane;
        EXPECT_TRUE(same(out[lane], static_cast<T>(reference(x[n], y[n], z[n]))))
            << x[n] << ", " << y[n] << ", " << z[n] << ": " << out[lane];
      }
    }
  }
};
TYPED_TEST_SUITE(ComparisonTest, VectorCases, CaseName);

#define SAME(call, reference)                                                           \
  TestFixture::expect_same(                                                             \
      [](const auto& x, [[maybe_unused]] const auto& y, [[maybe_unused]] const auto& z) \
          KERNELOPS_ALWAYS_INLINE { return call; },                                     \
      [](auto x, [[maybe_unused]] auto y, [[maybe_unused]] auto z) { return reference; })

TYPED_TEST(ComparisonTest, TruthValuesAreOneOrZero) {
  SAME(equal(x, y), x == y);
  SAME(not_equal(x, y), x != y);
  SAME(less(x, y), x < y);
  SAME(less_or_equal(x, y), x <= y);
  SAME(logical_and(x, y), x != 0 && y != 0);
  SAME(logical_or(x, y), x != 0 || y != 0);
  SAME(logical_not(x), x == 0);
}

TYPED_TEST(ComparisonTest, ChoicesKeepTheirOrder) {
  SAME(if_else(x, y, z), x >= 0 ? y : z);
  SAME(clamp(x, y, z), x < y ? y : x > z ? z : x);
  SAME(larger(x, y), x < y || y != y ? y : x);
  SAME(smaller(x, y), y < x || y != y ? y : x);
  SAME(positive_part(x), x < 0 ? 0 : x);
  SAME(divide_or_zero(x, y), y == 0 ? 0 : x / y);
}

}  // namespace
}  // namespace kernelops
