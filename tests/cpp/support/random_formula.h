// Random formulas over all rows of the table of operations.
#pragma once

#include <string>
#include <vector>

#include "support/formulas.h"

namespace kernelops::testing {

/// Makes formulas over the variables of a Formulas.
class RandomFormula {
 public:
  struct Style {
    bool bounded = true;        // arguments stay in the domains of the rows, so that values compare
    bool discontinuous = true;  // with rows such as Sign
  };

  RandomFormula(Formulas& formulas, Random& random, Style style)
      : formulas_(formulas), random_(random), style_(style) {
    for (const OpDef& row : operations()) {
      if (row.kind == OpKind::differential) continue;
      if (!style.discontinuous && is_discontinuous(row)) continue;
      rows_.push_back(&row);
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
    std::vector<Expr> arguments;
    std::vector<std::int64_t> parameters;
    for (int a = 0; a < row.arguments; ++a) {
      Expr argument = any(depth - 1);
      const bool alike = row.dimension.empty() && integer_from(random_, 0, 3) > 0;
      if (a > 0 && alike) argument = fit(argument, arguments[0]->dimension, depth);
      if (style_.bounded) argument = squash(argument, domain_of(row, static_cast<std::size_t>(a)));
      arguments.push_back(argument);
    }
    const std::int64_t most = arguments[0]->dimension + 3;
    const bool integer_power = row.kind == OpKind::elementwise;
    for (std::size_t p = 0; p < row.parameters.size(); ++p) {
      parameters.push_back(integer_power ? integer_from(random_, -3, 3)
                                         : integer_from(random_, 0, most));
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

  // Through the text, because composites exist only there.
  Expr call(const OpDef& row, const std::vector<Expr>& arguments,
            const std::vector<std::int64_t>& parameters) {
    Scope scope;
    std::vector<std::string> texts;
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      scope.formulas[argument_name(a)] = arguments[a];
      texts.push_back(argument_name(a));
    }
    for (const std::int64_t parameter : parameters) texts.push_back(std::to_string(parameter));
    std::string text = row.name + "(";
    for (std::size_t t = 0; t < texts.size(); ++t) text += (t > 0 ? ", " : "") + texts[t];
    try {
      return build_formula(formulas_.graph, text + ")", scope);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dimension) << error.what();
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

  // Smoothly into the domain.
  Expr squash(Expr x, const Domain& domain) {
    Scope scope;
    scope.formulas["x"] = x;
    scope.formulas["low"] = formulas_.graph.constant(domain.low);
    scope.formulas["half"] = formulas_.graph.constant((domain.high - domain.low) / 2);
    return build_formula(formulas_.graph, "low + half * (1 + x * Rsqrt(1 + Square(x)))", scope);
  }

  Formulas& formulas_;
  Random& random_;
  Style style_;
  std::vector<const OpDef*> rows_;
};

}  // namespace kernelops::testing
