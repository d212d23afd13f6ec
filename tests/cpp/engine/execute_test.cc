#include "core/engine/execute.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/ir/print.h"
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
      CompiledRunner runner(machine, sizes, float32, 2);
      testing::expect_passes(root, root->category, values, sizes, runner, float32 ? 3e-5 : 1e-10);
    }
  }

  Table run(Expr root, const Values& values, const Sizes& sizes, bool float32, int threads = 1,
            const InterruptCheck& interrupted = {}) {
    CompiledRunner runner(machine, sizes, float32, threads, interrupted);
    return testing::run_result(root, root->category, values, runner);
  }

  Formulas f;
  Random random{21};
  Machine machine;
};

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
  const Table rows = run(f("Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)"), values, sizes, false, 2);
  const Table all = run(f("Sum_Reduction(Exp(-SqDist(x, y)) * b, 2)"), values, sizes, false, 2);
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
      const Table one = run(f(text), values, sizes, true, 1);
      for (const int threads : {2, 3, 4}) {
        const Table more = run(f(text), values, sizes, true, threads);
        EXPECT_EQ(
            std::memcmp(one.values.data(), more.values.data(), one.values.size() * sizeof(double)),
            0)
            << text << " with " << threads << " threads";
      }
    }
  }
}

// Chunks of columns go without a survey of their maximum while it hardly changes.
TEST_F(ExecuteTest, SumsOfExponentialsFollowMaximaThatJump) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::string, std::function<double(int)>>> patterns = {
      {"rising", [](int j) { return 0.75 * j; }},
      {"falling", [](int j) { return -0.75 * j; }},
      {"jumping", [](int j) { return j % 300 == 170 ? 40.0 + j : -0.01 * j; }},
      {"infinite", [=](int j) { return j == 700 || j == 900 ? kInfinity : j % 7; }},
      {"vanishing", [=](int j) { return j < 1000 ? -kInfinity : -2000.0 - j % 5; }},
      {"nothing", [=](int) { return -kInfinity; }},
      {"undefined", [](int j) { return j == 1100 ? std::nan("") : 1.0; }},
      {"huge", [](int j) { return j % 2 == 0 ? 3e38 : -3e38; }},
  };
  const Expr lse = f("LogSumExp_Reduction(b + Elem(x, 0), 0)");
  const Expr softmax = f("SumSoftMaxWeight_Reduction(b + Elem(x, 0), y, 0)");
  const Sizes sizes{40, 1500};
  for (const auto& [name, pattern] : patterns) {
    for (const bool float32 : {true, false}) {
      SCOPED_TRACE(name + (float32 ? " in float32" : " in float64"));
      Values values = f.values(random, sizes);
      for (int j = 0; j < sizes.j; ++j) values.at(f("b")).at(j, 0) = pattern(j);
      if (float32) values = testing::rounded_to_float(values);
      const Table x = values.at(f("x"));
      const Table y = values.at(f("y"));
      const Table logs = run(lse, values, sizes, float32, 2);
      const Table means = run(softmax, values, sizes, float32, 2);
      for (int i = 0; i < sizes.i; ++i) {
        double most = -kInfinity;
        std::vector<double> all;
        for (int j = 0; j < sizes.j; ++j) {
          all.push_back(values.at(f("b")).at(j, 0) + x.at(i, 0));
          if (float32) all.back() = static_cast<float>(all.back());
          most = std::max(most, std::isnan(all.back()) ? most : all.back());
        }
        double sum = 0;
        double weighted = 0;
        for (int j = 0; j < sizes.j; ++j) {
          const double value = all[static_cast<std::size_t>(j)];
          const double term = value == most ? 1 : std::exp(value - most);
          sum += term;
          weighted += term * y.at(j, 0);
        }
        const double tolerance = float32 ? 2e-6 : 1e-13;
        EXPECT_TRUE(testing::near(logs.at(i, 0), most + std::log(sum), tolerance)) << i;
        EXPECT_TRUE(testing::near(means.at(i, 0), weighted / sum, 20 * tolerance)) << i;
      }
    }
  }
}

