#include "core/api/operator.h"

#include <algorithm>
#include <map>

#include "core/ir/print.h"
#include "core/lower/lower.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"
#include "core/transform/gradient.h"
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

Operator::Operator(const std::string& formula, const std::vector<std::string>& arguments) {
  std::map<int, Variable> by_position;
  Scope scope;
  for (const Variable& variable : parse_arguments(arguments)) {
    by_position.emplace(variable.position, variable);
    scope.formulas.emplace(variable.name, graph_.variable(variable));
  }
  scope.inline_variable = [&](int position, std::int64_t dimension, Category category) {
    return graph_.variable(inline_variable(by_position, position, dimension, category));
  };
  written_ = build_formula(graph_, formula, scope);
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
  validate_result(written_);
  expanded_ = expand_differentials(graph_, written_);
  result_ = regroup(graph_, simplify(graph_, expanded_));
  validate_expanded(result_);
  for (Expr inner : inner_reductions(result_)) passes_.push_back({inner, lower(inner)});
  passes_.push_back({result_, lower(result_)});
}

std::string written_formula(const Operator& op) { return print_formula(op.written()); }

}  // namespace kernelops
