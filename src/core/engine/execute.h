// Runs a kernel over all pairs.
#pragma once

#include <vector>

#include "core/engine/backend.h"
#include "core/engine/call.h"
#include "core/support/thread_pool.h"

namespace kernelops {

/// Computes the reductions of `program`, which has pairs, into `outputs`, one for each of the
/// program's outputs, with one row for each row of the program, or one row if it folds them. An
/// output without data is left out. Extra memory is O(rows): see Plan.
void execute(const Program& program, const Kernel& kernel, const Bindings& bindings,
             const Sizes& sizes, const std::vector<OutputView>& outputs, int threads,
             ThreadPool& pool, const InterruptCheck& interrupted);

}  // namespace kernelops
