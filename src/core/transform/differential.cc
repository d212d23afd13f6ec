#include "core/support/small_code.h"

#include "core/transform/differential.h"

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
    const std::int64_t dimension = formula()->dimension;
    const Expr diagonal = diagonal_jacobian();
    Expr out = nullptr;
    for (std::int64_t k = dimension - 1; k >= 0; --k) {
      const Expr row = diagonal != nullptr ? unit_vector(component(diagonal, k), dimension, k)
                                           : gradient(graph_, formula(), v_, unit(dimension, k));
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

  Expr unit(std::int64_t dimension, std::int64_t k) {
    return unit_vector(graph_.constant(1), dimension, k);
  }

  Expr component(Expr x, std::int64_t k) {
    return x->dimension == 1 ? x : graph_.apply(operation("Elem"), {x}, {k});
  }

  // The sum over k of weight_k times the derivative of component k of f in component k of v. A
  // scalar part takes one gradient whatever the dimension.
  Expr trace(Expr f, Expr weights) {
    // Simplification turns repeated scalars into scalars that broadcast.
    f = simplify(graph_, f);
    weights = repeated_to(graph_, weights, v_->dimension);
    const std::vector<Adjoint> parts = trace_parts(graph_, f, weights, active_nodes(f, v_));
    // Beyond that many parts, one gradient for each component costs less.
    if (static_cast<std::int64_t>(parts.size()) > v_->dimension + 1) return plain_trace(f, weights);
    Expr out = graph_.constant(0);
    for (const auto& [part, w] : parts) {
      if (part == v_) {
        out = added(graph_, out, graph_.apply(operation("Sum"), {w}));
      } else if (part->dimension == 1) {
        out = added(graph_, out, scalar_product(gradient(graph_, part, v_, graph_.constant(1)), w));
      } else {
        out = added(graph_, out, plain_trace(part, w));
      }
    }
    return out;
  }

  Expr plain_trace(Expr f, Expr weights) {
    Expr out = nullptr;
    for (std::int64_t k = 0; k < v_->dimension; ++k) {
      const Expr e = unit_vector(component(weights, k), v_->dimension, k);
      out = added(graph_, out, component(gradient(graph_, f, v_, e), k));
    }
    return out;
  }

  // The diagonal of the Jacobian, or null if there is more than the diagonal.
  Expr diagonal_jacobian() {
    if (formula()->dimension != v_->dimension) return nullptr;
    const Expr ones = repeated_to(graph_, graph_.constant(1), v_->dimension);
    const std::vector<Adjoint> parts =
        trace_parts(graph_, formula(), ones, active_nodes(formula(), v_));
    if (parts.empty()) return graph_.zero(v_->dimension);
    return parts.size() == 1 && parts[0].first == v_ ? parts[0].second : nullptr;
  }

  Expr scalar_product(Expr x, Expr y) {
    return graph_.apply(operation("Sum"), {graph_.apply(operation("Mult"), {x, y})});
  }

  Expr weighted_sum(Expr left, Expr right) {
    return scalar_product(gradient(graph_, formula(), v_, left),
                          repeated_to(graph_, right, v_->dimension));
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
