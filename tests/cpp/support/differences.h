// Derivatives by finite differences, to check gradients against.
#pragma once

#include <cmath>

#include "support/evaluate.h"

namespace kernelops::testing {

/// The central difference of `value` as entry `place` of the table of `v` moves.
template <class Value>
double central_difference(const Values& values, Expr v, std::size_t place, Value value) {
  const double h = 1e-5;
  // Two step widths cancel the error of second order in h.
  const auto slope = [&](double step) {
    Values moved = values;
    double& entry = moved.at(v).values[place];
    const double middle = entry;
    entry = middle + step;
    const double high = value(moved);
    entry = middle - step;
    return (high - value(moved)) / (2 * step);
  };
  return (4 * slope(h) - slope(2 * h)) / 3;
}

/// Checks the node `gradient` = (d f / d v)^T e of formulas at one pair.
inline void expect_gradient(Expr f, Expr v, Expr e, Expr gradient, const Values& values,
                            double tolerance = 2e-7) {
  ASSERT_EQ(gradient->dimension, v->dimension);
  const auto product = [&](const Values& at) {
    Evaluator evaluator(at, {1, 1});
    const std::vector<double> a = evaluator.at(f, 0, 0);
    const std::vector<double> b = Evaluator(values, {1, 1}).at(e, 0, 0);
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[b.size() == 1 ? 0 : k];
    return sum;
  };
  const std::vector<double> actual = Evaluator(values, {1, 1}).at(gradient, 0, 0);
  for (std::size_t k = 0; k < actual.size(); ++k) {
    EXPECT_TRUE(near(actual[k], central_difference(values, v, k, product), tolerance))
        << "component " << k;
  }
}

/// Checks the result `gradient` of the result `f` indexed by `category` in `v`, applied to `e`.
inline void expect_result_gradient(Expr f, Category category, Expr v, Expr e, Expr gradient,
                                   const Values& values, const Sizes& sizes,
                                   double tolerance = 1e-6) {
  ASSERT_EQ(gradient->dimension, v->dimension);
  ASSERT_EQ(gradient->dependence & ~(dependence_of(v->category) | kDependsOnParameter), 0u);
  const Table b = Evaluator(values, sizes).result(e, category);
  const auto product = [&](const Values& at) {
    const Table a = Evaluator(at, sizes).result(f, category);
    double sum = 0;
    for (std::int64_t row = 0; row < a.rows; ++row) {
      for (std::int64_t k = 0; k < a.dimension; ++k) {
        sum += a.at(row, k) * b.at(row, b.dimension == 1 ? 0 : k);
      }
    }
    return sum;
  };
  const Table actual = Evaluator(values, sizes).result(gradient, v->category);
  for (std::size_t place = 0; place < actual.values.size(); ++place) {
    EXPECT_TRUE(
        near(actual.values[place], central_difference(values, v, place, product), tolerance))
        << "entry " << place;
  }
}

}  // namespace kernelops::testing
