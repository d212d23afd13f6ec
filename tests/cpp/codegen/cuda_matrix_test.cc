#include "core/codegen/cuda_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

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
using testing::KernelReport;
using testing::Random;
using testing::ShimKernel;
using testing::ShimRunner;
using testing::Table;
using testing::Values;

class CudaMatrixTest : public ::testing::Test {
 protected:
  static void declare(Formulas& f, std::int64_t dimension) {
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 1);
    f.variable("v", Category::j, 3);
    f.variable("w", Category::parameter, dimension);
    f.variable("e", Category::i, 1);
  }

  static Expr reduction(Formulas& f, const std::string& text) {
    return regroup(f.graph, simplify(f.graph, expand_differentials(f.graph, f(text))));
  }

  // Programs whose long sums must be products of matrices, against the evaluator.
  void expect_right(const std::vector<std::string>& texts, std::int64_t dimension, bool float32,
                    const std::vector<Sizes>& all_sizes, bool small = true) {
    Formulas f;
    declare(f, dimension);
    std::vector<Expr> nodes;
    for (const std::string& text : texts) nodes.push_back(reduction(f, text));
    const Program program = lower(nodes);
    CudaShape shape =
        small ? testing::small_shape(program, float32) : choose_cuda_shape(program, float32);
    if (shape.keeps_tile) {
      // Long results are better off without, where they fit.
      shape.keeps_tile = false;
      choose_matrix_shape(program, float32, false, &shape);
      if (small) testing::make_small(float32, &shape);
    }
    ASSERT_GT(shape.matrix.rows, 0) << texts[0];
    const ShimKernel kernel(program, float32, shape);
    for (const Sizes& sizes : all_sizes) {
      Values values = f.values(random, sizes);
      if (float32) values = testing::rounded_to_float(values);
      for (const std::int64_t part : {1000, 23}) {
        const std::vector<Table> all = ShimRunner(sizes, part).pairs(kernel, values);
        auto begin = all.begin();
        for (Expr node : nodes) {
          const auto end = begin + static_cast<std::ptrdiff_t>(node->reduction->outputs.size());
          testing::expect_outputs({begin, end}, node, values, sizes, float32 ? 4e-5 : 1e-11);
          begin = end;
        }
        ASSERT_FALSE(HasFailure())
            << texts[0] << ": " << sizes.i << " x " << sizes.j << " in parts of " << part;
      }
    }
  }

  Random random{11};
};

