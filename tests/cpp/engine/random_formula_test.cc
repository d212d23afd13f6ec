// Random formulas over all rows of the table, several in one program: compiled kernels, the
// interpreter and the evaluator agree.
#include "support/random_formula.h"

#include <gtest/gtest.h>

#include "support/every_reduction.h"
#include "support/interpret.h"
#include "support/machine.h"

namespace kernelops {
namespace {

using testing::Executor;
using testing::Machine;

class RandomFormulas : public ::testing::TestWithParam<int> {};

TEST_P(RandomFormulas, AreRightInManyReductions) {
  const int seed = 1000 + GetParam();
  const auto category = static_cast<Category>(GetParam() % 3);
  Machine machine;
  const Executor compiled = testing::compiled_executor(machine);
  for (const bool float32 : {true, false}) {
    testing::expect_random_reductions_right(compiled, seed, category, float32);
    ASSERT_FALSE(HasFailure());
  }
  testing::expect_random_reductions_right(compiled, seed, category, false,
                                          {SumScheme::block, true});
  testing::expect_random_reductions_right(testing::interpreting_executor(), seed, category, false);
}

INSTANTIATE_TEST_SUITE_P(, RandomFormulas, ::testing::Range(0, 6));

}  // namespace
}  // namespace kernelops
