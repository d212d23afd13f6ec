// Programs with many reductions, and a judge of whoever runs them.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/ir/print.h"
#include "core/transform/regroup.h"
#include "support/executor.h"
#include "support/passes.h"
#include "support/random_formula.h"

namespace kernelops::testing {

/// Declares formulas F, f and weights W, w of dimension d and 1 that depend on both sides.
inline void declare_both_sides(Formulas& f, std::int64_t dimension) {
  f.variable("x", Category::i, dimension);
  f.variable("y", Category::j, dimension);
  f.variable("a", Category::i, 1);
  f.variable("b", Category::j, 1);
  f.scope.formulas["F"] = f("x * b - y");
  f.scope.formulas["f"] = f("Elem(x, 0) - b");
  f.scope.formulas["W"] = f("x + a * y + 0.3");
  f.scope.formulas["w"] = f("a - b + 0.3");
}

/// Every reduction over `category` of such formulas; ranked ones with each of the ranks.
inline std::vector<Expr> every_reduction(Formulas& f, int category, const std::vector<int>& ranks) {
  std::vector<Expr> out;
  for (const ReductionDef* row : reductions_over(category)) {
    if (row->weighted) {
      // The logarithm of a sum that nearly vanishes tells nothing.
      const bool positive = row->name == "LogSumExpWeight";
      for (const auto& [formula, weight] :
           {std::pair("F", "W"), std::pair("F", "w"), std::pair("f", "W")}) {
        const std::string factor =
            positive ? "(0.3 + Square(" + std::string(weight) + "))" : weight;
        out.push_back(f(reduction_text(*row, formula, category, factor, 1)));
      }
      continue;
    }
    for (const int rank : row->ranked ? ranks : std::vector<int>{1}) {
      out.push_back(f(reduction_text(*row, "F", category, "", rank)));
    }
  }
  return out;
}

/// Plain values; values with many ties; values with NaN and infinities.
inline std::vector<Values> telling_inputs(const Formulas& f, Random& random, const Sizes& sizes) {
  std::vector<Values> out(3, f.values(random, sizes));
  for (auto& [variable, table] : out[1]) {
    for (double& value : table.values) value = std::round(2 * value);
  }
  int n = 0;
  for (auto& [variable, table] : out[2]) {
    for (double& value : table.values) {
      const double specials[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, 0};
      if (++n % 7 == 0) value = specials[n / 7 % 4];
    }
  }
  for (Values& each : out) each = rounded_to_float(each);
  return out;
}

/// Checks the outputs of a program of `nodes`, in their order.
inline void expect_all_outputs(const std::vector<Table>& all, const std::vector<Expr>& nodes,
                               const Values& values, const Sizes& sizes, double tolerance) {
  auto begin = all.begin();
  for (Expr node : nodes) {
    SCOPED_TRACE(print_formula(node) + " on " + std::to_string(sizes.i) + " x " +
                 std::to_string(sizes.j));
    const auto end = begin + static_cast<std::ptrdiff_t>(node->reduction->outputs.size());
    expect_outputs({begin, end}, node, values, sizes, tolerance);
    if (::testing::Test::HasFailure()) return;
    begin = end;
  }
}

/// How a program is made of nodes.
struct Lowering {
  SumScheme scheme = SumScheme::block;
  bool transposed = false;
};

/// Runs one program of `nodes` on telling inputs of all sizes.
inline void expect_right(const Executor& executor, const std::vector<Expr>& nodes,
                         const Formulas& f, Random& random, const std::vector<Sizes>& all_sizes,
                         bool float32, const Lowering& lowering = {}) {
  const Program program = lower(nodes, lowering.scheme, lowering.transposed);
  const Executor::Pairs run = executor.pairs(program, float32);
  SCOPED_TRACE(float32 ? "in float32" : "in float64");
  for (const Sizes& sizes : all_sizes) {
    for (const Values& values : telling_inputs(f, random, sizes)) {
      expect_all_outputs(run(values, sizes), nodes, values, sizes, float32 ? 2e-5 : 1e-11);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

/// A random reduction of random formulas that depend on both sides.
inline Expr random_reduction(Formulas& f, RandomFormula& formula, Random& random,
                             Category category) {
  const std::vector<const ReductionDef*> rows = reductions_over(static_cast<int>(category));
  const auto pick = [&](std::int64_t count) { return integer_from(random, 0, count - 1); };
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

/// Declares variables and draws some reductions of them.
inline std::vector<Expr> random_reductions(Formulas& f, Random& random, Category category) {
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("u", Category::i, 17);
  f.variable("v", Category::j, 20);
  f.variable("q", Category::parameter, 2);
  RandomFormula formula(f, random, {true, false});
  std::vector<Expr> out;
  for (int n = 0; n < 4; ++n) out.push_back(random_reduction(f, formula, random, category));
  return out;
}

/// Runs one program of random reductions on a few sizes.
inline void expect_random_reductions_right(const Executor& executor, int seed, Category category,
                                           bool float32, const Lowering& lowering = {}) {
  Random random(static_cast<std::uint64_t>(seed));
  Formulas f;
  const std::vector<Expr> nodes = random_reductions(f, random, category);
  const Program program = lower(nodes, lowering.scheme, lowering.transposed);
  const Executor::Pairs run = executor.pairs(program, float32);
  SCOPED_TRACE(float32 ? "in float32" : "in float64");
  for (const Sizes& sizes : {Sizes{1, 1}, Sizes{17, 5}, Sizes{5, 33}}) {
    const Values values = rounded_to_float(f.values(random, sizes));
    expect_all_outputs(run(values, sizes), nodes, values, sizes, float32 ? 1e-4 : 1e-9);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace kernelops::testing