// Rows and columns that fill no tile, sums that are no whole number of chunks.
TEST_F(CudaMatrixTest, MeetsEveryEdge) {
  for (const std::int64_t dimension : {17, 24, 100}) {
    for (const bool float32 : {true, false}) {
      expect_right({"Sum_Reduction(Exp(-0.1 * SqDist(x, y)) * b, 0)"}, dimension, float32,
                   {{1, 1}, {8, 16}, {21, 47}, {9, 0}, {0, 3}});
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_F(CudaMatrixTest, OfTheFullSizeIsRight) {
  for (const bool float32 : {true, false}) {
    expect_right({"Sum_Reduction(Exp(-0.1 * SqDist(x, y)) * b, 0)"}, 40, float32, {{131, 150}},
                 false);
    ASSERT_FALSE(HasFailure());
  }
}

// What the sums are of: parameters with each component, values of a row or a column, several loops
// one after the other, parts of vectors, and sums of what was computed for a pair beside them.
TEST_F(CudaMatrixTest, OfEveryKindOfSumIsRight) {
  bool float32 = false;
  for (const std::string sum :
       {"(x | y)", "Sum(w * Square(x - y))", "Sum(Abs(a * x - y / (b + 3)))",
        "SqDist(x, y) * (x | y)", "SqDist(x, y) + (x | y) + Sum(Abs(x - y)) * (x | w * y)",
        "SqDist(Extract(x, 2, 15), Extract(y, 4, 15))",
        "SqDist(x, y) + Sum(Cos(a * b * (x - y)))"}) {
    float32 = !float32;
    expect_right({"Sum_Reduction(" + sum + " * v, 0)"}, 20, float32, {{21, 47}});
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(CudaMatrixTest, FeedsEveryKindOfState) {
  bool float32 = false;
  for (const std::vector<std::string>& texts : std::vector<std::vector<std::string>>{
           {"LogSumExp_Reduction(SqDist(x, y) - b, 0)"},
           {"SumSoftMaxWeight_Reduction((x | y), v, 0)"},
           {"ArgMin_Reduction(SqDist(x, y), 1)"},
           {"KMin_ArgKMin_Reduction(SqDist(x, y), 5, 0)"},
           {"ArgKMin_Reduction(SqDist(x, y), 40, 1)"},
           {"Var_Reduction((x | y), 2)"},
           {"Sum_Reduction(Exp(-SqDist(x, y)) * y, 0)"},
           {"Grad(Sum_Reduction(Exp(-SqDist(x, y)) * b, 0), x, e)"},
           {"Sum_Reduction(Exp(-SqDist(x, y)) * v, 0)", "Max_ArgMax_Reduction(SqDist(x, y), 0)",
            "LogSumExpWeight_Reduction((x | y), Square(v), 0)"}}) {
    for (int n = 0; n < 2; ++n) {
      float32 = !float32;
      expect_right(texts, 20, float32, {{21, 47}, {8, 16}});
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_F(CudaMatrixTest, TakesNoMoreThanStaticSharedMemory) {
  for (const bool float32 : {true, false}) {
    for (const std::string sum : {"SqDist(x, y)", "SqDist(x, y) * (x | y)",
                                  "SqDist(x, y) * (x | y) * (w * x | y) * Sum(Abs(x - y))"}) {
      Formulas f;
      declare(f, 64);
      const Program program = lower({f("Sum_Reduction(" + sum + ", 0)")});
      EXPECT_GT(choose_cuda_shape(program, float32).matrix.rows, 0) << sum;
    }
  }
}

// On tensor cores, which the shim takes for the least exact there are.
class CudaTensorTest : public CudaMatrixTest {
 protected:
  // One warp, and tiles of 16 columns.
  static CudaShape one_warp(const Program& program) {
    CudaShape shape = choose_cuda_shape(program, true, true);
    EXPECT_TRUE(shape.tensor_cores);
    shape.threads = 32;
    shape.matrix = {4, 4};
    shape.tile_columns = 16;
    shape.tiles_of_span = 2;
    return shape;
  }

  // Of the block of a row: the median of three of its rows.
  static double centre(const Table& x, std::int64_t row, std::int64_t k) {
    const std::int64_t first = row / 32 * 32;
    const std::int64_t last = std::min(first + 32, x.rows) - 1;
    double rows[] = {x.at(first, k), x.at(std::min(first + 16, last), k), x.at(last, k)};
    std::sort(rows, rows + 3);
    return rows[1];
  }
};

TEST_F(CudaTensorTest, IsForScalarProductsAndSquaredDistances) {
  const auto uses = [](const std::string& sum, std::int64_t dimension, bool float32 = true) {
    Formulas f;
    declare(f, dimension);
    return choose_cuda_shape(lower({f("Sum_Reduction(" + sum + ", 0)")}), float32, true)
        .tensor_cores;
  };
  EXPECT_TRUE(uses("Exp(-SqDist(x, y))", 16));
  EXPECT_TRUE(uses("SqNorm2(y - x) * (x | y)", 100));
  EXPECT_FALSE(uses("SqDist(x, y)", 15));
  EXPECT_FALSE(uses("SqDist(x, y)", 16, false));
  EXPECT_FALSE(uses("Sum(Abs(x - y))", 100));
  EXPECT_FALSE(uses("Sum(w * Square(x - y))", 100));
  EXPECT_FALSE(uses("SqDist(x, y) * Sum(Abs(x - y))", 100));
  Formulas f;
  declare(f, 100);
  EXPECT_FALSE(choose_cuda_shape(lower({f("Sum_Reduction(SqDist(x, y), 0)")}), true).tensor_cores);
}

TEST_F(CudaTensorTest, MeetsEveryEdge) {
  for (const std::int64_t dimension : {16, 20, 30, 100}) {
    for (const std::string text :
         {"Sum_Reduction(Exp(-0.1 * SqDist(x, y)) * b, 0)", "LogSumExp_Reduction((x | y) + b, 1)",
          "KMin_ArgKMin_Reduction(SqDist(y, x) + (x | y), 3, 0)"}) {
      if (text[0] == 'K' && dimension != 20) continue;
      Formulas f;
      declare(f, dimension);
      const Expr node = reduction(f, text);
      const Program program = lower({node});
      const ShimKernel kernel(program, true, one_warp(program));
      for (const Sizes& sizes : {Sizes{1, 1}, Sizes{32, 16}, Sizes{45, 39}}) {
        const Values values = testing::rounded_to_float(f.values(random, sizes));
        for (const std::int64_t part : {1000, 23}) {
          testing::expect_outputs(ShimRunner(sizes, part).pairs(kernel, values), node, values,
                                  sizes, 4e-5);
          ASSERT_FALSE(HasFailure()) << text << " " << dimension << ": " << sizes.i << " x "
                                     << sizes.j << " in parts of " << part;
        }
      }
    }
  }
}

TEST_F(CudaTensorTest, OfTheFullSizeIsRight) {
  Formulas f;
  declare(f, 24);
  const Expr node = reduction(f, "Sum_Reduction(Exp(-0.1 * SqDist(x, y)) * v, 0)");
  const Program program = lower({node});
  const ShimKernel kernel(program, true, choose_cuda_shape(program, true, true));
  const Sizes sizes{131, 70};
  const Values values = testing::rounded_to_float(f.values(random, sizes));
  testing::expect_outputs(ShimRunner(sizes, 1000).pairs(kernel, values), node, values, sizes, 4e-5);
}

// The errors that inst/kernels/cuda/tensor.h states, and those that are to be expected, far from
// the origin.
TEST_F(CudaTensorTest, KeepsItsErrorBound) {
  constexpr double kUnit = 0x1p-24;
  for (const std::int64_t dimension : {16, 100}) {
    for (const double origin : {0.0, 1000.0}) {
      Formulas f;
      declare(f, dimension);
      const Expr distance = f("Max_Reduction(SqDist(x, y), 0)");
      const Expr product = f("Max_Reduction((x | y), 0)");
      const Sizes sizes{40, 1};
      const Values values =
          testing::rounded_to_float(f.values(random, sizes, origin - 1, origin + 1));
      const Table& x = values.at(f.variables[0]);
      const Table& y = values.at(f.variables[1]);
      for (const Expr node : {distance, product}) {
        const Program program = lower({node});
        const Table result =
            ShimRunner(sizes, 1000).pairs(ShimKernel(program, true, one_warp(program)), values)[0];
        double most = 0;
        double squares = 0;
        for (std::int64_t i = 0; i < sizes.i; ++i) {
          double exact = 0, scale = 0;
          for (std::int64_t k = 0; k < dimension; ++k) {
            const double a = x.at(i, k), b = y.at(0, k), c = centre(x, i, k);
            exact += node == distance ? (a - b) * (a - b) : a * b;
            scale += node == distance ? (a - c) * (a - c) + (b - c) * (b - c) : std::fabs(a * b);
          }
          const double error = (result.at(i, 0) - exact) / (kUnit * scale);
          most = std::max(most, std::fabs(error));
          squares += error * error / static_cast<double>(sizes.i);
        }
        const double d = static_cast<double>(dimension);
        EXPECT_LE(most, node == distance ? 73 + d / 8 : 49 + d / 16);
        EXPECT_LE(std::sqrt(squares), 2) << dimension << " at " << origin << ", at most " << most;
      }
    }
  }
}

// Equal rows are at distance 0 or nearly so, never below; values that are missing spoil no others.
TEST_F(CudaTensorTest, HasNoNegativeDistances) {
  Formulas f;
  declare(f, 20);
  const Expr node = f("Min_Reduction(SqDist(x, y), 0)");
  const Program program = lower({node});
  const ShimKernel kernel(program, true, one_warp(program));
  const Sizes sizes{35, 1};
  Values values = testing::rounded_to_float(f.values(random, sizes, 99, 101));
  for (std::int64_t i = 0; i < sizes.i; ++i) {
    for (std::int64_t k = 0; k < 20; ++k) {
      values[f.variables[0]].at(i, k) = values[f.variables[1]].at(0, k);
    }
  }
  values[f.variables[0]].at(0, 3) = std::nan("");
  values[f.variables[0]].at(34, 4) = std::numeric_limits<double>::infinity();
  const Table result = ShimRunner(sizes, 1000).pairs(kernel, values)[0];
  for (std::int64_t i = 1; i < 34; ++i) {
    EXPECT_GE(result.at(i, 0), 0);
    EXPECT_LE(result.at(i, 0), 1e-4);
  }
}

// To machine code, for the goals of the benchmarks.
class TextOfMatrixTest : public CudaMatrixTest {
 protected:
  void SetUp() override {
    if (!nvrtc.available()) GTEST_SKIP() << nvrtc.why_not();
  }

  // The kernel of the tiles, of a sum of which `dimension` is that of the vectors.
  std::vector<KernelReport> tiles(const std::string& text, std::int64_t dimension, bool float32,
                                  bool tensor_cores) {
    Formulas f;
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    f.variable("b", Category::j, 1);
    f.variable("v", Category::j, 1);
    f.variable("w", Category::parameter, 1);
    const Program program = lower({reduction(f, text)});
    const CudaShape shape = choose_cuda_shape(program, float32, tensor_cores);
    EXPECT_GT(shape.matrix.rows, 0);
    EXPECT_EQ(shape.tensor_cores, tensor_cores);
    std::vector<KernelReport> out;
    for (const int architecture : testing::tested_architectures(nvrtc)) {
      if (tensor_cores && architecture < 80) continue;
      for (KernelReport& each : testing::compiled(nvrtc, program, float32, architecture, shape)) {
        if (each.name != "kernelops_tile") continue;
        each.name = text + " for sm_" + std::to_string(architecture);
        out.push_back(each);
      }
    }
    return out;
  }

  testing::Nvrtc nvrtc;
};

const std::string kGaussian = "Sum_Reduction(Exp(-w * SqDist(x, y)) * b, 0)";
const std::string kLogSumExp = "LogSumExp_Reduction(w * (x | y) + b, 0)";
const std::string kSoftmax = "SumSoftMaxWeight_Reduction(w * (x | y), v, 0)";
const std::string kNeighbours = "ArgKMin_Reduction(SqDist(x, y), 10, 0)";

TEST_F(TextOfMatrixTest, StaysInRegisters) {
  for (const auto& [text, dimension, float32] :
       {std::tuple(kGaussian, 100, true), std::tuple(kLogSumExp, 64, true),
        std::tuple(kSoftmax, 64, true), std::tuple(kNeighbours, 100, true),
        std::tuple(kGaussian, 100, false)}) {
    for (const KernelReport& each : tiles(text, dimension, float32, false)) {
      EXPECT_EQ(each.spill_bytes, 0) << each.name;
      EXPECT_EQ(each.stack_bytes, 0) << each.name;
      // For three blocks at a time; lists of the best may leave room for two.
      EXPECT_TRUE(each.registers <= 168 || !float32 || text == kNeighbours) << each.name;
    }
  }
}

TEST_F(TextOfMatrixTest, OnTensorCoresHasItsSumsInRegisters) {
  for (const auto& [text, dimension] :
       {std::tuple(kGaussian, 100), std::tuple(kLogSumExp, 64), std::tuple(kSoftmax, 64)}) {
    for (const KernelReport& each : tiles(text, dimension, true, true)) {
      // The assembler keeps a few values in memory that are used once in a tile.
      EXPECT_LE(each.spill_bytes, 48) << each.name;
      EXPECT_LE(each.registers, 168) << each.name;
    }
  }
}

}  // namespace
}  // namespace kernelops
