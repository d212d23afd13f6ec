// Random formulas over all rows of the table, several in one program: compiled kernels, kernels of
// CUDA, the interpreter and the evaluator agree.
#include "support/random_formula.h"

#include <gtest/gtest.h>

#include "core/ir/print.h"
#include "core/transform/regroup.h"
#include "support/gpu_machine.h"
#include "support/interpret.h"
#include "support/machine.h"

namespace kernelops {
namespace {

using testing::CompiledRunner;
using testing::Formulas;
using testing::GpuMachine;
using testing::GpuRunner;
using testing::InterpretedRunner;
using testing::Machine;
using testing::Random;
using testing::RandomFormula;
using testing::Table;
using testing::Values;

class RandomFormulas : public ::testing::TestWithParam<int> {};

// A random reduction of random formulas that depend on both sides.
Expr random_reduction(Formulas& f, RandomFormula& formula, Random& random, Category category) {
  const std::vector<const ReductionDef*> rows =
      testing::reductions_over(static_cast<int>(category));
  const auto pick = [&](std::int64_t count) { return testing::integer_from(random, 0, count - 1); };
  const std::int64_t dimensions[] = {1, 2, 5, 21};
  const std::int64_t dimension = dimensions[pick(4)];
  const auto body = [&](std::int64_t of_dimension) {
    const Expr drawn = formula.of_dimension(of_dimension, 3);
    return simplify(f.graph, f.graph.apply(operation("Add"), {drawn, f("(x | y)")}));
  };
  const ReductionDef& row =
      *rows[static_cast<std::size_t>(pick(static_cast<std::int64_t>(rows.size())))];
  std::vector<Expr> arguments = {body(dimension)};
  if (row.weighted) arguments.push_back(body(pick(2) == 0 ? 1 : dimension));
  std::vector<std::int64_t> parameters;
  if (row.ranked) parameters.push_back(1 + pick(4));
  return regroup(f.graph, f.graph.reduce(row, arguments, category, parameters));
}

TEST_P(RandomFormulas, AreRightInManyReductions) {
  Random random(static_cast<std::uint64_t>(1000 + GetParam()));
  const auto category = static_cast<Category>(GetParam() % 3);
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("u", Category::i, 17);
  f.variable("v", Category::j, 20);
  f.variable("q", Category::parameter, 2);
  RandomFormula formula(f, random, {true, false});
  std::vector<Expr> nodes;
  for (int n = 0; n < 4; ++n) nodes.push_back(random_reduction(f, formula, random, category));
  const Program program = lower(nodes);
  const Program transposed = lower(nodes, SumScheme::block, true);
  Machine machine;
  GpuMachine gpus(2);
  for (const bool float32 : {true, false}) {
    // A compilation for each is enough.
    const bool on_gpus = float32 == (GetParam() % 2 == 0);
    const std::shared_ptr<Executable> cuda =
        on_gpus ? gpus.executable(program, float32, 2) : nullptr;
    const std::shared_ptr<Kernel> kernel = machine.backend().kernel(program, float32, {});
    const std::shared_ptr<Kernel> other =
        float32 ? nullptr : machine.backend().kernel(transposed, float32, {});
    for (const Sizes& sizes : {Sizes{1, 1}, Sizes{17, 5}, Sizes{5, 33}}) {
      const Values values = testing::rounded_to_float(f.values(random, sizes));
      const std::vector<Table> compiled =
          CompiledRunner(machine, sizes, float32, 2).pairs(program, *kernel, values);
      const std::vector<Table> turned =
          other == nullptr
              ? compiled
              : CompiledRunner(machine, sizes, float32, 2).pairs(transposed, *other, values);
      const std::vector<Table> on_devices =
          cuda == nullptr ? compiled
                          : GpuRunner(gpus, sizes, float32).pairs(program, *cuda, values);
      const std::vector<Table> interpreted = InterpretedRunner(sizes).pairs(program, values);
      std::size_t first = 0;
      for (Expr node : nodes) {
        SCOPED_TRACE(print_formula(node) + (float32 ? " in float32 on " : " in float64 on ") +
                     std::to_string(sizes.i) + " x " + std::to_string(sizes.j));
        const auto part = [&](const std::vector<Table>& all) {
          const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
          return std::vector<Table>(
              begin, begin + static_cast<std::ptrdiff_t>(node->reduction->outputs.size()));
        };
        testing::expect_outputs(part(interpreted), node, values, sizes, 1e-9);
        testing::expect_outputs(part(compiled), node, values, sizes, float32 ? 1e-4 : 1e-9);
        testing::expect_outputs(part(on_devices), node, values, sizes, float32 ? 1e-4 : 1e-9);
        testing::expect_outputs(part(turned), node, values, sizes, float32 ? 1e-4 : 1e-9);
        ASSERT_FALSE(HasFailure());
        first += node->reduction->outputs.size();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, RandomFormulas, ::testing::Range(0, 6));

}  // namespace
}  // namespace kernelops
