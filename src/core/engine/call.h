// What one call computes with, whoever computes it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/engine/array_view.h"
#include "core/ir/graph.h"
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

/// One program's share of a call.
struct Call {
  const Bindings& bindings;
  const Sizes& sizes;
  Category category;  // that indexes the output of a program without pairs
  const std::vector<OutputView>& outputs;
  int threads;
  ThreadPool& pool;
  const InterruptCheck& interrupted;
};

}  // namespace kernelops