TEST_F(ExecuteTest, BuffersStayBelowThriceTheInputsAndOutputs) {
  const Expr root = f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)");
  for (const bool transposed : {false, true}) {
    const Program program = lower({root}, SumScheme::block, transposed);
    const std::shared_ptr<Kernel> kernel = machine.backend().kernel(program, false, {});
    for (const Sizes& sizes : {Sizes{3, 400000}, Sizes{100, 200000}, Sizes{200000, 100}}) {
      if (transposed && sizes.i > sizes.j) continue;
      const Values values = f.values(random, sizes);
      AlignedBuffer::reset_peak();
      CompiledRunner(machine, sizes, false, 16).pairs(program, *kernel, values);
      const std::int64_t arrays = 8 * (4 * sizes.i + 4 * sizes.j);
      EXPECT_LE(AlignedBuffer::peak_bytes(), static_cast<std::size_t>(3 * arrays))
          << sizes.i << " x " << sizes.j << (transposed ? ", transposed" : "");
    }
  }
}

// So many pairs would take hours.
TEST_F(ExecuteTest, SumsOfZeroMeetNoPairs) {
  const Sizes sizes{3, std::int64_t{1} << 44};
  for (const char* name : {"Sum", "Mean"}) {
    const Expr root = f.graph.reduce(reduction(name), {f.graph.zero(2)}, Category::i, {});
    EXPECT_EQ(run(root, {}, sizes, false).values, std::vector<double>(6, 0.0)) << name;
  }
}

TEST_F(ExecuteTest, RowNumbersAreExactInEverySection) {
  for (const char* text :
       {"Sum_Reduction(IndexI() * 1000 + IndexJ() + 0 * b, 0)",
        "Sum_Reduction(IndexI() * 1000 + IndexJ() + 0 * b, 1)",
        "Sum_Reduction(IfElse(Square(IndexI() - IndexJ()) - 1, x - y, 0), 0)",
        "ArgMin_Reduction(Square(IndexI() - IndexJ()), 0)", "Max_Reduction(IndexJ() * b, 0)"}) {
    for (const Sizes& sizes : {Sizes{5, 3}, Sizes{70, 90}, Sizes{1, 1}})
      expect_right(f(text), sizes);
  }
}

TEST_F(ExecuteTest, RowNumbersBeyondThePrecisionAreRefused) {
  const Sizes sizes{1, (1 << 24) + 1};
  Values values = f.values(random, {1, 1});
  const Expr root = f("Max_Reduction(IndexJ() + Elem(x, 0), 0)");
  const Error error = error_of([&] { run(root, values, sizes, true); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_CONTAINS(error.what(), "compute in float64");
  EXPECT_EQ(run(root, values, sizes, false).values[0],
            (1 << 24) + 1 + values.at(f.variables[0]).values[0]);
}

TEST_F(ExecuteTest, TiesGoToTheEarliestRowAcrossTilesAndSplits) {
  const Sizes sizes{3, 30000};
  Values values = f.values(random, sizes);
  for (double& value : values.at(f.variables[2]).values) value = 1;
  for (const int row : {12345, 12346, 20000, 29999}) values.at(f.variables[2]).at(row, 0) = 0.5;
  const Expr best = f("ArgMin_Reduction(b + 0 * Elem(x, 0), 0)");
  const Expr few = f("ArgKMin_Reduction(b + 0 * Elem(x, 0), 6, 0)");
  for (const bool float32 : {true, false}) {
    for (const double value : run(best, values, sizes, float32, 2).values) EXPECT_EQ(value, 12345);
    const Table rows = run(few, values, sizes, float32, 2);
    const double expected[] = {12345, 12346, 20000, 29999, 0, 1};
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t k = 0; k < 6; ++k) EXPECT_EQ(rows.at(i, k), expected[k]);
    }
  }
}

TEST_F(ExecuteTest, RowNumbersAreWrittenAsIntegersFromOneOrMissing) {
  const Sizes sizes{2, 3};
  Values values = f.values(random, sizes);
  values.at(f.variables[2]).values = {3, 1, 2};
  const Expr root = f("KMin_ArgKMin_Reduction(b + 0 * Elem(x, 0), 4, 0)");
  values.at(f.variables[0]).at(1, 0) = std::nan("");
  const Program program = lower({root});
  Bindings bindings;
  for (const auto& [node, table] : values) bindings[node] = table.view();
  std::vector<std::int32_t> rows(8);
  const auto kernel = machine.backend().kernel(program, false, {});
  // An output without data is left out.
  execute(program, *kernel, bindings, sizes, {{}, {rows.data(), ElementType::int32, 2, 4}}, 1,
          machine.pool(), {});
  constexpr std::int32_t kNone = kMissingInteger;
  EXPECT_EQ(rows, (std::vector<std::int32_t>{2, kNone, 3, kNone, 1, kNone, kNone, kNone}));
}

