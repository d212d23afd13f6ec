// Graph to Program: sorts nodes by what they depend on, gives them slots and writes the sections.
#pragma once

#include "core/ir/graph.h"
#include "core/lower/program.h"

namespace kernelops {

/// The program of a reduction whose formula has no differential operation. Reductions inside the
/// formula become inputs. Vectors of up to kUnrolled components are written out component by
/// component; longer ones become loops into which the elementwise operations that feed them are
/// fused.
Program lower(Expr reduction);

/// The longest vector that is written out.
constexpr std::int64_t kUnrolled = 16;

/// The reductions inside the formula of `reduction`, each after those it needs itself.
std::vector<Expr> inner_reductions(Expr reduction);

}  // namespace kernelops
