#include "core/engine/panels.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;
using testing::Table;

template <class Real>
class PanelsTest : public ::testing::Test {
 protected:
  PanelsTest() {
    f.variable("x", Category::i, 2);
    f.variable("y", Category::j, 1);
  }
  Formulas f;
};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PanelsTest, Reals);

TYPED_TEST(PanelsTest, RowNumbersCountFromOneAndPaddingRepeatsTheLast) {
  const Program p = lower({this->f("Sum_Reduction(IndexI() - IndexJ(), 0)")});
  ASSERT_EQ(p.row.slots, 1);
  const Bindings bindings;
  const Sizes sizes{10, 4};
  std::vector<TypeParam> panel(8, -1);
  PanelFiller<TypeParam>(bindings, sizes).rows(p.row, 3, 4, 6, 8, panel.data());
  EXPECT_EQ(panel, (std::vector<TypeParam>{4, 5, 6, 7, 7, 7, -1, -1}));
}

TYPED_TEST(PanelsTest, CountsFillEveryLane) {
  const Program p = lower({this->f("Sum_Reduction(y / CountJ(), 0)")});
  const Bindings bindings;
  const Sizes sizes{10, 4};
  std::vector<TypeParam> panel(4, -1);
  PanelFiller<TypeParam>(bindings, sizes).rows(p.parameters, 0, 1, 4, 4, panel.data());
  EXPECT_EQ(panel, std::vector<TypeParam>(4, 4));
}

// Row numbers are whole numbers of the precision: 2^24 of float32, 2^53 of float64.
TYPED_TEST(PanelsTest, RowNumbersThatWouldNotBeExactAreRefused) {
  constexpr std::int64_t kMost = std::int64_t{1} << std::numeric_limits<TypeParam>::digits;
  const Bindings bindings;
  const Program numbers = lower({this->f("Sum_Reduction(IndexI() - IndexJ(), 0)")});
  const Program counts = lower({this->f("Sum_Reduction(y / CountJ(), 0)")});
  const auto fill = [&](const Panel& panel, const Sizes& sizes, std::int64_t first) {
    std::vector<TypeParam> out(4);
    PanelFiller<TypeParam>(bindings, sizes).rows(panel, first, 1, 4, 4, out.data());
    return out[0];
  };
  EXPECT_EQ(static_cast<double>(fill(numbers.row, {kMost, 1}, kMost - 1)),
            static_cast<double>(kMost));
  EXPECT_EQ(static_cast<double>(fill(counts.parameters, {1, kMost}, 0)),
            static_cast<double>(kMost));
  for (const Error& error : {error_of([&] {
                               fill(numbers.row, {kMost + 1, 1}, 0);
                             }),
                             error_of([&] {
                               fill(numbers.column, {1, kMost + 1}, 0);
                             }),
                             error_of([&] {
                               fill(counts.parameters, {1, kMost + 1}, 0);
                             })}) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_CONTAINS(error.what(), std::to_string(kMost + 1));
  }
}

TYPED_TEST(PanelsTest, EntriesTakeTheRowsOfTheirPairsAndTheirOwnValue) {
  const Expr z = this->f.variable("z", Category::i, 6);
  const Expr root = this->f(
      "SelectedSum_Reduction(SelectEntry(z, Entry(), 2) * x * y * IndexJ() * Entry(),"
      " ArgKMin_Reduction(x - y, 3, 0), 1)");
  const Program p = lower_selection(root);
  Table x(2, 2), y(5, 1), all(2, 6);
  x.values = {1, 2, 3, 4};
  y.values = {10, 20, 30, 40, 50};
  all.values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  Bindings bindings;
  bindings[this->f.scope.formulas["x"]] = x.view();
  bindings[this->f.scope.formulas["y"]] = y.view();
  bindings[z] = all.view();
  const Sizes sizes{2, 5};
  std::vector<TypeParam> panel(static_cast<std::size_t>(p.row.slots * 4), -1);
  // Entries 0 .. 2 belong to the first component of the formula, 3 .. 5 to the second.
  PanelFiller<TypeParam>(bindings, sizes)
      .entries(p.row, {{0, 4, 1}, {1, 2, 3}}, 3, 4, panel.data());
  for (const PanelInput& input : p.row.inputs) {
    const auto slot = [&](std::int64_t k) {
      const auto at = panel.begin() + (input.slot + k) * 4;
      return std::vector<TypeParam>(at, at + 4);
    };
    using Slot = std::vector<TypeParam>;
    if (input.picked) {
      EXPECT_EQ(slot(0), (Slot{3, 0, 0, -1}));
      EXPECT_EQ(slot(1), (Slot{0, 8, 8, -1}));
    } else if (input.source->kind == NodeKind::row_number) {
      EXPECT_EQ(slot(0), (Slot{5, 3, 3, -1}));
    } else if (input.source->kind == NodeKind::entry_number) {
      EXPECT_EQ(slot(0), (Slot{1, 3, 3, -1}));
    } else if (input.dimension == 1) {
      EXPECT_EQ(slot(0), (Slot{50, 30, 30, -1}));
    } else {
      EXPECT_EQ(slot(0), (Slot{1, 2, 2, -1}));
      EXPECT_EQ(slot(1), (Slot{3, 4, 4, -1}));
    }
  }
  EXPECT_EQ(p.row.inputs.size(), 5u);
}

}  // namespace
}  // namespace kernelops
