#include "core/lower/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/ir/print.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "support/evaluate.h"
#include "support/interpret.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::Evaluator;
using testing::Formulas;
using testing::Interpreter;
using testing::Random;
using testing::RandomFormula;
using testing::Table;
using testing::Values;

std::size_t count(const Section& section, const std::string& operation) {
  std::size_t found = 0;
  for (const Block& block : section.blocks) {
    for (const Instruction& each : block.code) {
      if (each.opcode == Opcode::apply && each.op->name == operation) ++found;
    }
  }
  return found;
}

// The program of a reduction, interpreted, agrees with the evaluator.
void expect_same(Formulas& f, Expr root, const Values& values, const Sizes& sizes,
                 double tolerance = 1e-9) {
  root = expand_differentials(f.graph, root);
  Values known = values;
  std::vector<Expr> passes = inner_reductions(root);
  passes.push_back(root);
  for (Expr pass : passes) {
    const Program program = lower(pass);
    Table actual;
    ASSERT_NO_THROW(actual = Interpreter(program, known, sizes).run()) << print_program(program);
    const testing::Reduced expected = Evaluator(known, sizes).reduce(pass);
    ASSERT_EQ(actual.values.size(), expected.result.values.size());
    for (std::size_t n = 0; n < actual.values.size(); ++n) {
      ASSERT_TRUE(testing::near(actual.values[n], expected.result.values[n], tolerance,
                                expected.magnitude.values[n]))
          << print_program(program);
    }
    known[pass] = expected.result;
  }
}

class LowerTest : public ::testing::Test {
 protected:
  LowerTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("s", Category::parameter, 1);
    f.variable("b", Category::j, 1);
  }
  Program program(const std::string& text) { return lower(f(text)); }
  Formulas f;
  Random random{3};
};

TEST_F(LowerTest, EachNodeIsComputedInTheSectionOfWhatItDependsOn) {
  const Program p = program("Sum_Reduction(Exp(x) * Log(s) * Sqrt(b) * Abs(x - y), 0)");
  EXPECT_EQ(count(p.row.section, "Exp"), 3u);
  EXPECT_EQ(count(p.parameters.section, "Log"), 1u);
  EXPECT_EQ(count(p.column.section, "Sqrt"), 1u);
  EXPECT_EQ(count(p.pair, "Abs"), 3u);
  EXPECT_EQ(count(p.pair, "Exp") + count(p.pair, "Log") + count(p.pair, "Sqrt"), 0u);
}

TEST_F(LowerTest, RowsAreWhatIndexesTheResult) {
  EXPECT_EQ(program("Sum_Reduction(x - y, 0)").rows, Category::i);
  const Program p = program("Sum_Reduction(Exp(x) - Log(y), 1)");
  EXPECT_EQ(p.rows, Category::j);
  EXPECT_EQ(count(p.column.section, "Exp"), 3u);
  EXPECT_EQ(count(p.row.section, "Log"), 3u);
  const Program folded = program("Sum_Reduction(x - y, 2)");
  EXPECT_EQ(folded.rows, Category::i);
  EXPECT_TRUE(folded.fold_rows);
}

TEST_F(LowerTest, OnlyWhatPairsReadIsPacked) {
  const Program p = program("Sum_Reduction(x * Exp(SqNorm2(y)), 0)");
  EXPECT_EQ(p.packed_slots, 1);
  EXPECT_GT(p.column.slots, 3);
}

TEST_F(LowerTest, EqualComponentsAreComputedOnce) {
  EXPECT_EQ(count(program("Sum_Reduction(Elem(Exp(x - y), 1) * Exp(x - y), 0)").pair, "Exp"), 3u);
  EXPECT_EQ(count(program("Sum_Reduction(SumT(Exp(b - s), 3) * (x - y), 0)").pair, "Exp"), 0u);
}

TEST_F(LowerTest, ComponentsNobodyReadsAreNotComputed) {
  EXPECT_EQ(count(program("Sum_Reduction(Elem(Exp(x - y), 1), 0)").pair, "Exp"), 1u);
}

TEST_F(LowerTest, LongVectorsBecomeLoops) {
  f.variable("u", Category::i, 100);
  f.variable("v", Category::j, 100);
  const Program p = program("Sum_Reduction(Exp(-SqDist(u, v)), 0)");
  EXPECT_EQ(count(p.pair, "Subtract"), 1u);
  std::size_t loops = 0;
  for (const Block& block : p.pair.blocks) {
    if (!block.looped) continue;
    ++loops;
    EXPECT_EQ(block.extent, 100);
    EXPECT_EQ(block.accumulators.size(), 1u);
  }
  EXPECT_EQ(loops, 1u);
}

TEST_F(LowerTest, InnerReductionsAreInputsInTheOrderTheyAreNeeded) {
  f.variable("e", Category::i, 1);
  f.variable("g", Category::i, 3);
  const Expr root = simplify(
      f.graph, expand_differentials(
                   f.graph, f("Grad(Grad(LogSumExp_Reduction(b - SqDist(x, y), 0), x, e), x, g)")));
  const std::vector<Expr> inner = inner_reductions(root);
  ASSERT_FALSE(inner.empty());
  for (std::size_t n = 0; n < inner.size(); ++n) {
    for (Expr needed : inner_reductions(inner[n])) {
      EXPECT_NE(std::find(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(n), needed),
                inner.begin() + static_cast<std::ptrdiff_t>(n));
    }
  }
  bool found = false;
  for (const PanelInput& input : lower(root).row.inputs) {
    found = found || input.source->kind == NodeKind::reduction;
  }
  EXPECT_TRUE(found);
}

