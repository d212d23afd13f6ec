#include "core/codegen/cuda.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/lower/lower.h"
#include "core/transform/differential.h"
#include "core/transform/regroup.h"
#include "core/transform/simplify.h"
#include "support/cuda_compiler.h"
#include "support/cuda_runner.h"
#include "support/cuda_text.h"
#include "support/every_reduction.h"
#include "support/sample.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::KernelReport;
using testing::Random;
using testing::ShimKernel;
using testing::ShimRunner;
using testing::Table;
using testing::Values;

class CudaShimTest : public ::testing::Test {
 protected:
  void expect_right(const std::vector<Expr>& nodes, const Formulas& f, bool float32,
                    const std::vector<Sizes>& all_sizes) {
    const Program program = lower(nodes);
    expect_right_in(testing::small_shape(program, float32), program, nodes, f, float32, all_sizes);
  }

  void expect_right_in(const CudaShape& shape, const Program& program,
                       const std::vector<Expr>& nodes, const Formulas& f, bool float32,
                       const std::vector<Sizes>& all_sizes) {
    const ShimKernel kernel(program, float32, shape);
    for (const Sizes& sizes : all_sizes) {
      Values values = f.values(random, sizes);
      if (float32) values = testing::rounded_to_float(values);
      for (const std::int64_t part : {1000, 23}) {
        const std::vector<Table> all = ShimRunner(sizes, part).pairs(kernel, values);
        testing::expect_all_outputs(all, nodes, values, sizes, float32 ? 2e-5 : 1e-11);
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

// Columns too long for shared memory are read where they are; states in registers or in memory;
// several columns side by side.
TEST_F(CudaShimTest, EveryShape) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  const std::vector<Expr> nodes = {f("Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)"),
                                   f("ArgMin_Reduction(SqDist(x, y) - b, 0)")};
  const std::vector<Expr> ranked = {f("LogSumExp_Reduction(b - SqDist(x, y), 0)"),
                                    f("KMax_ArgKMax_Reduction(x + b, 30, 0)")};
  for (const std::vector<Expr>& some : {nodes, ranked}) {
    const Program program = lower(some);
    for (const CudaShape& shape :
         {CudaShape{4, 1, 1, 0, 2, false}, CudaShape{2, 8, 1, 4, 3, false},
          CudaShape{8, 2, 4, 32, 1, false}, CudaShape{4, 4, 2, 8, 2, true}}) {
      if (shape.states_in_registers && program.accumulations[1].ranked()) continue;
      expect_right_in(shape, program, some, f, shape.rows != 2, {{21, 70}, {3, 9}});
      ASSERT_FALSE(HasFailure()) << shape.rows << " " << shape.columns;
    }
  }
}

// Formulas that together use every instruction and every shape of reduction.
const std::vector<std::string> kKinds = {
    "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
    "ArgMin_Reduction(SqDist(u, v), 0)",
    "Sum_Reduction(Exp(-SqDist(u, v)) * v, 0)",
    "LogSumExp_Reduction(b - SqDist(x, y), 1)",
    "SumSoftMaxWeight_Reduction(SqDist(x, y), v, 0)",
    "LogSumExpWeight_Reduction(u - v, Square(v), 0)",
    "KMin_ArgKMin_Reduction(x - y, 5, 0)",
    "KMax_Reduction(u * v, 2, 1)",
    "Sum_Reduction(MatMult(u, v, 4, 5) + Max(u - v) * OneHot(ArgMin(v), 25), 0)",
    "Var_Reduction(x * y + IndexI() - IndexJ(), 2)",
    "Max_SumShiftExp_Reduction(Gather(p, 3 * Square(b)) * x, 0)",
    "Grad(Sum_Reduction(Exp(-SqDist(x, y)) * b, 0), x, e)",
    "Grad(LogSumExp_Reduction(b - SqDist(x, y), 0), y, e)",
};

TEST_F(CudaShimTest, EveryKindOfInstruction) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("u", Category::i, 20);
  f.variable("v", Category::j, 20);
  f.variable("p", Category::parameter, 4);
  f.variable("e", Category::i, 1);
  const Sizes sizes{37, 43};
  const Values values = testing::rounded_to_float(f.values(random, sizes));
  for (std::size_t n = 0; n < kKinds.size(); ++n) {
    const bool float32 = n % 3 != 0;
    SCOPED_TRACE(kKinds[n]);
    const Expr root = simplify(f.graph, expand_differentials(f.graph, f(kKinds[n])));
    ShimRunner runner(sizes, 23, float32);
    testing::expect_passes(root, root->category, values, sizes, runner, float32 ? 2e-5 : 1e-11);
  }
}

// A sum over the pairs of every operation with its sample; the first argument depends on both
// sides.
std::vector<Expr> every_operation(Formulas& f, const std::vector<OpDef>& rows,
                                  std::vector<Domain>* domains) {
  f.variable("none", Category::j, 1);
  domains->push_back({0, 0});
  std::vector<Expr> out;
  for (const OpDef& row : rows) {
    std::string text = row.name + "(";
    for (int a = 0; a < row.arguments; ++a) {
      const std::string name = "v" + std::to_string(a);
      f.variable(name, a == 1 ? Category::j : Category::i,
                 row.sample.dimensions[static_cast<std::size_t>(a)]);
      domains->push_back(domain_of(row, static_cast<std::size_t>(a)));
      text += (a > 0 ? ", " : "") + (a == 0 ? "(" + name + " + none)" : name);
    }
    for (const std::string& parameter : parameter_texts(row, row.sample.parameters)) {
      text += ", " + parameter;
    }
    out.push_back(f("Sum_Reduction(" + text + "), 0)"));
  }
  return out;
}

// The others are made of these.
std::vector<OpDef> distinct_operations() {
  std::vector<OpDef> rows;
  for (const OpDef& row : operations()) {
    if (row.code.is_scalar) continue;
    if (row.kind == OpKind::elementwise || row.kind == OpKind::opaque) rows.push_back(row);
  }
  return rows;
}

TEST_F(CudaShimTest, EveryOperation) {
  Formulas f;
  std::vector<Domain> domains;
  const std::vector<Expr> all = every_operation(f, testing::sampled_rows(), &domains);
  const Sizes sizes{5, 3};
  Values values;
  for (std::size_t n = 0; n < domains.size(); ++n) {
    const Expr variable = f.variables[n];
    values[variable] =
        testing::table_in(random, domains[n], sizes.of(variable->category), variable->dimension);
  }
  values = testing::rounded_to_float(values);
  constexpr std::size_t kGroups = 6;
  for (std::size_t group = 0; group < kGroups; ++group) {
    std::vector<Expr> nodes;
    for (std::size_t n = group; n < all.size(); n += kGroups) nodes.push_back(all[n]);
    const bool float32 = group % 2 == 0;
    const std::vector<Table> results = ShimRunner(sizes, 2, float32).pairs(lower(nodes), values);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      SCOPED_TRACE(print_formula(nodes[n]));
      testing::expect_outputs({results[n]}, nodes[n], values, sizes, float32 ? 1e-4 : 1e-9);
    }
  }
}

class CudaShimOfEveryReduction : public CudaShimTest,
                                 public ::testing::WithParamInterface<std::tuple<int, int>> {};

TEST_P(CudaShimOfEveryReduction, IsRight) {
  const auto [dimension, category] = GetParam();
  Formulas f;
  testing::declare_both_sides(f, dimension);
  const std::vector<Expr> nodes = testing::every_reduction(f, category, {3});
  expect_right(nodes, f, (dimension + category) % 2 == 0, {{1, 1}, {17, 50}, {20, 3}, {3, 0}});
}

INSTANTIATE_TEST_SUITE_P(, CudaShimOfEveryReduction,
                         ::testing::Combine(::testing::Values(1, 3, 20),
                                            ::testing::Values(0, 1, 2)));

class CudaShimOfRandomFormulas : public ::testing::TestWithParam<int> {};

TEST_P(CudaShimOfRandomFormulas, AreRight) {
  testing::expect_random_reductions_right(testing::shim_executor(23), 2000 + GetParam(),
                                          static_cast<Category>(GetParam() % 3),
                                          GetParam() % 2 == 0);
}

INSTANTIATE_TEST_SUITE_P(, CudaShimOfRandomFormulas, ::testing::Range(0, 6));

// To machine code, by NVRTC.
class CudaText : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!nvrtc.available()) GTEST_SKIP() << nvrtc.why_not();
  }

  std::vector<KernelReport> compiled(const Program& program, bool float32, int architecture,
                                     int rows = 0) {
    CudaShape shape = choose_cuda_shape(program, float32);
    if (rows > 0) shape.rows = rows;
    return testing::compiled(nvrtc, program, float32, architecture, shape);
  }

  testing::Nvrtc nvrtc;
};

