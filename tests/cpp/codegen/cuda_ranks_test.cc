// The K best on a GPU, for every way to keep them: lists in registers, candidates that wait, heaps.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "core/lower/lower.h"
#include "support/cuda_runner.h"
#include "support/cuda_text.h"
#include "support/passes.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::ShimKernel;
using testing::ShimRunner;
using testing::Table;
using testing::Values;

// Many ties, and values that are infinite or NaN.
Values coarse_values(const Formulas& f, Random& random, const Sizes& sizes) {
  Values out = f.values(random, sizes, -2, 2);
  for (auto& [variable, table] : out) {
    for (double& value : table.values) {
      value = std::round(value * 2) / 2;
      const double chance = testing::uniform(random, 0, 1);
      if (chance < 0.1) value = std::numeric_limits<double>::quiet_NaN();
      if (chance > 0.95) value = std::copysign(std::numeric_limits<double>::infinity(), value);
    }
  }
  return out;
}

class CudaRanks : public ::testing::Test {
 protected:
  void expect_right(const std::string& text, const Formulas& f, Expr node, bool float32,
                    RankPlace place) {
    SCOPED_TRACE(text);
    const Program program = lower({node});
    CudaShape shape = testing::small_shape(program, float32);
    EXPECT_EQ(shape.ranks, place);
    const ShimKernel kernel(program, float32, shape);
    for (const Sizes& sizes : {Sizes{21, 150}, Sizes{3, 4}}) {
      const Values values = coarse_values(f, random, sizes);
      for (const ShimRunner& runner :
           {ShimRunner(sizes, 1000, float32), ShimRunner(sizes, 23, float32, 46)}) {
        testing::expect_outputs(runner.pairs(kernel, values), node, values, sizes, 0);
        ASSERT_FALSE(HasFailure()) << sizes.i << " x " << sizes.j;
      }
    }
  }

  Random random{11};
};

TEST_F(CudaRanks, AreRightForAnyNumber) {
  Formulas f;
  f.variable("x", Category::i, 1);
  f.variable("y", Category::j, 1);
  const std::vector<std::string> names = {"KMin_ArgKMin", "KMax", "ArgKMin", "KMax_ArgKMax"};
  int n = 0;
  for (const int rank : {1, 2, 7, 16, 25, 100, 1000}) {
    const std::string text =
        names[n++ % names.size()] + "_Reduction(x - y, " + std::to_string(rank) + ", 0)";
    expect_right(text, f, f(text), n % 2 == 0, rank <= 16 ? RankPlace::lists : RankPlace::waiting);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(CudaRanks, AreRightForAnyNumberOfComponents) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("u", Category::i, 20);
  f.variable("v", Category::j, 20);
  expect_right("3, few", f, f("KMin_ArgKMin_Reduction(x - y, 5, 0)"), true, RankPlace::lists);
  expect_right("3, many", f, f("KMax_ArgKMax_Reduction(x + y, 40, 1)"), false, RankPlace::waiting);
  expect_right("20", f, f("KMin_ArgKMin_Reduction(u - v, 5, 0)"), false, RankPlace::heaps);
  expect_right("long sums", f, f("ArgKMin_Reduction(SqDist(u, v), 4, 0)"), true, RankPlace::lists);
}

TEST_F(CudaRanks, MeetOtherReductions) {
  Formulas f;
  f.variable("x", Category::i, 2);
  f.variable("y", Category::j, 2);
  const std::vector<Expr> nodes = {f("KMin_ArgKMin_Reduction(SqDist(x, y), 4, 0)"),
                                   f("LogSumExp_Reduction(-SqDist(x, y), 0)"),
                                   f("ArgKMax_Reduction(x - y, 3, 0)")};
  const Sizes sizes{19, 90};
  const Values values = testing::rounded_to_float(f.values(random, sizes));
  const Program program = lower(nodes);
  const ShimKernel kernel(program, true, testing::small_shape(program, true));
  const std::vector<Table> all = ShimRunner(sizes, 23, true).pairs(kernel, values);
  testing::expect_outputs({all[0], all[1]}, nodes[0], values, sizes, 2e-5);
  testing::expect_outputs({all[2]}, nodes[1], values, sizes, 2e-5);
  testing::expect_outputs({all[3]}, nodes[2], values, sizes, 2e-5);
}

TEST(CudaRankText, StaysInRegistersForFew) {
  const testing::Nvrtc nvrtc;
  if (!nvrtc.available()) GTEST_SKIP() << nvrtc.why_not();
  for (const int architecture : testing::tested_architectures(nvrtc)) {
    for (const int dimension : {3, 10, 100}) {
      for (const bool float32 : {true, false}) {
        Formulas f;
        f.variable("x", Category::i, dimension);
        f.variable("y", Category::j, dimension);
        const Program program = lower({f("ArgKMin_Reduction(SqDist(x, y), 10, 0)")});
        const testing::KernelReport tile =
            testing::tile_report(nvrtc, program, float32, architecture);
        SCOPED_TRACE(std::to_string(dimension) + " for sm_" + std::to_string(architecture));
        EXPECT_EQ(tile.stack_bytes, 0);
        EXPECT_EQ(tile.spill_bytes, 0);
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
