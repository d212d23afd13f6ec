// Texts of nodes: as a formula that parses back to the same node, and as a numbered listing.
#pragma once

#include <string>
#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// The formula of a node with the fewest parentheses; parsing it gives the same node. Shared parts
/// are written out at each use, so the text can be much longer than the graph.
std::string print_formula(Expr node);

/// About how many characters print_formula() would take.
double formula_length(Expr node);

/// One line a node, shared nodes once: number, operation, dimension and what it depends on.
std::string print_graph(const std::vector<Expr>& roots);

/// The parameters of a row as they are written: integers, and lists as "[1, 2]".
std::vector<std::string> parameter_texts(const OpDef& op,
                                         const std::vector<std::int64_t>& parameters);

}  // namespace kernelops
