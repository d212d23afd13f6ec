#include "core/transform/gradient.h"

#include <map>
#include <set>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops {

namespace {

std::set<Expr> nodes_depending_on(Expr root, Expr v) {
  std::set<Expr> active = {v};
  for (Expr node : topological({root})) {
    for (Expr argument : node->arguments) {
      if (active.count(argument) > 0) active.insert(node);
    }
  }
  return active;
}

// The adjoints that one formula hands to the leaves that depend on v: v itself and inner
// reductions.
struct LeafAdjoints {
  Expr variable = nullptr;
  std::vector<std::pair<Expr, Expr>> reductions;
};

class Sweep {
 public:
  Sweep(Graph& graph, Expr v) : graph_(graph), v_(v) {}

  LeafAdjoints run(Expr f, Expr e) {
    if (e->dimension != f->dimension) {
      e = graph_.apply(operation("SumT"), {e}, {f->dimension});
    }
    const std::set<Expr> active = nodes_depending_on(f, v_);
    const std::vector<Expr> nodes = formula_nodes(f);
    adjoints_[f] = e;
    LeafAdjoints out;
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
      const Expr node = *it;
      const auto adjoint = adjoints_.find(node);
      if (adjoint == adjoints_.end() || active.count(node) == 0) continue;
      if (node == v_) {
        out.variable = adjoint->second;
      } else if (node->kind == NodeKind::reduction) {
        out.reductions.emplace_back(node, adjoint->second);
      } else {
        hand_down(node, adjoint->second, active);
      }
    }
    return out;
  }

 private:
  void hand_down(Expr node, Expr g, const std::set<Expr>& active) {
    Scope scope;
    scope.formulas = {{"g", g}, {"out", node}};
    for (std::size_t a = 0; a < node->arguments.size(); ++a) {
      scope.formulas.emplace(argument_name(a), node->arguments[a]);
    }
    for (std::size_t p = 0; p < node->parameters.size(); ++p) {
      scope.integers.emplace(node->op->parameters[p], node->parameters[p]);
    }
    if (node->op->gradient.empty()) {
      throw Error(ErrorKind::unsupported, "`" + node->op->name + "` has no derivative",
                  {{"operation", node->op->name}});
    }
    for (std::size_t a = 0; a < node->arguments.size(); ++a) {
      const Expr argument = node->arguments[a];
      if (active.count(argument) == 0 || node->op->gradient[a] == "0") continue;
      Expr part = build_formula(graph_, node->op->gradient[a], scope);
      if (part->dimension != argument->dimension) {
        // The transpose of broadcasting: an argument of dimension 1 was used by every component.
        KERNELOPS_CHECK(argument->dimension == 1);
        part = graph_.apply(operation("Sum"), {part});
      }
      Expr& adjoint = adjoints_[argument];
      adjoint = adjoint == nullptr ? part : graph_.apply(operation("Add"), {adjoint, part});
    }
  }

  Graph& graph_;
  Expr v_;
  std::map<Expr, Expr> adjoints_;
};

Expr sum_reduction(Graph& graph, Expr formula, Category category) {
  return graph.reduce(reduction("Sum"), {formula}, category);
}

// Two sums indexed alike as one, so that one pass over the pairs computes both.
Expr add_sums(Graph& graph, Expr a, Expr b) {
  return sum_reduction(graph, graph.apply(operation("Add"), {a->arguments[0], b->arguments[0]}),
                       a->category);
}

// Always a Sum indexed like v.
Expr reduction_gradient(Graph& graph, Expr result, Expr v, Expr e) {
  const ReductionDef& row = *result->reduction;
  if (row.gradient.empty()) {
    throw Error(ErrorKind::unsupported,
                "`" + row.name + "_Reduction` cannot be differentiated: " + row.no_gradient,
                {{"operation", row.name + "_Reduction"}});
  }
  const Expr f = result->arguments[0];
  if (e->dimension != f->dimension) e = graph.apply(operation("SumT"), {e}, {f->dimension});
  Scope scope;
  scope.formulas = {{"g", e}, {"F", f}, {"out", result}};
  const LeafAdjoints leaves = Sweep(graph, v).run(f, build_formula(graph, row.gradient, scope));
  Expr total =
      leaves.variable == nullptr ? nullptr : sum_reduction(graph, leaves.variable, v->category);
  for (const auto& [inner, adjoint] : leaves.reductions) {
    const Expr inner_adjoint = sum_reduction(graph, adjoint, inner->category);
    const Expr part = reduction_gradient(graph, inner, v, inner_adjoint);
    total = total == nullptr ? part : add_sums(graph, total, part);
  }
  return total != nullptr ? total : sum_reduction(graph, graph.zero(v->dimension), v->category);
}

}  // namespace

Expr gradient(Graph& graph, Expr f, Expr v, Expr e) {
  const LeafAdjoints leaves = Sweep(graph, v).run(f, e);
  KERNELOPS_CHECK(leaves.reductions.empty());
  return leaves.variable != nullptr ? leaves.variable : graph.zero(v->dimension);
}

Expr expand_differentials(Graph& graph, Expr root) {
  std::map<Expr, Expr> expanded;
  for (Expr node : topological({root})) {
    std::vector<Expr> arguments;
    for (Expr argument : node->arguments) arguments.push_back(expanded.at(argument));
    const bool differential =
        node->kind == NodeKind::operation && node->op->kind == OpKind::differential;
    if (!differential) {
      expanded[node] = with_arguments(graph, node, std::move(arguments));
    } else if (arguments[0]->kind == NodeKind::reduction) {
      expanded[node] = reduction_gradient(graph, arguments[0], arguments[1], arguments[2]);
    } else {
      expanded[node] = gradient(graph, arguments[0], arguments[1], arguments[2]);
    }
  }
  return expanded.at(root);
}

}  // namespace kernelops
