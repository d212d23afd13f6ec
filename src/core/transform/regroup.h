// Regroups products by what their factors depend on.
//
// The factors of a product are multiplied in the order constants, parameters, one side, the other
// side, pairs, and scalars before vectors, so that as few multiplications as possible remain for
// each pair: the rest is done once for each parameter or row. A quotient of which one side does not
// depend on the pair, or of a vector by a scalar, becomes a product with the inverse. An
// exponential of a product becomes a power of 2 whose scale takes in log2(e), and if nothing else
// needs that, the power takes in a factor that all rows share. All this keeps the real value and
// changes roundings only, except that a partial product may leave the range of the precision where
// the original order did not.
#pragma once

#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// The regrouped node, of the same dimension; `root` has no differential operation.
Expr regroup(Graph& graph, Expr root);

/// The same for several results at once: what they share stays shared.
std::vector<Expr> regroup(Graph& graph, const std::vector<Expr>& roots);

}  // namespace kernelops
