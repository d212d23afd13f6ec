#include "core/support/small_code.h"

#include "core/transform/sweep.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops {

namespace {

Error no_derivative(const OpDef& row, std::size_t argument) {
  std::string message = "`" + row.name + "` has no derivative";
  const bool in_none = std::all_of(row.gradient.begin(), row.gradient.end(),
                                   [](const std::string& text) { return text.empty(); });
  if (!in_none) message += " in its argument " + argument_name(argument);
  return Error(ErrorKind::unsupported, message,
               {{"operation", row.name}, {"argument", argument_name(argument)}});
}

class Sweep {
 public:
  /// With `dimension`, of operations between vectors of this dimension only, and without adding up
  /// what a scalar is used for.
  Sweep(Graph& graph, const std::set<Expr>& active, std::int64_t dimension = 0)
      : graph_(graph), active_(active), dimension_(dimension) {}

  std::vector<Adjoint> run(const std::vector<Adjoint>& seeds) {
    std::set<Expr, ById> nodes;
    for (const auto& [formula, adjoint] : seeds) {
      for (Expr node : formula_nodes(formula)) nodes.insert(node);
      contribute(formula, adjoint);
    }
    std::vector<Adjoint> leaves;
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
      const auto found = adjoints_.find(*it);
      if (found == adjoints_.end()) continue;
      if (is_inner(*it)) {
        hand_down(*it, found->second);
      } else {
        leaves.push_back(*found);
      }
    }
    return leaves;
  }

 private:
  bool is_inner(Expr node) const {
    if (node->kind != NodeKind::operation || dimension_ == 0) {
      return node->kind == NodeKind::operation;
    }
    return node->op->kind == OpKind::elementwise && node->dimension == dimension_;
  }

  void contribute(Expr node, Expr part) {
    if (active_.count(node) == 0) return;
    const std::int64_t dimension = dimension_ == 0 ? node->dimension : dimension_;
    Expr& adjoint = adjoints_[node];
    adjoint = added(graph_, adjoint, shaped_adjoint(graph_, part, dimension));
  }

  void hand_down(Expr node, Expr g) {
    const std::vector<std::string>& texts = node->op->gradient;
    Scope scope = row_scope(*node->op, node->arguments, node->parameters);
    scope.formulas.emplace("g", g);
    scope.formulas.emplace("out", node);
    for (std::size_t a = 0; a < node->arguments.size(); ++a) {
      if (active_.count(node->arguments[a]) == 0) continue;
      if (a >= texts.size() || texts[a].empty()) throw no_derivative(*node->op, a);
      if (texts[a] == "0") continue;
      contribute(node->arguments[a], build_definition(graph_, texts[a], scope));
    }
  }

  Graph& graph_;
  const std::set<Expr>& active_;
  std::int64_t dimension_;
  std::map<Expr, Expr> adjoints_;
};

}  // namespace

std::set<Expr> active_nodes(Expr root, Expr v) {
  std::set<Expr> active = {v};
  for (Expr node : topological({root})) {
    // Which entries are selected is piecewise constant.
    const bool selects = node->kind == NodeKind::reduction && node->reduction->selects;
    const std::size_t count = selects ? 1 : node->arguments.size();
    for (std::size_t a = 0; a < count; ++a) {
      if (active.count(node->arguments[a]) > 0) active.insert(node);
    }
  }
  return active;
}

std::vector<Adjoint> leaf_adjoints(Graph& graph, const std::vector<Adjoint>& seeds,
                                   const std::set<Expr>& active) {
  return Sweep(graph, active).run(seeds);
}

std::vector<Adjoint> trace_parts(Graph& graph, Expr f, Expr w, const std::set<Expr>& active) {
  return Sweep(graph, active, f->dimension).run({{f, w}});
}

Expr repeated_to(Graph& graph, Expr x, std::int64_t dimension) {
  if (x->dimension == dimension) return x;
  return graph.apply(operation("SumT"), {x}, {dimension});
}

Expr added(Graph& graph, Expr a, Expr b) {
  if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
  return graph.apply(operation("Add"), {a, b});
}

Expr shaped_adjoint(Graph& graph, Expr adjoint, std::int64_t dimension) {
  if (dimension != 1) return repeated_to(graph, adjoint, dimension);
  return adjoint->dimension == 1 ? adjoint : graph.apply(operation("Sum"), {adjoint});
}

}  // namespace kernelops
