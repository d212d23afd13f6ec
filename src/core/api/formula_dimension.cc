#include "core/api/formula_dimension.h"

#include "core/ir/graph.h"
#include "core/syntax/arguments.h"
#include "core/syntax/builder.h"

namespace kernelops {

std::int64_t formula_dimension(const std::string& formula,
                               const std::vector<std::string>& arguments) {
  Graph graph;
  Scope scope;
  for (const Variable& variable : parse_arguments(arguments)) {
    scope.formulas.emplace(variable.name, graph.variable(variable));
  }
  return build_formula(graph, formula, scope)->dimension;
}

}  // namespace kernelops
