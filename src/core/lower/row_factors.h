// Factors that leave a sum: Sum_j r_i F_ij = r_i Sum_j F_ij. What depends on the row alone is
// multiplied with the sum of a tile, in its wider precision, and not with every pair.
#pragma once

#include "core/lower/program.h"

namespace kernelops {

/// Moves factors of rows, or of all, out of the updates of linear reductions with short results,
/// where fewer instructions for a pair are left. Such an update has the factor as second operand.
void move_row_factors(Program* program);

}  // namespace kernelops
