#include "core/lower/cost.h"

#include <gtest/gtest.h>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using Functions = std::map<std::string, double>;

PairCost cost_of(const std::string& text) {
  testing::Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("a", Category::i, 40);
  f.variable("b", Category::j, 40);
  PairCost cost;
  add_pair_cost(lower({f(text)}), cost);
  return cost;
}

TEST(PairCost, CountsOperationsAndUpdates) {
  // Three differences, three squares, two sums, and one for the state.
  EXPECT_EQ(cost_of("Sum_Reduction(SqDist(x, y), 0)").operations, 9);
  EXPECT_EQ(cost_of("Min_Reduction(x - y, 0)").operations, 6);
  EXPECT_TRUE(cost_of("Sum_Reduction(SqDist(x, y), 0)").functions.empty());
}

TEST(PairCost, CountsFunctionsByName) {
  EXPECT_EQ(cost_of("Sum_Reduction(Exp(x - y), 0)").functions, (Functions{{"exponential", 3}}));
  EXPECT_EQ(cost_of("Sum_Reduction(Log(x * y) + Sqrt(x * y), 0)").functions,
            (Functions{{"logarithm", 3}, {"square root", 3}}));
  EXPECT_EQ(cost_of("Sum_Reduction(BesselK(x | y, 1), 0)").functions, (Functions{{"BesselK", 1}}));
}

TEST(PairCost, CountsLoopsByTheirLength) {
  EXPECT_EQ(cost_of("Sum_Reduction(a | b, 0)").operations, 2 * 40 + 1);
}

TEST(PairCost, KnowsWhatSumsOfExponentialsTake) {
  const PairCost plain = cost_of("LogSumExp_Reduction(x | y, 0)");
  EXPECT_EQ(plain.functions, (Functions{{"exponential", 1}}));
  const PairCost weighted = cost_of("SumSoftMaxWeight_Reduction(x | y, y, 0)");
  EXPECT_EQ(weighted.functions, (Functions{{"exponential", 1}}));
  EXPECT_EQ(weighted.operations, plain.operations + 2 * 3);
}

TEST(PairCost, LeavesOutWhatIsDoneOnceForEachRow) {
  EXPECT_EQ(cost_of("Sum_Reduction(Exp(x) * Exp(y), 0)").functions, Functions{});
}

}  // namespace
}  // namespace kernelops
