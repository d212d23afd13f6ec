#include "core/syntax/builder.h"

#include <gtest/gtest.h>

#include "core/ir/print.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;

class BuilderTest : public ::testing::Test {
 protected:
  BuilderTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("b", Category::j, 1);
    f.variable("weight", Category::parameter, 1);
    f.scope.inline_variable = [this](int position, std::int64_t dimension, Category category) {
      return f.graph.variable({"V" + std::to_string(position), position, category, dimension});
    };
  }

  // The error of a formula has this kind, this message and a caret at this position (from 1).
  void expect_error(const std::string& text, ErrorKind kind, const std::string& message,
                    const std::string& position) {
    const Error error = error_of([&] { f(text); });
    EXPECT_EQ(error_kind_name(error.kind()), error_kind_name(kind)) << text;
    EXPECT_CONTAINS(error.what(), message);
    ASSERT_EQ(error.data().count("position"), 1u) << error.what();
    EXPECT_EQ(error.data().at("position"), position) << error.what();
    EXPECT_CONTAINS(error.what(), "^");
  }

  Formulas f;
};

TEST_F(BuilderTest, NamesVariablesAndConstants) {
  EXPECT_EQ(f("x"), f.variables[0]);
  EXPECT_EQ(f("2.5")->value, 2.5);
  EXPECT_EQ(f("IntCst(-4)"), f.graph.constant(-4));
  EXPECT_EQ(f("Zero(5)"), f.graph.zero(5));
  EXPECT_EQ(f("Zero(1)"), f.graph.constant(0));
}

TEST_F(BuilderTest, SuggestsTheNameThatWasMeant) {
  expect_error("x + wieght", ErrorKind::syntax, "did you mean `weight`?", "5");
  expect_error("x * Exo(y)", ErrorKind::syntax, "did you mean `Exp`", "5");
  expect_error("Sum_Reducton(x, 0)", ErrorKind::syntax, "did you mean `Sum_Reduction`", "1");
  expect_error("1 + Sqdist(x, y)", ErrorKind::syntax, "`SqDist`", "5");
}

TEST_F(BuilderTest, NamesTheVariablesThereAre) {
  expect_error("qqqq", ErrorKind::syntax, "b, weight, x, y", "1");
  Formulas empty;
  EXPECT_CONTAINS(error_of([&] { empty("q"); }).what(), "no variables");
}

TEST_F(BuilderTest, ExplainsAnOperationWithoutArgumentsAndAReductionWithoutItsSuffix) {
  expect_error("x + Exp", ErrorKind::syntax, "needs its arguments in parentheses", "5");
  expect_error("LogSumExp(b)", ErrorKind::syntax, "`LogSumExp_Reduction(formula, 0)`", "1");
}

TEST_F(BuilderTest, CountsArguments) {
  expect_error("x + Exp(x, y)", ErrorKind::syntax, "`Exp` needs 1 formula; it was given 2", "5");
  expect_error("Exp()", ErrorKind::syntax, "it was given 0 arguments", "1");
  expect_error("SqDist(x)", ErrorKind::syntax, "needs 2 formulas; it was given 1 argument", "1");
  expect_error("Elem(x)", ErrorKind::syntax, "1 formula and the integer m", "1");
  expect_error("ElemT(b, 3)", ErrorKind::syntax, "the integers n, m", "1");
  expect_error("IndexI(1)", ErrorKind::syntax, "no arguments", "1");
  expect_error("Mod(x)", ErrorKind::syntax, "needs 3 formulas", "1");
  expect_error("Factorize(x)", ErrorKind::syntax, "needs 2 arguments; it was given 1", "1");
  expect_error("KMin_Reduction(x, 0)", ErrorKind::syntax, "a formula, K and 0 or 1", "1");
  expect_error("SoftMax_Reduction(b, 0)", ErrorKind::syntax, "a formula, a weight and 0, 1 or 2",
               "1");
  expect_error("Sum_Reduction(x)", ErrorKind::syntax, "a formula and 0, 1 or 2", "1");
  expect_error("Zero()", ErrorKind::syntax, "one integer", "1");
  expect_error("Vi(0)", ErrorKind::syntax, "a position and a dimension", "1");
  expect_error("Var(0, 3)", ErrorKind::syntax, "a category", "1");
}

