#include "core/api/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "fake_driver/fake_driver.h"
#include "support/session.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Random;
using testing::Table;

const std::vector<std::string> kArguments = {"x=Vi(2)", "y=Vj(2)"};
const char* const kFormula = "Sum_Reduction(Exp(-SqDist(x,y)),0)";

class SessionTest : public testing::SessionFixture {
 protected:
  SessionTest() {
    Random random(31);
    x = testing::random_table(random, 7, 2, -1, 1);
    y = testing::random_table(random, 5, 2, -1, 1);
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

  Table x, y;
};

TEST_F(SessionTest, TheSecondCallFindsOperatorAndKernel) {
  const auto loaded = session.load(text(kFormula, kArguments));
  EXPECT_FALSE(session.status(loaded->op, settings).compiled);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(kernels(), 1u);
  EXPECT_TRUE(session.status(loaded->op, settings).compiled);
  ASSERT_EQ(loaded->kernels.size(), 1u);
  EXPECT_EQ(loaded->kernels[0].size(), 1u);
  // Without a kernel on disk the one in memory still answers.
  EXPECT_EQ(session.clear_cache(settings), 1u);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(kernels(), 0u);
  EXPECT_EQ(session.load(text(kFormula, kArguments)), loaded);
}

TEST_F(SessionTest, AnotherSessionUsesTheKernelOnDisk) {
  call(kFormula, kArguments, {input(x), input(y)});
  Session other;
  EXPECT_TRUE(other.status(other.load(text(kFormula, kArguments))->op, settings).compiled);
}

TEST_F(SessionTest, BothPrecisionsAreKept) {
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  settings.float32 = true;
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(session.load(text(kFormula, kArguments))->kernels[0].size(), 2u);
}

TEST_F(SessionTest, FewRowsOfManyPairsGetAKernelOfTheirOwn) {
  y = Table(300001, 2);
  for (std::int64_t j = 0; j < y.rows; ++j) {
    y.at(j, 0) = 1e-6 * static_cast<double>(j);
    y.at(j, 1) = 1 - y.at(j, 0);
  }
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(kernels(), 1u);
  const auto& made = session.load(text(kFormula, kArguments))->kernels[0];
  ASSERT_EQ(made.size(), 1u);
  EXPECT_TRUE(std::get<2>(made.begin()->first));
  // Results without index have a long side as well.
  const double all =
      call("Sum_Reduction(Exp(-SqDist(x, y)), 2)", kArguments, {input(x), input(y)})[0];
  double sum = 0;
  for (const double each : expected()) sum += each;
  EXPECT_TRUE(testing::near(all, sum, 1e-12));
  EXPECT_EQ(kernels(), 2u);
  // Fewer pairs do not pay for it.
  y = Table(5, 2);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
  EXPECT_EQ(made.size(), 2u);
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

TEST_F(SessionTest, TheOutputsAreDescribedBeforeTheWork) {
  const Invocation rows = session.prepare(text(kFormula, kArguments), {input(x), input(y)}, false);
  ASSERT_EQ(rows.outputs.size(), 1u);
  EXPECT_EQ(rows.outputs[0].rows, 7);
  EXPECT_EQ(rows.outputs[0].dimension, 1);
  EXPECT_EQ(rows.outputs[0].type, ElementType::float64);
  const Invocation positions = session.prepare(text("KMin_ArgKMin_Reduction(x-y,3,1)", kArguments),
                                               {input(x), input(y)}, false);
  ASSERT_EQ(positions.outputs.size(), 2u);
  EXPECT_EQ(positions.outputs[1].rows, 5);
  EXPECT_EQ(positions.outputs[1].dimension, 6);
  EXPECT_EQ(positions.outputs[0].type, ElementType::float64);
  EXPECT_EQ(positions.outputs[1].type, ElementType::int32);
}

// Each formula of a list gives, bit for bit or nearly, what it gives alone.
TEST_F(SessionTest, FormulasTogetherGiveWhatEachGivesAlone) {
  const Table e(7, 1, 0.5);
  const std::vector<std::string> arguments = {"x=Vi(2)", "y=Vj(2)", "e=Vi(1)"};
  const std::vector<Input> inputs = {input(x), input(y), input(e)};
  const std::vector<std::string> formulas = {
      "Sum_Reduction(Exp(-SqDist(x,y)),0)",
      "Grad(Sum_Reduction(Exp(-SqDist(x,y)),0),x,e)",
      "Grad(Sum_Reduction(Exp(-SqDist(x,y)),0),y,e)",
      "LogSumExp_Reduction(x-y,0)",
      "Grad(LogSumExp_Reduction(x-y,0),x,x)",
      "Min_ArgMin_Reduction(SqDist(x,y),0)",
      "ArgMin_Reduction(SqDist(x,y),0)",
      "Grad(Min_Reduction(SqDist(x,y),0),y,e)",
      "Sum_Reduction(x*y,2)",
      "Sum_Reduction(x*y,2)/Sum_Reduction(y,2)+1",
      "Min_Reduction(SqDist(x,y),0)*x",
      "KMax_Reduction(x-y,3,1)",
      "Sum_Reduction(Exp(-SqDist(x,y)),0)",
      "LogSumExp_Reduction(x-y,0)*2",
      "Min_Reduction(SqDist(x,y),0)*x",
      "ArgMin_Reduction(SqDist(x,y),0)",
      "Max_SumShiftExp_Reduction(x-y,0)",
      "Sum_Reduction(y*Max_SumShiftExp_Reduction(Elem(x-y,0),0),0)",
      "Min_ArgMin_Reduction(SqDist(x,y),0)"};
  for (const bool float32 : {false, true}) {
    settings.float32 = float32;
    const std::vector<std::vector<double>> all =
        call_all({formulas, std::vector<std::string>(formulas.size()), arguments}, inputs);
    std::size_t n = 0;
    for (const std::string& formula : formulas) {
      for (const std::vector<double>& alone : call_all(text(formula, arguments), inputs)) {
        ASSERT_LT(n, all.size());
        ASSERT_EQ(all[n].size(), alone.size()) << formula;
        for (std::size_t k = 0; k < alone.size(); ++k) {
          EXPECT_TRUE(testing::near(all[n][k], alone[k], float32 ? 1e-5 : 1e-13)) << formula;
        }
        ++n;
      }
    }
    EXPECT_EQ(n, all.size());
  }
}

TEST_F(SessionTest, RowNumbersOfInnerReductionsAreDeliveredToo) {
  // The same row numbers are a result, missing ones included, and choose what a gradient adds up.
  Table some = y;
  for (double& value : some.values) value = std::nan("");
  for (std::int64_t k = 0; k < 2; ++k) some.at(3, k) = 0;
  const Table e(7, 2, 1);
  const auto all =
      call_all({{"ArgKMin_Reduction(SqDist(x,y),2,0)", "Grad(KMin_Reduction(SqDist(x,y),2,0),x,e)",
                 "KMin_ArgKMin_Reduction(SqDist(x,y),2,0)"},
                {"", "", ""},
                {"x=Vi(2)", "y=Vj(2)", "e=Vi(2)"}},
               {input(x), input(some), input(e)});
  ASSERT_EQ(all.size(), 4u);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(all[0][i], 4);
    EXPECT_EQ(all[0][7 + i], kMissingInteger);
    EXPECT_EQ(all[3][i], 4);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_TRUE(testing::near(all[1][7 * k + i], 2 * x.values[7 * k + i], 1e-13));
    }
  }
}

