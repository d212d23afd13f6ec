// Runs transposed kernels: few results, each of a long reduced side, whose lanes share the work.
#pragma once

#include "core/engine/execute.h"

namespace kernelops {

/// execute() for a transposed program.
void execute_transposed(const Program& program, const Kernel& kernel, const Bindings& bindings,
                        const Sizes& sizes, const std::vector<OutputView>& outputs, int threads,
                        ThreadPool& pool, const InterruptCheck& interrupted);

}  // namespace kernelops