TEST_F(BuilderTest, IntegersAreWrittenAsIntegers) {
  expect_error("Elem(x, 1.0)", ErrorKind::syntax, "an integer was expected", "9");
  expect_error("Elem(x, b)", ErrorKind::syntax, "an integer was expected", "9");
  expect_error("Zero(1e1)", ErrorKind::syntax, "an integer was expected", "6");
  expect_error("Pow(x, 99999999999999999999)", ErrorKind::syntax, "an integer was expected", "8");
  EXPECT_EQ(f("ClampInt(x, -1, 2)")->parameters, (std::vector<std::int64_t>{-1, 2}));
  EXPECT_EQ(f("ElemT(b, dim(x) * 2 - 1, 6 / 3)")->parameters, (std::vector<std::int64_t>{5, 2}));
  expect_error("ElemT(b, 5, 5 / 3)", ErrorKind::syntax, "an integer was expected", "13");
}

TEST_F(BuilderTest, PowersDependOnTheExponent) {
  EXPECT_EQ(f("x ** 3"), f("Pow(x, 3)"));
  EXPECT_EQ(f("x ^ -2"), f("Pow(x, -2)"));
  EXPECT_EQ(f("x ** IntCst(3)"), f("Pow(x, 3)"));
  EXPECT_EQ(f("x ** 2"), f("Square(x)"));
  EXPECT_EQ(f("x ** 0.5"), f("Sqrt(x)"));
  EXPECT_EQ(f("x ** -0.5"), f("Rsqrt(x)"));
  EXPECT_EQ(f("-x ** 2"), f("-Square(x)"));
  EXPECT_EQ(f("(x + y) ^ 3 * b"), f("Pow(x + y, 3) * b"));
  for (const std::string text : {"x ** y", "x ^ 1.5", "x ** (b + 1)", "2 ** x", "x ** 1e10"}) {
    const Expr node = f(text);
    EXPECT_EQ(node->op->name, "Powf") << text;
    EXPECT_EQ(f(print_formula(node)), node) << text;
  }
  expect_error("1 + x ** Zero(2)", ErrorKind::dimension, "Powf", "5");
}

TEST_F(BuilderTest, ComparisonsPrintAndParse) {
  for (const std::string text : {"x == y", "x < y + 1", "(x == y) == b", "x == (y == b)",
                                 "1 + (x <= y)", "(x != y) * x", "Exp(x >= y)", "-(x > y)"}) {
    EXPECT_EQ(f(print_formula(f(text))), f(text)) << text;
  }
  EXPECT_EQ(print_formula(f("Exp((x == y) == b)")), "Exp((x == y) == b)");
  EXPECT_EQ(f("x >= y"), f("LessOrEqual(y, x)"));
}

TEST_F(BuilderTest, KnowsNumbersAndCountsOfRows) {
  EXPECT_EQ(f("IndexI()"), f.graph.row_number(Category::i));
  EXPECT_EQ(f("IndexJ()"), f.graph.row_number(Category::j));
  EXPECT_EQ(f("CountI()"), f.graph.row_count(Category::i));
  EXPECT_EQ(f("CountJ()"), f.graph.row_count(Category::j));
  EXPECT_EQ(f(print_formula(f("x * IndexI() + CountJ()"))), f("x * IndexI() + CountJ()"));
  EXPECT_EQ(f("RatCst(1, 3)")->value, 1.0 / 3);
  EXPECT_EQ(f("RatCst(-3, 4)")->value, -0.75);
  EXPECT_EQ(f("IntInv(3)"), f("RatCst(1, 3)"));
  expect_error("RatCst(1, 0)", ErrorKind::syntax, "must not be 0", "11");
  expect_error("x * Entry()", ErrorKind::syntax, "cannot be used", "5");
  f.scope.inline_variable = nullptr;
  EXPECT_EQ(f("Entry()"), f.graph.entry_number());
}