TEST_F(LowerTest, PrintsEverySection) {
  const std::string text = print_program(program("Sum_Reduction(Exp(s) * (x - Exp(y)), 0)"));
  for (const char* part : {"Sum over j", "parameters (", "rows (", "columns (", "packed columns",
                           "pairs", "update[0]"}) {
    EXPECT_CONTAINS(text, part);
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnEveryReductionAndCategory) {
  for (const ReductionDef& row : reductions()) {
    const bool index = row.output == StateType::index;
    for (int category = 0; category < (index ? 2 : 3); ++category) {
      const std::string formula = row.scalar_only ? "b - s * SqDist(x, y)" : "b * (x - y)";
      const Expr root =
          f(row.name + "_Reduction(" + formula + ", " + std::to_string(category) + ")");
      expect_same(f, root, f.values(random, {5, 4}), {5, 4});
      ASSERT_FALSE(HasFailure()) << print_formula(root);
    }
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnRandomFormulas) {
  for (const std::int64_t dimension : {1, 2, 3, 16, 17, 40}) {
    Formulas g;
    g.variable("x", Category::i, dimension);
    g.variable("y", Category::j, dimension);
    g.variable("a", Category::i, 1);
    g.variable("b", Category::j, 2);
    g.variable("p", Category::parameter, dimension);
    RandomFormula formula(g, random, {true, false});
    for (int n = 0; n < 50; ++n) {
      Expr body = formula.any(3);
      if (body->dimension > 200) continue;
      if (n % 5 == 1) body = g.graph.apply(operation("Sum"), {body});
      const auto category = static_cast<Category>(n % 3);
      const Expr root = g.graph.reduce(reduction("Sum"), body, category);
      const Values values = g.values(random, {3, 2});
      expect_same(g, root, values, {3, 2});
      expect_same(g, simplify(g.graph, root), values, {3, 2}, 1e-8);
      ASSERT_FALSE(HasFailure()) << print_formula(root);
    }
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnDiscontinuousRows) {
  Formulas g;
  g.variable("x", Category::i, 20);
  g.variable("y", Category::j, 20);
  const Expr root =
      g("Sum_Reduction(Step(x - y) * Sign(y) + Abs(Concat(Elem(x, 3), Extract(y, 1, 19))), 0)");
  expect_same(g, root, g.values(random, {4, 5}), {4, 5});
}

TEST_F(LowerTest, TheInterpreterAgreesWhereLoopsAreCut) {
  Formulas g;
  g.variable("x", Category::i, 40);
  g.variable("y", Category::j, 40);
  g.variable("a", Category::i, 1);
  g.variable("b", Category::j, 7);
  for (const std::string text :
       {"Concat(x, y)", "Concat(Concat(a, x), Concat(b, y))", "Sum(Concat(x, b) * Concat(b, y))",
        "Extract(Concat(x, y), 30, 20)", "Extract(Concat(x * y, y), 39, 30)",
        "ExtractT(x - y, 5, 60)", "ExtractT(Concat(x, b), 20, 80) + ExtractT(y, 0, 80)",
        "Sum(ExtractT(x, 3, 50) * ExtractT(y, 10, 50))", "ElemT(a, 40, 20) * y",
        "Sum(ElemT(a, 40, 39) * Exp(y))", "Concat(ElemT(a, 30, 0), x) + SumT(Elem(y, 4), 70)",
        "Extract(ExtractT(Concat(x, y), 7, 100), 3, 60)",
        "Concat(Zero(20), x) * Concat(y, Zero(20))",
        "Sum(Square(Concat(x, Zero(17)) - Concat(Zero(17), y)))",
        "Concat(Sum(x * y), Extract(x, 0, 30)) * Sum(x - Sum(x * y) * y)",
        "SqDist(Extract(Concat(x, a), 1, 40), Extract(Concat(b, y), 2, 40))",
        "Concat(Extract(x, 39, 1), Concat(Extract(y, 0, 1), Extract(x, 5, 20)))"}) {
    for (const char* category : {", 0)", ", 1)", ", 2)"}) {
      expect_same(g, g("Sum_Reduction(" + text + category), g.values(random, {3, 2}), {3, 2});
      ASSERT_FALSE(HasFailure()) << text;
    }
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnGradients) {
  f.variable("e", Category::i, 1);
  f.variable("g", Category::i, 3);
  for (const std::string text :
       {"Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)",
        "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), y, e)",
        "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), s, e)",
        "Grad(Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e), y, g)",
        "Grad(Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 0), x, e), x, g)"}) {
    expect_same(f, f(text), f.values(random, {4, 3}), {4, 3});
    ASSERT_FALSE(HasFailure()) << text;
  }
}

TEST_F(LowerTest, ConstantsOfBothSignsOfZeroStayApart) {
  const Expr root = f("Sum_Reduction(Concat(Abs(x - y) / 0, Abs(x - y) / -0), 0)");
  const Values values = f.values(random, {2, 1});
  expect_same(f, root, values, {2, 1});
}

}  // namespace
}  // namespace kernelops
