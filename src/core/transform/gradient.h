// Gradients: vector-Jacobian products of formulas and of results.
//
// The gradient of a formula is one reverse sweep over its graph: every node is visited once and
// hands its adjoint to its arguments by the vector-Jacobian products written in the rows, so the
// size of a gradient is linear in the size of the formula.
//
// A result is a formula of reductions and variables that are indexed alike. Its adjoint goes
// through its operations to the reductions. The row of a reduction a = Red_j F says what the
// adjoint of F is for each pair, or for each entry of a selection of pairs, and the gradient is the
// sum over these pairs of the gradient of F, indexed like the variable. Reductions are visited
// once, those that contain others first; where a itself enters, it is a reduction inside the new
// formula, and is differentiated like one if the gradient is taken again.
#pragma once

#include "core/ir/graph.h"

namespace kernelops {

/// The gradient of the formula `f` in the variable `v`, applied to `e` of the dimension of f or 1.
/// Throws Error(unsupported) naming the operation that has no derivative.
Expr gradient(Graph& graph, Expr f, Expr v, Expr e);

/// The gradient of a result indexed by `category` in the variable `v`, applied to `e`: a result
/// indexed like v. It is a Sum, or a sum of at most one Sum, of a SelectedSum for each selection,
/// and of a formula of variables and reductions.
Expr result_gradient(Graph& graph, Expr result, Category category, Expr v, Expr e);

}  // namespace kernelops
