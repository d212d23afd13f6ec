#include "core/api/formula_dimension.h"

#include <gtest/gtest.h>

#include "core/support/error.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

TEST(FormulaDimension, IsThatOfTheFormula) {
  EXPECT_EQ(formula_dimension("Concat(x, y)", {"x=Vi(3)", "y=Vj(4)"}), 7);
  EXPECT_EQ(formula_dimension("SqDist(x, y)", {"x=Vi(3)", "y=Pm(3)"}), 1);
  EXPECT_EQ(formula_dimension("Grad(x, y, z)", {"x=Vi(2)", "y=Vj(5)", "z=Vi(2)"}), 5);
}

TEST(FormulaDimension, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] {
              formula_dimension("SqDist(x, y)", {"x=Vi(3)", "y=Vj(2)"});
            }).kind(),
            ErrorKind::dimension);
  EXPECT_EQ(error_of([] { formula_dimension("Nothing(x)", {"x=Vi(3)"}); }).kind(),
            ErrorKind::syntax);
}

}  // namespace
}  // namespace kernelops
