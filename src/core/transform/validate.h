// What must hold before a formula is lowered.
#pragma once

#include "core/ir/graph.h"

namespace kernelops {

/// Throws Error(unsupported) unless `root` is a reduction or a gradient of one, as users may write
/// it.
void validate_result(Expr root);

/// Throws an internal error unless `root` is a reduction and no differential operation is left.
void validate_expanded(Expr root);

}  // namespace kernelops
