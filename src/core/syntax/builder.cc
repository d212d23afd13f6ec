#include "core/syntax/builder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/support/strings.h"
#include "core/syntax/parser.h"

namespace kernelops {

namespace {

constexpr std::string_view kReductionSuffix = "_Reduction";
// Integers up to here are exact in double.
constexpr double kLargestInteger = 9007199254740992.0;

class Builder {
 public:
  Builder(Graph& graph, const Scope& scope, std::string_view text)
      : graph_(graph), scope_(scope), text_(text) {}

  Expr formula(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::number:
        return graph_.constant(ast.number);
      case AstKind::name:
        return name(ast);
      case AstKind::call:
        break;
    }
    try {
      return call(ast);
    } catch (const Error& error) {
      // What the graph refuses gets the place in the text, once.
      if (error.kind() == ErrorKind::internal || error.data().count("text") > 0) throw;
      throw error_at(error.kind(), error.what(), text_, ast.span, error.data());
    }
  }

 private:
  [[noreturn]] void fail(const Ast& ast, const std::string& message,
                         ErrorKind kind = ErrorKind::syntax) const {
    throw error_at(kind, message, text_, ast.span);
  }

  Expr name(const Ast& ast) {
    const auto variable = scope_.formulas.find(ast.text);
    if (variable != scope_.formulas.end()) return variable->second;
    const auto integer = scope_.integers.find(ast.text);
    if (integer != scope_.integers.end()) {
      return graph_.constant(static_cast<double>(integer->second));
    }
    if (find_operation(ast.text) != nullptr) {
      fail(ast, "`" + ast.text + "` is an operation and needs its arguments in parentheses");
    }
    std::vector<std::string> names;
    for (const auto& each : scope_.formulas) names.push_back(each.first);
    fail(ast, "there is no variable `" + ast.text + "` among " +
                  (names.empty() ? "no variables" : join(names, ", ")) +
                  did_you_mean(ast.text, names));
  }

  Expr call(const Ast& ast) {
    if (const auto leaf = leaf_form(ast)) return *leaf;
    if (const OpDef* op = find_operation(ast.text)) return operation_call(ast, *op);
    const std::string_view called = ast.text;
    if (called.size() > kReductionSuffix.size() &&
        called.substr(called.size() - kReductionSuffix.size()) == kReductionSuffix) {
      const auto* row = find_reduction(called.substr(0, called.size() - kReductionSuffix.size()));
      if (row != nullptr) return reduction_call(ast, *row);
    }
    if (find_reduction(called) != nullptr) {
      fail(ast, "there is no operation `" + ast.text + "`; the reduction is written `" + ast.text +
                    "_Reduction(formula, 0)`");
    }
    std::vector<std::string> names = {"Var", "Vi", "Vj", "Pm", "IntCst", "Zero"};
    for (const OpDef& op : operations()) names.push_back(op.name);
    for (const ReductionDef& row : reductions()) names.push_back(row.name + "_Reduction");
    throw error_at(ErrorKind::syntax,
                   "there is no operation `" + ast.text + "`" + did_you_mean(ast.text, names),
                   text_, {ast.span.begin, ast.span.begin + ast.text.size()});
  }

  // Forms whose arguments are integers only: variables and constants.
  std::optional<Expr> leaf_form(const Ast& ast) {
    if (ast.text == "IntCst" || ast.text == "Zero") {
      expect_count(ast, 1, "one integer");
      const std::int64_t value = integer(ast.children[0]);
      return ast.text == "Zero" ? graph_.zero(value) : graph_.constant(static_cast<double>(value));
    }
    const bool generic = ast.text == "Var";
    static const std::map<std::string, Category, std::less<>> kCategories = {
        {"Vi", Category::i}, {"Vj", Category::j}, {"Pm", Category::parameter}};
    const auto known = kCategories.find(ast.text);
    if (!generic && known == kCategories.end()) return std::nullopt;
    if (!scope_.inline_variable) fail(ast, "`" + ast.text + "` cannot be used here");
    expect_count(ast, generic ? 3 : 2,
                 generic ? "a position, a dimension and a category (0, 1 or 2)"
                         : "a position and a dimension");
    const std::int64_t position = integer(ast.children[0]);
    const std::int64_t number =
        generic ? integer(ast.children[2]) : static_cast<std::int64_t>(known->second);
    if (number < 0 || number > 2) fail(ast.children[2], "the category must be 0, 1 or 2");
    if (position < 0 || position > 10000) {
      fail(ast.children[0], "the position must be from 0 to 10000");
    }
    return scope_.inline_variable(static_cast<int>(position), integer(ast.children[1]),
                                  static_cast<Category>(number));
  }

  void expect_count(const Ast& ast, std::size_t count, const std::string& what) const {
    if (ast.children.size() == count) return;
    fail(ast, "`" + ast.text + "` needs " + what + "; it was given " +
                  std::to_string(ast.children.size()) + " argument" +
                  (ast.children.size() == 1 ? "" : "s"));
  }

