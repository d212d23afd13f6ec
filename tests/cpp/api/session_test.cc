#include "core/api/session.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/jit/files.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Random;
using testing::Table;

const std::vector<std::string> kArguments = {"x=Vi(2)", "y=Vj(2)"};
const char* const kFormula = "Sum_Reduction(Exp(-SqDist(x,y)),0)";

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    Random random(31);
    x = testing::random_table(random, 7, 2, -1, 1);
    y = testing::random_table(random, 5, 2, -1, 1);
    settings.compilers = {"c++", "g++", "clang++"};
    settings.cache_directory = directory.path() + "/cache";
    settings.kernel_directory = KERNELOPS_KERNEL_DIR;
    settings.version = "test";
  }

  static Input input(const Table& table, const std::string& name = "") {
    return {name,
            "double",
            true,
            ElementType::float64,
            true,
            table.rows,
            table.dimension,
            table.values.data()};
  }

  std::vector<double> call(const std::string& formula, const std::vector<std::string>& arguments,
                           const std::vector<Input>& inputs) {
    Invocation invocation = session.prepare(formula, arguments, inputs, false);
    std::vector<double> out(
        static_cast<std::size_t>(invocation.output.rows * invocation.output.dimension));
    invocation.output.data = out.data();
    session.run(invocation, settings, {});
    return out;
  }

  std::vector<double> expected() const {
    std::vector<double> out;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < y.rows; ++j) {
        sum +=
            std::exp(-std::pow(x.at(i, 0) - y.at(j, 0), 2) - std::pow(x.at(i, 1) - y.at(j, 1), 2));
      }
      out.push_back(sum);
    }
    return out;
  }

  void expect_right(const std::vector<double>& actual) const {
    const std::vector<double> wanted = expected();
    ASSERT_EQ(actual.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(testing::near(actual[i], wanted[i], settings.float32 ? 1e-5 : 1e-13));
    }
  }

  std::size_t kernels() { return session.report(settings).cache.files; }

  TemporaryDirectory directory{"/tmp/kernelops-test-"};
  Settings settings;
  Session session;
  Table x, y;
};

TEST_F(SessionTest, TheSecondCallFindsOperatorAndKernel) {
  const auto loaded = session.load(kFormula, kArguments);
  EXPECT_FALSE(session.status(loaded->op, settings).compiled);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(kernels(), 1u);
  EXPECT_TRUE(session.status(loaded->op, settings).compiled);
  EXPECT_EQ(loaded->kernels.size(), 1u);
  // Without a kernel on disk the one in memory still answers.
  EXPECT_EQ(session.clear_cache(settings), 1u);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(kernels(), 0u);
  EXPECT_EQ(session.load(kFormula, kArguments), loaded);
}

TEST_F(SessionTest, AnotherSessionUsesTheKernelOnDisk) {
  call(kFormula, kArguments, {input(x), input(y)});
  Session other;
  EXPECT_TRUE(other.status(other.load(kFormula, kArguments)->op, settings).compiled);
}

TEST_F(SessionTest, BothPrecisionsAreKept) {
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  settings.float32 = true;
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(session.load(kFormula, kArguments)->kernels.size(), 2u);
}

TEST_F(SessionTest, InputsMayBeNamedInAnyOrder) {
  expect_right(call(kFormula, kArguments, {input(y, "y"), input(x, "x")}));
}

TEST_F(SessionTest, VariablesMayBeWrittenInTheFormula) {
  expect_right(call("Sum_Reduction(Exp(-SqDist(Vi(0,2),Vj(1,2))),0)", {}, {input(x), input(y)}));
  expect_right(
      call("Sum_Reduction(Exp(-SqDist(Var(0,2,0),Var(1,2,1))),0)", {}, {input(x), input(y)}));
}

