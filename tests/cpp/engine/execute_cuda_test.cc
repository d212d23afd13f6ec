// Programs on GPUs that are not there, against the evaluator: in one piece, streamed through little
// memory, and split over devices.
#include "core/engine/execute_cuda.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/ir/print.h"
#include "core/transform/differential.h"
#include "core/transform/simplify.h"
#include "support/every_reduction.h"
#include "support/gpu_machine.h"

namespace kernelops {
namespace {

using testing::BoundValues;
using testing::Formulas;
using testing::GpuMachine;
using testing::GpuRunner;
using testing::Random;
using testing::Values;

class GpuTest : public ::testing::Test {
 protected:
  ~GpuTest() override {
    EXPECT_EQ(machine.used_bytes(), 0u);
    EXPECT_EQ(fake::books().complaint, "");
  }

  void expect_right(const std::vector<Expr>& nodes, const Formulas& f, bool float32,
                    const std::vector<Sizes>& all_sizes) {
    const Program program = lower(nodes);
    const double tolerance = float32 ? 2e-5 : 1e-11;
    const auto one = machine.executable(program, float32);
    const auto three = machine.executable(program, float32, 3);
    for (const Sizes& sizes : all_sizes) {
      SCOPED_TRACE(std::to_string(sizes.i) + " x " + std::to_string(sizes.j));
      Values values = f.values(random, sizes);
      if (float32) values = testing::rounded_to_float(values);
      GpuRunner runner(machine, sizes, float32);
      testing::expect_all_outputs(runner.pairs(program, *one, values), nodes, values, sizes,
                                  tolerance);
      ASSERT_FALSE(HasFailure()) << "in one piece";
      testing::expect_all_outputs(runner.streamed(program, *one, values), nodes, values, sizes,
                                  tolerance);
      ASSERT_FALSE(HasFailure()) << "streamed";
      testing::expect_all_outputs(runner.pairs(program, *three, values), nodes, values, sizes,
                                  tolerance);
      ASSERT_FALSE(HasFailure()) << "on three devices";
      testing::expect_all_outputs(runner.streamed(program, *three, values), nodes, values, sizes,
                                  tolerance);
      ASSERT_FALSE(HasFailure()) << "streamed on three devices";
    }
  }

  Random random{17};
  GpuMachine machine{3};
};

const std::vector<Sizes> kSizes = {{0, 0}, {0, 4}, {4, 0}, {1, 1}, {3, 70}, {97, 35}};

TEST_F(GpuTest, GaussianSums) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 2);
  f.variable("s", Category::parameter, 1);
  for (const int category : {0, 1, 2}) {
    const Expr node =
        f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, " + std::to_string(category) + ")");
    for (const bool float32 : {true, false}) {
      expect_right({node}, f, float32, kSizes);
      ASSERT_FALSE(HasFailure());
    }
  }
}

class EveryReductionOnGpu : public GpuTest, public ::testing::WithParamInterface<int> {};

TEST_P(EveryReductionOnGpu, IsRight) {
  const int category = GetParam();
  Formulas f;
  testing::declare_both_sides(f, 1);
  const std::vector<Expr> nodes = testing::every_reduction(f, category, {3});
  expect_right(nodes, f, category == 1, {{2, 0}, {17, 50}, {60, 3}});
}

INSTANTIATE_TEST_SUITE_P(, EveryReductionOnGpu, ::testing::Values(0, 1, 2));

// States of many slots.
TEST_F(GpuTest, LongResults) {
  Formulas f;
  f.variable("x", Category::i, 20);
  f.variable("y", Category::j, 20);
  expect_right({f("Sum_Reduction(Exp(-SqDist(x, y)) * (x - y), 0)"),
                f("SumSoftMaxWeight_Reduction(-SqDist(x, y), y, 0)"),
                f("KMin_ArgKMin_Reduction(x - y, 4, 0)")},
               f, true, {{2, 0}, {17, 50}, {60, 3}});
}

