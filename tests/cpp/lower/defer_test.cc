#include "core/lower/defer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

class DeferTest : public ::testing::Test {
 protected:
  DeferTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("b", Category::j, 1);
    f.variable("w", Category::j, 40);
    f.variable("u", Category::i, 40);
    f.variable("s", Category::parameter, 1);
  }

  PairPhases split(const std::string& text, SumScheme scheme = SumScheme::block) {
    program = lower({f(text)}, scheme);
    return split_phases(program);
  }

  static std::int64_t count(const Section& section, Opcode opcode) {
    std::int64_t out = 0;
    for (const Block& block : section.blocks) {
      out += std::count_if(block.code.begin(), block.code.end(),
                           [&](const Instruction& each) { return each.opcode == opcode; });
    }
    return out;
  }

  testing::Formulas f;
  Program program;
};

TEST_F(DeferTest, LeavesShortSumsAlone) {
  const PairPhases phases = split("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)");
  EXPECT_FALSE(phases.defers());
  EXPECT_EQ(phases.kept_slots, 0);
  EXPECT_EQ(print_program(program).empty(), false);
  EXPECT_EQ(count(phases.first, Opcode::update), 1);
}

TEST_F(DeferTest, KeepsTheKernelOfALongSum) {
  const PairPhases phases = split("Sum_Reduction(Exp(-s * SqDist(x, y)) * w, 0)");
  ASSERT_EQ(phases.deferred.blocks.size(), 1u);
  EXPECT_TRUE(phases.deferred.blocks[0].looped);
  EXPECT_EQ(phases.deferred.blocks[0].extent, 40);
  EXPECT_EQ(phases.kept_slots, 1);
  EXPECT_EQ(count(phases.first, Opcode::keep), 1);
  EXPECT_EQ(count(phases.first, Opcode::update), 0);
  EXPECT_EQ(count(phases.deferred, Opcode::load_kept), 1);
}

TEST_F(DeferTest, KeepsNothingThatALoopCanLoad) {
  const PairPhases phases = split("Max_Reduction(u * w + b, 0)");
  EXPECT_TRUE(phases.defers());
  EXPECT_EQ(phases.kept_slots, 0);
  EXPECT_EQ(count(phases.first, Opcode::load), 0);
}

TEST_F(DeferTest, SurveysExponentsAndMakesTermsOnce) {
  const PairPhases plain = split("LogSumExp_Reduction(-s * SqDist(x, y), 0)");
  ASSERT_EQ(plain.surveys.size(), 1u);
  EXPECT_EQ(count(plain.first, Opcode::survey), 1);
  EXPECT_EQ(count(plain.deferred, Opcode::update), 1);
  const PairPhases weighted = split("SumSoftMaxWeight_Reduction(-s * SqDist(x, y), w, 0)");
  EXPECT_EQ(count(weighted.deferred, Opcode::step), 1);
  EXPECT_EQ(count(weighted.deferred, Opcode::keep), 1);
  ASSERT_EQ(weighted.deferred.blocks.size(), 2u);
  EXPECT_FALSE(weighted.deferred.blocks[0].looped);
}

TEST_F(DeferTest, LeavesRankedAndCompensatedExponentialsAlone) {
  EXPECT_FALSE(split("KMin_Reduction(u * w, 3, 0)").defers());
  EXPECT_FALSE(split("LogSumExp_Reduction(-SqDist(x, y), 0)", SumScheme::compensated).defers());
}

// What the second phase reads is made there, or was made before the columns.
TEST_F(DeferTest, ReadsOnlyWhatIsThere) {
  for (const char* text :
       {"Sum_Reduction(Exp(-s * SqDist(x, y)) * w, 0)", "Sum_Reduction(u * w * Exp(x | y), 1)",
        "SumSoftMaxWeight_Reduction(u | w, Exp(u * w), 0)", "LogSumExp_Reduction(x * y, 0)",
        "Sum_Reduction(Concat(Concat(x * b, w), u * (x | y)), 0)",
        "Mean_Reduction((u - w) * Exp(-SqDist(u, w)) / (1 + s), 0)"}) {
    const PairPhases phases = split(text);
    EXPECT_TRUE(phases.defers()) << text;
    std::set<Register> before;
    for (const Block& block : phases.first.blocks) {
      for (const Instruction& each : block.code) {
        const bool columns = each.space == Space::column || each.space == Space::pair;
        if (!block.looped && each.result >= 0 && !columns) before.insert(each.result);
      }
    }
    for (const Block& block : phases.deferred.blocks) {
      std::set<Register> known = before;
      for (const Instruction& each : block.code) {
        for (const Register operand : each.operands) EXPECT_TRUE(known.count(operand)) << text;
        if (each.result >= 0) known.insert(each.result);
      }
    }
    for (std::size_t a = 0; a < program.accumulations.size(); ++a) {
      EXPECT_TRUE(phases.accumulation[a]) << text;
    }
    EXPECT_EQ(count(phases.first, Opcode::update) + count(phases.first, Opcode::step), 0) << text;
  }
}

}  // namespace
}  // namespace kernelops