TEST_F(SessionTest, AGradientThatNeedsTheResultTakesTwoPasses) {
  const Table e(7, 1, 1);
  const std::vector<double> actual =
      call("Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,e)", {"x=Vi(2)", "y=Vj(2)", "e=Vi(1)"},
           {input(x), input(y), input(e)});
  const std::vector<double> sums = expected();
  for (std::int64_t i = 0; i < x.rows; ++i) {
    double wanted = 0;
    for (std::int64_t j = 0; j < y.rows; ++j) {
      const double first = x.at(i, 0) - y.at(j, 0);
      const double second = x.at(i, 1) - y.at(j, 1);
      wanted -= 2 * first * std::exp(-first * first - second * second);
    }
    const auto row = static_cast<std::size_t>(i);
    EXPECT_TRUE(testing::near(actual[row], wanted / sums[row], 1e-12));
  }
}

TEST_F(SessionTest, TheOutputIsDescribedBeforeTheWork) {
  const Invocation rows = session.prepare(kFormula, kArguments, {input(x), input(y)}, false);
  EXPECT_EQ(rows.output.rows, 7);
  EXPECT_EQ(rows.output.dimension, 1);
  EXPECT_EQ(rows.output.type, ElementType::float64);
  const Invocation positions =
      session.prepare("ArgMin_Reduction(x-y,1)", kArguments, {input(x), input(y)}, false);
  EXPECT_EQ(positions.output.rows, 5);
  EXPECT_EQ(positions.output.dimension, 2);
  EXPECT_EQ(positions.output.type, ElementType::int32);
}

TEST_F(SessionTest, WithoutACompilerItSaysSoAndSurvives) {
  const std::vector<std::string> good = settings.compilers;
  settings.compilers = {"/no/such/compiler", "no-such-compiler"};
  for (int n = 0; n < 2; ++n) {
    const Error error = error_of([&] { call(kFormula, kArguments, {input(x), input(y)}); });
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_CONTAINS(error.what(), "no-such-compiler");
  }
  const BackendStatus status = session.status(session.load(kFormula, kArguments)->op, settings);
  EXPECT_FALSE(status.compiled);
  EXPECT_FALSE(status.reason.empty());
  settings.compilers = good;
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
}

TEST_F(SessionTest, AFailedCompilationIsAnErrorAndLaterCallsWork) {
  settings.compiler_flags = {"--no-such-flag-of-any-compiler"};
  const Error error = error_of([&] { call(kFormula, kArguments, {input(x), input(y)}); });
  EXPECT_EQ(error.kind(), ErrorKind::compile);
  settings.compiler_flags = {};
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
}

TEST_F(SessionTest, AWrongFormulaOrInputLeavesItUsable) {
  EXPECT_EQ(error_of([&] {
              call("Sum_Reduction(x-,0)", kArguments, {input(x), input(y)});
            }).kind(),
            ErrorKind::syntax);
  EXPECT_EQ(error_of([&] { call(kFormula, kArguments, {input(x)}); }).kind(), ErrorKind::argument);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
}

TEST_F(SessionTest, ExplainsEveryStage) {
  const Explanation text = session.explain(session.load(kFormula, kArguments)->op, settings);
  EXPECT_CONTAINS(text.formula, "Sum_Reduction(");
  EXPECT_CONTAINS(text.graph, "result");
  EXPECT_CONTAINS(text.simplified, "result");
  EXPECT_CONTAINS(text.program, "pairs");
  EXPECT_CONTAINS(text.source, "kernelops_kernel");
  EXPECT_CONTAINS(text.command, "kernel.so");
  EXPECT_EQ(kernels(), 0u) << "an explanation compiles nothing";
  settings.compilers = {"no-such-compiler"};
  const Explanation without = session.explain(session.load(kFormula, kArguments)->op, settings);
  EXPECT_TRUE(without.source.empty());
  EXPECT_CONTAINS(without.command, "no-such-compiler");
}

TEST_F(SessionTest, ReportsTheCompilerAndTheCache) {
  const SystemReport report = session.report(settings);
  EXPECT_TRUE(report.search.toolchain.has_value());
  EXPECT_EQ(report.cache.files, 0u);
  EXPECT_GE(report.cpu.vector_bytes, 16);
}

}  // namespace
}  // namespace kernelops