TEST_F(GpuTest, GradientsPassByPass) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("s", Category::parameter, 1);
  f.variable("e", Category::i, 1);
  const Sizes sizes{37, 43};
  const Values values = testing::rounded_to_float(f.values(random, sizes));
  for (const char* text : {
           "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)",
           "Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 0), y, e)",
           "Grad(Min_Reduction(SqDist(x, y) - b, 0), y, e)",
           "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), s, e)",
           "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0) / Sum_Reduction(Exp(-SqDist(x, y)), 0)",
       }) {
    SCOPED_TRACE(text);
    const Expr root = simplify(f.graph, expand_differentials(f.graph, f(text)));
    Category category = Category::parameter;
    is_result(root, &category);
    for (const bool float32 : {true, false}) {
      GpuRunner runner(machine, sizes, float32);
      testing::expect_passes(root, category, values, sizes, runner, float32 ? 1e-4 : 1e-10);
      ASSERT_FALSE(HasFailure());
    }
  }
}

// Column-major matrices on devices, in one device's memory or another's.
TEST_F(GpuTest, InputsMayBeOnADevice) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("s", Category::parameter, 1);
  const std::vector<Expr> nodes = {f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)"),
                                   f("ArgKMin_Reduction(SqDist(x, y), 3, 0)")};
  const Program program = lower(nodes);
  const Sizes sizes{53, 41};
  for (const bool float32 : {true, false}) {
    const Values values = testing::rounded_to_float(f.values(random, sizes));
    const BoundValues bound(values);
    for (const std::size_t devices : {1, 3}) {
      const auto executable = machine.executable(program, float32, devices);
      for (const std::size_t place : {0, 2}) {
        std::vector<std::shared_ptr<DeviceArray>> arrays;
        Bindings bindings = bound.bindings;
        for (auto& [node, view] : bindings) {
          // Some stay where they were.
          if (node == f.variables[2]) continue;
          arrays.push_back(send_array(machine.devices()[place],
                                      static_cast<const double*>(view.data), view.rows,
                                      view.dimension));
          view.device_array = arrays.back().get();
          view.data = nullptr;
        }
        GpuRunner runner(machine, sizes, float32);
        testing::expect_all_outputs(runner.pairs(program, *executable, bindings), nodes, values,
                                    sizes, float32 ? 2e-5 : 1e-11);
        ASSERT_FALSE(HasFailure()) << devices << " devices, data on " << place;
      }
    }
  }
}

TEST_F(GpuTest, FormulasOfResultsAreStreamedThroughLittleMemory) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const Expr root = f("Sum_Reduction(x * y, 0) / Sum_Reduction(Exp(y - x), 0)");
  const Sizes sizes{5000, 3};
  const Values values = f.values(random, sizes);
  machine.set_memory(100000);
  GpuRunner runner(machine, sizes, false);
  testing::expect_passes(root, Category::i, values, sizes, runner, 1e-11);
  machine.set_memory(0);
}

TEST_F(GpuTest, ResultsAreTheSameBitForBit) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const Program program = lower({f("Sum_Reduction(Exp(-SqDist(x, y)), 0)")});
  const Sizes sizes{40, 3000};
  const Values values = f.values(random, sizes);
  const auto executable = machine.executable(program, true);
  GpuRunner runner(machine, sizes, true);
  const std::vector<double> first = runner.pairs(program, *executable, values)[0].values;
  for (int turn = 0; turn < 5; ++turn) {
    EXPECT_EQ(runner.pairs(program, *executable, values)[0].values, first);
  }
}

TEST_F(GpuTest, ManyCallsLeaveTheMemoryAsItWas) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const Program program = lower({f("Sum_Reduction(Exp(-SqDist(x, y)), 0)")});
  const Sizes sizes{10, 10};
  const Values values = f.values(random, sizes);
  const auto executable = machine.executable(program, true);
  GpuRunner runner(machine, sizes, true);
  runner.pairs(program, *executable, values);
  const fake::Books before = fake::books();
  for (int turn = 0; turn < 10000; ++turn) runner.pairs(program, *executable, values);
  const fake::Books after = fake::books();
  EXPECT_EQ(after.device_bytes, before.device_bytes);
  EXPECT_EQ(after.device_blocks, before.device_blocks);
  EXPECT_EQ(after.host_blocks, before.host_blocks);
  EXPECT_EQ(after.events, before.events);
}

}  // namespace
}  // namespace kernelops
