#include "core/syntax/builder.h"

#include <gtest/gtest.h>

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
  expect_error("Sum_Reduction(x)", ErrorKind::syntax, "a formula and 0 or 1", "1");
  expect_error("Zero()", ErrorKind::syntax, "one integer", "1");
  expect_error("Vi(0)", ErrorKind::syntax, "a position and a dimension", "1");
  expect_error("Var(0, 3)", ErrorKind::syntax, "a category", "1");
}

TEST_F(BuilderTest, IntegersAreWrittenAsIntegers) {
  expect_error("Elem(x, 1.0)", ErrorKind::syntax, "an integer was expected", "9");
  expect_error("Elem(x, b)", ErrorKind::syntax, "an integer was expected", "9");
  expect_error("x ** 0.5", ErrorKind::syntax, "an integer was expected", "6");
  expect_error("Zero(1e1)", ErrorKind::syntax, "an integer was expected", "6");
  expect_error("Pow(x, 99999999999999999999)", ErrorKind::syntax, "an integer was expected", "8");
  EXPECT_EQ(f("x ** -2")->parameters, std::vector<std::int64_t>{-2});
}

TEST_F(BuilderTest, MakesInlineVariables) {
  const Expr i = f("Vi(4, 3)");
  EXPECT_EQ(i->category, Category::i);
  EXPECT_EQ(i->variable.position, 4);
  EXPECT_EQ(i->dimension, 3);
  EXPECT_EQ(f("Var(4, 3, 0)"), i);
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
  expect_error("1 + LogSumExp_Reduction(x, 0)", ErrorKind::dimension, "dimension 1", "5");
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

TEST_F(BuilderTest, AReductionIsTheEndOfAFormula) {
  expect_error("1 + Sum_Reduction(x, 0)", ErrorKind::unsupported,
               "a reduction cannot be an argument of `Add`", "5");
  expect_error("Exp(Sum_Reduction(b, 0))", ErrorKind::unsupported, "`Exp`", "5");
  expect_error("Sum_Reduction(Sum_Reduction(x, 0), 1)", ErrorKind::unsupported,
               "cannot be reduced again", "15");
  expect_error("2 * Grad(Sum_Reduction(x, 0), x, x)", ErrorKind::unsupported, "`Mult`", "5");
}

TEST_F(BuilderTest, ACompositeOfAReductionIsRefusedToo) {
  for (const std::string text : {"SqNorm2(Sum_Reduction(x, 0))", "SqDist(x, Sum_Reduction(x, 0))",
                                 "(x | Sum_Reduction(x, 0))"}) {
    EXPECT_EQ(error_of([&] { f(text); }).kind(), ErrorKind::unsupported) << text;
  }
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

TEST_F(BuilderTest, KnowsTheCategoryOfResults) {
  Category category = Category::parameter;
  EXPECT_FALSE(is_result(f("x"), nullptr));
  EXPECT_FALSE(is_result(f("Grad(Exp(x), x, 1)"), nullptr));
  EXPECT_TRUE(is_result(f("Sum_Reduction(x, 1)"), &category));
  EXPECT_EQ(category, Category::j);
  EXPECT_TRUE(is_result(f("Grad(Sum_Reduction(x - y, 1), x, y)"), &category));
  EXPECT_EQ(category, Category::i);
}

}  // namespace
}  // namespace kernelops