  Expr operation_call(const Ast& ast, const OpDef& op) {
    const std::size_t formulas = static_cast<std::size_t>(op.arguments);
    std::string what = std::to_string(formulas) + (formulas == 1 ? " formula" : " formulas");
    if (!op.parameters.empty()) {
      what += " and the integer" + std::string(op.parameters.size() == 1 ? " " : "s ") +
              join(op.parameters, ", ");
    }
    expect_count(ast, formulas + op.parameters.size(), what);
    std::vector<Expr> arguments;
    for (std::size_t a = 0; a < formulas; ++a) arguments.push_back(formula(ast.children[a]));
    std::vector<std::int64_t> parameters;
    for (std::size_t p = formulas; p < ast.children.size(); ++p) {
      parameters.push_back(integer(ast.children[p]));
    }
    if (op.kind == OpKind::differential) check_differential(ast, op, arguments);
    // The rows' own formulas may use the result of a reduction, users have no way to.
    const bool users = scope_.inline_variable != nullptr;
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      if (users && op.kind != OpKind::differential && is_result(arguments[a], nullptr)) {
        fail(ast.children[a], "a reduction cannot be an argument of `" + ast.text + "`",
             ErrorKind::unsupported);
      }
    }
    if (op.kind == OpKind::composite) return composite(op, arguments);
    return graph_.apply(op, std::move(arguments), std::move(parameters));
  }

  Expr composite(const OpDef& op, const std::vector<Expr>& arguments) {
    Scope inner;
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      inner.formulas.emplace(argument_name(a), arguments[a]);
    }
    try {
      return build_formula(graph_, op.definition, inner);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::dimension) throw;
      // The user wrote this operation, not those of its definition.
      std::vector<std::string> dimensions;
      for (Expr argument : arguments) dimensions.push_back(std::to_string(argument->dimension));
      throw Error(ErrorKind::dimension,
                  op.name + ": dimensions must be equal, or 1; its arguments have dimensions " +
                      listed(dimensions, "and"),
                  {{"operation", op.name}, {"dimensions", listed(dimensions, "and")}});
    }
  }

  void check_differential(const Ast& ast, const OpDef& op, const std::vector<Expr>& arguments) {
    if (arguments[1]->kind != NodeKind::variable) {
      fail(ast.children[1], "the second argument of `" + op.name + "` must be a variable");
    }
    Category category;
    if (!is_result(arguments[0], &category)) {
      for (Expr node : topological({arguments[2]})) {
        if (node->kind != NodeKind::reduction) continue;
        fail(ast.children[2], "a reduction cannot be an argument of `" + op.name + "` here",
             ErrorKind::unsupported);
      }
      return;
    }
    const Dependence allowed = dependence_of(category) | kDependsOnParameter;
    if ((arguments[2]->dependence & ~allowed) != 0) {
      fail(ast.children[2],
           "the last argument of `" + op.name + "` must be indexed by " + category_name(category) +
               ", as the result of what is differentiated",
           ErrorKind::dimension);
    }
  }

  Expr reduction_call(const Ast& ast, const ReductionDef& row) {
    expect_count(ast, 2, "a formula and 0 or 1, what indexes the result (0: i, 1: j)");
    const Expr reduced = formula(ast.children[0]);
    if (is_result(reduced, nullptr)) {
      fail(ast.children[0], "a reduction cannot be reduced again", ErrorKind::unsupported);
    }
    const std::int64_t category = integer(ast.children[1]);
    if (category < 0 || category > 2) {
      fail(ast.children[1],
           "the last argument of `" + ast.text +
               "` says what indexes the result and must be 0 (i), 1 (j) or 2 (one row, both sides "
               "reduced)");
    }
    return graph_.reduce(row, {reduced}, static_cast<Category>(category));
  }

  std::int64_t integer(const Ast& ast) const {
    if (ast.kind == AstKind::number && ast.is_integer && std::fabs(ast.number) <= kLargestInteger) {
      return static_cast<std::int64_t>(ast.number);
    }
    if (ast.kind == AstKind::name) {
      const auto found = scope_.integers.find(ast.text);
      if (found != scope_.integers.end()) return found->second;
    }
    if (ast.kind == AstKind::call && ast.text == "dim" && ast.children.size() == 1) {
      const auto found = scope_.formulas.find(ast.children[0].text);
      if (found != scope_.formulas.end()) return found->second->dimension;
    }
    // Rows write parameters such as m - 1; the dimensions of users are plain integers.
    if (ast.kind == AstKind::call && ast.children.size() == 2) {
      if (ast.text == "Add") return integer(ast.children[0]) + integer(ast.children[1]);
      if (ast.text == "Subtract") return integer(ast.children[0]) - integer(ast.children[1]);
    }
    fail(ast, "an integer was expected here");
  }

  Graph& graph_;
  const Scope& scope_;
  std::string_view text_;
};

}  // namespace

Expr build(Graph& graph, const Ast& ast, const Scope& scope, std::string_view text) {
  return Builder(graph, scope, text).formula(ast);
}

Expr build_formula(Graph& graph, std::string_view text, const Scope& scope) {
  return build(graph, parse(text), scope, text);
}

bool is_result(Expr node, Category* category) {
  if (node->kind == NodeKind::reduction) {
    if (category != nullptr) *category = node->category;
    return true;
  }
  if (node->kind == NodeKind::operation && node->op->kind == OpKind::differential &&
      is_result(node->arguments[0], nullptr)) {
    if (category != nullptr) *category = node->arguments[1]->category;
    return true;
  }
  return false;
}

}  // namespace kernelops
