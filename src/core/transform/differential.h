// Replaces the differential operations of a graph (Grad, Diff, Laplacian, ...) by plain formulas.
//
// All are made of gradients. The forward derivative Diff(f, v, u) is the gradient of Grad(f, v, e)
// in a new variable e, applied to u: Grad is linear in e, so that e does not remain. A formula is
// called linear in v if no derivative on the way vanishes by definition (Sign, Floor) and its
// gradient does not depend on v; a part that does not depend on v at all may be added, since it
// changes no derivative.
#pragma once

#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// The same graph without differential operations. Throws Error(unsupported) naming the operation
/// that has no derivative, or the differential operation that does not exist for a result.
Expr expand_differentials(Graph& graph, Expr root);

}  // namespace kernelops