TEST_F(BuilderTest, SynonymsMeanOtherForms) {
  EXPECT_EQ(f("Mod(x, y)"), f("Mod(x, y, 0)"));
  EXPECT_EQ(f("Factorize(x + y, y)"), f("x + y"));
  EXPECT_EQ(f("AutoFactorize(x + y)"), f("x + y"));
  EXPECT_EQ(f("Grad_WithSavedForward(Exp(x), x, y, Exp(x))"), f("Grad(Exp(x), x, y)"));
  EXPECT_EQ(f("Diff_WithSavedForward(Exp(x), x, y, Exp(x))"), f("Diff(Exp(x), x, y)"));
  EXPECT_EQ(f("TraceOperator(2 * x, x, y)")->op->name, "WeightedTrace");
  EXPECT_EQ(f("TraceOperator(2 * x, x)")->op->name, "TraceOperator");
  EXPECT_EQ(f("SumLinOperator(2 * x, x, y, b)")->op->name, "WeightedSumLin");
  EXPECT_EQ(f("LogSumExp_Reduction(b, x, 0)"), f("LogSumExpWeight_Reduction(b, x, 0)"));
  EXPECT_EQ(f("Zero_Reduction(3, 0)"), f("Sum_Reduction(Zero(3), 0)"));
  EXPECT_EQ(f("SoftMax_Reduction(b, x, 0)"), f("SumSoftMaxWeight_Reduction(b, x, 0)"));
  EXPECT_EQ(f("MinArgMin_Reduction(b, 0)"), f("Min_ArgMin_Reduction(b, 0)"));
  expect_error("1 + Mod(x, Zero(2))", ErrorKind::dimension, "Mod", "5");
}

TEST_F(BuilderTest, InternalRowsCannotBeWritten) {
  expect_error("SumTo(x, 1)", ErrorKind::syntax, "there is no operation `SumTo`", "1");
  expect_error("SelectedSum_Reduction(x, ArgMin_Reduction(x - y, 0), 0)", ErrorKind::syntax,
               "there is no operation", "1");
  f.scope.inline_variable = nullptr;
  EXPECT_EQ(f("SumTo(x, 1)"), f("Sum(x)"));
  EXPECT_TRUE(f("SelectedSum_Reduction(x, ArgMin_Reduction(x - y, 0), 0)")->reduction->selects);
}

TEST_F(BuilderTest, ReductionsTakeAWeightOrK) {
  const Expr weighted = f("LogSumExpWeight_Reduction((x | y), b, 1)");
  EXPECT_EQ(weighted->arguments[1], f("b"));
  EXPECT_EQ(weighted->category, Category::j);
  // The weight may come last.
  EXPECT_EQ(f("LogSumExpWeight_Reduction((x | y), 1, b)"), weighted);
  EXPECT_EQ(f("LogSumExp_Reduction((x | y), 1, b)"), weighted);
  EXPECT_EQ(f("SoftMax_Reduction((x | y), 2, 0)")->category, Category::i);
  const Expr ranked = f("KMin_Reduction(x - y, 4, 0)");
  EXPECT_EQ(ranked->parameters, std::vector<std::int64_t>{4});
  EXPECT_EQ(ranked->dimension, 12);
  for (Expr node : {weighted, ranked}) EXPECT_EQ(f(print_formula(node)), node);
  expect_error("KMin_Reduction(x, 0, 0)", ErrorKind::argument, "K must be at least 1", "1");
  expect_error("KMin_Reduction(x, -2, 0)", ErrorKind::argument, "K is -2", "1");
  expect_error("KMin_Reduction(x, b, 0)", ErrorKind::syntax, "an integer was expected", "19");
  expect_error("KMin_Reduction(x, 3, 4)", ErrorKind::syntax, "must be 0 (i), 1 (j) or 2", "22");
  expect_error("SoftMax_Reduction(x, Zero(2), 0)", ErrorKind::dimension, "must be equal, or 1",
               "1");
}

TEST_F(BuilderTest, MakesInlineVariables) {
  const Expr i = f("Vi(4, 3)");
  EXPECT_EQ(i->category, Category::i);
  EXPECT_EQ(i->variable.position, 4);
  EXPECT_EQ(i->dimension, 3);
  EXPECT_EQ(f("Var(4, 3, 0)"), i);
  EXPECT_EQ(f("Vx(4, 3)"), i);
  EXPECT_EQ(f("Vy(5, 2)"), f("Vj(5, 2)"));
  EXPECT_EQ(f("Var(5, 2, 1)"), f("Vj(5, 2)"));
  EXPECT_EQ(f("Var(6, 1, 2)"), f("Pm(6, 1)"));
  expect_error("Var(0, 3, 3)", ErrorKind::syntax, "the category must be 0, 1 or 2", "11");
  expect_error("Vi(-1, 3)", ErrorKind::syntax, "the position must be from 0", "4");
  expect_error("Vi(99999999, 3)", ErrorKind::syntax, "the position must be from 0", "4");
  expect_error("x + Vi(4, 0)", ErrorKind::dimension, "must be at least 1", "5");
  f.scope.inline_variable = nullptr;
  expect_error("1 + Vi(0, 3)", ErrorKind::syntax, "cannot be used here", "5");
}

