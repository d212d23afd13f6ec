// Syntax tree to graph: names get their meaning, composites are written out, dimensions are
// checked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/ir/graph.h"
#include "core/syntax/ast.h"

namespace kernelops {

/// What names stand for while a formula is built. User formulas bind variables; texts of rows bind
/// arguments (x, g, out) and integers (parameters).
struct Scope {
  std::map<std::string, Expr, std::less<>> formulas;
  std::map<std::string, std::int64_t, std::less<>> integers;
  /// Makes the variable of Var(position, dimension, category), Vi, Vj or Pm written in a formula;
  /// if empty these forms are errors.
  std::function<Expr(int position, std::int64_t dimension, Category category)> inline_variable;
};

/// The node of a syntax tree; `text` is the formula it came from, for error messages. Throws
/// Error(syntax) for unknown names and wrong numbers of arguments, Error(dimension) with the place,
/// Error(unsupported) for forms that exist but cannot be had.
Expr build(Graph& graph, const Ast& ast, const Scope& scope, std::string_view text);

/// Parses and builds a formula.
Expr build_formula(Graph& graph, std::string_view text, const Scope& scope);

/// The category of a node that is a reduction, or the gradient of one; such nodes are complete
/// results and are what an operator computes.
bool is_result(Expr node, Category* category);

}  // namespace kernelops
