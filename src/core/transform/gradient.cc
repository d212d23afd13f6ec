#include "core/support/small_code.h"

#include "core/transform/gradient.h"

#include <map>
#include <optional>
#include <string>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"
#include "core/transform/sweep.h"

namespace kernelops {

namespace {

struct FirstIsLargest {
  bool operator()(Expr a, Expr b) const { return a->id > b->id; }
};

// Where adjoints are added up: over all pairs, over the entries of a selection, or, for a formula
// of results, nowhere yet: there is one for each row of a category.
struct Place {
  std::optional<Category> rows;
  Expr selection = nullptr;
};

// The contributions to the adjoint of a variable or a reduction.
struct Contributions {
  Expr pairs = nullptr;
  std::map<Expr, Expr, FirstIsLargest> selected;  // by the selection
  Expr rows = nullptr;
};

class ResultSweep {
 public:
  ResultSweep(Graph& graph, Expr result, Expr v)
      : graph_(graph), v_(v), active_(active_nodes(result, v)) {}

  Expr run(Expr result, Category category, Expr e) {
    hand_out({{result, repeated_to(graph_, e, result->dimension)}}, {category, nullptr});
    // A reduction is complete when those that contain it are done.
    while (!pending_.empty()) {
      const auto [reduction, contributions] = *pending_.begin();
      pending_.erase(pending_.begin());
      differentiate(reduction, total(contributions, reduction));
    }
    return total(of_variable_, v_);
  }

 private:
  void hand_out(const std::vector<Adjoint>& seeds, const Place& place) {
    for (const auto& [leaf, adjoint] : leaf_adjoints(graph_, seeds, active_)) {
      contribute(leaf == v_ ? &of_variable_ : &pending_[leaf], leaf, adjoint, place);
    }
  }

  void contribute(Contributions* to, Expr leaf, Expr adjoint, const Place& place) {
    Expr* sum = &to->pairs;
    if (place.selection != nullptr) {
      sum = &to->selected[place.selection];
    } else if (place.rows == leaf->category) {
      sum = &to->rows;
    } else if (place.rows) {
      KERNELOPS_CHECK(leaf->category == Category::parameter);
      adjoint = on_first_row(opposite(*place.rows), adjoint);
    }
    *sum = added(graph_, *sum, adjoint);
  }

  // A sum over the rows of one side, as a sum over all pairs: only the first row of the other side
  // counts. No division by the number of rows, so nothing is rounded; if the other side has no rows
  // there is no pair and the sum is 0.
  Expr on_first_row(Category other, Expr x) {
    Scope scope;
    scope.formulas = {{"x", x}, {"row", graph_.row_number(other)}};
    return build_formula(graph_, "IfElse(1 - row, x, 0)", scope);
  }

  Expr reduce(const char* name, std::vector<Expr> arguments, Category category) {
    return graph_.reduce(reduction(name), std::move(arguments), category);
  }

  Expr total(const Contributions& of, Expr leaf) {
    Expr out = nullptr;
    if (of.pairs != nullptr) out = reduce("Sum", {of.pairs}, leaf->category);
    for (const auto& [selection, formula] : of.selected) {
      out = added(graph_, out, reduce("SelectedSum", {formula, selection}, leaf->category));
    }
    out = added(graph_, out, of.rows);
    return out != nullptr ? out : reduce("Sum", {graph_.zero(leaf->dimension)}, leaf->category);
  }

  // How many rows meet in each row of a result.
  Expr reduced_rows(Category category) {
    if (category != Category::parameter) return graph_.row_count(opposite(category));
    return graph_.apply(operation("Mult"),
                        {graph_.row_count(Category::i), graph_.row_count(Category::j)});
  }

  Scope scope_of(Expr node, Expr g) {
    Scope scope;
    scope.formulas = {{"g", g},
                      {"out", node},
                      {"F", node->arguments[0]},
                      {"count", reduced_rows(node->category)}};
    if (node->reduction->weighted) scope.formulas.emplace("W", node->arguments[1]);
    scope.integers.emplace("category", static_cast<int>(node->category));
    return scope;
  }

  void differentiate(Expr node, Expr g) {
    const ReductionDef& row = *node->reduction;
    if (!row.no_gradient.empty()) {
      throw Error(ErrorKind::unsupported,
                  "`" + row.name + "_Reduction` cannot be differentiated: " + row.no_gradient,
                  {{"operation", row.name + "_Reduction"}});
    }
    const Scope scope = scope_of(node, g);
    std::vector<Adjoint> seeds;
    const auto seed = [&](Expr formula, const std::string& text) {
      if (text.empty() || active_.count(formula) == 0) return;
      const Expr adjoint = build_definition(graph_, text, scope);
      seeds.emplace_back(formula, shaped_adjoint(graph_, adjoint, formula->dimension));
    };
    seed(node->arguments[0], row.gradient);
    if (row.weighted) seed(node->arguments[1], row.weight_gradient);
    hand_out(seeds, {std::nullopt, row.selects ? node->arguments[1] : nullptr});
    seeds.clear();
    seed(node->arguments[0], row.selected_gradient);
    if (!seeds.empty()) hand_out(seeds, {std::nullopt, selection_of(node)});
  }

  Expr selection_of(Expr node) {
    const ReductionDef& row = *node->reduction;
    if (node->category == Category::parameter) {
      throw Error(ErrorKind::unsupported,
                  "`" + row.name +
                      "_Reduction` can be differentiated if it reduces one side; its last argument "
                      "must be 0 or 1, not 2",
                  {{"operation", row.name + "_Reduction"}});
    }
    return graph_.reduce(reduction(row.selection), {node->arguments[0]}, node->category,
                         node->parameters);
  }

  Graph& graph_;
  Expr v_;
  std::set<Expr> active_;
  Contributions of_variable_;
  std::map<Expr, Contributions, FirstIsLargest> pending_;
};

}  // namespace

Expr gradient(Graph& graph, Expr f, Expr v, Expr e) {
  const std::vector<Adjoint> leaves =
      leaf_adjoints(graph, {{f, repeated_to(graph, e, f->dimension)}}, active_nodes(f, v));
  for (const auto& [leaf, adjoint] : leaves) {
    if (leaf == v) continue;
    throw Error(ErrorKind::unsupported,
                "a formula for each pair cannot be differentiated through `" +
                    leaf->reduction->name +
                    "_Reduction` inside it: what it depends on is not one pair",
                {{"operation", leaf->reduction->name + "_Reduction"}});
  }
  return leaves.empty() ? graph.zero(v->dimension) : leaves[0].second;
}

Expr result_gradient(Graph& graph, Expr result, Category category, Expr v, Expr e) {
  return ResultSweep(graph, result, v).run(result, category, e);
}

}  // namespace kernelops
