// Computes results pass by pass with whoever runs programs, and judges them by the evaluator.
#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "core/lower/lower.h"
#include "core/transform/differential.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "support/evaluate.h"

namespace kernelops::testing {

/// What a reduction is where it stands in a formula, from all of its outputs.
inline Table value_of_node(Expr reduction, const std::vector<Table>& outputs) {
  const ReductionDef& row = *reduction->reduction;
  Table out(outputs[0].rows, 0);
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    const bool is_index = n < row.outputs.size() && row.outputs[n].type == StateType::index;
    if (is_index != row.is_index()) continue;
    out.dimension += outputs[n].dimension;
    out.values.insert(out.values.end(), outputs[n].values.begin(), outputs[n].values.end());
  }
  return out;
}

/// Every output of one reduction. `runner.pairs(program, values)` runs a program of pairs,
/// `runner.rows(program, category, values)` one without. Row numbers count from 0, -1 is none.
template <class Runner>
std::vector<Table> run_reduction(Expr reduction, const Values& values, Runner& runner,
                                 SumScheme scheme = SumScheme::block) {
  if (reduction->reduction->selects) {
    return {runner.rows(lower_selection(reduction), reduction->category, values)};
  }
  return runner.pairs(lower({reduction}, scheme), values);
}

/// Adds the reductions inside `root` to `known`, one by one.
template <class Runner>
void run_inner(Expr root, Values* known, Runner& runner, SumScheme scheme = SumScheme::block) {
  for (Expr inner : inner_reductions(root)) {
    if (known->count(inner) > 0) continue;
    (*known)[inner] = value_of_node(inner, run_reduction(inner, *known, runner, scheme));
  }
}

/// The values of a result indexed by `category`.
template <class Runner>
Table run_result(Expr root, Category category, Values known, Runner& runner,
                 SumScheme scheme = SumScheme::block) {
  run_inner(root, &known, runner, scheme);
  if (root->kind != NodeKind::reduction) {
    return runner.rows(lower_rows(root, category), category, known);
  }
  return value_of_node(root, run_reduction(root, known, runner, scheme));
}

/// Checks a table of values.
inline void expect_values(const Table& actual, const Reduced& expected, double tolerance) {
  ASSERT_EQ(actual.rows, expected.result.rows);
  ASSERT_EQ(actual.dimension, expected.result.dimension);
  for (std::int64_t row = 0; row < actual.rows; ++row) {
    for (std::int64_t k = 0; k < actual.dimension; ++k) {
      ASSERT_TRUE(near(actual.at(row, k), expected.result.at(row, k), tolerance,
                       expected.magnitude.at(row, k)))
          << "row " << row << ", component " << k;
    }
  }
}

/// Checks a table of row numbers among `reduced` ones: each names the expected row or another as
/// good, none twice.
inline void expect_rows(const Table& actual, const Reduced& expected, Expr reduction,
                        Evaluator& evaluator, std::int64_t reduced, double tolerance) {
  ASSERT_EQ(actual.rows, expected.result.rows);
  ASSERT_EQ(actual.dimension, expected.result.dimension);
  const std::int64_t rank = rank_of(reduction);
  for (std::int64_t row = 0; row < actual.rows; ++row) {
    std::set<double> seen;
    for (std::int64_t k = 0; k < actual.dimension; ++k) {
      if (k % rank == 0) seen.clear();
      const double got = actual.at(row, k);
      const double wanted = expected.result.at(row, k);
      ASSERT_TRUE(got < 0 || seen.insert(got).second)
          << "row " << row << ", component " << k << ": " << got << " is there twice";
      if (got == wanted) continue;
      ASSERT_TRUE(got >= 0 && wanted >= 0 && got < static_cast<double>(reduced))
          << "row " << row << ", component " << k << ": " << got << " is not " << wanted;
      const auto value = [&](double other) {
        const auto n = static_cast<std::int64_t>(other);
        const bool rows_are_i = reduction->category == Category::i;
        return evaluator.at(reduction->arguments[0], rows_are_i ? row : n,
                            rows_are_i ? n : row)[static_cast<std::size_t>(k / rank)];
      };
      ASSERT_TRUE(near(value(got), value(wanted), tolerance, expected.magnitude.at(row, k)))
          << "row " << row << ", component " << k;
    }
  }
}

/// Checks every output of a reduction against the evaluator, which knows `values`.
inline void expect_outputs(const std::vector<Table>& actual, Expr reduction, const Values& values,
                           const Sizes& sizes, double tolerance) {
  Evaluator evaluator(values, sizes);
  const std::vector<Reduced> expected = evaluator.outputs(reduction);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t n = 0; n < actual.size(); ++n) {
    SCOPED_TRACE("output " + std::to_string(n));
    const ReductionDef& row = *reduction->reduction;
    if (row.outputs[n].type == StateType::index) {
      expect_rows(actual[n], expected[n], reduction, evaluator,
                  sizes.of(opposite(reduction->category)), tolerance);
    } else {
      expect_values(actual[n], expected[n], tolerance);
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

/// Runs a result indexed by `category` and every reduction inside it, each on the evaluator's
/// values of the others, and checks all of their outputs.
template <class Runner>
void expect_passes(Expr root, Category category, Values known, const Sizes& sizes, Runner& runner,
                   double tolerance, SumScheme scheme = SumScheme::block) {
  std::vector<Expr> nodes = inner_reductions(root);
  if (root->kind == NodeKind::reduction) nodes.push_back(root);
  for (Expr node : nodes) {
    SCOPED_TRACE(print_formula(node));
    expect_outputs(run_reduction(node, known, runner, scheme), node, known, sizes, tolerance);
    if (::testing::Test::HasFatalFailure()) return;
    known[node] = Evaluator(known, sizes).reduce(node).result;
  }
  if (root->kind == NodeKind::reduction) return;
  const Table expected = Evaluator(known, sizes).result(root, category);
  Table magnitude = expected;
  expect_values(runner.rows(lower_rows(root, category), category, known), {expected, magnitude},
                tolerance);
}

/// The text of a reduction: "Name_Reduction(formula[, K], category[, weight])".
inline std::string reduction_text(const ReductionDef& row, const std::string& formula, int category,
                                  const std::string& weight, int rank) {
  std::string text = row.name + "_Reduction(" + formula;
  if (row.ranked) text += ", " + std::to_string(rank);
  text += ", " + std::to_string(category);
  return text + (row.weighted ? ", " + weight : "") + ")";
}

/// Every reduction that users can write and that can be indexed by `category`.
inline std::vector<const ReductionDef*> reductions_over(int category) {
  std::vector<const ReductionDef*> out;
  for (const ReductionDef& row : reductions()) {
    const bool numbers_rows = row.ranked || std::any_of(row.outputs.begin(), row.outputs.end(),
                                                        [](const ReductionOutput& each) {
                                                          return each.type == StateType::index;
                                                        });
    if (row.selects || row.internal || (category == 2 && numbers_rows)) continue;
    out.push_back(&row);
  }
  return out;
}

}  // namespace kernelops::testing