// A tile is summed in float32, the tiles in double, so the error does not grow with the terms.
TEST_F(ExecuteTest, ErrorsOfLongSumsDoNotGrowInFloat32) {
  const Sizes sizes{2, 3000000};
  Values values = f.values(random, sizes);
  for (double& value : values.at(f.variables[2]).values) value = static_cast<double>(0.1f);
  const Expr root = f("Sum_Reduction(b + 0 * Elem(x, 0), 0)");
  for (const SumScheme scheme : {SumScheme::block, SumScheme::compensated}) {
    CompiledRunner runner(machine, sizes, true, 2);
    const double allowed = scheme == SumScheme::block ? 1e-6 : 1e-7;
    for (const double value :
         testing::run_result(root, Category::i, values, runner, scheme).values) {
      EXPECT_NEAR(value / (3000000 * static_cast<double>(0.1f)), 1, allowed);
    }
  }
}

TEST_F(ExecuteTest, AnInterruptStopsSoonAndLeavesEverythingUsable) {
  const Sizes sizes{300000, 300000};
  const Values values = f.values(random, sizes);
  const Expr root = f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)");
  run(root, f.values(random, {2, 2}), {2, 2}, false);  // compiled before
  const auto start = std::chrono::steady_clock::now();
  const Error error = error_of([&] { run(root, values, sizes, false, 2, [] { return true; }); });
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(error.kind(), ErrorKind::interrupt);
  EXPECT_LT(waited.count(), 5.0) << "all pairs would take minutes";
  expect_right(root, {20, 30});
}

TEST_F(ExecuteTest, AKernelIsCompiledOnceForEachPrecision) {
  const Expr root = f("Max_Reduction(SqDist(x, y) * 3.25, 0)");
  const Program program = lower({root});
  EXPECT_FALSE(machine.backend().is_ready(program, true));
  for (int n = 0; n < 3; ++n) expect_right(root, {4, 4});
  EXPECT_EQ(machine.compiled(), 2u);
}

TEST_F(ExecuteTest, InfiniteConstantsAreConstants) {
  const Expr infinite = f.graph.constant(HUGE_VAL);
  const Expr body = f.graph.apply(operation("Maximum"), {f("Elem(x - y, 0)"), infinite});
  expect_right(f.graph.reduce(reduction("Sum"), {body}, Category::i), {3, 2});
  const Expr negative = f.graph.constant(-HUGE_VAL);
  const Expr other = f.graph.apply(operation("Maximum"), {f("Elem(x - y, 0)"), negative});
  expect_right(f.graph.reduce(reduction("Sum"), {other}, Category::i), {3, 2});
  const Expr nan = f.graph.constant(std::nan(""));
  const Expr sum = f.graph.apply(operation("Add"), {f("x - y"), nan});
  expect_right(f.graph.reduce(reduction("Sum"), {sum}, Category::i), {3, 2});
}

TEST_F(ExecuteTest, WithoutACompilerTheBackEndSaysWhy) {
  TemporaryDirectory directory("/tmp/kernelops-test-");
  KernelCache cache(directory.path());
  CompiledBackend backend(search_toolchain({{"no-such-compiler"}, {}, ""}), cache,
                          KERNELOPS_KERNEL_DIR, "test");
  const Program program = lower({f("Sum_Reduction(x - y, 0)")});
  EXPECT_FALSE(backend.availability().available);
  EXPECT_CONTAINS(backend.availability().reason, "no-such-compiler");
  EXPECT_FALSE(backend.is_ready(program, true));
  EXPECT_EQ(error_of([&] { backend.kernel(program, true, {}); }).kind(), ErrorKind::compile);
}

}  // namespace
}  // namespace kernelops
