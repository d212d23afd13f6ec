// Definitions of composites, and other texts of rows.
#include "core/support/small_code.h"

#include <cctype>
#include <optional>

#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops {

namespace {

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The length of "name =" at the start of a step; 0 if it does not start so.
std::size_t assignment_length(std::string_view step, std::string* name) {
  const auto skip_spaces = [&](std::size_t at) {
    while (at < step.size() && std::isspace(static_cast<unsigned char>(step[at]))) ++at;
    return at;
  };
  const std::size_t begin = skip_spaces(0);
  std::size_t end = begin;
  while (end < step.size() && is_name_character(step[end])) ++end;
  const std::size_t sign = skip_spaces(end);
  if (end == begin || sign >= step.size() || step[sign] != '=') return 0;
  if (sign + 1 < step.size() && step[sign + 1] == '=') return 0;
  *name = std::string(step.substr(begin, end - begin));
  return sign + 1;
}

// The value of a formula without variables whose operations are elementwise.
std::optional<double> constant_value(Expr node) {
  if (node->kind == NodeKind::constant) return node->value;
  if (node->kind != NodeKind::operation || node->op->kind != OpKind::elementwise ||
      node->dependence != 0 || !node->op->code.float64) {
    return std::nullopt;
  }
  std::vector<double> values;
  for (Expr argument : node->arguments) {
    const auto value = constant_value(argument);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  std::vector<const double*> pointers;
  for (const double& value : values) pointers.push_back(&value);
  double out = 0;
  node->op->code.float64(pointers.data(), node->parameters.data(), &out, 1);
  return out;
}

// The error of an operation, about a problem in its definition.
Error composite_error(const OpDef& op, const std::vector<Expr>& arguments, ErrorKind kind,
                      const std::string& problem) {
  const Error error = dimension_error(op, arguments, problem);
  if (kind == ErrorKind::dimension) return error;
  return Error(kind, op.name + ": " + problem, error.data());
}

std::string definition_of(const OpDef& op, const std::vector<Expr>& arguments,
                          const std::vector<std::int64_t>& parameters) {
  if (!op.define) return op.definition;
  DefinitionInput input;
  for (Expr argument : arguments) {
    input.dimensions.push_back(argument->dimension);
    input.constants.push_back(constant_value(argument));
  }
  input.parameters = parameters;
  try {
    return op.define(input);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
    throw composite_error(op, arguments, error.kind(), error.what());
  }
}

}  // namespace

Scope row_scope(const OpDef& op, const std::vector<Expr>& arguments,
                const std::vector<std::int64_t>& parameters) {
  Scope scope;
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    scope.formulas.emplace(argument_name(a), arguments[a]);
  }
  auto at = parameters.begin();
  for (const std::string& parameter : op.parameters) {
    if (is_list_parameter(parameter)) {
      const std::int64_t length = *at++;
      scope.lists.emplace(parameter_name(parameter), std::vector<std::int64_t>(at, at + length));
      at += length;
    } else {
      scope.integers.emplace(parameter, *at++);
    }
  }
  return scope;
}

Expr build_definition(Graph& graph, std::string_view text, Scope scope) {
  for (;;) {
    const std::size_t end = text.find(';');
    if (end == std::string_view::npos) return build_formula(graph, text, scope);
    const std::string_view step = text.substr(0, end);
    std::string name;
    const std::size_t assignment = assignment_length(step, &name);
    KERNELOPS_CHECK(assignment > 0);
    scope.formulas[name] = build_formula(graph, step.substr(assignment), scope);
    text.remove_prefix(end + 1);
  }
}

Expr build_composite(Graph& graph, const OpDef& op, const std::vector<Expr>& arguments,
                     const std::vector<std::int64_t>& parameters) {
  check_requirements(op, arguments, parameters);
  const std::string text = definition_of(op, arguments, parameters);
  try {
    return build_definition(graph, text, row_scope(op, arguments, parameters));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
    // The user wrote this operation, not those of its definition.
    const auto problem = error.data().find("problem");
    const std::string message = error.what();
    throw composite_error(
        op, arguments, error.kind(),
        problem != error.data().end() ? problem->second : message.substr(0, message.find('\n')));
  }
}

}  // namespace kernelops
