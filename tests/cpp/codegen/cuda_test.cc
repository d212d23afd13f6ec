#include "core/codegen/cuda.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/lower/lower.h"
#include "support/cuda_runner.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::ShimKernel;
using testing::ShimRunner;
using testing::Table;
using testing::Values;

// A shape with so few threads and columns that small data meet every edge.
CudaShape small(CudaShape shape) {
  shape.threads = 4;
  if (shape.tile_columns > 0) shape.tile_columns = 16;
  shape.tiles_of_span = 2;
  return shape;
}

class CudaShimTest : public ::testing::Test {
 protected:
  void expect_right(const std::vector<Expr>& nodes, const Formulas& f, bool float32,
                    const std::vector<Sizes>& all_sizes) {
    const Program program = lower(nodes);
    const ShimKernel kernel(program, float32, small(choose_cuda_shape(program, float32)));
    for (const Sizes& sizes : all_sizes) {
      Values values = f.values(random, sizes);
      if (float32) values = testing::rounded_to_float(values);
      for (const std::int64_t part : {1000, 23}) {
        const std::vector<Table> all = ShimRunner(sizes, part).pairs(kernel, values);
        auto begin = all.begin();
        for (Expr node : nodes) {
          const auto end = begin + static_cast<std::ptrdiff_t>(node->reduction->outputs.size());
          testing::expect_outputs({begin, end}, node, values, sizes, float32 ? 2e-5 : 1e-11);
          begin = end;
        }
        ASSERT_FALSE(HasFailure()) << sizes.i << " x " << sizes.j << " in parts of " << part;
      }
    }
  }

  Random random{5};
};

TEST_F(CudaShimTest, GaussianSum) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("s", Category::parameter, 1);
  for (const int category : {0, 1, 2}) {
    const Expr node =
        f("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, " + std::to_string(category) + ")");
    for (const bool float32 : {true, false}) {
      expect_right({node}, f, float32, {{1, 1}, {17, 5}, {33, 70}, {5, 0}, {0, 3}});
      ASSERT_FALSE(HasFailure());
    }
  }
}

}  // namespace
}  // namespace kernelops
