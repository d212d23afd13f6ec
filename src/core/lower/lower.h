// Graph to Program: sorts nodes by what they depend on, gives them slots and writes the sections.
#pragma once

#include <vector>

#include "core/ir/graph.h"
#include "core/lower/program.h"

namespace kernelops {

/// The program of reductions whose results have one index, and whose formulas have no differential
/// operation. Reductions inside the formulas become inputs. Vectors of up to kUnrolled components
/// are written out component by component, updates of results up to kUnrolledStates; longer ones
/// become loops into which the elementwise operations that feed them are fused. `transposed`
/// changes the roles of the two sides: for few results and many pairs each.
Program lower(const std::vector<Expr>& reductions, SumScheme scheme = SumScheme::block,
              bool transposed = false);

/// The program of a formula of results that are indexed by `category` or by nothing.
Program lower_rows(Expr formula, Category category);

/// The program of the formula of a reduction over a selection, for the entries of the selection.
Program lower_selection(Expr reduction);

/// The longest vector that is written out.
constexpr std::int64_t kUnrolled = 16;
/// The longest result whose updates are written out: its states are in registers.
constexpr std::int64_t kUnrolledStates = 4;

/// The reductions that a node needs the results of, each after those it needs itself; `node` itself
/// is not among them.
std::vector<Expr> inner_reductions(Expr node);

}  // namespace kernelops