// For one of the architectures.
class CudaTextForArchitecture : public CudaText, public ::testing::WithParamInterface<std::size_t> {
 protected:
  int architecture() const { return testing::tested_architectures(nvrtc)[GetParam()]; }

  // In groups, as all together take the compiler long.
  void expect_compiles(const std::vector<Expr>& all, std::size_t groups, bool float32, int rows) {
    for (std::size_t group = 0; group < groups; ++group) {
      std::vector<Expr> nodes;
      for (std::size_t n = group; n < all.size(); n += groups) nodes.push_back(all[n]);
      EXPECT_FALSE(compiled(lower(nodes), float32, architecture(), rows).empty());
    }
  }
};

TEST_P(CudaTextForArchitecture, EveryOperationCompiles) {
  Formulas f;
  std::vector<Domain> domains;
  const std::vector<Expr> all = every_operation(f, distinct_operations(), &domains);
  for (const bool float32 : {true, false}) expect_compiles(all, 8, float32, 1);
}

TEST_P(CudaTextForArchitecture, EveryReductionCompiles) {
  Formulas f;
  testing::declare_both_sides(f, 2);
  expect_compiles(testing::every_reduction(f, 0, {3}), 4, true, 0);
}

// Long ones take the compiler long.
TEST_P(CudaTextForArchitecture, SomeLongReductionsCompile) {
  Formulas f;
  testing::declare_both_sides(f, 20);
  const std::vector<Expr> all = testing::every_reduction(f, 1, {3});
  std::vector<Expr> some;
  for (std::size_t n = GetParam(); n < all.size(); n += 7) some.push_back(all[n]);
  expect_compiles(some, 1, false, 0);
}

