// Formulas, inputs and errors for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/engine/array_view.h"
#include "core/engine/execute.h"
#include "core/ir/graph.h"
#include "core/ir/print.h"
#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops::testing {

/// The error that `body` raises; the test fails if it raises none.
inline Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was raised";
  return Error(ErrorKind::internal, "no error was raised");
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

#define EXPECT_CONTAINS(text, part) \
  EXPECT_PRED2(::kernelops::testing::contains, std::string(text), std::string(part))

/// A matrix as R has it: column-major.
struct Table {
  std::int64_t rows = 0;
  std::int64_t dimension = 0;
  std::vector<double> values;

  Table() = default;
  Table(std::int64_t rows, std::int64_t dimension, double value = 0)
      : rows(rows),
        dimension(dimension),
        values(static_cast<std::size_t>(rows * dimension), value) {}

  double& at(std::int64_t row, std::int64_t k) {
    return values[static_cast<std::size_t>(k * rows + row)];
  }
  double at(std::int64_t row, std::int64_t k) const {
    return values[static_cast<std::size_t>(k * rows + row)];
  }
  ArrayView view() const { return {values.data(), ElementType::float64, rows, dimension, 1, rows}; }
};

/// The values of variables, and of reductions that are known already.
using Values = std::map<Expr, Table>;

using Random = std::mt19937_64;

inline double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

inline std::int64_t integer_from(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

inline Table random_table(Random& random, std::int64_t rows, std::int64_t dimension, double low,
                          double high) {
  Table out(rows, dimension);
  for (double& value : out.values) value = uniform(random, low, high);
  return out;
}

/// A graph with variables, in which texts become nodes.
struct Formulas {
  Graph graph;
  Scope scope;
  std::vector<Expr> variables;

  Expr variable(const std::string& name, Category category, std::int64_t dimension) {
    const Expr node =
        graph.variable({name, static_cast<int>(variables.size()), category, dimension});
    variables.push_back(node);
    scope.formulas[name] = node;
    return node;
  }

  Expr operator()(const std::string& text) { return build_formula(graph, text, scope); }

  /// Values of all variables, uniform between `low` and `high`.
  Values values(Random& random, const Sizes& sizes, double low = -1, double high = 1) const {
    Values out;
    for (Expr each : variables) {
      out[each] = random_table(random, sizes.of(each->category), each->dimension, low, high);
    }
    return out;
  }
};

/// A row applied to fresh variables v0, v1, ... of its sample's dimensions.
inline Expr sample_of_row(Formulas& formulas, const OpDef& row, Category category = Category::i) {
  std::string text = row.name + "(";
  for (int a = 0; a < row.arguments; ++a) {
    const std::string name = "v" + std::to_string(a);
    formulas.variable(name, category, row.sample.dimensions[static_cast<std::size_t>(a)]);
    text += (a > 0 ? ", " : "") + name;
  }
  for (const std::string& parameter : parameter_texts(row, row.sample.parameters)) {
    text += ", " + parameter;
  }
  return formulas(text + ")");
}

/// Whether a row's value jumps, so that rounding may change it much.
inline bool is_discontinuous(const OpDef& row) {
  return !row.gradient.empty() && row.gradient[0] == "0";
}

inline bool both_nan(double a, double b) { return std::isnan(a) && std::isnan(b); }

/// Equal, both NaN, or as near as `tolerance` times the larger of 1 and `magnitude`.
inline ::testing::AssertionResult near(double actual, double expected, double tolerance,
                                       double magnitude = 1) {
  if (actual == expected || both_nan(actual, expected)) return ::testing::AssertionSuccess();
  double allowed = tolerance * std::max(1.0, std::fabs(expected));
  if (std::isfinite(magnitude)) allowed = std::max(allowed, tolerance * std::fabs(magnitude));
  if (std::isfinite(expected) && std::fabs(actual - expected) <= allowed)
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << actual << " is not " << expected << " within " << allowed;
}

}  // namespace kernelops::testing
