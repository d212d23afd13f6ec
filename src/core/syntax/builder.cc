#include "core/support/small_code.h"

#include "core/syntax/builder.h"

#include <cmath>
#include <optional>

#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/support/strings.h"
#include "core/syntax/ast_reader.h"
#include "core/syntax/leaves.h"
#include "core/syntax/parser.h"
#include "core/syntax/synonyms.h"

namespace kernelops {

namespace {

constexpr std::string_view kReductionSuffix = "_Reduction";
// Larger exponents are no integer powers.
constexpr double kLargestExponent = 2147483647.0;

// "2 formulas, the integers n, m and the list order".
std::string described_arguments(const OpDef& op) {
  std::string out = std::to_string(op.arguments) + (op.arguments == 1 ? " formula" : " formulas");
  std::vector<std::string> integers;
  std::vector<std::string> lists;
  for (const std::string& parameter : op.parameters) {
    const bool optional = parameter.back() == '?';
    const std::string name = parameter_name(parameter) + (optional ? " (optional)" : "");
    (is_list_parameter(parameter) ? lists : integers).push_back(name);
  }
  const auto add = [&](const std::string& what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    out += " and the " + what + (names.size() == 1 ? " " : "s ") + join(names, ", ");
  };
  add("integer", integers);
  add("list", lists);
  return out;
}

std::string described_arguments(const ReductionDef& row) {
  std::string out = "a formula";
  if (row.weighted) out += ", a weight";
  if (row.selects) out += ", a selection";
  if (row.ranked) out += ", K";
  const bool one_side = row.ranked || row.is_index() || row.outputs.back().type == StateType::index;
  return out + (one_side ? " and 0 or 1, what indexes the result (0: i, 1: j)"
                         : " and 0, 1 or 2, what indexes the result (0: i, 1: j, 2: neither)");
}

class Builder {
 public:
  Builder(Graph& graph, const Scope& scope, std::string_view text)
      : graph_(graph), scope_(scope), text_(text), reader_(scope, text) {}

  // A long sum is a chain of first operands, which is built from its end on: recursion would need
  // as much of the stack as the sum is long.
  Expr formula(const Ast& ast) {
    const auto built = operands_.find(&ast);
    if (built != operands_.end()) return built->second;
    std::vector<const Ast*> chain = {&ast};
    while (is_infix(*chain.back())) chain.push_back(&chain.back()->children[0]);
    for (std::size_t c = chain.size() - 1; c > 0; --c) operands_[chain[c]] = one_formula(*chain[c]);
    const Expr out = one_formula(ast);
    for (const Ast* each : chain) operands_.erase(each);
    return out;
  }

 private:
  static bool is_infix(const Ast& ast) {
    if (ast.kind != AstKind::call || ast.children.size() != 2) return false;
    const OpDef* op = find_operation(ast.text);
    return op != nullptr && op->arguments == 2 && !op->infix.symbol.empty();
  }