INSTANTIATE_TEST_SUITE_P(, CudaTextForArchitecture, ::testing::Range<std::size_t>(0, 4));

// Which has other headers of its own, and a host.
TEST(CudaTextTest, CompilesWithNvccToo) {
  KERNELOPS_NEEDS_NVCC();
  Formulas f;
  std::vector<Domain> domains;
  const std::vector<Expr> every = every_operation(f, distinct_operations(), &domains);
  Formulas g;
  testing::declare_both_sides(g, 2);
  const std::vector<Expr> reductions = testing::every_reduction(g, 0, {3});
  for (const auto& [nodes, float32] : {std::pair(every, true), std::pair(reductions, false)}) {
    const Program program = lower(nodes);
    CudaShape shape = choose_cuda_shape(program, float32);
    shape.rows = 1;
    std::vector<std::string> options = cuda_options(float32);
    options.push_back(std::string("-I") + KERNELOPS_KERNEL_DIR);
    // Text of the assembler takes half the time.
    const CudaImage image = testing::machine_nvcc()->compile(
        {generate_cuda(program, float32, shape).text, "kernel.cu", options, ""}, {990, {}});
    EXPECT_NE(image.data.find(".entry kernelops_tile"), std::string::npos);
    EXPECT_EQ(image.log.find("warning"), std::string::npos) << image.log.substr(0, 3000);
  }
}

// What is compared with the limits of the hardware.
TEST_F(CudaText, OfTheBenchmarksStaysInRegisters) {
  for (const int architecture : testing::tested_architectures(nvrtc)) {
    for (const std::string formula : {
             "Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)",
             "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)",
             "LogSumExp_Reduction(-s * SqDist(x, y), 0)",
             "Sum_Reduction(Exp(-s * SqDist(u, v)) * b, 0)",
             "LogSumExp_Reduction((l | m), 0)",
         }) {
      Formulas f;
      f.variable("x", Category::i, 3);
      f.variable("y", Category::j, 3);
      f.variable("u", Category::i, 10);
      f.variable("v", Category::j, 10);
      f.variable("l", Category::i, 64);
      f.variable("m", Category::j, 64);
      f.variable("b", Category::j, 1);
      f.variable("e", Category::i, 1);
      f.variable("s", Category::parameter, 1);
      const Expr node =
          regroup(f.graph, simplify(f.graph, expand_differentials(f.graph, f(formula))));
      ASSERT_EQ(node->kind, NodeKind::reduction);
      for (const KernelReport& each : compiled(lower({node}), true, architecture)) {
        SCOPED_TRACE(formula + " for sm_" + std::to_string(architecture) + ": " + each.name);
        EXPECT_EQ(each.stack_bytes, 0);
        EXPECT_EQ(each.spill_bytes, 0);
        if (each.name == "kernelops_tile") {
          EXPECT_LE(each.registers, testing::contains(formula, "l | m") ? 208 : 128);
        }
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
