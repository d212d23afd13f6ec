// Runs programs without pairs: formulas of results, and sums over selections.
#pragma once

#include "core/engine/execute.h"

namespace kernelops {

/// Computes the formula of `program` for each row into `output`, or, if it has a selection, adds it
/// up over the entries of the selection into rows of `output`, which are indexed by `category`,
/// in the order of the entries.
void execute_rows(const Program& program, const Kernel& kernel, const Bindings& bindings,
                  const Sizes& sizes, Category category, const OutputView& output, int threads,
                  ThreadPool& pool, const InterruptCheck& interrupted);

}  // namespace kernelops
