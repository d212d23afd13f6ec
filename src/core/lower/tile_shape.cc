#include "core/lower/tile_shape.h"

#include <algorithm>

#include "core/lower/lower.h"

namespace kernelops {

namespace {

// Accumulators of a long result that stay in the first two caches.
constexpr std::int64_t kMostStateVectors = 1024;
// Statements written out for one column: more cost compile time and gain nothing.
constexpr std::int64_t kMostStatements = 200;
constexpr std::int64_t kMostGroupStatements = 300;

// What one column costs for one vector of rows; a call costs what it reads and writes.
std::int64_t pair_instructions(const Program& program) {
  std::int64_t count = 0;
  for (const Block& block : program.pair.blocks) {
    for (const Instruction& each : block.code) {
      if (each.space == Space::pair) ++count;
      for (const SlotArray& array : each.arrays) count += array.dimension;
    }
  }
  return count;
}

std::int64_t longest_state(const Program& program) {
  std::int64_t longest = 0;
  for (const Accumulation& each : program.accumulations) {
    const std::int64_t slots = each.ranked() ? each.components : each.slots();
    longest = std::max(longest, slots);
  }
  return longest;
}

// Whether what is kept are rows, with or without their values.
bool keeps_rows(const Program& program) {
  return std::any_of(program.accumulations.begin(), program.accumulations.end(),
                     [](const Accumulation& each) { return each.ranked() || each.holds_row(); });
}

}  // namespace

TileShape choose_tile_shape(const Program& program, int registers) {
  std::int64_t looped_accumulators = 0;
  bool loops = false;
  for (const Block& block : program.pair.blocks) {
    loops = loops || block.looped;
    looped_accumulators =
        std::max(looped_accumulators, static_cast<std::int64_t>(block.accumulators.size()));
  }
  const std::int64_t state = longest_state(program);
  // Calls work on memory of their own, which belongs to one column and should stay in the cache.
  const bool has_calls = program.pair.local_slots > 0;
  if (has_calls && (loops || program.pair.local_slots > kUnrolled)) return {1, 1};
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
  if (registers >= 32 && !has_calls && keeps_rows(program)) {
    // Few rows meet several columns: their coordinates stay in registers, and the heaps of large K
    // in the second cache.
    for (const int columns : {4, 2}) {
      if (2 * columns * pair_instructions(program) <= kMostGroupStatements) return {2, columns};
    }
  }
  // Independent vectors hide the latencies of one column's chain of operations. Coordinates and
  // accumulators that do not fit the registers come from the first cache, whose ports are idle.
  for (int row_vectors : {8, 6, 4, 2}) {
    if (row_vectors * pair_instructions(program) <= kMostStatements) return {row_vectors, 1};
  }
  return {1, 1};
}

}  // namespace kernelops