TEST_F(SessionTest, EverySumSchemeAnswers) {
  for (const SumScheme scheme : {SumScheme::block, SumScheme::direct, SumScheme::compensated}) {
    for (const bool float32 : {false, true}) {
      settings.float32 = float32;
      OperatorText summed = text(kFormula, kArguments);
      summed.scheme = scheme;
      expect_right(call_all(summed, {input(x), input(y)})[0]);
    }
  }
}

TEST_F(SessionTest, NoRowsGiveEmptyOrNeutralResults) {
  const Table none(0, 2);
  const std::vector<std::string> formulas = {"Sum_Reduction(x*y,0)", "ArgMin_Reduction(x*y,0)",
                                             "Sum_Reduction(x*y,2)+1", "Min_Reduction(x*y,0)*x",
                                             "Grad(Min_Reduction(x*y,0),x,x)"};
  const OperatorText all{formulas, std::vector<std::string>(formulas.size()), kArguments};
  const auto no_columns = call_all(all, {input(x), input(none)});
  EXPECT_EQ(no_columns[0], std::vector<double>(14, 0));
  EXPECT_EQ(no_columns[1], std::vector<double>(14, kMissingInteger));
  EXPECT_EQ(no_columns[2], std::vector<double>(2, 1));
  EXPECT_EQ(no_columns[4], std::vector<double>(14, 0));
  const auto no_rows = call_all(all, {input(none), input(y)});
  EXPECT_TRUE(no_rows[0].empty() && no_rows[1].empty() && no_rows[3].empty());
  EXPECT_EQ(no_rows[2], std::vector<double>(2, 1));
}