  Expr one_formula(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::number:
        return graph_.constant(ast.number);
      case AstKind::name:
        return name(ast);
      case AstKind::list:
        reader_.fail(ast, "a formula was expected here, not a list");
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

  bool may_use(const Ast& ast, bool internal) const {
    return !internal || ast.of_table || !scope_.inline_variable;
  }

  Expr name(const Ast& ast) {
    const auto variable = scope_.formulas.find(ast.text);
    if (variable != scope_.formulas.end()) return variable->second;
    const auto integer = scope_.integers.find(ast.text);
    if (integer != scope_.integers.end()) {
      return graph_.constant(static_cast<double>(integer->second));
    }
    if (find_operation(ast.text) != nullptr) {
      reader_.fail(ast,
                   "`" + ast.text + "` is an operation and needs its arguments in parentheses");
    }
    std::vector<std::string> names;
    for (const auto& each : scope_.formulas) names.push_back(each.first);
    reader_.fail(ast, "there is no variable `" + ast.text + "` among " +
                          (names.empty() ? "no variables" : join(names, ", ")) +
                          did_you_mean(ast.text, names));
  }

  Expr call(const Ast& ast) {
    if (ast.text == "**") return power(ast);
    if (const auto leaf = build_leaf(graph_, ast, scope_, reader_)) return *leaf;
    if (const auto meant = replace_synonym(ast, reader_)) return formula(*meant);
    const OpDef* op = find_operation(ast.text);
    if (op != nullptr && may_use(ast, op->internal)) return operation_call(ast, *op);
    const std::string_view called = ast.text;
    if (called.size() > kReductionSuffix.size() &&
        called.substr(called.size() - kReductionSuffix.size()) == kReductionSuffix) {
      const auto* row = find_reduction(called.substr(0, called.size() - kReductionSuffix.size()));
      if (row != nullptr && may_use(ast, row->internal)) return reduction_call(ast, *row);
    }
    unknown(ast);
  }

  [[noreturn]] void unknown(const Ast& ast) const {
    const ReductionDef* row = find_reduction(ast.text);
    if (row != nullptr && !row->internal) {
      reader_.fail(ast, "there is no operation `" + ast.text + "`; the reduction is written `" +
                            ast.text + "_Reduction(formula, 0)`");
    }
    std::vector<std::string> names = leaf_names();
    for (const std::string& each : synonym_names()) names.push_back(each);
    for (const OpDef& op : operations()) {
      if (!op.internal) names.push_back(op.name);
    }
    for (const ReductionDef& each : reductions()) {
      if (!each.internal) names.push_back(each.name + "_Reduction");
    }
    throw error_at(ErrorKind::syntax,
                   "there is no operation `" + ast.text + "`" + did_you_mean(ast.text, names),
                   text_, {ast.span.begin, ast.span.begin + ast.text.size()});
  }

  // An exponent that is an integer is part of the operation, and so exact.
  Expr power(const Ast& ast) {
    const Expr base = formula(ast.children[0]);
    const Expr exponent = formula(ast.children[1]);
    if (exponent->kind == NodeKind::constant) {
      const double value = exponent->value;
      if (value == 2) return graph_.apply(operation("Square"), {base});
      if (value == 0.5) return graph_.apply(operation("Sqrt"), {base});
      if (value == -0.5) return graph_.apply(operation("Rsqrt"), {base});
      if (value == std::floor(value) && std::fabs(value) <= kLargestExponent) {
        return graph_.apply(operation("Pow"), {base}, {static_cast<std::int64_t>(value)});
      }
    }
    return graph_.apply(operation("Powf"), {base, exponent});
  }

  Expr operation_call(const Ast& ast, const OpDef& op) {
    const std::size_t formulas = static_cast<std::size_t>(op.arguments);
    const std::size_t most = formulas + op.parameters.size();
    const bool last_is_optional = !op.parameters.empty() && op.parameters.back().back() == '?';
    const std::size_t given = ast.children.size();
    if (given != most && !(last_is_optional && given + 1 == most)) {
      reader_.wrong_count(ast, described_arguments(op));
    }
    std::vector<Expr> arguments;
    for (std::size_t a = 0; a < formulas; ++a) arguments.push_back(formula(ast.children[a]));
    std::vector<std::int64_t> parameters;
    for (std::size_t p = 0; p < op.parameters.size(); ++p) {
      if (formulas + p == given) {
        parameters.push_back(0);
      } else if (is_list_parameter(op.parameters[p])) {
        const std::vector<std::int64_t> list = reader_.integers(ast.children[formulas + p]);
        parameters.push_back(static_cast<std::int64_t>(list.size()));
        parameters.insert(parameters.end(), list.begin(), list.end());
      } else {
        parameters.push_back(reader_.integer(ast.children[formulas + p]));
      }
    }
    if (op.kind == OpKind::differential) check_differential(ast, op, arguments);
    if (op.kind == OpKind::composite) return build_composite(graph_, op, arguments, parameters);
    return graph_.apply(op, std::move(arguments), std::move(parameters));
  }

  void check_differential(const Ast& ast, const OpDef& op, const std::vector<Expr>& arguments) {
    const Expr f = arguments[0];
    const Expr v = arguments[1];
    if (v->kind != NodeKind::variable) {
      reader_.fail(ast.children[1], "the second argument of `" + op.name + "` must be a variable");
    }
    Category category;
    if (!is_result(f, &category)) {
      for (Expr node : formula_nodes(f)) {
        if (node->kind != NodeKind::reduction || !depends_on(node, v)) continue;
        reader_.fail(ast.children[0],
                     "`" + op.name + "` of a formula for each pair cannot go through a reduction " +
                         "that depends on the variable; differentiate the whole reduction",
                     ErrorKind::unsupported);
      }
      return;
    }
    // A direction is shaped like the variable, an adjoint like the result.
    for (std::size_t a = 2; a < arguments.size(); ++a) {
      const bool like_variable = op.forward || a == 3;
      const Category expected = like_variable ? v->category : category;
      const Dependence allowed = dependence_of(expected) | kDependsOnParameter;
      if ((value_dependence(arguments[a]) & ~allowed) == 0) continue;
      reader_.fail(ast.children[a],
                   "the last argument of `" + op.name + "` must be indexed by " +
                       category_name(expected) +
                       (like_variable ? ", as the variable is"
                                      : ", as the result of what is differentiated"),
                   ErrorKind::dimension);
    }
  }

  Expr reduction_call(const Ast& ast, const ReductionDef& row) {
    const std::size_t formulas = row.weighted || row.selects ? 2 : 1;
    const std::size_t count = formulas + (row.ranked ? 1 : 0) + 1;
    reader_.expect_count(ast, count, described_arguments(row));
    std::vector<const Ast*> parts;
    for (const Ast& child : ast.children) parts.push_back(&child);
    // KeOps also writes the weight last.
    if (formulas == 2 && reader_.try_integer(*parts[1]) && !reader_.try_integer(*parts[2])) {
      std::swap(parts[1], parts[2]);
    }
    std::vector<Expr> arguments;
    for (std::size_t a = 0; a < formulas; ++a) arguments.push_back(formula(*parts[a]));
    if (scope_.inline_variable && is_result(arguments[0], nullptr)) {
      reader_.fail(*parts[0], "a result cannot be reduced again", ErrorKind::unsupported);
    }
    std::vector<std::int64_t> parameters;
    if (row.ranked) parameters.push_back(reader_.integer(*parts[1]));
    const std::int64_t category = reader_.integer(*parts.back());
    if (category < 0 || category > 2) {
      reader_.fail(*parts.back(),
                   "the last argument of `" + ast.text +
                       "` says what indexes the result and must be 0 (i), 1 (j) or 2 (one row, "
                       "both sides reduced)");
    }
    return graph_.reduce(row, std::move(arguments), static_cast<Category>(category),
                         std::move(parameters));
  }

  Graph& graph_;
  const Scope& scope_;
  std::string_view text_;
  AstReader reader_;
  std::map<const Ast*, Expr> operands_;  // of the chains that are being built
};

}  // namespace

Expr build(Graph& graph, const Ast& ast, const Scope& scope, std::string_view text) {
  return Builder(graph, scope, text).formula(ast);
}

Expr build_formula(Graph& graph, std::string_view text, const Scope& scope) {
  return build(graph, parse(text), scope, text);
}

}  // namespace kernelops
