// Every reduction of the table, of formulas that depend on both sides.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/formulas.h"
#include "support/passes.h"

namespace kernelops::testing {

/// Formulas F, f and weights W, w, of dimension d and 1, that depend on both sides.
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

/// Every reduction that can be indexed by `category`, of those formulas.
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

}  // namespace kernelops::testing
