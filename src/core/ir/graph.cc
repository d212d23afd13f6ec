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
  check_requirements(op, arguments, parameters);
  const std::int64_t dimension =
      op.dimension.empty() ? broadcast_dimension(op, arguments) : evaluate_int(op.dimension, scope);
  if (dimension < 1 || dimension > kLargestDimension) {
    throw dimension_error(op, arguments,
                          "the result would have dimension " + std::to_string(dimension));
  }
  return dimension;
}

bool is_permutation(std::vector<std::int64_t> elements) {
  std::sort(elements.begin(), elements.end());
  for (std::size_t e = 0; e < elements.size(); ++e) {
    if (elements[e] != static_cast<std::int64_t>(e)) return false;
  }
  return true;
}

// The value of "length(p)", "is_permutation(p)", "p[3]" or "find(p, 3)" for the list p.
std::optional<std::int64_t> lookup_in_list(const std::string& list,
                                           const std::vector<std::int64_t>& elements,
                                           std::string_view name) {
  if (name == "length(" + list + ")") return static_cast<std::int64_t>(elements.size());
  if (name == "is_permutation(" + list + ")") return is_permutation(elements);
  const auto number_after = [&](const std::string& start) -> std::optional<std::int64_t> {
    if (name.substr(0, start.size()) != start) return std::nullopt;
    return std::stoll(std::string(name.substr(start.size())));
  };
  if (const auto place = number_after(list + "[")) {
    if (*place < 0 || *place >= static_cast<std::int64_t>(elements.size())) return std::nullopt;
    return elements[static_cast<std::size_t>(*place)];
  }
  if (const auto value = number_after("find(" + list + ",")) {
    const auto found = std::find(elements.begin(), elements.end(), *value);
    return found == elements.end() ? -1 : found - elements.begin();
  }
  return std::nullopt;
}

// The number of elements that the parameters of a row must have: a list stands as its length and
// its elements.
bool parameters_fit(const OpDef& op, const std::vector<std::int64_t>& parameters) {
  std::size_t at = 0;
  for (const std::string& parameter : op.parameters) {
    if (at >= parameters.size()) return false;
    at += is_list_parameter(parameter) ? static_cast<std::size_t>(parameters[at]) + 1 : 1;
  }
  return at == parameters.size();
}

Error reduction_error(ErrorKind kind, const ReductionDef& row, const std::string& problem,
                      const std::string& dimensions) {
  return Error(kind, row.name + "_Reduction: " + problem,
               {{"operation", row.name + "_Reduction"}, {"dimensions", dimensions}});
}

}  // namespace

Error dimension_error(const OpDef& op, const std::vector<Expr>& arguments,
                      const std::string& problem) {
  return Error(
      ErrorKind::dimension,
      op.name + ": " + problem + "; its argument" + (arguments.size() == 1 ? "" : "s") +
          (arguments.size() == 1 ? " has dimension " : " have dimensions ") +
          dimensions_text(arguments),
      {{"operation", op.name}, {"dimensions", dimensions_text(arguments)}, {"problem", problem}});
}

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
  std::size_t at = 0;
  for (const std::string& parameter : op.parameters) {
    if (!is_list_parameter(parameter)) {
      if (name == parameter) return parameters[at];
      ++at;
      continue;
    }
    const auto length = static_cast<std::size_t>(parameters[at]);
    const auto first = parameters.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    if (const auto found = lookup_in_list(parameter_name(parameter), {first, last}, name)) {
      return found;
    }
    at += length + 1;
  }
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    if (name == "dim(" + argument_name(a) + ")") return arguments[a]->dimension;
  }
  return std::nullopt;
}

