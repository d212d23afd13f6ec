#include "core/transform/differential.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "core/transform/sweep.h"

namespace kernelops {

namespace {

bool depends_on(Expr root, Expr v) {
  const std::vector<Expr> nodes = topological({root});
  return std::find(nodes.begin(), nodes.end(), v) != nodes.end();
}

// What is differentiated: a formula, or a result indexed by `category`.
struct Derivand {
  Expr formula;
  bool is_result;
  Category category;
};

// One differential operation with expanded arguments.
class Expansion {
 public:
  Expansion(Graph& graph, const OpDef& row, const Derivand& f, const std::vector<Expr>& arguments)
      : graph_(graph), row_(row), f_(f), v_(arguments[1]), arguments_(arguments) {}

  Expr gradient_operator() { return derivative(f_, v_, arguments_[2]); }

  Expr forward_derivative() {
    const Category category = f_.is_result ? f_.category : Category::parameter;
    const Expr e = new_variable(category, f_.formula->dimension);
    const Derivand first = {derivative(f_, v_, e), f_.is_result, v_->category};
    return without(e, derivative(first, e, arguments_[2]));
  }

  // Row k is the gradient of component k. What is 0 in a diagonal matrix is so exactly.
  Expr jacobian() {
    const Expr one = graph_.constant(1);
    const std::int64_t dimension = formula()->dimension;
    const bool diagonal = acts_on_components(formula());
    const Expr all = diagonal ? gradient(graph_, formula(), v_, one) : nullptr;
    Expr out = nullptr;
    for (std::int64_t k = dimension - 1; k >= 0; --k) {
      const Expr row = diagonal ? unit_vector(component(all, k), dimension, k)
                                : gradient(graph_, formula(), v_, unit_vector(one, dimension, k));
      out = out == nullptr ? row : graph_.apply(operation("Concat"), {row, out});
    }
    return out;
  }

  Expr divergence() { return trace(formula(), graph_.constant(1)); }

  Expr laplacian() {
    return trace(gradient(graph_, formula(), v_, graph_.constant(1)), graph_.constant(1));
  }

  Expr adjoint() {
    require_linear();
    return gradient(graph_, formula(), v_, arguments_[2]);
  }

  Expr trace_of_linear() {
    require_linear();
    return divergence();
  }

  Expr weighted_trace_of_linear() {
    require_linear();
    return trace(formula(), arguments_[2]);
  }

  Expr sum_of_linear() {
    require_linear();
    return weighted_sum(graph_.constant(1), graph_.constant(1));
  }

  Expr weighted_sum_of_linear() {
    require_linear();
    return weighted_sum(arguments_[2], arguments_[3]);
  }

 private:
  Expr derivative(const Derivand& f, Expr v, Expr e) {
    return f.is_result ? result_gradient(graph_, f.formula, f.category, v, e)
                       : gradient(graph_, f.formula, v, e);
  }

  Expr formula() const {
    if (!f_.is_result) return f_.formula;
    throw Error(ErrorKind::unsupported,
                "`" + row_.name +
                    "` of a reduction is not supported; `Grad` and `Diff` are, and `" + row_.name +
                    "` of a formula inside a reduction is",
                {{"operation", row_.name}});
  }

  // A variable that no formula has.
  Expr new_variable(Category category, std::int64_t dimension) {
    return graph_.variable({"adjoint of " + row_.name, 0, category, dimension});
  }

  // `x` depends on `e` at most in form.
  Expr without(Expr e, Expr x) {
    if (!depends_on(x, e)) return x;
    const Expr simple = simplify(graph_, x);
    KERNELOPS_CHECK(!depends_on(simple, e));
    return simple;
  }

  Expr unit_vector(Expr value, std::int64_t dimension, std::int64_t k) {
    return graph_.apply(operation("ElemT"), {value}, {dimension, k});
  }

  Expr component(Expr x, std::int64_t k) {
    return x->dimension == 1 ? x : graph_.apply(operation("Elem"), {x}, {k});
  }

