#include "core/transform/gradient.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "core/transform/differential.h"
#include "core/transform/simplify.h"
#include "support/differences.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;
using testing::Random;
using testing::RandomFormula;
using testing::Values;

class GradientTest : public ::testing::Test {
 protected:
  GradientTest() {
    x = f.variable("x", Category::i, 3);
    y = f.variable("y", Category::j, 3);
    b = f.variable("b", Category::j, 1);
    s = f.variable("s", Category::parameter, 1);
    e = f.variable("e", Category::i, 3);
    u = f.variable("u", Category::i, 1);
    w = f.variable("w", Category::j, 3);
  }

  Expr expanded(const std::string& text) { return expand_differentials(f.graph, f(text)); }
  std::size_t nodes(const std::string& text) {
    return topological({simplify(f.graph, expanded(text))}).size();
  }

  // Grad(result, v, eta) of texts against finite differences.
  void expect_right(const std::string& result, const std::string& v, const std::string& eta,
                    const Sizes& sizes = {4, 3}) {
    SCOPED_TRACE("Grad(" + result + ", " + v + ", " + eta + ")");
    const Values values = f.values(random, sizes, 0.2, 1.1);
    Category category;
    ASSERT_TRUE(is_result(f(result), &category));
    testing::expect_result_gradient(expanded(result), category, f(v), f(eta),
                                    expanded("Grad(" + result + ", " + v + ", " + eta + ")"),
                                    values, sizes);
  }

  Formulas f;
  Expr x, y, b, s, e, u, w;
  Random random{5};
};

TEST_F(GradientTest, OfCompositionsAgreesWithFiniteDifferences) {
  Formulas g;
  g.variable("x", Category::i, 3);
  g.variable("y", Category::j, 1);
  g.variable("p", Category::parameter, 2);
  const std::vector<Expr> inputs = g.variables;
  RandomFormula formula(g, random, {true, false});
  for (int n = 0; n < 60; ++n) {
    const Expr out = formula.of_dimension(2, 3);
    const Expr eta = g.graph.constant(0.8);
    const Values values = g.values(random, {1, 1});
    if (!testing::Evaluator(values, {1, 1}).is_finite(out, 0, 0)) continue;
    for (Expr v : inputs) {
      testing::expect_gradient(out, v, eta, gradient(g.graph, out, v, eta), values, 1e-5);
    }
    ASSERT_FALSE(HasFailure()) << "formula " << n;
  }
}

TEST_F(GradientTest, OfAGradientAgreesWithFiniteDifferences) {
  Formulas g;
  g.variable("x", Category::i, 3);
  g.variable("y", Category::j, 3);
  const std::vector<Expr> inputs = g.variables;
  RandomFormula formula(g, random, {true, false});
  for (int n = 0; n < 25; ++n) {
    const Expr out = formula.of_dimension(1, 2);
    const Expr first = gradient(g.graph, out, inputs[0], g.graph.constant(1));
    const Expr eta = g.graph.constant(0.8);
    const Values values = g.values(random, {1, 1});
    if (!testing::Evaluator(values, {1, 1}).is_finite(first, 0, 0)) continue;
    for (Expr v : inputs) {
      testing::expect_gradient(first, v, eta, gradient(g.graph, first, v, eta), values, 1e-5);
    }
    ASSERT_FALSE(HasFailure()) << "formula " << n;
  }
}

TEST_F(GradientTest, WhereNothingDependsOnTheVariableItIsZero) {
  EXPECT_EQ(gradient(f.graph, f("Exp(x)"), y, x), f.graph.zero(3));
  EXPECT_EQ(gradient(f.graph, f("Sign(x)"), x, x), f.graph.zero(3));
  const Expr none = expanded("Grad(Sum_Reduction(Exp(x), 0), y, e)");
  EXPECT_EQ(none->category, Category::j);
  EXPECT_EQ(none->arguments[0], f.graph.zero(3));
}

TEST_F(GradientTest, OfAVariableIsTheAdjoint) {
  EXPECT_EQ(gradient(f.graph, x, x, e), e);
  EXPECT_EQ(gradient(f.graph, x, x, u), f("SumT(u, 3)"));
}

TEST_F(GradientTest, OfASumIsIndexedLikeTheVariable) {
  for (const char* v : {"x", "y", "b", "s"}) {
    expect_right("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)", v, "u");
    expect_right("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 1)", v, "b");
    expect_right("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 2)", v, "s");
    expect_right("Sum_Reduction(Exp(-s * SqDist(x, y)) * y, 0)", v, "e");
    expect_right("Sum_Reduction(Exp(-s * SqDist(x, y)) * y, 1)", v, "w");
  }
}

TEST_F(GradientTest, OfASumThatDoesNotDependOnBothSides) {
  expect_right("Sum_Reduction(Square(y), 0)", "y", "e");
  expect_right("Sum_Reduction(Square(x), 0)", "x", "e");
  expect_right("Sum_Reduction(s * s, 0)", "s", "u");
}

TEST_F(GradientTest, OfLogSumExpWeighsByItsSoftmax) {
  for (const char* v : {"x", "y", "b", "s"}) {
    expect_right("LogSumExp_Reduction(b - s * SqDist(x, y), 0)", v, "u");
    expect_right("LogSumExp_Reduction(b - s * SqDist(x, y), 1)", v, "b");
    expect_right("LogSumExp_Reduction(b - s * SqDist(x, y), 2)", v, "s");
  }
}

