// Rewrites a graph by the rules of transform/rules.h and folds constants.
#pragma once

#include "core/ir/graph.h"

namespace kernelops {

/// The simplified node, of the same dimension and value.
Expr simplify(Graph& graph, Expr root);

}  // namespace kernelops