  // The sum over k of weight_k times the derivative of component k of f in component k of v.
  Expr trace(Expr f, Expr weights) {
    if (acts_on_components(f)) {
      return graph_.apply(operation("Sum"), {gradient(graph_, f, v_, weights)});
    }
    Expr out = nullptr;
    for (std::int64_t k = 0; k < v_->dimension; ++k) {
      const Expr e = unit_vector(component(weights, k), v_->dimension, k);
      out = added(graph_, out, component(gradient(graph_, f, v_, e), k));
    }
    return out;
  }

  // Whether component k of f depends on component k of v only: then the Jacobian is diagonal.
  bool acts_on_components(Expr f) {
    if (f->dimension != v_->dimension) return false;
    const std::set<Expr> active = active_nodes(f, v_);
    for (Expr node : formula_nodes(f)) {
      if (active.count(node) == 0) continue;
      if (node->dimension != v_->dimension) return false;
      if (node != v_ && (node->op == nullptr || node->op->kind != OpKind::elementwise))
        return false;
    }
    return true;
  }

  Expr weighted_sum(Expr left, Expr right) {
    const Expr product =
        graph_.apply(operation("Mult"), {gradient(graph_, formula(), v_, left), right});
    return graph_.apply(operation("Sum"), {product});
  }

  void require_linear() {
    const Expr e = new_variable(Category::parameter, formula()->dimension);
    const Expr adjoint = simplify(graph_, gradient(graph_, formula(), v_, e));
    if (!depends_on(adjoint, v_) && !passes_step()) return;
    throw Error(ErrorKind::argument,
                "`" + row_.name + "` needs a formula that is linear in `" + v_->variable.name +
                    "`; `Grad` and `Divergence` differentiate any formula",
                {{"operation", row_.name}});
  }

  // Whether an operation of v is constant by pieces.
  bool passes_step() {
    const std::set<Expr> active = active_nodes(formula(), v_);
    for (Expr node : formula_nodes(formula())) {
      for (std::size_t a = 0; a < node->arguments.size(); ++a) {
        if (active.count(node->arguments[a]) > 0 && node->op->gradient[a] == "0") return true;
      }
    }
    return false;
  }

  Graph& graph_;
  const OpDef& row_;
  Derivand f_;
  Expr v_;
  std::vector<Expr> arguments_;
};

const std::map<std::string, Expr (Expansion::*)()>& expansions() {
  static const std::map<std::string, Expr (Expansion::*)()> table = {
      {"Grad", &Expansion::gradient_operator},
      {"Diff", &Expansion::forward_derivative},
      {"GradMatrix", &Expansion::jacobian},
      {"Divergence", &Expansion::divergence},
      {"Laplacian", &Expansion::laplacian},
      {"AdjointOperator", &Expansion::adjoint},
      {"TraceOperator", &Expansion::trace_of_linear},
      {"WeightedTrace", &Expansion::weighted_trace_of_linear},
      {"SumLinOperator", &Expansion::sum_of_linear},
      {"WeightedSumLin", &Expansion::weighted_sum_of_linear},
  };
  return table;
}

}  // namespace

Expr expand_differentials(Graph& graph, Expr root) {
  std::map<Expr, Expr> expanded;
  for (Expr node : topological({root})) {
    std::vector<Expr> arguments;
    for (Expr argument : node->arguments) arguments.push_back(expanded.at(argument));
    if (node->kind != NodeKind::operation || node->op->kind != OpKind::differential) {
      expanded[node] = with_arguments(graph, node, std::move(arguments));
      continue;
    }
    // What was written says what indexes a result; the formula it became may not.
    Derivand f = {arguments[0], false, Category::parameter};
    f.is_result = is_result(node->arguments[0], &f.category);
    Expansion expansion(graph, *node->op, f, arguments);
    const Expr out = (expansion.*expansions().at(node->op->name))();
    KERNELOPS_CHECK(out->dimension == node->dimension);
    expanded[node] = out;
  }
  return expanded.at(root);
}

}  // namespace kernelops
