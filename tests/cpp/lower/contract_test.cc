#include "core/lower/contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

class ContractTest : public ::testing::Test {
 protected:
  ContractTest() {
    f.variable("x", Category::i, 40);
    f.variable("y", Category::j, 40);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 1);
    f.variable("v", Category::j, 3);
    f.variable("w", Category::parameter, 40);
  }

  PairContractions split(const std::string& text, std::int64_t shortest = 12) {
    program = lower({f(text)});
    return split_contractions(program, shortest);
  }

  static bool has_loops(const Program& program) {
    return std::any_of(program.pair.blocks.begin(), program.pair.blocks.end(),
                       [](const Block& block) { return block.looped; });
  }

  testing::Formulas f;
  Program program;
};

TEST_F(ContractTest, TakesOutASquaredDistance) {
  const PairContractions parts = split("Sum_Reduction(Exp(-SqDist(x, y)) * v, 0)");
  ASSERT_EQ(parts.contractions.size(), 1u);
  const Contraction& only = parts.contractions[0];
  EXPECT_EQ(only.loop.extent, 40);
  EXPECT_EQ(only.row_operands.size(), 1u);
  EXPECT_EQ(only.column_operands.size(), 1u);
  EXPECT_TRUE(only.before.code.empty());
  EXPECT_EQ(parts.sums, 1);
  EXPECT_FALSE(has_loops(parts.rest));
  // The rest reads v alone.
  ASSERT_EQ(parts.rest.packed.size(), 1u);
  EXPECT_EQ(parts.rest.packed_slots, 3);
  EXPECT_EQ(parts.rest.packed[0].slot, 40);
}

TEST_F(ContractTest, NumbersTheSumsOfSeveralLoops) {
  const PairContractions parts = split("Sum_Reduction(SqDist(x, y) * (x | y), 0)");
  ASSERT_EQ(parts.contractions.size(), 2u);
  EXPECT_EQ(parts.contractions[1].first_sum, 1);
  EXPECT_EQ(parts.sums, 2);
  EXPECT_EQ(parts.rest.packed_slots, 0);
}

TEST_F(ContractTest, TakesAlongWhatIsTheSameForAllComponents) {
  const PairContractions parts = split("Sum_Reduction(Sum(w * Abs(a * x - y / b)), 0)");
  ASSERT_EQ(parts.contractions.size(), 1u);
  EXPECT_TRUE(std::all_of(parts.contractions[0].before.code.begin(),
                          parts.contractions[0].before.code.end(),
                          [](const Instruction& each) { return each.space != Space::pair; }));
}

TEST_F(ContractTest, LeavesSumsOfWhatWasComputedForAPair) {
  const PairContractions parts = split("Sum_Reduction(Sum(Exp(a * b * (x - y))), 0)");
  EXPECT_TRUE(parts.contractions.empty());
  EXPECT_EQ(parts.rest.packed_slots, program.packed_slots);
  EXPECT_EQ(print_program(parts.rest), print_program(program));
}

TEST_F(ContractTest, LeavesShortSums) {
  EXPECT_TRUE(split("Sum_Reduction(SqDist(x, y), 0)", 41).contractions.empty());
}

TEST_F(ContractTest, KeepsTheSlotsOfWhatIsReadAgain) {
  const PairContractions parts = split("Sum_Reduction(Exp(-SqDist(x, y)) * (x - y), 0)");
  ASSERT_EQ(parts.contractions.size(), 1u);
  EXPECT_EQ(parts.rest.packed_slots, 40);
}

}  // namespace
}  // namespace kernelops
