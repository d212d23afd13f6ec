#include "core/api/operator.h"

#include <gtest/gtest.h>

#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

Operator operator_of(const std::string& formula, const std::vector<std::string>& arguments) {
  return Operator({{formula}, {""}, arguments});
}

TEST(Operator, GoesAllTheWayToThePrograms) {
  const Operator op =
      operator_of("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"});
  EXPECT_EQ(op.variables().size(), 3u);
  ASSERT_EQ(op.passes().size(), 1u);
  EXPECT_EQ(op.passes()[0].nodes, op.results());
  EXPECT_EQ(op.results()[0]->dimension, 1);
  EXPECT_EQ(op.categories(), std::vector<Category>{Category::i});
  EXPECT_EQ(written_formulas(op),
            std::vector<std::string>{"Sum_Reduction(Exp(-Sum(Square(x - y))) * b, 0)"});
}

TEST(Operator, ResultsInsideAGradientArePassesBeforeIt) {
  const Operator op = operator_of("Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,e)",
                                  {"x=Vi(3)", "y=Vj(3)", "e=Vi(1)"});
  ASSERT_EQ(op.passes().size(), 2u);
  EXPECT_EQ(op.passes()[0].nodes[0]->reduction->name, "LogSumExp");
  EXPECT_EQ(op.passes()[1].nodes, op.results());
  EXPECT_TRUE(op.is_inner(op.passes()[0].nodes[0]));
  EXPECT_FALSE(op.is_inner(op.results()[0]));
}

const std::vector<std::string> kArguments = {"x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)"};

TEST(Operator, FormulasOverOneSideMeetThePairsTogether) {
  const Operator op({{"Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Min_Reduction(SqDist(x,y),0)",
                      "Sum_Reduction(SqDist(x,y),1)", "KMin_Reduction(SqDist(x,y),3,0)",
                      "Sum_Reduction(SqDist(x,y),2)", "Sum_Reduction(Exp(-SqDist(x,y))*b,0)"},
                     {"a", "b", "c", "d", "e", "f"},
                     kArguments});
  ASSERT_EQ(op.passes().size(), 3u) << "one for each side";
  std::size_t nodes = 0;
  for (const Pass& pass : op.passes()) nodes += pass.nodes.size();
  EXPECT_EQ(nodes, 5u) << "a formula given twice is computed once";
  EXPECT_EQ(op.arrays().size(), 6u);
}

