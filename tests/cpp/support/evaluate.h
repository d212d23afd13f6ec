// The meaning of formulas, as plainly as it can be said: one component of one pair at a time, in
// double. It reads only the rows and the semantics of ir/graph.h, and is the oracle of the tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/support/int_expr.h"
#include "support/formulas.h"
#include "support/reduced.h"

namespace kernelops::testing {

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

  /// Whether a formula has finite components at the pair (i, j).
  bool is_finite(Expr formula, std::int64_t i, std::int64_t j) {
    const std::vector<double> components = at(formula, i, j);
    return std::all_of(components.begin(), components.end(),
                       [](double component) { return std::isfinite(component); });
  }

  /// The values among the results of a reduction, or of a formula of reductions and variables, with
  /// a row for each row of `category`.
  Table result(Expr root, Category category) {
    Table out(sizes_.of(category), root->dimension);
    for (std::int64_t row = 0; row < out.rows; ++row) {
      const std::vector<double> components =
          at(root, category == Category::i ? row : 0, category == Category::j ? row : 0);
      for (std::int64_t k = 0; k < out.dimension; ++k) {
        out.at(row, k) = components[static_cast<std::size_t>(k)];
      }
    }
    return out;
  }

  /// What a reduction is where it stands in a formula: its values, or its row numbers from 0 on
  /// with -1 for none if it has nothing else.
  Reduced reduce(Expr reduction) {
    std::vector<Reduced> all = outputs(reduction);
    const std::int64_t rows = all[0].result.rows;
    Reduced out{Table(rows, reduction->dimension), Table(rows, reduction->dimension)};
    std::int64_t first = 0;
    for (std::size_t output = 0; output < all.size(); ++output) {
      const bool is_index = reduction->reduction->outputs[output].type == StateType::index;
      if (is_index != reduction->reduction->is_index()) continue;
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t k = 0; k < all[output].result.dimension; ++k) {
          out.result.at(row, first + k) = all[output].result.at(row, k);
          out.magnitude.at(row, first + k) = all[output].magnitude.at(row, k);
        }
      }
      first += all[output].result.dimension;
    }
    return out;
  }

  /// Every output of a reduction.
  std::vector<Reduced> outputs(Expr reduction) {
    const std::int64_t rows = sizes_.of(reduction->category);
    const ReductionDef& row = *reduction->reduction;
    if (row.selects) return {selected_sum(reduction)};
    std::vector<Reduced> out;
    for (std::size_t output = 0; output < row.outputs.size(); ++output) {
      const std::int64_t dimension = output_dimension(reduction, output);
      out.push_back({Table(rows, dimension), Table(rows, dimension)});
    }
    const std::int64_t rank = rank_of(reduction);
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::vector<Gathered> all = gathered(reduction, r);
      for (std::size_t output = 0; output < out.size(); ++output) {
        for (std::int64_t k = 0; k < out[output].result.dimension; ++k) {
          const Gathered& g = all[static_cast<std::size_t>(k / rank)];
          out[output].result.at(r, k) =
              reduced(row.name, g)[output][static_cast<std::size_t>(k % rank)];
          out[output].magnitude.at(r, k) = magnitude_of(row.name, g);
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

  // The values of each component for a row of the result.
  std::vector<Gathered> gathered(Expr reduction, std::int64_t row) {
    std::vector<Gathered> out(static_cast<std::size_t>(reduced_dimension(reduction)));
    const bool weighted = reduction->reduction->weighted;
    for_pairs(reduction->category, row, [&](std::int64_t i, std::int64_t j) {
      const std::vector<double> values = at(reduction->arguments[0], i, j);
      const std::vector<double> weights =
          weighted ? at(reduction->arguments[1], i, j) : std::vector<double>();
      for (std::size_t k = 0; k < out.size(); ++k) {
        out[k].values.push_back(values[values.size() == 1 ? 0 : k]);
        if (weighted) out[k].weights.push_back(weights[weights.size() == 1 ? 0 : k]);
      }
    });
    for (Gathered& each : out) each.rank = rank_of(reduction);
    return out;
  }

  Reduced selected_sum(Expr reduction) {
    const Expr formula = reduction->arguments[0];
    const Expr index = reduction->arguments[1];
    const Table numbers = leaf(index);
    const Table none(sizes_.of(reduction->category), formula->dimension);
    Reduced out{none, none};
    for (std::int64_t r = 0; r < numbers.rows; ++r) {
      for (std::int64_t entry = 0; entry < numbers.dimension; ++entry) {
        if (numbers.at(r, entry) < 0) continue;
        const auto number = static_cast<std::int64_t>(numbers.at(r, entry));
        const std::int64_t i = index->category == Category::i ? r : number;
        const std::int64_t j = index->category == Category::i ? number : r;
        entry_ = entry;
        const std::vector<double> components = at(formula, i, j);
        const std::int64_t row = row_of(reduction->category, i, j);
        for (std::int64_t k = 0; k < formula->dimension; ++k) {
          const double value = components[static_cast<std::size_t>(k)];
          out.result.at(row, k) += value;
          out.magnitude.at(row, k) += std::fabs(value);
        }
      }
    }
    return out;
  }

  static std::int64_t row_of(Category category, std::int64_t i, std::int64_t j) {
    return category == Category::i ? i : category == Category::j ? j : 0;
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
        const std::int64_t row = row_of(node->category, i, j);
        for (std::int64_t k = 0; k < node->dimension; ++k) {
          out[static_cast<std::size_t>(k)] = table.at(row, k);
        }
        return;
      }
      case NodeKind::row_number:
        out[0] = static_cast<double>(row_of(node->category, i, j) + 1);
        return;
      case NodeKind::row_count:
        out[0] = static_cast<double>(sizes_.of(node->category));
        return;
      case NodeKind::entry_number:
        out[0] = static_cast<double>(entry_);
        return;
      case NodeKind::operation:
        break;
    }
    if (node->op->kind == OpKind::elementwise) return elementwise(node, &out);
    if (node->op->kind == OpKind::opaque) return opaque(node, &out);
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

  void opaque(Expr node, std::vector<double>* out) {
    std::vector<const double*> pointers;
    std::vector<std::int64_t> dimensions;
    for (Expr argument : node->arguments) {
      pointers.push_back(components_.at(argument).data());
      dimensions.push_back(argument->dimension);
    }
    node->op->opaque.float64(pointers.data(), dimensions.data(), out->data(), node->dimension, 1);
  }

  Values values_;
  Sizes sizes_;
  std::int64_t entry_ = 0;  // of the selection
  std::map<Expr, std::vector<double>> components_;
  std::map<Expr, std::vector<Expr>> nodes_;
  std::map<Expr, Sources> sources_;
};

}  // namespace kernelops::testing
