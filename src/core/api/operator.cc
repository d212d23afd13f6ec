#include "core/api/operator.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/ir/print.h"
#include "core/lower/lower.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"
#include "core/transform/differential.h"
#include "core/transform/regroup.h"
#include "core/transform/simplify.h"
#include "core/transform/validate.h"

namespace kernelops {

namespace {

// A name for the variable at a position that no declared variable has.
std::string new_name(const std::map<int, Variable>& by_position, int position) {
  std::string name = "V" + std::to_string(position);
  const auto taken = [&](const auto& each) { return each.second.name == name; };
  while (std::any_of(by_position.begin(), by_position.end(), taken)) name += "_";
  return name;
}

// The variable at a position that a formula names by Var, Vi, Vj or Pm; new ones are added.
const Variable& inline_variable(std::map<int, Variable>& by_position, int position,
                                std::int64_t dimension, Category category) {
  Variable variable{new_name(by_position, position), position, category, dimension};
  const Variable& known = by_position.emplace(position, variable).first->second;
  if (known.dimension != dimension || known.category != category) {
    throw Error(ErrorKind::argument,
                "position " + std::to_string(position) + " is `" + known.name + " = " +
                    category_keyword(known.category) + "(" + std::to_string(known.dimension) +
                    ")`, but the formula uses it as " + category_keyword(category) + "(" +
                    std::to_string(dimension) + ")",
                {{"argument", known.name}});
  }
  return known;
}

}  // namespace

void Operator::read(const OperatorText& text) {
  std::map<int, Variable> by_position;
  Scope scope;
  for (const Variable& variable : parse_arguments(text.arguments)) {
    by_position.emplace(variable.position, variable);
    scope.formulas.emplace(variable.name, graph_.variable(variable));
  }
  scope.inline_variable = [&](int position, std::int64_t dimension, Category category) {
    return graph_.variable(inline_variable(by_position, position, dimension, category));
  };
  for (const std::string& formula : text.formulas) {
    written_.push_back(build_formula(graph_, formula, scope));
  }
  for (const auto& [position, variable] : by_position) {
    if (position != static_cast<int>(variables_.size())) {
      throw Error(
          ErrorKind::argument,
          "the positions of the variables must be 0, 1, 2, ...; there is none at position " +
              std::to_string(variables_.size()),
          {{"argument", "args"}});
    }
    variables_.push_back(variable);
  }
}

Operator::Operator(const OperatorText& text) : text_(text) {
  KERNELOPS_CHECK(!text.formulas.empty() && text.names.size() == text.formulas.size());
  read(text);
  for (Expr formula : written_) {
    Category category = Category::parameter;
    validate_result(formula);
    is_result(formula, &category);
    categories_.push_back(category);
    expanded_.push_back(expand_differentials(graph_, formula));
    results_.push_back(simplify(graph_, expanded_.back()));
  }
  results_ = regroup(graph_, results_);
  for (Expr result : results_) validate_expanded(result);
  make_arrays(text);
  make_passes(text.scheme);
}

void Operator::make_arrays(const OperatorText& text) {
  for (std::size_t f = 0; f < results_.size(); ++f) {
    const Expr result = results_[f];
    if (result->kind != NodeKind::reduction) {
      arrays_.push_back({text.names[f], f, 0, 1, result->dimension});
      continue;
    }
    const auto& outputs = result->reduction->outputs;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const std::int64_t rank = rank_of(result);
      arrays_.push_back({outputs.size() > 1 ? outputs[k].name : text.names[f], f, k, rank,
                         output_dimension(result, k) / rank, outputs[k].type, outputs[k].logical});
    }
  }
}

void Operator::make_passes(SumScheme scheme) {
  // Reductions that need the same number of passes before them, and reduce the same side, meet the
  // pairs together.
  std::map<Expr, int> levels;
  std::map<std::pair<int, Category>, std::vector<Expr>> together;
  std::map<int, std::vector<Expr>> selections;
  for (Expr node : topological(results_)) {
    if (node->kind != NodeKind::reduction) continue;
    int level = 0;
    for (Expr inner : inner_reductions(node)) {
      level = std::max(level, levels.at(inner) + 1);
      inner_.insert(inner);
    }
    levels[node] = level;
    if (node->reduction->selects) {
      selections[level].push_back(node);
    } else {
      together[{level, node->category}].push_back(node);
    }
  }
  std::map<int, std::vector<Pass>> by_level;
  for (auto& [key, nodes] : together) {
    Program program = lower(nodes, scheme);
    by_level[key.first].push_back({std::move(nodes), std::move(program)});
  }
  for (auto& [level, nodes] : selections) {
    for (Expr node : nodes) by_level[level].push_back({{node}, lower_selection(node)});
  }
  for (auto& [level, passes] : by_level) {
    for (Pass& pass : passes) passes_.push_back(std::move(pass));
  }
  std::set<Expr> computed;
  for (std::size_t f = 0; f < results_.size(); ++f) {
    const Expr result = results_[f];
    if (result->kind == NodeKind::reduction || !computed.insert(result).second) continue;
    for (Expr inner : inner_reductions(result)) inner_.insert(inner);
    passes_.push_back({{result}, lower_rows(result, categories_[f])});
  }
}

std::vector<std::string> written_formulas(const Operator& op) {
  constexpr double kLongestText = 1e5;
  std::vector<std::string> out;
  for (std::size_t f = 0; f < op.written().size(); ++f) {
    const Expr formula = op.written()[f];
    out.push_back(formula_length(formula) <= kLongestText ? print_formula(formula)
                                                          : op.text().formulas[f]);
  }
  return out;
}

}  // namespace kernelops
