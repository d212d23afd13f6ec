// Forms whose arguments are integers only: variables, constants, numbers and counts of rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/syntax/ast_reader.h"

namespace kernelops {

/// The node of such a form, or nothing if the call is none.
std::optional<Expr> build_leaf(Graph& graph, const Ast& ast, const Scope& scope,
                               const AstReader& reader);

/// The names of these forms that users can write.
std::vector<std::string> leaf_names();

}  // namespace kernelops
