// Runs a kernel over all pairs.
#pragma once

#include <map>
#include <vector>

#include "core/engine/array_view.h"
#include "core/engine/backend.h"
#include "core/support/thread_pool.h"

namespace kernelops {

/// The arrays of the inputs: variables and inner reductions.
using Bindings = std::map<Expr, ArrayView>;

/// How many rows there are on each side.
struct Sizes {
  std::int64_t i = 1;
  std::int64_t j = 1;

  std::int64_t of(Category category) const {
    return category == Category::i ? i : category == Category::j ? j : 1;
  }
};

/// Computes the reductions of `program`, which has pairs, into `outputs`, one for each of the
/// program's outputs, with one row for each row of the program, or one row if it folds them. An
/// output without data is left out. Extra memory is O(rows): see Plan.
void execute(const Program& program, const Kernel& kernel, const Bindings& bindings,
             const Sizes& sizes, const std::vector<OutputView>& outputs, int threads,
             ThreadPool& pool, const InterruptCheck& interrupted);

}  // namespace kernelops