// Few rows and many columns, in which the lanes run along the columns, and factors of either side.
TEST_F(SessionTest, FewRowsMeetManyColumns) {
  Random random(41);
  x = testing::random_table(random, 2, 2, -1, 1);
  y = testing::random_table(random, 300007, 2, -1, 1);
  const Table b = testing::random_table(random, y.rows, 1, 0.5, 1);
  const Table c = testing::random_table(random, x.rows, 1, 0.5, 1);
  const auto actual =
      call("Sum_Reduction(Exp(-SqDist(x,y))*b*c,0)", {"x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "c=Vi(1)"},
           {input(x), input(y), input(b), input(c)});
  for (std::int64_t i = 0; i < x.rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < y.rows; ++j) {
      sum += b.at(j, 0) * c.at(i, 0) *
             std::exp(-std::pow(x.at(i, 0) - y.at(j, 0), 2) - std::pow(x.at(i, 1) - y.at(j, 1), 2));
    }
    EXPECT_TRUE(testing::near(actual[static_cast<std::size_t>(i)], sum, 1e-12)) << i;
  }
}

TEST_F(SessionTest, WithoutACompilerItSaysSoAndSurvives) {
  const std::vector<std::string> good = settings.compilers;
  settings.compilers = {"/no/such/compiler", "no-such-compiler"};
  for (int n = 0; n < 2; ++n) {
    const Error error = error_of([&] { call(kFormula, kArguments, {input(x), input(y)}); });
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_CONTAINS(error.what(), "no-such-compiler");
  }
  const BackendStatus status =
      session.status(session.load(text(kFormula, kArguments))->op, settings);
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
  const Explanation stages =
      session.explain(session.load(text(kFormula, kArguments))->op, settings);
  EXPECT_CONTAINS(stages.formulas[0], "Sum_Reduction(");
  EXPECT_CONTAINS(stages.graph, "result");
  EXPECT_CONTAINS(stages.simplified, "result");
  EXPECT_CONTAINS(stages.program, "pairs");
  EXPECT_CONTAINS(stages.source, "kernelops_kernel");
  EXPECT_CONTAINS(stages.command, "kernel.so");
  EXPECT_EQ(kernels(), 0u) << "an explanation compiles nothing";
  settings.compilers = {"no-such-compiler"};
  const Explanation without =
      session.explain(session.load(text(kFormula, kArguments))->op, settings);
  EXPECT_TRUE(without.source.empty());
  EXPECT_CONTAINS(without.command, "no-such-compiler");
}

