#include "core/ir/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/support/bits.h"
#include "core/support/error.h"
#include "core/support/int_expr.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Far above any use, and small enough that no product of two dimensions overflows.
constexpr std::int64_t kLargestDimension = 1 << 28;

std::string dimensions_text(const std::vector<Expr>& arguments) {
  std::vector<std::string> texts;
  for (Expr argument : arguments) texts.push_back(std::to_string(argument->dimension));
  return listed(texts, "and");
}

Error dimension_error(const OpDef& op, const std::vector<Expr>& arguments,
                      const std::string& problem) {
  return Error(ErrorKind::dimension,
               op.name + ": " + problem + "; its argument" + (arguments.size() == 1 ? "" : "s") +
                   (arguments.size() == 1 ? " has dimension " : " have dimensions ") +
                   dimensions_text(arguments),
               {{"operation", op.name}, {"dimensions", dimensions_text(arguments)}});
}

std::int64_t broadcast_dimension(const OpDef& op, const std::vector<Expr>& arguments) {
  std::int64_t common = 1;
  for (Expr argument : arguments) {
    if (argument->dimension == 1) continue;
    if (common != 1 && common != argument->dimension) {
      throw dimension_error(op, arguments, "dimensions must be equal, or 1");
    }
    common = argument->dimension;
  }
  return common;
}

std::int64_t result_dimension(const OpDef& op, const std::vector<Expr>& arguments,
                              const std::vector<std::int64_t>& parameters) {
  const IntScope scope = [&](std::string_view name) {
    return lookup_in_row(op, arguments, parameters, name);
  };
  for (const auto& [condition, message] : op.requirements) {
    if (evaluate_int(condition, scope) == 0) throw dimension_error(op, arguments, message);
  }
  const std::int64_t dimension =
      op.dimension.empty() ? broadcast_dimension(op, arguments) : evaluate_int(op.dimension, scope);
  if (dimension < 1 || dimension > kLargestDimension) {
    throw dimension_error(op, arguments,
                          "the result would have dimension " + std::to_string(dimension));
  }
  return dimension;
}

}  // namespace

Category opposite(Category category) { return category == Category::i ? Category::j : Category::i; }

std::string category_name(Category category) {
  switch (category) {
    case Category::i:
      return "i";
    case Category::j:
      return "j";
    case Category::parameter:
      break;
  }
  return "parameter";
}

Dependence dependence_of(Category category) {
  switch (category) {
    case Category::i:
      return kDependsOnI;
    case Category::j:
      return kDependsOnJ;
    case Category::parameter:
      break;
  }
  return kDependsOnParameter;
}

std::optional<std::int64_t> lookup_in_row(const OpDef& op, const std::vector<Expr>& arguments,
                                          const std::vector<std::int64_t>& parameters,
                                          std::string_view name) {
  for (std::size_t p = 0; p < op.parameters.size(); ++p) {
    if (name == op.parameters[p]) return parameters[p];
  }
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    if (name == "dim(" + argument_name(a) + ")") return arguments[a]->dimension;
  }
  return std::nullopt;
}

Expr Graph::intern(Node node) {
  const void* row = node.op != nullptr ? static_cast<const void*>(node.op)
                                       : static_cast<const void*>(node.reduction);
  const int place = static_cast<int>(node.category) * (1 << 24) + node.variable.position;
  Key key(node.kind, row, place, node.dimension, bits_of(node.value), node.variable.name,
          node.arguments, node.parameters);
  const auto found = nodes_.find(key);
  if (found != nodes_.end()) return found->second.get();
  node.id = static_cast<int>(nodes_.size());
  return nodes_.emplace(std::move(key), std::make_unique<Node>(std::move(node)))
      .first->second.get();
}

Expr Graph::constant(double value) {
  Node node{};
  node.kind = NodeKind::constant;
  node.dimension = 1;
  node.value = value;
  return intern(std::move(node));
}

Expr Graph::zero(std::int64_t dimension) {
  if (dimension == 1) return constant(0);
  if (dimension < 1 || dimension > kLargestDimension) {
    throw Error(ErrorKind::dimension,
                "Zero: the dimension must be at least 1, not " + std::to_string(dimension));
  }
  Node node{};
  node.kind = NodeKind::zero;
  node.dimension = dimension;
  return intern(std::move(node));
}

Expr Graph::variable(const Variable& variable) {
  if (variable.dimension < 1 || variable.dimension > kLargestDimension) {
    throw Error(ErrorKind::dimension, "the dimension of `" + variable.name +
                                          "` must be at least 1, not " +
                                          std::to_string(variable.dimension));
  }
  Node node{};
  node.kind = NodeKind::variable;
  node.dimension = variable.dimension;
  node.category = variable.category;
  node.dependence = dependence_of(variable.category);
  node.variable = variable;
  return intern(std::move(node));
}

Expr Graph::apply(const OpDef& op, std::vector<Expr> arguments,
                  std::vector<std::int64_t> parameters) {
  KERNELOPS_CHECK(static_cast<int>(arguments.size()) == op.arguments);
  KERNELOPS_CHECK(parameters.size() == op.parameters.size());
  KERNELOPS_CHECK(op.kind != OpKind::composite);
  Node node{};
  node.kind = NodeKind::operation;
  node.op = &op;
  node.dimension = result_dimension(op, arguments, parameters);
  for (Expr argument : arguments) node.dependence |= argument->dependence;
  node.arguments = std::move(arguments);
  node.parameters = std::move(parameters);
  return intern(std::move(node));
}

Expr Graph::reduce(const ReductionDef& reduction, Expr formula, Category category) {
  if (reduction.scalar_only && formula->dimension != 1) {
    throw Error(ErrorKind::dimension,
                reduction.name +
                    "_Reduction: the formula must have dimension 1; it has dimension " +
                    std::to_string(formula->dimension),
                {{"operation", reduction.name + "_Reduction"},
                 {"dimensions", std::to_string(formula->dimension)}});
  }
  if (category == Category::parameter && reduction.output == StateType::index) {
    throw Error(ErrorKind::unsupported,
                reduction.name +
                    "_Reduction: a row number needs one reduced side; the last argument must be 0 "
                    "or 1, not 2");
  }
  Node node{};
  node.kind = NodeKind::reduction;
  node.reduction = &reduction;
  node.category = category;
  node.dimension = formula->dimension;
  node.dependence = dependence_of(category);
  node.arguments = {formula};
  return intern(std::move(node));
}

namespace {

std::vector<Expr> reachable(const std::vector<Expr>& roots, bool through_reductions) {
  std::set<Expr> seen;
  std::vector<Expr> pending = roots;
  std::vector<Expr> out;
  while (!pending.empty()) {
    const Expr node = pending.back();
    pending.pop_back();
    if (!seen.insert(node).second) continue;
    out.push_back(node);
    if (node->kind == NodeKind::reduction && !through_reductions) continue;
    pending.insert(pending.end(), node->arguments.begin(), node->arguments.end());
  }
  std::sort(out.begin(), out.end(), [](Expr a, Expr b) { return a->id < b->id; });
  return out;
}

}  // namespace

std::vector<Expr> topological(const std::vector<Expr>& roots) { return reachable(roots, true); }

std::vector<Expr> formula_nodes(Expr formula) { return reachable({formula}, false); }

Expr with_arguments(Graph& graph, Expr node, std::vector<Expr> arguments) {
  if (node->arguments == arguments) return node;
  if (node->kind == NodeKind::reduction) {
    return graph.reduce(*node->reduction, arguments.front(), node->category);
  }
  return graph.apply(*node->op, std::move(arguments), node->parameters);
}

}  // namespace kernelops
