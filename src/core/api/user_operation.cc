#include "core/api/user_operation.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/ops/table.h"
#include "core/ops/user_rows.h"
#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops {

namespace {

constexpr int kMostArguments = 3;
constexpr std::size_t kLongestCode = 10000;

[[noreturn]] void refuse(const std::string& argument, const std::string& message) {
  throw Error(ErrorKind::argument, message, {{"argument", argument}});
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void check_name(const std::string& name) {
  if (name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0 ||
      !std::all_of(name.begin(), name.end(), is_word)) {
    refuse("name",
           "`name` must be letters, digits and `_`, and begin with a letter\n  given: " + name);
  }
  const bool taken = find_reduction(name) != nullptr ||
                     (find_operation(name) != nullptr && find_user_row(name) == nullptr);
  if (taken) refuse("name", "there is already a `" + name + "`; choose another name");
}

// Only what an expression needs: no statements, no strings, no preprocessor.
void check_code(const UserOperation& operation) {
  const std::string& code = operation.code;
  constexpr std::string_view kSigns = " .,+-*/%<>=!&|?:()~^\t\n";
  if (code.find_first_not_of(" \t\n") == std::string::npos || code.size() > kLongestCode) {
    refuse("code", "`code` must be an expression of at most " + std::to_string(kLongestCode) +
                       " characters");
  }
  int open = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    if (!is_word(c) && kSigns.find(c) == std::string_view::npos) {
      refuse("code", "`code` must be an expression in C; it has the character `" +
                         std::string(1, c) + "`\n  given: " + code);
    }
    const bool comment =
        c == '/' && at + 1 < code.size() && (code[at + 1] == '/' || code[at + 1] == '*');
    if (comment) refuse("code", "`code` must not have comments\n  given: " + code);
    open += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (open < 0) break;
  }
  if (open != 0) refuse("code", "the parentheses of `code` do not match\n  given: " + code);
}

// Builds the gradient's formulas on variables of every mix of dimensions that can occur.
void check_gradient(const OpDef& row) {
  if (row.gradient.empty()) return;
  if (row.gradient.size() != static_cast<std::size_t>(row.arguments)) {
    refuse("grad", "`grad` must have one formula for each argument, " +
                       std::to_string(row.arguments) +
                       "\n  given: " + std::to_string(row.gradient.size()));
  }
  for (const std::int64_t dimension : {1, 3}) {
    Graph graph;
    Scope scope;
    std::vector<Expr> arguments;
    for (int a = 0; a < row.arguments; ++a) {
      const std::string name = argument_name(static_cast<std::size_t>(a));
      arguments.push_back(graph.variable({name, a, Category::i, dimension}));
      scope.formulas[name] = arguments.back();
    }
    scope.formulas["g"] = graph.variable({"g", row.arguments, Category::i, dimension});
    scope.formulas["out"] = graph.apply(row, arguments);
    for (const std::string& text : row.gradient) {
      const Expr part = build_formula(graph, text, scope);
      if (part->dimension == dimension || part->dimension == 1) continue;
      refuse("grad", "a gradient must have the dimension of its argument, " +
                         std::to_string(dimension) + ", or 1; `" + text + "` has dimension " +
                         std::to_string(part->dimension));
    }
  }
}

}  // namespace

void define_operation(const UserOperation& operation) {
  check_name(operation.name);
  if (operation.arguments < 1 || operation.arguments > kMostArguments) {
    refuse("code", "an operation has 1 to 3 arguments, called x, y and z");
  }
  check_code(operation);
  OpDef row;
  row.name = operation.name;
  row.topic = "Defined in this session";
  row.arguments = operation.arguments;
  row.code.text = operation.code;
  row.code.is_scalar = true;
  row.gradient = operation.gradient;
  row.domains = {{}};
  row.sample.dimensions.assign(static_cast<std::size_t>(operation.arguments), 3);
  row.reference = operation.reference;
  row.documentation = operation.documentation;
  // A gradient may use the operation itself, so the row must be there first; one that turns out to
  // be wrong goes again.
  const OpDef* before = find_user_row(operation.name);
  const OpDef& added = add_user_row(row);
  try {
    check_gradient(added);
  } catch (...) {
    restore_user_row(operation.name, before);
    throw;
  }
}

}  // namespace kernelops
