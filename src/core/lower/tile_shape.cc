#include "core/lower/tile_shape.h"

#include <algorithm>

#include "core/lower/lower.h"

namespace kernelops {

namespace {

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
  // Calls work on memory of their own, which belongs to one column and should stay in the cache.
  const bool has_calls = program.pair.local_slots > 0;
  if (has_calls && (loops || program.pair.local_slots > kUnrolled)) return {1, 1};
  if (looped_accumulators > 0) {
    // The inner loop keeps the accumulators, one vector of rows at a time and one column value.
    if (registers >= 32) return {4, 5};
    return {2, 4};
  }
  if (loops) {
    // A long result: its updates are deferred, and then as many components as rows meet a column.
    // A transposed tile loads its state once for several vectors of rows.
    return {4, 2};
  }
  if (registers >= 32 && !has_calls && !program.transposed && keeps_rows(program)) {
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