void check_requirements(const OpDef& op, const std::vector<Expr>& arguments,
                        const std::vector<std::int64_t>& parameters) {
  const IntScope scope = [&](std::string_view name) {
    return lookup_in_row(op, arguments, parameters, name);
  };
  for (const auto& [condition, message] : op.requirements) {
    if (evaluate_int(condition, scope) == 0) throw dimension_error(op, arguments, message);
  }
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
  KERNELOPS_CHECK(parameters_fit(op, parameters));
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

Expr Graph::row_number(Category category) {
  KERNELOPS_CHECK(category != Category::parameter);
  Node node{};
  node.kind = NodeKind::row_number;
  node.dimension = 1;
  node.category = category;
  node.dependence = dependence_of(category);
  return intern(std::move(node));
}

Expr Graph::row_count(Category category) {
  KERNELOPS_CHECK(category != Category::parameter);
  Node node{};
  node.kind = NodeKind::row_count;
  node.dimension = 1;
  node.category = category;
  node.dependence = kDependsOnParameter;
  return intern(std::move(node));
}

Expr Graph::entry_number() {
  Node node{};
  node.kind = NodeKind::entry_number;
  node.dimension = 1;
  node.category = Category::parameter;
  node.dependence = kDependsOnI | kDependsOnJ;
  return intern(std::move(node));
}

Expr Graph::reduce(const ReductionDef& reduction, std::vector<Expr> arguments, Category category,
                   std::vector<std::int64_t> parameters) {
  KERNELOPS_CHECK(arguments.size() == (reduction.weighted || reduction.selects ? 2u : 1u));
  KERNELOPS_CHECK(parameters.size() == (reduction.ranked ? 1u : 0u));
  std::string dimensions = dimensions_text(arguments);
  if (reduction.weighted && arguments[0]->dimension != 1 && arguments[1]->dimension != 1 &&
      arguments[0]->dimension != arguments[1]->dimension) {
    throw reduction_error(ErrorKind::dimension, reduction,
                          "the dimensions of the formula and of the weight must be equal, or 1; "
                          "they are " +
                              dimensions,
                          dimensions);
  }
  if (reduction.ranked) {
    const std::int64_t rank = parameters[0];
    if (rank < 1 || rank * arguments[0]->dimension > kLargestDimension) {
      throw reduction_error(ErrorKind::argument, reduction,
                            "K must be at least 1, and K times the dimension at most " +
                                std::to_string(kLargestDimension) + "; K is " +
                                std::to_string(rank),
                            dimensions);
    }
  }
  bool numbers_rows = reduction.ranked;
  for (const ReductionOutput& output : reduction.outputs) {
    numbers_rows = numbers_rows || output.type == StateType::index;
  }
  if (category == Category::parameter && numbers_rows) {
    throw reduction_error(ErrorKind::unsupported, reduction,
                          std::string(reduction.ranked ? "the K best need" : "a row number needs") +
                              " one reduced side; the last argument must be 0 or 1, not 2",
                          dimensions);
  }
  Node node{};
  node.kind = NodeKind::reduction;
  node.reduction = &reduction;
  node.category = category;
  node.dependence = dependence_of(category);
  node.arguments = std::move(arguments);
  node.parameters = std::move(parameters);
  for (std::size_t output = 0; output < reduction.outputs.size(); ++output) {
    const bool is_index = reduction.outputs[output].type == StateType::index;
    if (is_index == reduction.is_index()) node.dimension += output_dimension(&node, output);
  }
  return intern(std::move(node));
}

std::int64_t rank_of(Expr reduction) {
  return reduction->reduction->ranked ? reduction->parameters[0] : 1;
}

std::int64_t output_dimension(Expr reduction, std::size_t output) {
  const bool of_shared = reduction->reduction->outputs[output].of_shared;
  const std::int64_t components =
      of_shared ? reduction->arguments[0]->dimension : reduced_dimension(reduction);
  return components * rank_of(reduction);
}

std::int64_t reduced_dimension(Expr reduction) {
  const std::int64_t formula = reduction->arguments[0]->dimension;
  return reduction->reduction->weighted ? std::max(formula, reduction->arguments[1]->dimension)
                                        : formula;
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
  std::sort(out.begin(), out.end(), ById());
  return out;
}

}  // namespace

std::vector<Expr> topological(const std::vector<Expr>& roots) { return reachable(roots, true); }

bool depends_on(Expr root, Expr node) {
  const std::vector<Expr> nodes = topological({root});
  return std::binary_search(nodes.begin(), nodes.end(), node, ById());
}

std::vector<Expr> formula_nodes(Expr formula) { return reachable({formula}, false); }

Expr with_arguments(Graph& graph, Expr node, std::vector<Expr> arguments) {
  if (node->arguments == arguments) return node;
  if (node->kind == NodeKind::reduction) {
    return graph.reduce(*node->reduction, std::move(arguments), node->category, node->parameters);
  }
  return graph.apply(*node->op, std::move(arguments), node->parameters);
}

}  // namespace kernelops
