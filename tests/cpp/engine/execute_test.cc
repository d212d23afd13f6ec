#include "core/engine/execute.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "core/ir/print.h"
#include "support/machine.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;
using testing::Machine;
using testing::Random;
using testing::RandomFormula;
using testing::Table;
using testing::Values;

class ExecuteTest : public ::testing::Test {
 protected:
  ExecuteTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("b", Category::j, 1);
    f.variable("s", Category::parameter, 1);
  }

  // Both precisions on these sizes against the evaluator.
  void expect_right(Expr root, const Sizes& sizes) {
    SCOPED_TRACE(print_formula(root) + " on " + std::to_string(sizes.i) + " x " +
                 std::to_string(sizes.j));
    const Values values = testing::rounded_to_float(f.values(random, sizes));
    for (const bool float32 : {true, false}) {
      testing::expect_result(machine.run(f.graph, root, values, sizes, float32, 2), root, values,
                             sizes, float32 ? 3e-5 : 1e-10);
    }
  }

  Formulas f;
  Random random{21};
  Machine machine;
};

const std::vector<Sizes> kSizes = {{1, 1},  {1, 5},    {2, 3},   {7, 9},   {8, 8},
                                   {9, 7},  {15, 17},  {16, 1},  {17, 15}, {31, 33},
                                   {64, 2}, {100, 65}, {3, 100}, {257, 31}};

