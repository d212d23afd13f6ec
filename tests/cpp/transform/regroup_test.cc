#include "core/transform/regroup.h"

#include <gtest/gtest.h>

#include <string>

#include "core/ir/print.h"
#include "core/transform/differential.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::Evaluator;
using testing::Formulas;
using testing::Random;
using testing::RandomFormula;
using testing::Table;
using testing::Values;

class RegroupTest : public ::testing::Test {
 protected:
  RegroupTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("b", Category::j, 1);
    f.variable("s", Category::parameter, 1);
  }
  Formulas f;
  Random random{21};
};

TEST_F(RegroupTest, KeepsTheValuesOfRandomFormulas) {
  RandomFormula formula(f, random, {true, false});
  for (int n = 0; n < 200; ++n) {
    const Expr before = formula.any(4);
    const Expr after = regroup(f.graph, before);
    ASSERT_EQ(before->dimension, after->dimension);
    const Values values = f.values(random, {1, 1});
    const std::vector<double> a = Evaluator(values, {1, 1}).at(before, 0, 0);
    const std::vector<double> b = Evaluator(values, {1, 1}).at(after, 0, 0);
    for (std::size_t k = 0; k < a.size(); ++k) ASSERT_TRUE(testing::near(b[k], a[k], 1e-8)) << n;
  }
}

TEST_F(RegroupTest, KeepsResultsWithWeightsRanksAndSelections) {
  const Sizes sizes{4, 3};
  const Values values = f.values(random, sizes, 0.2, 1);
  for (const char* text :
       {"SumSoftMaxWeight_Reduction(-s * SqDist(x, y) * b, 2 * y * b * s, 0)",
        "KMin_Reduction(Exp(-s * SqDist(x, y) * 2) * b, 2, 0)",
        "Grad(KMin_Reduction(Exp(-s * SqDist(x, y) * 2) * b, 2, 0), x, s)",
        "Grad(Var_Reduction(s * x * y * 3, 0), x, s) * Sum_Reduction(2 * x * (y * s), 0)"}) {
    const Expr before = expand_differentials(f.graph, f(text));
    const Expr after = regroup(f.graph, before);
    const Table a = Evaluator(values, sizes).result(before, Category::i);
    const Table b = Evaluator(values, sizes).result(after, Category::i);
    for (std::size_t n = 0; n < a.values.size(); ++n) {
      EXPECT_TRUE(testing::near(b.values[n], a.values[n], 1e-12)) << text;
    }
  }
}

TEST_F(RegroupTest, SeveralResultsKeepWhatTheyShare) {
  const Expr kernel = f("Exp(-s * SqDist(x, y)) * b");
  f.scope.formulas["k"] = kernel;
  const std::vector<Expr> results = {f("Sum_Reduction(k, 0)"), f("Sum_Reduction(k * y * s, 0)")};
  const std::vector<Expr> after = regroup(f.graph, results);
  ASSERT_EQ(after.size(), 2u);
  const Expr shared = after[0]->arguments[0];
  const std::vector<Expr> nodes = topological({after[1]});
  EXPECT_NE(std::find(nodes.begin(), nodes.end(), shared), nodes.end())
      << print_formula(shared) << " in " << print_formula(after[1]);
}

TEST_F(RegroupTest, QuotientsBecomeProductsWithOneInverse) {
  const auto divides = [this](const char* text) {
    return print_formula(regroup(f.graph, f(text))).find(" / ") != std::string::npos;
  };
  EXPECT_FALSE(divides("Sum_Reduction(b / (1 + SqDist(x, y)), 0)"));
  EXPECT_FALSE(divides("Sum_Reduction(SqDist(x, y) / b, 0)"));
  EXPECT_FALSE(divides("Sum_Reduction((x - y) / (1 + SqDist(x, y)), 0)"));
  EXPECT_TRUE(divides("Sum_Reduction((x | y) / (1 + SqDist(x, y)), 0)"));
}

// What all rows share is multiplied into the powers of 2 that only it needs.
TEST_F(RegroupTest, PowersTakeInTheFactorsOfColumns) {
  const auto regrouped = [this](const char* text) {
    return print_formula(regroup(f.graph, f(text)));
  };
  const auto takes_in = [&](const char* text) {
    return regrouped(text).find("Exp2Times(") != std::string::npos;
  };
  EXPECT_TRUE(takes_in("Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)"));
  EXPECT_TRUE(takes_in("Sum_Reduction(3 * Exp(-SqDist(x, y)), 0)"));
  EXPECT_TRUE(takes_in("Sum_Reduction(Exp(-SqDist(x, y)) * s * (x - y), 1)"));
  // Of the rows, of several components, and needed twice.
  EXPECT_FALSE(takes_in("Sum_Reduction(Exp(-SqDist(x, y)) * b, 1)"));
  EXPECT_FALSE(takes_in("Sum_Reduction(Exp(-SqDist(x, y)) * y, 0)"));
  EXPECT_FALSE(takes_in("Sum_Reduction(Exp(-SqDist(x, y)) * b + Exp(-SqDist(x, y)), 0)"));
}

TEST_F(RegroupTest, ProductsOfPowersAreOnePower) {
  const auto powers = [this](const char* text) {
    const std::string printed = print_formula(regroup(f.graph, f(text)));
    int count = 0;
    for (std::size_t at = printed.find("Exp2"); at != std::string::npos;
         at = printed.find("Exp2", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(powers("Sum_Reduction(Exp(-SqDist(x, y)) * Exp(s * (x | y)), 0)"), 1);
  EXPECT_EQ(powers("Sum_Reduction(Exp(-SqDist(x, y)) * b * Exp(s * (x | y)) * (x - y), 0)"), 1);
  // What is needed apart stays apart.
  EXPECT_EQ(powers("Sum_Reduction(Exp(-SqDist(x, y)) * Exp(s * (x | y)) + Exp(s * (x | y)), 0)"),
            3);
}

}  // namespace
}  // namespace kernelops
