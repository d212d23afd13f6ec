// The GPUs of this machine, with the shapes that users get; skipped where there is none.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

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
using testing::Table;
using testing::Values;

class RealGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    const CudaInstallation& gpus = testing::machine_gpus();
    if (!gpus.reason.empty()) GTEST_SKIP() << gpus.reason;
    machine = std::make_unique<GpuMachine>(
        gpus, [](const Program& program, bool float32, bool tensor_cores) {
          return choose_cuda_shape(program, float32, tensor_cores);
        });
  }

  void expect_right(const std::vector<Expr>& nodes, const Formulas& f, bool float32,
                    const Sizes& sizes) {
    const Program program = lower(nodes);
    Values values = f.values(random, sizes);
    if (float32) values = testing::rounded_to_float(values);
    const double tolerance = float32 ? 1e-4 : 1e-10;
    GpuRunner runner(*machine, sizes, float32);
    for (std::size_t devices = 1; devices <= machine->devices().size(); ++devices) {
      const auto executable = machine->executable(program, float32, devices);
      testing::expect_all_outputs(runner.pairs(program, *executable, values), nodes, values, sizes,
                                  tolerance);
      ASSERT_FALSE(HasFailure()) << devices << " devices";
      testing::expect_all_outputs(runner.streamed(program, *executable, values), nodes, values,
                                  sizes, tolerance);
      ASSERT_FALSE(HasFailure()) << "streamed on " << devices << " devices";
    }
  }

  Random random{23};
  std::unique_ptr<GpuMachine> machine;
};

TEST_F(RealGpu, EveryReduction) {
  for (const int dimension : {1, 3, 20}) {
    for (const int category : {0, 1, 2}) {
      Formulas f;
      testing::declare_both_sides(f, dimension);
      const std::vector<Expr> nodes = testing::every_reduction(f, category, {1, 7, 40});
      for (const bool float32 : {true, false}) {
        expect_right(nodes, f, float32, {700, 150});
        ASSERT_FALSE(HasFailure()) << dimension << " " << category;
      }
    }
  }
}

TEST_F(RealGpu, LongVectorsAndGradients) {
  for (const int dimension : {3, 10, 64, 100, 1000}) {
    Formulas f;
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    f.variable("b", Category::j, 1);
    f.variable("s", Category::parameter, 1);
    f.variable("e", Category::i, 1);
    const Sizes sizes{300, 200};
    const Values values = testing::rounded_to_float(f.values(random, sizes));
    for (const char* text :
         {"Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)", "LogSumExp_Reduction(s * (x | y), 0)",
          "SumSoftMaxWeight_Reduction(s * (x | y), y, 0)", "ArgKMin_Reduction(SqDist(x, y), 10, 0)",
          "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)",
          "Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 0), y, e)",
          "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), s, e)"}) {
      SCOPED_TRACE(text);
      const Expr root = simplify(f.graph, expand_differentials(f.graph, f(text)));
      Category category = Category::parameter;
      is_result(root, &category);
      for (const bool float32 : {true, false}) {
        GpuRunner runner(*machine, sizes, float32);
        testing::expect_passes(root, category, values, sizes, runner, float32 ? 2e-4 : 1e-10);
        ASSERT_FALSE(HasFailure()) << dimension;
      }
    }
  }
}

TEST_F(RealGpu, TensorCoresAreAccurateFarFromTheOrigin) {
  for (const int dimension : {16, 64, 100}) {
    Formulas f;
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    const std::vector<Expr> nodes = {f("Sum_Reduction(Exp(-SqDist(x, y) / 50), 0)")};
    const Program program = lower(nodes);
    const Sizes sizes{1000, 300};
    Values values = f.values(random, sizes);
    for (auto& [variable, table] : values) {
      for (double& value : table.values) value += 100;
    }
    values = testing::rounded_to_float(values);
    const auto executable = machine->executable(program, true, 1, true);
    const std::vector<Table> all =
        GpuRunner(*machine, sizes, true).pairs(program, *executable, values);
    testing::expect_all_outputs(all, nodes, values, sizes, 1e-4);
    ASSERT_FALSE(HasFailure()) << dimension;
  }
}

TEST_F(RealGpu, ResultsAreTheSameBitForBitAndMemoryStaysFlat) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  const Program program = lower({f("Sum_Reduction(Exp(-SqDist(x, y)), 0)")});
  const Sizes sizes{100, 20000};
  const Values values = f.values(random, sizes);
  const auto executable = machine->executable(program, true);
  GpuRunner runner(*machine, sizes, true);
  const std::vector<double> first = runner.pairs(program, *executable, values)[0].values;
  const DeviceMemory& memory = machine->devices()[0]->memory();
  const std::size_t allocations = memory.statistics().allocations;
  for (int turn = 0; turn < 10000; ++turn) {
    ASSERT_EQ(runner.pairs(program, *executable, values)[0].values, first);
  }
  EXPECT_EQ(memory.statistics().allocations, allocations);
  EXPECT_EQ(machine->used_bytes(), 0u);
}

}  // namespace
}  // namespace kernelops
