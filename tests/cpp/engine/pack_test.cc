#include "core/engine/pack.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kernelops {
namespace {

template <class Real>
class PackTest : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PackTest, Reals);

TYPED_TEST(PackTest, CopiesRowsOfColumnMajorMatrices) {
  // 4 rows of dimension 2.
  const std::vector<double> data = {1, 2, 3, 4, 10, 20, 30, 40};
  const ArrayView view{data.data(), ElementType::float64, 4, 2, 1, 4};
  std::vector<TypeParam> panel(2 * 5, -1);
  pack_rows(view, 1, 3, 3, panel.data(), 5);
  EXPECT_EQ(panel, (std::vector<TypeParam>{2, 3, 4, -1, -1, 20, 30, 40, -1, -1}));
}

TYPED_TEST(PackTest, FollowsTheStridesOfTransposedMatrices) {
  const std::vector<double> data = {1, 10, 2, 20, 3, 30};
  const ArrayView view{data.data(), ElementType::float64, 3, 2, 2, 1};
  std::vector<TypeParam> panel(2 * 3);
  pack_rows(view, 0, 3, 3, panel.data(), 3);
  EXPECT_EQ(panel, (std::vector<TypeParam>{1, 2, 3, 10, 20, 30}));
  pack_rows(view, 2, 1, 1, panel.data(), 3);
  EXPECT_EQ(panel[0], 3);
  EXPECT_EQ(panel[3], 30);
}

TYPED_TEST(PackTest, PaddingRepeatsTheLastRow) {
  const std::vector<double> data = {1, 2, 3, 4};
  const ArrayView view{data.data(), ElementType::float64, 2, 2, 1, 2};
  std::vector<TypeParam> panel(2 * 6, -1);
  pack_rows(view, 0, 2, 5, panel.data(), 6);
  EXPECT_EQ(panel, (std::vector<TypeParam>{1, 2, 2, 2, 2, -1, 3, 4, 4, 4, 4, -1}));
}

TYPED_TEST(PackTest, IntegersBecomeNumbersAndMissingOnesNan) {
  const std::vector<std::int32_t> data = {7, kMissingInteger, -2147483647};
  const ArrayView view{data.data(), ElementType::int32, 3, 1, 1, 3};
  std::vector<TypeParam> panel(4);
  pack_rows(view, 0, 3, 4, panel.data(), 4);
  EXPECT_EQ(panel[0], 7);
  EXPECT_TRUE(std::isnan(panel[1]));
  EXPECT_EQ(panel[2], static_cast<TypeParam>(-2147483647));
  EXPECT_EQ(panel[3], panel[2]);
  pack_rows(view, 1, 1, 2, panel.data(), 4);
  EXPECT_TRUE(std::isnan(panel[0]) && std::isnan(panel[1]));
}

TYPED_TEST(PackTest, AParameterFillsEveryLane) {
  const std::vector<double> data = {1.5, 2.5};
  const ArrayView view{data.data(), ElementType::float64, 1, 2, 1, 1};
  std::vector<TypeParam> panel(8);
  pack_rows(view, 0, 1, 4, panel.data(), 4);
  EXPECT_EQ(panel, (std::vector<TypeParam>{1.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 2.5}));
}

TYPED_TEST(PackTest, InfinitiesAndNanArriveAsTheyAre) {
  const std::vector<double> data = {HUGE_VAL, -HUGE_VAL, std::nan("")};
  const ArrayView view{data.data(), ElementType::float64, 3, 1, 1, 3};
  std::vector<TypeParam> panel(3);
  pack_rows(view, 0, 3, 3, panel.data(), 3);
  EXPECT_EQ(panel[0], HUGE_VAL);
  EXPECT_EQ(panel[1], -HUGE_VAL);
  EXPECT_TRUE(std::isnan(panel[2]));
}

TYPED_TEST(PackTest, ColumnsAreTransposedRunByRun) {
  // Slots 0 .. 4 over 37 columns; slots 1 and 3 .. 4 are wanted.
  const std::int64_t stride = 40;
  std::vector<TypeParam> panel(5 * stride);
  for (std::int64_t slot = 0; slot < 5; ++slot) {
    for (std::int64_t j = 0; j < stride; ++j) {
      panel[static_cast<std::size_t>(slot * stride + j)] = static_cast<TypeParam>(100 * slot + j);
    }
  }
  for (const std::int64_t count : {0, 1, 15, 16, 17, 37}) {
    std::vector<TypeParam> packed(static_cast<std::size_t>(3 * count + 1), -1);
    pack_columns(panel.data(), stride, count, {{1, 1}, {3, 2}}, 3, packed.data());
    for (std::int64_t j = 0; j < count; ++j) {
      const auto at = static_cast<std::size_t>(3 * j);
      EXPECT_EQ(packed[at], 100 + j);
      EXPECT_EQ(packed[at + 1], 300 + j);
      EXPECT_EQ(packed[at + 2], 400 + j);
    }
    EXPECT_EQ(packed.back(), -1);
  }
}

}  // namespace
}  // namespace kernelops
