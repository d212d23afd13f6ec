#include "core/transform/validate.h"

#include <gtest/gtest.h>

#include "core/transform/differential.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;

TEST(Validate, ResultsAreReductionsAndTheirGradients) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  EXPECT_NO_THROW(validate_result(f("Sum_Reduction(x - y, 0)")));
  EXPECT_NO_THROW(validate_result(f("Grad(Sum_Reduction(x - y, 0), y, x)")));
  EXPECT_NO_THROW(validate_result(f("Grad(Grad(Sum_Reduction(Exp(x - y), 0), y, x), x, y)")));
}

TEST(Validate, AFormulaOfPairsIsNoResult) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  for (const char* text : {"x", "x - y", "Grad(x * y, x, y)", "3"}) {
    const Error error = error_of([&] { validate_result(f(text)); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported) << text;
    EXPECT_CONTAINS(error.what(), "Sum_Reduction");
  }
}

TEST(Validate, ExpandedFormulasHoldNoDifferentialOperation) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const Expr written = f("Sum_Reduction(Grad(x * y, x, y), 0)");
  EXPECT_EQ(error_of([&] { validate_expanded(written); }).kind(), ErrorKind::internal);
  EXPECT_NO_THROW(validate_expanded(expand_differentials(f.graph, written)));
  EXPECT_EQ(error_of([&] { validate_expanded(f("x - y")); }).kind(), ErrorKind::internal);
}

}  // namespace
}  // namespace kernelops
