#include "core/ir/print.h"

#include <gtest/gtest.h>

#include "support/formulas.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::RandomFormula;

TEST(Print, UsesTheFewestParentheses) {
  Formulas f;
  f.variable("x", Category::i, 1);
  f.variable("y", Category::j, 1);
  for (const std::string text :
       {"x + y * x", "(x + y) * x", "x - (y - x)", "x - y - x", "x / (y * x)", "x / y * x",
        "-x * y", "-(x * y)", "--x", "-2 * x", "x - -2", "Minus(2)", "Exp(-x)", "x + (y + x)",
        "Sum_Reduction(x * y, 0)", "Zero(3) * x", "Pow(x, -2)", "1e-300 * x", "-Pow(x, 2)"}) {
    EXPECT_EQ(print_formula(f(text)), text);
  }
}

TEST(Print, ParsingARandomFormulaGivesTheSameNode) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("lambda", Category::parameter, 1);
  f.variable(".b_1", Category::j, 2);
  Random random(20);
  RandomFormula formula(f, random, {false, true});
  for (int n = 0; n < 400; ++n) {
    const Expr node = formula.any(static_cast<int>(testing::integer_from(random, 1, 4)));
    const std::string text = print_formula(node);
    // Shared parts are written out at each use, which may be too long to be parsed.
    if (text.size() > 10000) continue;
    ASSERT_EQ(f(text), node) << text;
  }
}

TEST(Print, EveryRowPrintsAndParsesBack) {
  for (const OpDef& row : operations()) {
    if (row.kind == OpKind::differential) continue;
    Formulas f;
    const Expr node = testing::sample_of_row(f, row);
    EXPECT_EQ(f(print_formula(node)), node) << row.name;
  }
  for (const ReductionDef& row : reductions()) {
    Formulas f;
    f.variable("x", Category::i, 1);
    std::string text = row.name + "_Reduction(x, ";
    if (row.weighted) text += "Exp(x), ";
    if (row.selects) text += "ArgMin_Reduction(x, 1), ";
    if (row.ranked) text += "3, ";
    EXPECT_EQ(print_formula(f(text + "1)")), text + "1)");
  }
}

TEST(Print, GradientsPrintAsTheyAreWritten) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("e", Category::i, 3);
  const std::string text = "Grad(Sum_Reduction(Exp(x - y), 0), x, e)";
  EXPECT_EQ(print_formula(f(text)), text);
}

TEST(Print, TheListingShowsSharedNodesOnce) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const std::string text = print_graph({f("Sum_Reduction(Exp(x - y) * Square(x - y), 0)")});
  EXPECT_CONTAINS(text, "x - y  [pair, dimension 3]");
  EXPECT_EQ(text.find("x - y"), text.rfind("x - y"));
  EXPECT_CONTAINS(text, "Sum_Reduction");
  EXPECT_CONTAINS(text, "\nresult ");
}

}  // namespace
}  // namespace kernelops
