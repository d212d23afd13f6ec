// What must hold before a formula is lowered.
#pragma once

#include "core/ir/graph.h"

namespace kernelops {

/// Throws Error(unsupported) unless `root` is a result, as users may write it: a reduction, a
/// derivative of one, or a formula of results that are indexed alike.
void validate_result(Expr root);

/// Throws an internal error if `root` differs from pair to pair or a differential operation is left
/// in it.
void validate_expanded(Expr root);

}  // namespace kernelops