TEST_F(SessionTest, ReportsTheCompilerAndTheCache) {
  const SystemReport report = session.report(settings);
  EXPECT_TRUE(report.search.toolchain.has_value());
  EXPECT_EQ(report.cache.files, 0u);
  EXPECT_GE(report.cpu.vector_bytes, 16);
}

TEST_F(SessionTest, FindsGpusOrSaysWhyThereAreNone) {
  settings.nvrtc = "/no/such/nvrtc";
  fake::reset({0, 90, 0, 13000});
  ::setenv("KERNELOPS_LIBCUDA", KERNELOPS_FAKE_DRIVER, 1);
  const CudaInstallation none = session.find_gpus(settings);
  EXPECT_EQ(none.reason, "no usable NVIDIA driver was found");
  ASSERT_EQ(none.driver.refused.size(), 1u);
  EXPECT_CONTAINS(none.driver.refused[0], "CUDA_ERROR_NO_DEVICE");
  EXPECT_EQ(none.nvrtc.refused,
            std::vector<std::string>{"/no/such/nvrtc (option): there is no such file"});

  // One may have been plugged in since; a driver that runs is started once.
  fake::reset({2, 90, 1000, 13000});
  for (int turn = 0; turn < 2; ++turn) {
    const CudaInstallation found = session.find_gpus(settings);
    EXPECT_EQ(found.reason, "no usable NVRTC was found");
    EXPECT_EQ(found.devices.size(), 2u);
  }
  EXPECT_EQ(fake::calls("cuInit"), 1);
  ::unsetenv("KERNELOPS_LIBCUDA");
  fake::reset();
}

TEST_F(SessionTest, MissingValuesAreRefusedOrPass) {
  std::vector<std::int32_t> rows = {1, kMissingInteger, 3};
  const std::vector<std::string> arguments = {"x=Vi(1)"};
  const Input numbers = {"", "integer", true, ElementType::int32, false, 3, 1, rows.data()};
  const Invocation call = session.prepare(text("Sum_Reduction(x,0)", arguments), {numbers}, false);
  EXPECT_EQ(error_of([&] { session.check_missing(call, settings, {}); }).data().at("place"), "2");
  settings.refuses_missing = false;
  session.check_missing(call, settings, {});
}

// The parts of the work that a call reports while it runs.
TEST_F(SessionTest, ProgressGrowsOverAllPasses) {
  x = Table(30000, 2, 0.5);
  y = Table(30000, 2, 0.25);
  const Table e(30000, 1, 1);
  settings.threads = 2;
  std::vector<double> seen;
  Invocation invocation = session.prepare(
      text("Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,e)", {"x=Vi(2)", "y=Vj(2)", "e=Vi(1)"}),
      {input(x), input(y), input(e)}, false);
  std::vector<double> out(60000);
  invocation.outputs[0].data = out.data();
  session.run(invocation, settings, [&] {
    seen.push_back(session.progress());
    return false;
  });
  EXPECT_EQ(session.progress(), 1);
  EXPECT_GT(session.compile_seconds(), 0);
  ASSERT_GT(seen.size(), 2u);
  EXPECT_EQ(seen.front(), 0) << "while it is compiled";
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GT(seen.back(), 0.3);
}

TEST_F(SessionTest, TheCacheIsCutDownToItsSize) {
  call(kFormula, kArguments, {input(x), input(y)});
  EXPECT_EQ(kernels(), 1u);
  settings.cache_bytes = 0;
  call("Sum_Reduction(x*y,0)", kArguments, {input(x), input(y)});
  EXPECT_EQ(kernels(), 0u);
  expect_right(call(kFormula, kArguments, {input(x), input(y)}));
}

TEST_F(SessionTest, StatusCountsWhatAPairCosts) {
  const PairCost cost = session.status(session.load(text(kFormula, kArguments))->op, settings).cost;
  EXPECT_EQ(cost.functions, (std::map<std::string, double>{{"exponential", 1}}));
  EXPECT_GE(cost.operations, 6);
}

}  // namespace
}  // namespace kernelops
