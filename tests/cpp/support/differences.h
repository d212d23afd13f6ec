// Derivatives by finite differences, to check gradients against.
#pragma once

#include <cmath>

#include "support/evaluate.h"

namespace kernelops::testing {

/// The derivative at 0 of `value`, a function of a number, by central differences.
template <class Value>
double slope_at_zero(Value value) {
  const auto slope = [&](double step) { return (value(step) - value(-step)) / (2 * step); };
  const double h = 1e-5;
  const double narrow = slope(h);
  const double wide = slope(2 * h);
  // Where the two disagree the function has a kink nearby: stay on this side of it.
  if (!(std::fabs(narrow - wide) < 1e-5 * (1 + std::fabs(narrow)))) return slope(1e-7);
  // Two step widths cancel the error of second order in h.
  return (4 * narrow - wide) / 3;
}

/// The derivative of `value` as entry `place` of the table of `v` moves.
template <class Value>
double central_difference(const Values& values, Expr v, std::size_t place, Value value) {
  return slope_at_zero([&](double step) {
    Values moved = values;
    moved.at(v).values[place] += step;
    return value(moved);
  });
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

/// Checks the result `derivative` of `f` indexed by `category`, along `u`, which is shaped like v.
inline void expect_forward_derivative(Expr f, Category category, Expr v, Expr u, Expr derivative,
                                      const Values& values, const Sizes& sizes,
                                      double tolerance = 1e-6) {
  ASSERT_EQ(derivative->dimension, f->dimension);
  const Table direction = Evaluator(values, sizes).result(u, v->category);
  const auto moved = [&](double step) {
    Values at = values;
    Table& table = at.at(v);
    for (std::size_t n = 0; n < table.values.size(); ++n) {
      table.values[n] += step * direction.values[n];
    }
    return Evaluator(at, sizes).result(f, category).values;
  };
  const Table actual = Evaluator(values, sizes).result(derivative, category);
  for (std::size_t n = 0; n < actual.values.size(); ++n) {
    const double expected = slope_at_zero([&](double step) { return moved(step)[n]; });
    EXPECT_TRUE(near(actual.values[n], expected, tolerance)) << "entry " << n;
  }
}

}  // namespace kernelops::testing
