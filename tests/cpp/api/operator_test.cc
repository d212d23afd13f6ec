#include "core/api/operator.h"

#include <gtest/gtest.h>

#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

TEST(Operator, GoesAllTheWayToThePrograms) {
  const Operator op("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"});
  EXPECT_EQ(op.variables().size(), 3u);
  EXPECT_EQ(op.passes().size(), 1u);
  EXPECT_EQ(op.passes()[0].reduction, op.result());
  EXPECT_EQ(op.result()->dimension, 1);
  EXPECT_EQ(written_formula(op), "Sum_Reduction(Exp(-Sum(Square(x - y))) * b, 0)");
}

TEST(Operator, ResultsInsideAGradientArePassesBeforeIt) {
  const Operator op("Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,e)",
                    {"x=Vi(3)", "y=Vj(3)", "e=Vi(1)"});
  ASSERT_EQ(op.passes().size(), 2u);
  EXPECT_EQ(op.passes()[0].reduction->reduction->name, "LogSumExp");
  EXPECT_EQ(op.passes()[1].reduction, op.result());
}

TEST(Operator, InlineVariablesTakeTheirPositions) {
  const Operator op("Sum_Reduction(Exp(Vj(1,3)-Vi(0,3))*Pm(2,1),0)", {});
  ASSERT_EQ(op.variables().size(), 3u);
  EXPECT_EQ(op.variables()[0].category, Category::i);
  EXPECT_EQ(op.variables()[1].category, Category::j);
  EXPECT_EQ(op.variables()[2].category, Category::parameter);
}

TEST(Operator, InlineVariablesMeetDeclaredOnes) {
  const Operator op("Sum_Reduction(x-Var(0,3,0)*Vj(1,3),0)", {"x=Vi(0,3)"});
  EXPECT_EQ(op.variables().size(), 2u);
  EXPECT_EQ(op.variables()[0].name, "x");
}

TEST(Operator, InlineVariablesAgreeWithEachOther) {
  for (const char* formula :
       {"Sum_Reduction(Vi(0,3)*Vi(0,1),0)", "Sum_Reduction(Vi(0,3)*Vj(0,3),0)"}) {
    const Error error = error_of([&] { Operator(formula, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::argument);
    EXPECT_CONTAINS(error.what(), "position 0");
  }
  const Error error = error_of([] { Operator("Sum_Reduction(x-Vi(0,2),0)", {"x=Vi(3)"}); });
  EXPECT_CONTAINS(error.what(), "position 0 is `x = Vi(3)`, but the formula uses it as Vi(2)");
}

TEST(Operator, PositionsHaveNoGaps) {
  const Error error = error_of([] { Operator("Sum_Reduction(Vi(0,3)*Vj(2,3),0)", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  EXPECT_CONTAINS(error.what(), "none at position 1");
}

TEST(Operator, NamesOfVariablesAreDistinct) {
  // The name that an inline variable gets may have been taken.
  try {
    const Operator op("Sum_Reduction(V1 + Vj(1,3),0)", {"V1=Vi(3)"});
    EXPECT_NE(op.variables()[0].name, op.variables()[1].name);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::argument);
  }
}

TEST(Operator, AFormulaOfPairsIsRefused) {
  EXPECT_EQ(error_of([] {
              Operator("x*y", {"x=Vi(3)", "y=Vj(3)"});
            }).kind(),
            ErrorKind::unsupported);
}

TEST(Operator, SurvivesLongAndDeepFormulas) {
  std::string sum = "x";
  for (int n = 0; n < 3000; ++n) sum += (n % 2 == 0 ? "+Exp(y)*" : "-x*") + std::to_string(n % 7);
  EXPECT_EQ(error_of([&] { Operator("Sum_Reduction(" + sum + sum + ",0)", {"x=Vi(1)"}); }).kind(),
            ErrorKind::syntax);
  std::string chain = "x";
  for (int n = 0; n < 400; ++n) chain = "Exp(" + chain + "*y)";
  EXPECT_EQ(Operator("Grad(Sum_Reduction(" + chain + ",0),x,e)", {"x=Vi(1)", "y=Vj(1)", "e=Vi(1)"})
                .passes()
                .size(),
            1u);
}

}  // namespace
}  // namespace kernelops
