// The meaning of formulas, as plainly as it can be said: one component of one pair at a time, in
// double. It reads only the rows and the semantics of ir/graph.h, and is the oracle of the tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/support/int_expr.h"
#include "support/formulas.h"

namespace kernelops::testing {

/// What a reduction makes of all its values in order; rows are numbered from 0, -1 is none.
inline double reduced_value(const std::string& name, const std::vector<double>& values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto extremum = [&](double sign) {
    std::int64_t at = -1;
    for (std::size_t n = 0; n < values.size(); ++n) {
      if (std::isnan(values[n])) continue;
      if (at < 0 || sign * values[n] > sign * values[static_cast<std::size_t>(at)]) {
        at = static_cast<std::int64_t>(n);
      }
    }
    return at;
  };
  const auto best = [&](double sign) {
    const std::int64_t at = extremum(sign);
    return at < 0 ? -sign * kInfinity : values[static_cast<std::size_t>(at)];
  };
  if (name == "Sum") {
    long double sum = 0;
    for (const double value : values) sum += value;
    return static_cast<double>(sum);
  }
  if (name == "LogSumExp") {
    long double sum = 0;
    const double most = best(1);
    for (const double value : values) {
      if (std::isnan(value)) return value;
      sum += std::isinf(most) ? 0 : std::exp(static_cast<long double>(value) - most);
    }
    return std::isinf(most) ? most : static_cast<double>(most + std::log(sum));
  }
  if (name == "Max") return best(1);
  if (name == "Min") return best(-1);
  if (name == "ArgMax") return static_cast<double>(extremum(1));
  if (name == "ArgMin") return static_cast<double>(extremum(-1));
  throw std::logic_error("the reduction " + name + " has no reference in tests");
}

/// A reduction's result, and how large the numbers were that it was made of.
struct Reduced {
  Table result;
  Table magnitude;
};

class Evaluator {
 public:
  Evaluator(Values values, Sizes sizes) : values_(std::move(values)), sizes_(sizes) {}

  /// The components of a formula at the pair (i, j).
  std::vector<double> at(Expr formula, std::int64_t i, std::int64_t j) {
    for (Expr node : nodes(formula)) compute(node, i, j);
    return components_.at(formula);
  }

  Reduced reduce(Expr reduction) {
    const Expr formula = reduction->arguments[0];
    const std::int64_t rows = sizes_.of(reduction->category);
    Reduced out{Table(rows, formula->dimension), Table(rows, formula->dimension)};
    for (std::int64_t row = 0; row < rows; ++row) {
      std::vector<std::vector<double>> values(static_cast<std::size_t>(formula->dimension));
      for_pairs(reduction->category, row, [&](std::int64_t i, std::int64_t j) {
        const std::vector<double> components = at(formula, i, j);
        for (std::size_t k = 0; k < components.size(); ++k) values[k].push_back(components[k]);
      });
      for (std::size_t k = 0; k < values.size(); ++k) {
        const auto component = static_cast<std::int64_t>(k);
        out.result.at(row, component) = reduced_value(reduction->reduction->name, values[k]);
        double& magnitude = out.magnitude.at(row, component);
        for (const double value : values[k]) {
          magnitude = reduction->reduction->name == "Sum" ? magnitude + std::fabs(value)
                                                          : std::max(magnitude, std::fabs(value));
        }
      }
    }
    return out;
  }

 private:
  // For each component, or each component and term, the argument (-1: zero) and its component.
  using Sources = std::vector<std::vector<std::pair<int, std::size_t>>>;

  template <class Body>
  void for_pairs(Category category, std::int64_t row, Body body) const {
    const bool all_i = category != Category::i;
    const bool all_j = category != Category::j;
    for (std::int64_t i = all_i ? 0 : row; i < (all_i ? sizes_.i : row + 1); ++i) {
      for (std::int64_t j = all_j ? 0 : row; j < (all_j ? sizes_.j : row + 1); ++j) body(i, j);
    }
  }

  const std::vector<Expr>& nodes(Expr formula) {
    const auto found = nodes_.find(formula);
    return found != nodes_.end() ? found->second : nodes_[formula] = formula_nodes(formula);
  }

