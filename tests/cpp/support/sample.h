// Rows of the table applied to variables, with values from their domains.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/transform/gradient.h"
#include "support/differences.h"

namespace kernelops::testing {

/// Values of a variable that is an argument with this domain.
inline Table table_in(Random& random, const Domain& domain, std::int64_t rows,
                      std::int64_t dimension) {
  Table out = random_table(random, rows, dimension, domain.low, domain.high);
  if (domain.shape == Shape::whole) {
    for (double& value : out.values) {
      value = static_cast<double>(integer_from(random, static_cast<std::int64_t>(domain.low),
                                               static_cast<std::int64_t>(domain.high)));
    }
  }
  for (std::int64_t row = 0; domain.shape == Shape::sorted && row < rows; ++row) {
    std::vector<double> sorted;
    for (std::int64_t k = 0; k < dimension; ++k) sorted.push_back(out.at(row, k));
    std::sort(sorted.begin(), sorted.end());
    for (std::int64_t k = 0; k < dimension; ++k) {
      out.at(row, k) = sorted[static_cast<std::size_t>(k)];
    }
  }
  return out;
}

/// A row applied to variables of its sample, and what its derivatives are by differences.
struct RowSample {
  Formulas f;
  const OpDef& row;
  Expr out;
  std::vector<Expr> arguments;

  explicit RowSample(const OpDef& row) : row(row), out(sample_of_row(f, row)) {
    arguments = f.variables;
    f.scope.formulas["f"] = out;
  }

  /// Values of the arguments in their domains, of other variables between -1 and 1.
  Values values(Random& random) const {
    Values all = f.values(random, {1, 1});
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      all[arguments[a]] = table_in(random, domain_of(row, a), 1, arguments[a]->dimension);
    }
    return all;
  }

  /// Whether differences can be taken: whole numbers may stand where a value jumps.
  bool is_smooth_in(std::size_t argument) const {
    return domain_of(row, argument).shape != Shape::whole;
  }

  /// Whether the row has a derivative in the argument.
  bool has_derivative(std::size_t argument) {
    try {
      gradient(f.graph, out, arguments[argument], f.graph.constant(1));
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
      return false;
    }
  }

  std::vector<double> at(Expr formula, const Values& values) const {
    return Evaluator(values, {1, 1}).at(formula, 0, 0);
  }

  /// The derivatives of all components of `formula` in all of v: entry k * dim(v) + l.
  std::vector<double> jacobian(Expr formula, Expr v, const Values& values) const {
    std::vector<double> entries;
    for (std::int64_t k = 0; k < formula->dimension; ++k) {
      for (std::int64_t l = 0; l < v->dimension; ++l) {
        entries.push_back(central_difference(
            values, v, static_cast<std::size_t>(l),
            [&](const Values& moved) { return at(formula, moved)[static_cast<std::size_t>(k)]; }));
      }
    }
    return entries;
  }
};

/// Every operation that has a value with its sample, and elementwise ones also on scalars and with
/// each argument broadcast.
inline std::vector<OpDef> sampled_rows() {
  std::vector<OpDef> out;
  for (const OpDef& row : operations()) {
    if (row.kind == OpKind::differential || row.code.is_scalar) continue;
    out.push_back(row);
    if (row.kind != OpKind::elementwise) continue;
    OpDef scalar = row;
    for (std::int64_t& dimension : scalar.sample.dimensions) dimension = 1;
    out.push_back(scalar);
    for (std::size_t a = 0; row.arguments > 1 && a < row.sample.dimensions.size(); ++a) {
      OpDef broadcast = row;
      broadcast.sample.dimensions[a] = 1;
      out.push_back(broadcast);
    }
  }
  return out;
}

}  // namespace kernelops::testing
