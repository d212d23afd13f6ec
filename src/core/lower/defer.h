// Cuts the section of pairs in two where that keeps accumulators in registers. Columns come in
// chunks. In the first phase values of the pairs of a chunk are computed and *kept* in memory that
// stays in the first cache; in the second one deferred updates read them, the columns of the chunk
// in the inner loop. So the state of a long result is loaded once a chunk and not once a column, as
// in a product of two matrices, and sums of exponentials know the maximum of the chunk beforehand.
#pragma once

#include <cstdint>
#include <vector>

#include "core/lower/program.h"

namespace kernelops {

/// The two phases. `deferred` has at most one straight block, the first; it and each looped block
/// run for all columns of a chunk. Registers of the first phase that depend on no column may be
/// read in the second. A deferred `step` has a result, the term that the updates of its group take
/// as their second operand.
struct PairPhases {
  /// Values of a component (of the formula) that are surveyed, and the slot they are kept in.
  struct Survey {
    int accumulation;
    std::int64_t component;
    std::int64_t slot;
  };

  Section first;
  Section deferred;
  std::int64_t kept_slots = 0;  // a slot holds a value of each pair
  std::vector<Survey> surveys;
  std::vector<bool> accumulation;  // whether its updates are deferred

  bool defers() const { return !deferred.blocks.empty(); }
};

/// Which updates of a program are deferred: those in loops, and those of reductions whose code is
/// surveyed (ir/reduction_def.h).
PairPhases split_phases(const Program& program);

}  // namespace kernelops
