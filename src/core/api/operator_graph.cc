#include "core/api/operator_graph.h"

#include <algorithm>
#include <map>

#include "core/ir/print.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string stage_of(Expr node) {
  const bool on_i = (node->dependence & kDependsOnI) != 0;
  const bool on_j = (node->dependence & kDependsOnJ) != 0;
  if (on_i && on_j) return "pair";
  if (on_i) return category_name(Category::i);
  if (on_j) return category_name(Category::j);
  // How many rows there are is known as early as a parameter.
  const bool given = (node->dependence & kDependsOnParameter) != 0;
  return given || node->kind == NodeKind::row_count || node->kind == NodeKind::reduction
             ? category_name(Category::parameter)
             : "constant";
}

// "Sum over j", "KMin(3) over j".
std::string reduction_label(Expr node) {
  std::string sides = category_name(opposite(node->category));
  if (node->category == Category::parameter) {
    sides = category_name(Category::i) + " and " + category_name(Category::j);
  }
  const bool ranked = node->reduction->ranked;
  return node->reduction->name + (ranked ? "(" + std::to_string(rank_of(node)) + ")" : "") +
         " over " + sides;
}

std::string label_of(Expr node) {
  if (node->kind == NodeKind::reduction) return reduction_label(node);
  if (node->kind != NodeKind::operation) return print_formula(node);
  if (!node->op->infix.symbol.empty()) return node->op->infix.symbol;
  const std::vector<std::string> parameters = parameter_texts(*node->op, node->parameters);
  return node->op->name + (parameters.empty() ? "" : "(" + join(parameters, ", ") + ")");
}

std::string kind_of(Expr node) {
  switch (node->kind) {
    case NodeKind::operation:
      return "operation";
    case NodeKind::reduction:
      return "reduction";
    case NodeKind::constant:
    case NodeKind::zero:
      return "constant";
    default:
      return "variable";
  }
}

}  // namespace

OperatorGraph operator_graph(const Operator& op) {
  OperatorGraph out;
  std::map<Expr, std::size_t> places;
  for (Expr node : topological(op.results())) {
    const std::size_t place = out.nodes.size();
    for (std::size_t a = 0; a < node->arguments.size(); ++a) {
      out.edges.push_back({places.at(node->arguments[a]), place, a});
    }
    places[node] = place;
    GraphNode row;
    row.label = label_of(node);
    row.kind = kind_of(node);
    row.stage = stage_of(node);
    row.dimension = node->dimension;
    row.commutative = node->kind == NodeKind::operation && node->op->commutative;
    row.result = std::count(op.results().begin(), op.results().end(), node) > 0;
    out.nodes.push_back(row);
  }
  return out;
}

}  // namespace kernelops
