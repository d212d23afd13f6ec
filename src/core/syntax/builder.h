// Syntax tree to graph: names get their meaning, composites are written out, dimensions are
// checked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ir/graph.h"
#include "core/syntax/ast.h"

namespace kernelops {

/// What names stand for while a formula is built. User formulas bind variables; texts of rows bind
/// arguments (x, g, out), integers and lists (parameters).
struct Scope {
  std::map<std::string, Expr, std::less<>> formulas;
  std::map<std::string, std::int64_t, std::less<>> integers;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> lists;
  /// Makes the variable of Var(position, dimension, category), Vi, Vj or Pm written in a formula;
  /// empty in texts of rows, which have no variables but may use internal rows and Entry().
  std::function<Expr(int position, std::int64_t dimension, Category category)> inline_variable;
};

/// The names in the texts of a row: its arguments x, y, z, w and its parameters.
Scope row_scope(const OpDef& op, const std::vector<Expr>& arguments,
                const std::vector<std::int64_t>& parameters);

/// The node of a syntax tree; `text` is the formula it came from, for error messages. Throws
/// Error(syntax) for unknown names and wrong numbers of arguments, Error(dimension) with the place,
/// Error(unsupported) for forms that exist but cannot be had.
Expr build(Graph& graph, const Ast& ast, const Scope& scope, std::string_view text);

/// Parses and builds a formula.
Expr build_formula(Graph& graph, std::string_view text, const Scope& scope);

/// Builds a text of a row: steps "name = formula;", each of which may use the names before it, and
/// a formula.
Expr build_definition(Graph& graph, std::string_view text, Scope scope);

/// Writes out a composite. What the definition refuses is an error of the operation itself.
Expr build_composite(Graph& graph, const OpDef& op, const std::vector<Expr>& arguments,
                     const std::vector<std::int64_t>& parameters);

/// Whether a node is a complete result, which an operator can compute: a reduction, the derivative
/// of one, or a formula of such that is indexed by i only, by j only or by nothing (`category`:
/// parameter).
bool is_result(Expr node, Category* category);

/// What the value of a formula depends on. Other than Node::dependence it knows that the derivative
/// of a result is a result.
Dependence value_dependence(Expr node);

}  // namespace kernelops
