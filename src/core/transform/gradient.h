// Derivatives: replaces the differential operations of a graph by plain formulas.
//
// The gradient of a formula is one reverse sweep over its graph: every node is visited once and
// hands its adjoint to its arguments by the vector-Jacobian products written in the rows, so the
// size of a gradient is linear in the size of the formula. The gradient of a reduction a = Red_j F
// in a variable v, applied to e, is a sum over the pairs of the gradient of F, whose adjoint the
// reduction's row gives in terms of e, F and a, and it is indexed like v; where a itself enters, it
// is a reduction node inside the new formula, and is differentiated like one if the gradient is
// taken again.
#pragma once

#include "core/ir/graph.h"

namespace kernelops {

/// The gradient of the formula `f` in the variable `v`, applied to `e` of the dimension of f or 1.
Expr gradient(Graph& graph, Expr f, Expr v, Expr e);

/// The same graph without differential operations. A result (see is_result) becomes a reduction;
/// the gradient of one is a Sum. Throws Error(unsupported) naming the operation that has no
/// derivative.
Expr expand_differentials(Graph& graph, Expr root);

}  // namespace kernelops
