// The reverse sweep over one formula: adjoints go from its top to its leaves, which are variables
// and the reductions inside it.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// A node and its adjoint.
using Adjoint = std::pair<Expr, Expr>;

/// The nodes reachable from `root`, through reductions too, whose derivative in `v` may not vanish.
std::set<Expr> active_nodes(Expr root, Expr v);

/// Hands the adjoints of the formulas `seeds` down to the active leaves: what these formulas
/// contribute to the adjoint of each. Every node is visited once. Throws Error(unsupported) naming
/// the operation that has no derivative.
std::vector<Adjoint> leaf_adjoints(Graph& graph, const std::vector<Adjoint>& seeds,
                                   const std::set<Expr>& active);

/// The parts of a vector formula `f` of which its trace is made. With weights w the trace is the
/// sum over k of w_k times the derivative of f_k in v_k, for a variable v of the dimension of f; it
/// is the sum of the traces of the parts, each with the weights returned with it. Parts are v
/// itself, scalars, which count as vectors of equal components, and what is no operation on
/// components.
std::vector<Adjoint> trace_parts(Graph& graph, Expr f, Expr w, const std::set<Expr>& active);

/// The vector x with `dimension` components: a scalar is repeated.
Expr repeated_to(Graph& graph, Expr x, std::int64_t dimension);

/// a + b, where a null pointer is nothing.
Expr added(Graph& graph, Expr a, Expr b);

/// Brings an adjoint to the dimension of what it belongs to: where a scalar was used by every
/// component, their contributions are added.
Expr shaped_adjoint(Graph& graph, Expr adjoint, std::int64_t dimension);

}  // namespace kernelops
