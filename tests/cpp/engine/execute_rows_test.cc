#include "core/engine/execute_rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/machine.h"

namespace kernelops {
namespace {

using testing::CompiledRunner;
using testing::error_of;
using testing::Formulas;
using testing::Machine;
using testing::Random;
using testing::Table;
using testing::Values;

class ExecuteRowsTest : public ::testing::Test {
 protected:
  ExecuteRowsTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 1);
    f.variable("s", Category::parameter, 1);
    f.variable("t", Category::parameter, 20);
    f.variable("e", Category::i, 1);
    f.variable("g", Category::i, 6);
  }

  // A result and everything in it, compiled in both precisions, agrees with the evaluator.
  void expect_right(const std::string& text, const std::vector<Sizes>& all_sizes) {
    const Expr root = expand_differentials(f.graph, f(text));
    Category category = Category::parameter;
    ASSERT_TRUE(is_result(root, &category));
    for (const Sizes& sizes : all_sizes) {
      SCOPED_TRACE(text + " on " + std::to_string(sizes.i) + " x " + std::to_string(sizes.j));
      const Values values = testing::rounded_to_float(f.values(random, sizes));
      for (const bool float32 : {true, false}) {
        CompiledRunner runner(machine, sizes, float32, 2);
        testing::expect_passes(root, category, values, sizes, runner, float32 ? 5e-5 : 1e-9);
        ASSERT_FALSE(HasFailure());
      }
    }
  }

  Formulas f;
  Random random{8};
  Machine machine;
};

TEST_F(ExecuteRowsTest, FormulasOfResultsAreRight) {
  for (const char* text :
       {"Sum_Reduction(x - y, 0) / Sum_Reduction(Exp(x - y), 0) * x + a * Exp(s)",
        "Max(Sum_Reduction(x - y, 0)) - Gather(t, 3 * Square(a)) + CountJ() + IndexI()",
        "Concat(Sum_Reduction(SumT(x | y, 20), 0), Sum_Reduction(SumT(b, 20) * a, 0) * t)",
        "Sum_Reduction(x * y, 2) * Sum_Reduction(x, 2) + s",
        "Sqrt(Sum_Reduction(SqDist(x, y), 1)) * b"}) {
    expect_right(text, {{1, 1}, {4, 5}, {17, 3}, {0, 3}, {3, 0}});
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(ExecuteRowsTest, MoreRowsThanOnePanelHoldsAreRight) {
  expect_right("Sum_Reduction(x * b, 0) * Exp(x) + IndexI()", {{9001, 2}, {4096, 1}, {4097, 1}});
  expect_right("Concat(Sum_Reduction(SumT(a * b, 20), 0), t * a)", {{4111, 2}});
}

TEST_F(ExecuteRowsTest, GradientsOfRankedReductionsGoThroughTheirSelection) {
  for (const std::string reduction :
       {"KMin_Reduction(SqDist(x, y) * Concat(b, 1), 3, 0)", "KMax_Reduction(x * y, 2, 0)",
        "Concat(Min_Reduction(x - y, 0), Max_Reduction(x * y, 0))",
        "KMin_ArgKMin_Reduction(x - b * y, 2, 0)", "Max_SumShiftExp_Reduction(x * y, 0)"}) {
    for (const char* variable : {"x", "y", "b"}) {
      if (std::string(variable) == "b" && !testing::contains(reduction, "b")) continue;
      expect_right("Grad(" + reduction + ", " + variable + ", g)",
                   {{1, 1}, {5, 4}, {40, 33}, {2, 0}, {0, 2}});
      ASSERT_FALSE(HasFailure()) << reduction;
    }
  }
}

TEST_F(ExecuteRowsTest, SecondGradientsOfRankedReductionsAreRight) {
  expect_right("Grad(Grad(KMin_Reduction(SqDist(x, y), 6, 0), x, g), y, x)", {{5, 7}});
  expect_right("Grad(Grad(Max_Reduction(Exp(x - y), 0), y, x), x, y)", {{5, 4}});
}

TEST_F(ExecuteRowsTest, ASelectionSkipsWhatIsMissing) {
  // Of 4 wanted rows 2 exist; the third value of x is no number, so nothing is selected there.
  const Expr root =
      f("SelectedSum_Reduction(SelectEntry(g, Entry(), 1) * a,"
        " ArgKMin_Reduction(Elem(x, 0) * b, 6, 0), 0)");
  const Sizes sizes{4, 2};
  Values values = f.values(random, sizes);
  values.at(f.variables[0]).at(2, 0) = std::nan("");
  for (const bool float32 : {true, false}) {
    CompiledRunner runner(machine, sizes, float32);
    testing::expect_passes(root, Category::i, values, sizes, runner, 1e-6);
    EXPECT_EQ(testing::run_result(root, Category::i, values, runner).at(2, 0), 0);
  }
}

TEST_F(ExecuteRowsTest, SelectionsLargerThanOnePanelAreRight) {
  for (const int category : {0, 1, 2}) {
    expect_right(
        "SelectedSum_Reduction(SelectEntry(g, Entry(), 1) * (x - y),"
        " ArgKMin_Reduction(SqDist(x, y), 6, 0), " +
            std::to_string(category) + ")",
        {{900, 8}, {1, 1}, {5, 0}});
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(ExecuteRowsTest, TheNumberOfThreadsDoesNotChangeABit) {
  const Sizes sizes{30000, 40};
  const Values values = f.values(random, sizes);
  for (const char* text : {"SelectedSum_Reduction(SelectEntry(g, Entry(), 1) * (x - y),"
                           " ArgKMin_Reduction(SqDist(x, y), 6, 0), 1)",
                           "Sum_Reduction(x * b, 0) * Exp(x) + IndexI()"}) {
    const Expr root = f(text);
    const auto run = [&](int threads) {
      CompiledRunner runner(machine, sizes, true, threads);
      const Category category = root->kind == NodeKind::reduction ? root->category : Category::i;
      return testing::run_result(root, category, values, runner);
    };
    const Table one = run(1);
    for (const int threads : {2, 3}) EXPECT_EQ(one.values, run(threads).values) << threads;
  }
}

TEST_F(ExecuteRowsTest, AnInterruptStopsIt) {
  const Sizes sizes{10, 3};
  const Expr root = f("Sum_Reduction(x, 0) * a");
  const Values values = f.values(random, sizes);
  const Values known = [&] {
    Values out = values;
    CompiledRunner runner(machine, sizes, false);
    testing::run_inner(root, &out, runner);
    return out;
  }();
  CompiledRunner runner(machine, sizes, false, 1, [] { return true; });
  const Error error =
      error_of([&] { runner.rows(lower_rows(root, Category::i), Category::i, known); });
  EXPECT_EQ(error.kind(), ErrorKind::interrupt);
}

}  // namespace
}  // namespace kernelops
