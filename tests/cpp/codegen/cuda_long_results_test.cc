// Long results on a GPU: their sums stay in registers for a tile.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "core/lower/lower.h"
#include "core/transform/differential.h"
#include "core/transform/regroup.h"
#include "core/transform/simplify.h"
#include "support/cuda_runner.h"
#include "support/cuda_text.h"
#include "support/passes.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::ShimKernel;
using testing::ShimRunner;
using testing::Values;

// Of `dimension` and 3 components.
void declare(Formulas& f, std::int64_t dimension) {
  f.variable("x", Category::i, dimension);
  f.variable("y", Category::j, dimension);
  f.variable("u", Category::i, 3);
  f.variable("v", Category::j, 3);
  f.variable("b", Category::j, dimension);
  f.variable("c", Category::j, 1);
  f.variable("e", Category::i, 1);
  f.variable("s", Category::parameter, 1);
}

const std::vector<std::string> kFormulas = {
    "Sum_Reduction(Exp(-s * SqDist(u, v)) * b, 0)",
    "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * c, 0), x, e)",
    "SumSoftMaxWeight_Reduction((x | y), b, 0)",
};

Expr prepared(Formulas& f, const std::string& text) {
  return regroup(f.graph, simplify(f.graph, expand_differentials(f.graph, f(text))));
}

TEST(CudaLongResults, AreRightForAnyLength) {
  Random random{3};
  std::vector<std::string> formulas = kFormulas;
  formulas.push_back("LogSumExp_Reduction(x - y, 0)");
  for (const std::int64_t dimension : {20, 45, 101}) {
    Formulas f;
    declare(f, dimension);
    for (std::size_t n = 0; n < formulas.size(); ++n) {
      const bool float32 = (n + static_cast<std::size_t>(dimension)) % 2 == 0;
      SCOPED_TRACE(formulas[n] + " of " + std::to_string(dimension));
      const Expr node = prepared(f, formulas[n]);
      const Program program = lower({node});
      CudaShape shape = testing::small_shape(program, float32);
      EXPECT_EQ(shape.keeps_tile, n < kFormulas.size());
      const ShimKernel kernel(program, float32, shape);
      for (const Sizes& sizes : {Sizes{19, 53}, Sizes{3, 1}}) {
        Values values = testing::rounded_to_float(f.values(random, sizes));
        const std::vector<testing::Table> all = ShimRunner(sizes, 23).pairs(kernel, values);
        testing::expect_outputs(all, node, values, sizes, float32 ? 2e-5 : 1e-11);
        ASSERT_FALSE(::testing::Test::HasFailure());
      }
    }
  }
}

// Two infinities make no NaN where the values of a tile are replaced before their maximum is taken
// from them.
TEST(CudaLongResults, TakeInfiniteExponents) {
  Formulas f;
  f.variable("a", Category::i, 1);
  f.variable("y", Category::j, 1);
  f.variable("b", Category::j, 30);
  const Sizes sizes{5, 40};
  Random random{4};
  Values values = testing::rounded_to_float(f.values(random, sizes));
  values[f.variables[1]].values[7] = HUGE_VAL;
  values[f.variables[1]].values[30] = HUGE_VAL;
  const Expr node = f("SumSoftMaxWeight_Reduction(Square(a) + y, b, 0)");
  const Program program = lower({node});
  const ShimKernel kernel(program, true, testing::small_shape(program, true));
  testing::expect_outputs(ShimRunner(sizes, 23, true).pairs(kernel, values), node, values, sizes,
                          2e-5);
}

TEST(CudaLongResults, NeedNoSpills) {
  const testing::Nvrtc nvrtc;
  if (!nvrtc.available()) GTEST_SKIP() << nvrtc.why_not();
  for (const int architecture : testing::tested_architectures(nvrtc)) {
    for (std::size_t n = 0; n < kFormulas.size(); ++n) {
      Formulas f;
      declare(f, n < 2 ? 100 : 64);
      const testing::KernelReport tile =
          testing::tile_report(nvrtc, lower({prepared(f, kFormulas[n])}), true, architecture);
      EXPECT_EQ(tile.spill_bytes, 0) << kFormulas[n] << " for sm_" << architecture;
    }
  }
}

}  // namespace
}  // namespace kernelops