TEST(Operator, AValueAndItsGradientAreOneSweep) {
  const Operator op(
      {{"Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,e)"},
       {"value", "gradient"},
       {"x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "e=Vi(1)"}});
  EXPECT_EQ(op.passes().size(), 1u);
}

TEST(Operator, ASharedInnerReductionIsOnePass) {
  const Operator op(
      {{"LogSumExp_Reduction(SqDist(x,y),0)", "Grad(LogSumExp_Reduction(SqDist(x,y),0),x,e)",
        "Grad(LogSumExp_Reduction(SqDist(x,y),0),y,e)"},
       {"", "", ""},
       {"x=Vi(2)", "y=Vj(2)", "e=Vi(1)"}});
  EXPECT_EQ(op.passes().size(), 3u);
  EXPECT_TRUE(op.is_inner(op.results()[0])) << "a result that later passes need";
}

TEST(Operator, SelectionsAndFormulasOfResultsArePassesOfTheirOwn) {
  const Operator op(
      {{"Grad(KMin_Reduction(SqDist(x,y),3,0),x,e)", "Sum_Reduction(x*b,0)/Sum_Reduction(b*s,0)"},
       {"gradient", "mean"},
       {"x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)", "e=Vi(3)"}});
  std::size_t selections = 0;
  std::size_t formulas = 0;
  for (const Pass& pass : op.passes()) {
    if (pass.program.has_pairs()) continue;
    ++(pass.program.selection != nullptr ? selections : formulas);
  }
  EXPECT_EQ(selections, 1u);
  EXPECT_EQ(formulas, 1u);
}

TEST(Operator, ArraysSayWhatTheResultsAre) {
  const Operator op({{"KMin_ArgKMin_Reduction(x-y,4,0)", "Any_Reduction(x-y,1)",
                      "Max_SumShiftExpWeight_Reduction(SqDist(x,y),y,0)", "Sum_Reduction(x,0)*2"},
                     {"neighbours", "any", "sums", ""},
                     kArguments});
  const std::vector<ResultArray>& a = op.arrays();
  ASSERT_EQ(a.size(), 6u);
  const char* const names[] = {"min", "argmin", "any", "max", "sum", ""};
  const std::int64_t ranks[] = {4, 4, 1, 1, 1, 1};
  const std::int64_t dimensions[] = {2, 2, 2, 1, 2, 2};
  const std::size_t formulas[] = {0, 0, 1, 2, 2, 3};
  for (std::size_t n = 0; n < a.size(); ++n) {
    EXPECT_EQ(a[n].name, names[n]);
    EXPECT_EQ(a[n].rank, ranks[n]) << n;
    EXPECT_EQ(a[n].dimension, dimensions[n]) << n;
    EXPECT_EQ(a[n].formula, formulas[n]);
    EXPECT_EQ(a[n].type, n == 1 ? StateType::index : StateType::value);
    EXPECT_EQ(a[n].logical, n == 2);
  }
  EXPECT_EQ(op.categories()[1], Category::j);
}

TEST(Operator, InlineVariablesTakeTheirPositions) {
  const Operator op = operator_of("Sum_Reduction(Exp(Vj(1,3)-Vi(0,3))*Pm(2,1),0)", {});
  ASSERT_EQ(op.variables().size(), 3u);
  EXPECT_EQ(op.variables()[0].category, Category::i);
  EXPECT_EQ(op.variables()[1].category, Category::j);
  EXPECT_EQ(op.variables()[2].category, Category::parameter);
}

TEST(Operator, InlineVariablesMeetDeclaredOnes) {
  const Operator op = operator_of("Sum_Reduction(x-Var(0,3,0)*Vj(1,3),0)", {"x=Vi(0,3)"});
  EXPECT_EQ(op.variables().size(), 2u);
  EXPECT_EQ(op.variables()[0].name, "x");
}

TEST(Operator, InlineVariablesAgreeWithEachOther) {
  for (const char* formula :
       {"Sum_Reduction(Vi(0,3)*Vi(0,1),0)", "Sum_Reduction(Vi(0,3)*Vj(0,3),0)"}) {
    const Error error = error_of([&] { operator_of(formula, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::argument);
    EXPECT_CONTAINS(error.what(), "position 0");
  }
  const Error error = error_of([] { operator_of("Sum_Reduction(x-Vi(0,2),0)", {"x=Vi(3)"}); });
  EXPECT_CONTAINS(error.what(), "position 0 is `x = Vi(3)`, but the formula uses it as Vi(2)");
}

TEST(Operator, PositionsHaveNoGaps) {
  const Error error = error_of([] { operator_of("Sum_Reduction(Vi(0,3)*Vj(2,3),0)", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  EXPECT_CONTAINS(error.what(), "none at position 1");
}

TEST(Operator, NamesOfVariablesAreDistinct) {
  // The name that an inline variable gets may have been taken.
  try {
    const Operator op = operator_of("Sum_Reduction(V1 + Vj(1,3),0)", {"V1=Vi(3)"});
    EXPECT_NE(op.variables()[0].name, op.variables()[1].name);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::argument);
  }
}

TEST(Operator, AFormulaOfPairsIsRefused) {
  for (const char* formula : {"x*y", "Sum_Reduction(x,0)*y", "x"}) {
    EXPECT_EQ(error_of([&] {
                operator_of(formula, {"x=Vi(3)", "y=Vj(3)"});
              }).kind(),
              ErrorKind::unsupported)
        << formula;
  }
}

TEST(Operator, SurvivesLongAndDeepFormulas) {
  std::string sum = "x";
  for (int n = 0; n < 3000; ++n) sum += (n % 2 == 0 ? "+Exp(y)*" : "-x*") + std::to_string(n % 7);
  EXPECT_EQ(
      error_of([&] { operator_of("Sum_Reduction(" + sum + sum + ",0)", {"x=Vi(1)"}); }).kind(),
      ErrorKind::syntax);
  std::string chain = "x";
  for (int n = 0; n < 400; ++n) chain = "Exp(" + chain + "*y)";
  EXPECT_EQ(
      operator_of("Grad(Sum_Reduction(" + chain + ",0),x,e)", {"x=Vi(1)", "y=Vj(1)", "e=Vi(1)"})
          .passes()
          .size(),
      1u);
}

}  // namespace
}  // namespace kernelops
