#include "core/lower/tile_shape.h"

#include <gtest/gtest.h>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

TEST(TileShape, IsPositiveAndModestForAnyProgram) {
  for (const std::int64_t dimension : {1, 3, 16, 17, 300, 5000}) {
    testing::Formulas f;
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    for (const char* text : {"Sum_Reduction(SqDist(x, y), 0)", "Sum_Reduction(x - y, 0)",
                             "ArgMin_Reduction(x * y, 0)", "Sum_Reduction(x * Exp(x | y), 1)"}) {
      const Program program = lower({f(text)});
      for (const int registers : {16, 32}) {
        const TileShape shape = choose_tile_shape(program, registers);
        EXPECT_GE(shape.row_vectors, 1) << text;
        EXPECT_GE(shape.columns, 1) << text;
        EXPECT_LE(shape.row_vectors * shape.columns, 64) << text;
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