TEST_F(ExecuteTest, EveryReductionIsRightOnEverySize) {
  for (const ReductionDef& row : reductions()) {
    const std::string formula = row.scalar_only ? "b - s * SqDist(x, y)" : "b * (x - y)";
    // lower_test.cc interprets every category; here one more folds its rows.
    for (int category = 0; category < (row.name == "Sum" ? 3 : 1); category += 2) {
      const Expr root =
          f(row.name + "_Reduction(" + formula + ", " + std::to_string(category) + ")");
      for (const Sizes& sizes : kSizes) expect_right(root, sizes);
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_F(ExecuteTest, RandomFormulasAreRight) {
  f.variable("u", Category::i, 17);
  f.variable("v", Category::j, 20);
  f.variable("q", Category::parameter, 2);
  RandomFormula formula(f, random, {true, false});
  const std::vector<ReductionDef>& rows = reductions();
  for (int n = 0; n < 6; ++n) {
    Expr body = formula.of_dimension(n % 3 == 0 ? 1 : n % 3 == 1 ? 3 : 21, 3);
    // A part of each side, so that neither is idle.
    body = f.graph.apply(operation("Add"), {body, f("(x | y)")});
    const ReductionDef& row = rows[static_cast<std::size_t>(n) % rows.size()];
    const auto category = static_cast<Category>(row.output == StateType::index ? n % 2 : n % 3);
    if (row.scalar_only && body->dimension != 1) body = f.graph.apply(operation("Sum"), {body});
    const Expr root = f.graph.reduce(row, body, category);
    for (const Sizes& sizes : {Sizes{1, 1}, Sizes{17, 5}, Sizes{33, 40}}) expect_right(root, sizes);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(ExecuteTest, GradientsAreRight) {
  f.variable("e", Category::i, 1);
  f.variable("g", Category::i, 3);
  const Sizes sizes{25, 19};
  const Values values = f.values(random, sizes);
  for (const std::string text :
       {"Grad(Sum_Reduction(Exp(-SqDist(x, y)) * b, 0), y, e)",
        "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), s, e)",
        "Grad(Grad(LogSumExp_Reduction(b - SqDist(x, y), 0), x, e), x, g)"}) {
    const Expr root = expand_differentials(f.graph, f(text));
    testing::expect_result(machine.run(f.graph, root, values, sizes, false), root, values, sizes,
                           1e-9);
    ASSERT_FALSE(HasFailure()) << text;
  }
}

TEST_F(ExecuteTest, WithoutReducedRowsTheResultIsNeutral) {
  for (const ReductionDef& row : reductions()) {
    const std::string formula = row.scalar_only ? "b * s" : "x * b";
    for (const Sizes& sizes : {Sizes{5, 0}, Sizes{0, 5}, Sizes{0, 0}}) {
      for (int category = 0; category < (row.scalar_only ? 3 : 1); category += 2) {
        const Expr root =
            f(row.name + "_Reduction(" + formula + ", " + std::to_string(category) + ")");
        const Values values = f.values(random, sizes);
        const Table out = machine.run(f.graph, root, values, sizes, false, 2);
        EXPECT_EQ(out.rows, sizes.of(root->category));
        for (const double value : out.values) {
          EXPECT_EQ(value, testing::reduced_value(row.name, {})) << print_formula(root);
        }
      }
    }
  }
}

TEST_F(ExecuteTest, LongSidesAreRight) {
  const Expr root = f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)");
  for (const Sizes& sizes : {Sizes{2000, 70}, Sizes{70, 2000}, Sizes{1, 20000}, Sizes{20000, 1}}) {
    expect_right(root, sizes);
  }
  const Expr position = f("ArgMin_Reduction(SqDist(x, y), 0)");
  for (const Sizes& sizes : {Sizes{2000, 70}, Sizes{3, 20000}}) expect_right(position, sizes);
}

TEST_F(ExecuteTest, FoldingAllRowsIsTheSumOfTheRows) {
  const Sizes sizes{3001, 2003};
  const Values values = f.values(random, sizes);
  const Table rows =
      machine.run(f.graph, f("Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)"), values, sizes, false, 2);
  const Table all =
      machine.run(f.graph, f("Sum_Reduction(Exp(-SqDist(x, y)) * b, 2)"), values, sizes, false, 2);
  double sum = 0;
  for (const double value : rows.values) sum += value;
  ASSERT_EQ(all.values.size(), 1u);
  EXPECT_TRUE(testing::near(all.values[0], sum, 1e-9));
}

TEST_F(ExecuteTest, TheNumberOfThreadsDoesNotChangeABit) {
  for (const std::string text : {"Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)",
                                 "LogSumExp_Reduction(b - SqDist(x, y), 2)"}) {
    for (const Sizes& sizes : {Sizes{3001, 2503}, Sizes{5, 400003}}) {
      const Values values = f.values(random, sizes);
      const Table one = machine.run(f.graph, f(text), values, sizes, true, 1);
      for (const int threads : {2, 3, 4}) {
        const Table more = machine.run(f.graph, f(text), values, sizes, true, threads);
        EXPECT_EQ(
            std::memcmp(one.values.data(), more.values.data(), one.values.size() * sizeof(double)),
            0)
            << text << " with " << threads << " threads";
      }
    }
  }
}

TEST_F(ExecuteTest, NanAndInfinitiesOfInputsFollowTheConventions) {
  const Sizes sizes{9, 12};
  Values values = f.values(random, sizes);
  values.at(f.variables[2]).at(3, 0) = std::nan("");
  values.at(f.variables[2]).at(7, 0) = HUGE_VAL;
  for (const std::string name : {"Sum", "ArgMax", "LogSumExp"}) {
    const Expr root = f(name + "_Reduction(b + Elem(x, 0), 0)");
    testing::expect_result(machine.run(f.graph, root, values, sizes, false), root, values, sizes,
                           1e-12);
  }
}

TEST_F(ExecuteTest, TiesGoToTheEarliestRowAcrossTilesAndSplits) {
  const Sizes sizes{3, 30000};
  Values values = f.values(random, sizes);
  for (double& value : values.at(f.variables[2]).values) value = 1;
  values.at(f.variables[2]).at(12345, 0) = 0.5;
  values.at(f.variables[2]).at(29999, 0) = 0.5;
  const Expr root = f("ArgMin_Reduction(b + 0 * Elem(x, 0), 0)");
  for (const bool float32 : {true, false}) {
    for (const double value : machine.run(f.graph, root, values, sizes, float32, 2).values) {
      EXPECT_EQ(value, 12345);
    }
  }
}

TEST_F(ExecuteTest, RowNumbersAreWrittenAsIntegersFromOneOrMissing) {
  const Sizes sizes{2, 3};
  Values values = f.values(random, sizes);
  values.at(f.variables[2]).values = {3, 1, 2};
  const Expr root = f("ArgMin_Reduction(b + 0 * Elem(x, 0), 0)");
  values.at(f.variables[0]).at(1, 0) = std::nan("");
  const Program program = lower(root);
  Bindings bindings;
  for (const auto& [node, table] : values) bindings[node] = table.view();
  std::vector<std::int32_t> out(2);
  execute(program, *machine.backend().kernel(program, false, {}), bindings, sizes,
          {out.data(), ElementType::int32, 2, 1}, 1, machine.pool(), {});
  EXPECT_EQ(out, (std::vector<std::int32_t>{2, kMissingInteger}));
}

// A tile is summed in float32, the tiles in double, so the error does not grow with the terms.
TEST_F(ExecuteTest, ErrorsOfLongSumsDoNotGrowInFloat32) {
  const Sizes sizes{2, 3000000};
  Values values = f.values(random, sizes);
  for (double& value : values.at(f.variables[2]).values) value = static_cast<double>(0.1f);
  const Expr root = f("Sum_Reduction(b + 0 * Elem(x, 0), 0)");
  for (const double value : machine.run(f.graph, root, values, sizes, true, 2).values) {
    EXPECT_NEAR(value / (3000000 * static_cast<double>(0.1f)), 1, 1e-6);
  }
}

TEST_F(ExecuteTest, AnInterruptStopsSoonAndLeavesEverythingUsable) {
  const Sizes sizes{300000, 300000};
  const Values values = f.values(random, sizes);
  const Expr root = f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)");
  machine.run(f.graph, root, f.values(random, {2, 2}), {2, 2}, false);  // compiled before
  const auto start = std::chrono::steady_clock::now();
  const Error error =
      error_of([&] { machine.run(f.graph, root, values, sizes, false, 2, [] { return true; }); });
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(error.kind(), ErrorKind::interrupt);
  EXPECT_LT(waited.count(), 1.0);
  expect_right(root, {20, 30});
}

TEST_F(ExecuteTest, AKernelIsCompiledOnceForEachPrecision) {
  const Expr root = f("Max_Reduction(SqDist(x, y) * 3.25, 0)");
  const Program program = lower(root);
  EXPECT_FALSE(machine.backend().is_ready(program, true));
  for (int n = 0; n < 3; ++n) expect_right(root, {4, 4});
  EXPECT_EQ(machine.compiled(), 2u);
}

TEST_F(ExecuteTest, WithoutACompilerTheBackEndSaysWhy) {
  TemporaryDirectory directory("/tmp/kernelops-test-");
  KernelCache cache(directory.path());
  CompiledBackend backend(search_toolchain({{"no-such-compiler"}, {}, ""}), cache,
                          KERNELOPS_KERNEL_DIR, "test");
  const Program program = lower(f("Sum_Reduction(x - y, 0)"));
  EXPECT_FALSE(backend.availability().available);
  EXPECT_CONTAINS(backend.availability().reason, "no-such-compiler");
  EXPECT_FALSE(backend.is_ready(program, true));
  EXPECT_EQ(error_of([&] { backend.kernel(program, true, {}); }).kind(), ErrorKind::compile);
}

}  // namespace
}  // namespace kernelops
