#include "core/lower/tile_shape.h"

#include <algorithm>

#include "core/lower/lower.h"

namespace kernelops {

namespace {

// Coefficients and temporaries of one elementary function.
constexpr std::int64_t kWorkingRegisters = 10;
// A stack frame holds the accumulators of a long result.
constexpr std::int64_t kMostStateVectors = 1024;

std::int64_t count_loads(const Block& block, Space space) {
  return std::count_if(block.code.begin(), block.code.end(), [space](const Instruction& each) {
    return each.opcode == Opcode::load && each.space == space;
  });
}

}  // namespace

TileShape choose_tile_shape(const Program& program, int registers) {
  std::int64_t row_loads = 0;
  std::int64_t looped_accumulators = 0;
  bool loops = false;
  for (const Block& block : program.pair.blocks) {
    if (!block.looped) {
      row_loads += count_loads(block, Space::row);
      continue;
    }
    loops = true;
    looped_accumulators =
        std::max(looped_accumulators, static_cast<std::int64_t>(block.accumulators.size()));
  }
  const std::int64_t state =
      program.dimension * static_cast<std::int64_t>(program.reduction->state.size());
  if (looped_accumulators > 0) {
    // The inner loop keeps the accumulators, one vector of rows at a time and one column value.
    if (registers >= 32) return {4, 5};
    return {2, 4};
  }
  if (loops) {
    // A long result: its state stays in memory and is loaded once for several columns.
    const bool fits = 2 * state <= kMostStateVectors;
    return {fits ? 2 : 1, 4};
  }
  for (int row_vectors : {4, 3, 2}) {
    if (row_vectors * (row_loads + state) + kWorkingRegisters <= registers) {
      return {row_vectors, 1};
    }
  }
  // Too much to keep: two vectors still hide latencies better than one.
  return {state <= 16 ? 2 : 1, 1};
}

}  // namespace kernelops
