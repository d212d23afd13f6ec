#include "core/transform/simplify.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/ir/print.h"
#include "core/transform/differential.h"
#include "core/transform/gradient.h"
#include "support/evaluate.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::RandomFormula;
using testing::Values;

class SimplifyTest : public ::testing::Test {
 protected:
  SimplifyTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 1);
  }
  std::string simplified(const std::string& text) {
    return print_formula(simplify(f.graph, f(text)));
  }
  Formulas f;
};

TEST_F(SimplifyTest, FoldsConstants) {
  EXPECT_EQ(simplified("2 * 3 + 1"), "7");
  EXPECT_EQ(simplified("x * (1 / 4)"), simplified("x * 0.25"));
  EXPECT_EQ(simplify(f.graph, f("Exp(1) - Log(2)"))->kind, NodeKind::constant);
  EXPECT_EQ(simplify(f.graph, f("Pow(2, 10)"))->value, 1024);
}

TEST_F(SimplifyTest, LeavesConstantsThatAreNotFinite) {
  EXPECT_EQ(simplify(f.graph, f("1e300 * 1e300"))->kind, NodeKind::operation);
  EXPECT_EQ(simplify(f.graph, f("Log(0)"))->kind, NodeKind::operation);
}

TEST_F(SimplifyTest, EndsWhereConstantsOverflow) {
  // Constants that cannot be folded must not be rearranged for ever.
  EXPECT_EQ(simplify(f.graph, f("1e300 * (1e301 * x)"))->dimension, 3);
  EXPECT_EXIT(
      {
        simplify(f.graph, f("1e300 * (1e301 * 1e302)"));
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SimplifyTest, KeepsTheDimension) {
  EXPECT_EQ(simplified("SumT(a, 3) * SumT(b, 3)"), "SumT(a * b, 3)");
  EXPECT_EQ(simplify(f.graph, f("Pow(x, 0)"))->dimension, 3);
  EXPECT_EQ(simplify(f.graph, f("SumT(a, 3) * 2"))->dimension, 3);
  EXPECT_EQ(simplify(f.graph, f("Zero(3) * a"))->dimension, 3);
}

TEST_F(SimplifyTest, MatchesCommutativeOperationsBothWays) {
  EXPECT_EQ(simplified("1 * x"), "x");
  EXPECT_EQ(simplified("x * 1"), "x");
  EXPECT_EQ(simplified("0 + x"), "x");
  EXPECT_EQ(simplified("x * SumT(a, 3)"), simplified("SumT(a, 3) * x"));
}

TEST_F(SimplifyTest, FactorsAScalarOutOfASumOnEitherSide) {
  EXPECT_EQ(simplify(f.graph, f("Sum(a * x)")), simplify(f.graph, f("a * Sum(x)")));
  EXPECT_EQ(simplify(f.graph, f("Sum(x * a)")), simplify(f.graph, f("a * Sum(x)")));
}

TEST_F(SimplifyTest, DoesNotFactorAScalarOutOfItsOwnSum) {
  EXPECT_EQ(simplified("Sum(a * b)"), "a * b");
}

TEST_F(SimplifyTest, WorksInsideReductionsAndThroughInnerOnes) {
  EXPECT_EQ(simplified("Sum_Reduction(1 * x - 0, 0)"), "Sum_Reduction(x, 0)");
  f.variable("e", Category::i, 1);
  const Expr second =
      expand_differentials(f.graph, f("Grad(LogSumExp_Reduction(1 * b - 0, 0), b, e)"));
  EXPECT_LT(topological({simplify(f.graph, second)}).size(), topological({second}).size());
}

TEST_F(SimplifyTest, KeepsTheValuesOfRandomFormulas) {
  Random random(11);
  RandomFormula formula(f, random, {true, false});
  for (int n = 0; n < 200; ++n) {
    const Expr before = formula.any(4);
    const Expr after = simplify(f.graph, before);
    ASSERT_EQ(before->dimension, after->dimension);
    for (int sample = 0; sample < 3; ++sample) {
      const Values values = f.values(random, {1, 1});
      const std::vector<double> a = testing::Evaluator(values, {1, 1}).at(before, 0, 0);
      const std::vector<double> b = testing::Evaluator(values, {1, 1}).at(after, 0, 0);
      for (std::size_t k = 0; k < a.size(); ++k) ASSERT_TRUE(testing::near(b[k], a[k], 1e-8)) << n;
    }
  }
}

TEST_F(SimplifyTest, KeepsTheValuesOfGradients) {
  Random random(12);
  RandomFormula formula(f, random, {true, false});
  for (int n = 0; n < 60; ++n) {
    const Expr before =
        gradient(f.graph, formula.of_dimension(1, 3), f.variables[0], f.graph.constant(1));
    const Expr after = simplify(f.graph, before);
    const Values values = f.values(random, {1, 1});
    const std::vector<double> a = testing::Evaluator(values, {1, 1}).at(before, 0, 0);
    const std::vector<double> b = testing::Evaluator(values, {1, 1}).at(after, 0, 0);
    for (std::size_t k = 0; k < a.size(); ++k) ASSERT_TRUE(testing::near(b[k], a[k], 1e-8)) << n;
  }
}

TEST_F(SimplifyTest, IsIdempotent) {
  Random random(13);
  RandomFormula formula(f, random, {false, true});
  for (int n = 0; n < 300; ++n) {
    const Expr before = formula.any(4);
    const Expr once = simplify(f.graph, before);
    ASSERT_EQ(simplify(f.graph, once), once) << print_formula(once);
  }
}

}  // namespace
}  // namespace kernelops