TEST_F(GradientTest, OfAGradientOfASumIsRight) {
  const std::string first = "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, u)";
  for (const char* v : {"x", "y", "b", "s", "u"}) expect_right(first, v, "e");
  const std::string other = "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), y, u)";
  for (const char* v : {"x", "y", "u"}) expect_right(other, v, "w");
}

TEST_F(GradientTest, OfAGradientOfLogSumExpGoesThroughItsResult) {
  const std::string first = "Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 0), x, u)";
  for (const char* v : {"x", "y", "b", "s", "u"}) expect_right(first, v, "e");
  const std::string other = "Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 1), s, b)";
  for (const char* v : {"x", "y", "b", "s"}) expect_right(other, v, "s");
}

TEST_F(GradientTest, OfThirdOrderIsRight) {
  const std::string second = "Grad(Grad(LogSumExp_Reduction(b - SqDist(x, y), 0), x, u), y, e)";
  for (const char* v : {"x", "y", "b"}) expect_right(second, v, "w", {3, 3});
}

TEST_F(GradientTest, TheAppliedVectorMayDependOnTheVariable) {
  expect_right("Grad(Sum_Reduction(Exp(x * y), 0), x, x)", "x", "e");
}

TEST_F(GradientTest, InsideAFormulaIsAFormula) {
  const Expr node = expanded("Sum_Reduction(Grad(Exp(x * y), x, 1), 0)");
  EXPECT_EQ(simplify(f.graph, node), simplify(f.graph, f("Sum_Reduction(y * Exp(x * y), 0)")));
}

TEST_F(GradientTest, NamesWhatHasNoDerivative) {
  for (const char* name : {"Any", "All", "Count", "ArgMin", "ArgMax"}) {
    const std::string result = std::string(name) + "_Reduction(x - y, 0)";
    const Error error = error_of([&] { expanded("Grad(" + result + ", x, e)"); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_EQ(error.data().at("operation"), std::string(name) + "_Reduction");
    EXPECT_CONTAINS(error.what(), std::string(name) + "_Reduction");
  }
}

TEST_F(GradientTest, GradientsThroughAReductionGivenByTheUserAreRefusedOrRight) {
  // The value that is applied is itself a reduction that depends on x.
  const std::string text =
      "Sum_Reduction(Grad(Grad(SqDist(x, y), x, Sum_Reduction(SqDist(x, y), 0)), x, e), 0)";
  try {
    expanded(text);
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
  }
}

TEST_F(GradientTest, GrowsLinearlyWithTheFormula) {
  std::vector<double> sizes;
  for (const int length : {10, 20, 40, 80}) {
    std::string chain = "x";
    for (int n = 0; n < length; ++n) chain = "Exp(" + chain + " * y) + y";
    sizes.push_back(static_cast<double>(nodes("Grad(Sum_Reduction(" + chain + ", 0), x, e)")));
  }
  const double slope = (sizes[1] - sizes[0]) / 10;
  EXPECT_LT(slope, 12);
  EXPECT_NEAR((sizes[2] - sizes[1]) / 20, slope, 0.2 * slope);
  EXPECT_NEAR((sizes[3] - sizes[2]) / 40, slope, 0.2 * slope);
}

TEST_F(GradientTest, IsAtMostSoManyTimesAsLargeAsAnyFormula) {
  Formulas g;
  g.variable("x", Category::i, 3);
  g.variable("y", Category::j, 3);
  RandomFormula formula(g, random, {true, false});
  double largest = 0;
  for (int n = 0; n < 200; ++n) {
    const Expr out = formula.of_dimension(1, 5);
    const Expr first = gradient(g.graph, out, g.variables[0], g.graph.constant(1));
    const double before = static_cast<double>(topological({out}).size());
    largest = std::max(largest, static_cast<double>(topological({first}).size()) / before);
  }
  std::printf("nodes of a gradient for each node of a random formula: %g\n", largest);
  EXPECT_LT(largest, 8);
}

TEST_F(GradientTest, SharedPartsAreNotCopied) {
  // Each level uses the one before twice: as a tree it would have 2^30 nodes.
  Expr node = x;
  for (int n = 0; n < 30; ++n) {
    node = f.graph.apply(operation("Mult"), {node, f.graph.apply(operation("Exp"), {node})});
  }
  EXPECT_LT(topological({gradient(f.graph, node, x, e)}).size(), 600u);
}

TEST_F(GradientTest, OfTheGaussianKernelSumStaysSmall) {
  const std::string sum = "Sum_Reduction(Exp(-s * SqNorm2(x - y)) * b, 0)";
  f.variable("h", Category::i, 3);
  const std::string first = "Grad(" + sum + ", x, u)";
  const std::string second = "Grad(" + first + ", x, e)";
  const std::string third = "Grad(" + second + ", x, h)";
  const double counts[] = {static_cast<double>(nodes(sum)), static_cast<double>(nodes(first)),
                           static_cast<double>(nodes(second)), static_cast<double>(nodes(third))};
  std::printf("nodes of the Gaussian kernel sum and its derivatives: %g %g %g %g\n", counts[0],
              counts[1], counts[2], counts[3]);
  EXPECT_LE(counts[1], 22);
  EXPECT_LE(counts[2], 34);
  EXPECT_LE(counts[3], 2.5 * counts[2]);
}

}  // namespace
}  // namespace kernelops