TEST_F(BuilderTest, DimensionErrorsPointAtTheOperation) {
  f.variable("z", Category::i, 2);
  expect_error("1 + Exp(x - z)", ErrorKind::dimension, "Subtract", "9");
  expect_error("1 + Elem(x, 5)", ErrorKind::dimension, "has dimension 3", "5");
  expect_error("1 + Zero(0)", ErrorKind::dimension, "at least 1", "5");
}

TEST_F(BuilderTest, DimensionErrorsNameTheCompositeThatWasWritten) {
  f.variable("z", Category::i, 2);
  expect_error("1 + SqDist(x, z)", ErrorKind::dimension,
               "SqDist: dimensions must be equal, or 1; its arguments have dimensions 3 and 2",
               "5");
  expect_error("(x | z) + 1", ErrorKind::dimension, "Scalprod", "2");
}

TEST_F(BuilderTest, ReductionsTakeTheIndexOfTheirResult) {
  EXPECT_EQ(f("Sum_Reduction(x, 0)")->category, Category::i);
  EXPECT_EQ(f("Sum_Reduction(x, 1)")->category, Category::j);
  EXPECT_EQ(f("Sum_Reduction(x, 2)")->category, Category::parameter);
  expect_error("Sum_Reduction(x, 3)", ErrorKind::syntax, "must be 0 (i), 1 (j) or 2", "18");
  expect_error("Sum_Reduction(x, -1)", ErrorKind::syntax, "must be 0 (i), 1 (j) or 2", "18");
  expect_error("ArgMin_Reduction(x, 2)", ErrorKind::unsupported, "a row number", "1");
}

TEST_F(BuilderTest, ReductionsStandInsideFormulas) {
  const Expr normalised = f("Sum_Reduction(Exp(x | y) / Sum_Reduction(Exp(x | y), 0) * y, 0)");
  EXPECT_EQ(normalised->dimension, 3);
  EXPECT_EQ(f(print_formula(normalised)), normalised);
  EXPECT_EQ(f("Sum_Reduction(x * y, 0) / Sum_Reduction(y, 0) + x")->dimension, 3);
  EXPECT_EQ(f("SqNorm2(Sum_Reduction(x, 0))")->dimension, 1);
  expect_error("Sum_Reduction(Sum_Reduction(x, 0), 1)", ErrorKind::unsupported,
               "cannot be reduced again", "15");
  expect_error("Sum_Reduction(2 * Sum_Reduction(y, 0) - x, 1)", ErrorKind::unsupported,
               "cannot be reduced again", "15");
}

TEST_F(BuilderTest, AFormulaOfAPairHasNoGradientThroughAReduction) {
  expect_error("Grad(Exp(x - y) / Sum_Reduction(Exp(x - y), 0), x, 1)", ErrorKind::unsupported,
               "cannot go through a reduction", "6");
  EXPECT_EQ(f("Grad(Exp(x - y) / Sum_Reduction(Exp(y), 0), x, 1)")->dimension, 3);
}

TEST_F(BuilderTest, GradientsNeedAVariable) {
  expect_error("Grad(Exp(x), x + y, x)", ErrorKind::syntax, "must be a variable", "14");
  expect_error("Grad(Exp(x), Elem(x, 0), x)", ErrorKind::syntax, "must be a variable", "14");
  EXPECT_EQ(f("Grad(Exp(x), x, 1)")->dimension, 3);
  EXPECT_EQ(f("Grad(SqDist(x, y), y, b)")->dimension, 3);
}

TEST_F(BuilderTest, GradientsCheckTheDimensionOfTheLastArgument) {
  f.variable("z", Category::i, 2);
  expect_error("Grad(Exp(x), x, z)", ErrorKind::dimension,
               "must have the dimension of what is differentiated", "1");
}

