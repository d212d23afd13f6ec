#include "core/support/small_code.h"

#include "core/transform/simplify.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/support/int_expr.h"
#include "core/syntax/builder.h"
#include "core/syntax/parser.h"
#include "core/transform/rules.h"

namespace kernelops {

namespace {

struct ParsedRule {
  const Rule* rule;
  Ast pattern;
  Ast replacement;
};

// The rules by the operation at the top of their pattern.
const std::multimap<const OpDef*, ParsedRule>& parsed_rules() {
  static const std::multimap<const OpDef*, ParsedRule> rules = [] {
    std::multimap<const OpDef*, ParsedRule> out;
    for (const Rule& rule : simplification_rules()) {
      Ast pattern = parse(rule.pattern);
      const OpDef* top = &operation(pattern.text);
      out.emplace(top, ParsedRule{&rule, std::move(pattern), parse(rule.replacement)});
    }
    return out;
  }();
  return rules;
}

// Vectors of zeros count as 0.
bool is_constant(Expr expr) {
  return expr->kind == NodeKind::constant || expr->kind == NodeKind::zero;
}

class Match {
 public:
  bool node(const Ast& pattern, Expr expr) {
    if (pattern.kind == AstKind::number) {
      return is_constant(expr) && expr->value == pattern.number;
    }
    if (pattern.kind == AstKind::name) {
      const bool constant_only = pattern.text == "c" || pattern.text == "d";
      if (constant_only && expr->kind != NodeKind::constant) return false;
      return scope.formulas.emplace(pattern.text, expr).first->second == expr;
    }
    if (pattern.text == "Entry") return expr->kind == NodeKind::entry_number;
    if (expr->kind != NodeKind::operation || expr->op->name != pattern.text) return false;
    if (arguments(pattern, expr, false)) return true;
    return expr->op->commutative && arguments(pattern, expr, true);
  }

  bool condition(const std::string& text) const {
    return evaluate_int(text, [this](std::string_view name) -> std::optional<std::int64_t> {
             if (name.substr(0, 4) == "dim(") {
               const auto found = scope.formulas.find(name.substr(4, name.size() - 5));
               if (found != scope.formulas.end()) return found->second->dimension;
             }
             const auto found = scope.integers.find(name);
             if (found != scope.integers.end()) return found->second;
             return std::nullopt;
           }) != 0;
  }

  Scope scope;

 private:
  bool arguments(const Ast& pattern, Expr expr, bool swapped) {
    const Scope before = scope;
    const std::size_t count = expr->arguments.size();
    for (std::size_t a = 0; a < count; ++a) {
      if (!node(pattern.children[a], expr->arguments[swapped ? count - 1 - a : a])) {
        scope = before;
        return false;
      }
    }
    if (expr->parameters.empty()) return true;
    const Scope named = row_scope(*expr->op, {}, expr->parameters);
    for (std::size_t p = 0; p < expr->op->parameters.size(); ++p) {
      if (!parameter(pattern.children[count + p], expr->op->parameters[p], named)) {
        scope = before;
        return false;
      }
    }
    return true;
  }

  bool parameter(const Ast& pattern, const std::string& name, const Scope& named) {
    if (is_list_parameter(name)) {
      const std::vector<std::int64_t>& list = named.lists.at(parameter_name(name));
      return scope.lists.emplace(pattern.text, list).first->second == list;
    }
    const std::int64_t value = named.integers.at(name);
    if (pattern.kind == AstKind::number) return pattern.number == static_cast<double>(value);
    return scope.integers.emplace(pattern.text, value).first->second == value;
  }
};

class Simplifier {
 public:
  explicit Simplifier(Graph& graph) : graph_(graph) {}

  Expr run(Expr root) {
    for (Expr node : topological({root})) visit(node);
    return done_.at(root);
  }

 private:
  // The arguments of `node` have been visited, or are simple already.
  Expr visit(Expr node) {
    const auto found = done_.find(node);
    if (found != done_.end()) return found->second;
    std::vector<Expr> arguments;
    for (Expr argument : node->arguments) arguments.push_back(visit(argument));
    Expr rebuilt = with_arguments(graph_, node, std::move(arguments));
    const Expr rewritten = rewrite(rebuilt);
    const Expr out = rewritten == rebuilt ? rebuilt : visit(rewritten);
    KERNELOPS_CHECK(out->dimension == node->dimension);
    done_[node] = out;
    done_[out] = out;
    return out;
  }

  Expr rewrite(Expr node) {
    if (node->kind != NodeKind::operation) return node;
    if (const auto folded = fold(node)) return *folded;
    const auto [first, last] = parsed_rules().equal_range(node->op);
    for (auto it = first; it != last; ++it) {
      const ParsedRule& parsed = it->second;
      Match match;
      if (!match.node(parsed.pattern, node) || !match.condition(parsed.rule->condition)) continue;
      const Expr out = build(graph_, parsed.replacement, match.scope, parsed.rule->replacement);
      if (out->dimension == node->dimension) return out;
    }
    return node;
  }

  std::optional<Expr> fold(Expr node) {
    const auto holds_for_all = [node](auto condition) {
      return std::all_of(node->arguments.begin(), node->arguments.end(), condition);
    };
    if (node->op->kind == OpKind::indexing || node->op->kind == OpKind::contraction) {
      const bool zeros = holds_for_all(
          [](Expr argument) { return is_constant(argument) && argument->value == 0; });
      return zeros ? std::optional<Expr>(graph_.zero(node->dimension)) : std::nullopt;
    }
    // A user's operation has no compiled function.
    if (node->op->kind != OpKind::elementwise || node->op->code.is_scalar) return std::nullopt;
    if (!holds_for_all(is_constant)) return std::nullopt;
    std::vector<const double*> pointers;
    for (Expr argument : node->arguments) pointers.push_back(&argument->value);
    double out = 0;
    node->op->code.float64(pointers.data(), node->parameters.data(), &out, 1);
    if (!std::isfinite(out)) return std::nullopt;
    if (out == 0) return graph_.zero(node->dimension);
    const Expr value = graph_.constant(out);
    if (node->dimension == 1) return value;
    return graph_.apply(operation("SumT"), {value}, {node->dimension});
  }

  Graph& graph_;
  std::map<Expr, Expr> done_;
};

}  // namespace

Expr simplify(Graph& graph, Expr root) { return Simplifier(graph).run(root); }

}  // namespace kernelops
