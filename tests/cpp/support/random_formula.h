// Random formulas over all rows of the table of operations.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/ir/print.h"
#include "core/support/strings.h"
#include "support/sample.h"

namespace kernelops::testing {

/// Makes formulas over the variables of a Formulas.
class RandomFormula {
 public:
  struct Style {
    bool bounded = true;        // arguments stay in the domains of the rows, so that values compare
    bool discontinuous = true;  // with rows such as Sign, and arguments without derivative
  };

  RandomFormula(Formulas& formulas, Random& random, Style style)
      : formulas_(formulas), random_(random), style_(style) {
    for (const OpDef& row : operations()) {
      if (row.kind == OpKind::differential || row.code.is_scalar) continue;
      if (!style.discontinuous && is_discontinuous(row)) continue;
      rows_.push_back(&row);
      RowSample sample(row);
      for (std::size_t a = 0; a < sample.arguments.size() && !style.discontinuous; ++a) {
        if (!sample.has_derivative(a)) constant_arguments_.insert({&row, a});
      }
    }
  }

  /// A formula of about this depth and any dimension.
  Expr any(int depth) {
    if (depth <= 0) return leaf();
    for (;;) {
      if (const Expr made = apply(*rows_[index(rows_.size())], depth)) return made;
    }
  }

  /// A formula of this dimension.
  Expr of_dimension(std::int64_t dimension, int depth) { return fit(any(depth), dimension, depth); }

  /// A formula whose top is this row, or null if the arguments drawn do not suit it.
  Expr apply(const OpDef& row, int depth) {
    // Lists and matrices seldom fit by chance.
    const bool as_sample =
        takes_list(row) || (!row.parameters.empty() && integer_from(random_, 0, 2) == 0);
    std::vector<Expr> arguments;
    for (std::size_t a = 0; a < static_cast<std::size_t>(row.arguments); ++a) {
      const bool alike = a > 0 && row.dimension.empty() && integer_from(random_, 0, 3) > 0;
      const Expr drawn = any(depth - 1);
      const std::int64_t dimension = as_sample ? row.sample.dimensions[a]
                                     : alike   ? arguments[0]->dimension
                                               : drawn->dimension;
      const Domain& domain = domain_of(row, a);
      const bool constant = constant_arguments_.count({&row, a}) > 0;
      arguments.push_back(constant ? constants_in(domain, dimension)
                                   : in_domain(fit(drawn, dimension, depth), domain));
    }
    if (as_sample) return call(row, arguments, row.sample.parameters);
    std::vector<std::int64_t> parameters;
    for (std::size_t p = 0; p < row.parameters.size(); ++p) {
      // Powers and bounds, or sizes and places.
      parameters.push_back(row.kind == OpKind::elementwise
                               ? integer_from(random_, -3, 3)
                               : integer_from(random_, 0, arguments[0]->dimension + 3));
    }
    return call(row, arguments, parameters);
  }

 private:
  std::size_t index(std::size_t count) {
    return static_cast<std::size_t>(integer_from(random_, 0, static_cast<std::int64_t>(count) - 1));
  }

  Expr leaf() {
    const std::int64_t choice = integer_from(random_, 0, 11);
    if (choice == 0) return formulas_.graph.constant(uniform(random_, -2, 2));
    if (choice == 1) {
      return formulas_.graph.constant(static_cast<double>(integer_from(random_, -2, 2)));
    }
    if (choice == 2) return formulas_.graph.zero(integer_from(random_, 2, 4));
    return formulas_.variables[index(formulas_.variables.size())];
  }

  static bool takes_list(const OpDef& row) {
    return std::any_of(row.parameters.begin(), row.parameters.end(), is_list_parameter);
  }

  // Through the text, because composites exist only there.
  Expr call(const OpDef& row, const std::vector<Expr>& arguments,
            const std::vector<std::int64_t>& parameters) {
    Scope scope;
    std::vector<std::string> texts;
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      scope.formulas[argument_name(a)] = arguments[a];
      texts.push_back(argument_name(a));
    }
    for (const std::string& parameter : parameter_texts(row, parameters)) {
      texts.push_back(parameter);
    }
    try {
      return build_formula(formulas_.graph, row.name + "(" + join(texts, ", ") + ")", scope);
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::dimension || error.kind() == ErrorKind::argument)
          << error.what();
      return nullptr;
    }
  }

  Expr fit(Expr x, std::int64_t dimension, int depth) {
    const OpDef& concat = operation("Concat");
    if (x->dimension == dimension) return x;
    if (x->dimension > dimension) {
      const std::int64_t start = integer_from(random_, 0, x->dimension - dimension);
      return formulas_.graph.apply(operation("Extract"), {x}, {start, dimension});
    }
    if (x->dimension == 1) return formulas_.graph.apply(operation("SumT"), {x}, {dimension});
    if (integer_from(random_, 0, 1) == 0) {
      const std::int64_t start = integer_from(random_, 0, dimension - x->dimension);
      return formulas_.graph.apply(operation("ExtractT"), {x}, {start, dimension});
    }
    return formulas_.graph.apply(
        concat, {x, of_dimension(dimension - x->dimension, std::min(depth - 1, 0))});
  }

  // Smoothly into the domain, if the style is bounded; whole numbers and sorted ones are needed in
  // any style.
  Expr in_domain(Expr x, const Domain& domain) {
    Scope scope;
    scope.formulas["x"] = x;
    scope.formulas["low"] = formulas_.graph.constant(domain.low);
    scope.formulas["half"] = formulas_.graph.constant((domain.high - domain.low) / 2);
    if (domain.shape != Shape::real) return constants_in(domain, x->dimension);
    if (!style_.bounded) return x;
    return build_formula(formulas_.graph, "low + half * (1 + x * Rsqrt(1 + Square(x)))", scope);
  }

  Expr constants_in(const Domain& domain, std::int64_t dimension) {
    const Table values = table_in(random_, domain, 1, dimension);
    Expr out = nullptr;
    for (const double value : values.values) {
      const Expr next = formulas_.graph.constant(value);
      out = out == nullptr ? next : formulas_.graph.apply(operation("Concat"), {out, next});
    }
    return out;
  }

  Formulas& formulas_;
  Random& random_;
  Style style_;
  std::vector<const OpDef*> rows_;
  std::set<std::pair<const OpDef*, std::size_t>> constant_arguments_;
};

}  // namespace kernelops::testing