TEST_F(BuilderTest, TheLastArgumentOfAGradientIsIndexedLikeTheResult) {
  expect_error("Grad(Sum_Reduction(x - y, 0), x, y)", ErrorKind::dimension, "must be indexed by i",
               "34");
  expect_error("Grad(Sum_Reduction(x - y, 1), x, x)", ErrorKind::dimension, "must be indexed by j",
               "34");
  EXPECT_EQ(f("Grad(Sum_Reduction(x - y, 1), x, y)")->dimension, 3);
  EXPECT_EQ(f("Grad(Sum_Reduction(x - y, 1), x, weight)")->dimension, 3);
  // The gradient in y is indexed by j, and so must be what multiplies it.
  EXPECT_EQ(f("Grad(Grad(Sum_Reduction(Exp(x - y), 0), y, x), x, y)")->dimension, 3);
  expect_error("Grad(Grad(Sum_Reduction(Exp(x - y), 0), y, x), x, x)", ErrorKind::dimension,
               "must be indexed by j", "51");
}

TEST_F(BuilderTest, DerivativesCheckTheirDimensions) {
  f.variable("z", Category::i, 2);
  EXPECT_EQ(f("Diff(SqDist(x, y), x, y)")->dimension, 1);
  EXPECT_EQ(f("GradMatrix(Concat(x, y), y)")->dimension, 18);
  EXPECT_EQ(f("Divergence(Exp(x), x)")->dimension, 1);
  EXPECT_EQ(f("Laplacian(SqDist(x, y), x)")->dimension, 1);
  EXPECT_EQ(f("AdjointOperator(Sum(x), x, b)")->dimension, 3);
  EXPECT_EQ(f("SumLinOperator(2 * x, x)")->dimension, 1);
  expect_error("Diff(Exp(x), x, z)", ErrorKind::dimension, "the dimension of the variable", "1");
  expect_error("Divergence(Sum(x), x)", ErrorKind::dimension, "the dimension of the variable", "1");
  expect_error("Laplacian(Exp(x), x)", ErrorKind::dimension, "must have dimension 1", "1");
  expect_error("TraceOperator(x, x, z)", ErrorKind::dimension, "the weights", "1");
  expect_error("Diff(Exp(x), x + y, x)", ErrorKind::syntax, "must be a variable", "14");
}

TEST_F(BuilderTest, ADirectionIsIndexedLikeTheVariable) {
  EXPECT_EQ(f("Diff(Sum_Reduction(x - y, 0), y, y)")->dimension, 3);
  expect_error("Diff(Sum_Reduction(x - y, 0), y, x)", ErrorKind::dimension, "must be indexed by j",
               "34");
}

TEST_F(BuilderTest, KnowsTheCategoryOfResults) {
  Category category = Category::parameter;
  EXPECT_FALSE(is_result(f("x"), nullptr));
  EXPECT_FALSE(is_result(f("Grad(Exp(x), x, 1)"), nullptr));
  EXPECT_TRUE(is_result(f("Sum_Reduction(x, 1)"), &category));
  EXPECT_EQ(category, Category::j);
  EXPECT_TRUE(is_result(f("Grad(Sum_Reduction(x - y, 1), x, y)"), &category));
  EXPECT_EQ(category, Category::i);
  EXPECT_TRUE(is_result(f("Diff(Sum_Reduction(x - y, 1), x, x)"), &category));
  EXPECT_EQ(category, Category::j);
  EXPECT_TRUE(is_result(f("weight * Sum_Reduction(x - y, 1) / Sum_Reduction(x, 1)"), &category));
  EXPECT_EQ(category, Category::j);
  EXPECT_TRUE(is_result(f("x + Sum_Reduction(x - y, 2)"), &category));
  EXPECT_EQ(category, Category::i);
  EXPECT_TRUE(is_result(f("Sum_Reduction(x - y, 2) + weight"), &category));
  EXPECT_EQ(category, Category::parameter);
  EXPECT_TRUE(is_result(f("x * Grad(Sum_Reduction(x - y, 1), x, y)"), &category));
  EXPECT_EQ(category, Category::i);
  EXPECT_FALSE(is_result(f("x * Sum_Reduction(x - y, 1)"), nullptr));
  EXPECT_FALSE(is_result(f("Sum_Reduction(x, 0) * Sum_Reduction(x, 1)"), nullptr));
}

}  // namespace
}  // namespace kernelops