  const Table& leaf(Expr node) {
    const auto found = values_.find(node);
    if (found != values_.end()) return found->second;
    // The nodes of the formula inside are computed anew.
    Evaluator inner(values_, sizes_);
    return values_[node] = inner.reduce(node).result;
  }

  const Sources& sources(Expr node) {
    const auto found = sources_.find(node);
    if (found != sources_.end()) return found->second;
    const auto number = [&](const std::string& text, std::int64_t k, std::int64_t l) {
      return evaluate_int(text, [&](std::string_view name) -> std::optional<std::int64_t> {
        if (name == "k") return k;
        if (name == "l") return l;
        return lookup_in_row(*node->op, node->arguments, node->parameters, name);
      });
    };
    const auto component = [&](std::size_t a, std::int64_t k, std::int64_t l) {
      const std::int64_t dimension = node->arguments[a]->dimension;
      const std::int64_t index = dimension == 1 ? 0 : number(node->op->index[a].index, k, l);
      if (index < 0 || index >= dimension) throw std::logic_error("an index map leaves its range");
      return std::make_pair(static_cast<int>(a), static_cast<std::size_t>(index));
    };
    Sources out(static_cast<std::size_t>(node->dimension));
    for (std::size_t k = 0; k < out.size(); ++k) {
      const auto position = static_cast<std::int64_t>(k);
      if (node->op->kind == OpKind::contraction) {
        for (std::int64_t l = 0; l < number(node->op->inner, position, 0); ++l) {
          for (std::size_t a = 0; a < node->arguments.size(); ++a) {
            out[k].push_back(component(a, position, l));
          }
        }
        continue;
      }
      for (std::size_t a = 0; a < node->arguments.size() && out[k].empty(); ++a) {
        if (number(node->op->index[a].where, position, 0) == 0) continue;
        out[k].push_back(component(a, position, 0));
      }
    }
    return sources_[node] = out;
  }

  void compute(Expr node, std::int64_t i, std::int64_t j) {
    std::vector<double>& out = components_[node];
    out.assign(static_cast<std::size_t>(node->dimension), 0);
    switch (node->kind) {
      case NodeKind::zero:
        return;
      case NodeKind::constant:
        out[0] = node->value;
        return;
      case NodeKind::variable:
      case NodeKind::reduction: {
        const Table& table = leaf(node);
        const std::int64_t row = node->category == Category::i   ? i
                                 : node->category == Category::j ? j
                                                                 : 0;
        for (std::int64_t k = 0; k < node->dimension; ++k) {
          out[static_cast<std::size_t>(k)] = table.at(row, k);
        }
        return;
      }
      case NodeKind::operation:
        break;
    }
    if (node->op->kind == OpKind::elementwise) return elementwise(node, &out);
    if (node->op->kind != OpKind::contraction && node->op->kind != OpKind::indexing) {
      throw std::logic_error(node->op->name + " cannot be evaluated");
    }
    const Sources& from = sources(node);
    const std::size_t factors = node->op->kind == OpKind::indexing ? 1 : node->arguments.size();
    for (std::size_t k = 0; k < out.size(); ++k) {
      for (std::size_t term = 0; term < from[k].size(); term += factors) {
        double product = 1;
        for (std::size_t f = term; f < term + factors; ++f) {
          const auto& [argument, component] = from[k][f];
          const double factor =
              components_.at(node->arguments[static_cast<std::size_t>(argument)])[component];
          product = f == term ? factor : product * factor;
        }
        // Zeros keep their sign.
        out[k] = term == 0 ? product : out[k] + product;
      }
    }
  }

  void elementwise(Expr node, std::vector<double>* out) {
    std::vector<std::vector<double>> broadcast;
    std::vector<const double*> pointers;
    for (Expr argument : node->arguments) {
      broadcast.push_back(components_.at(argument));
      if (broadcast.back().size() == 1) broadcast.back().assign(out->size(), broadcast.back()[0]);
    }
    for (const auto& each : broadcast) pointers.push_back(each.data());
    node->op->code.float64(pointers.data(), node->parameters.data(), out->data(), out->size());
  }

  Values values_;
  Sizes sizes_;
  std::map<Expr, std::vector<double>> components_;
  std::map<Expr, std::vector<Expr>> nodes_;
  std::map<Expr, Sources> sources_;
};

}  // namespace kernelops::testing
