#include "core/support/small_code.h"

#include "core/lower/tile_shape.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/lower/lower.h"

namespace kernelops {

namespace {

// Statements written out for one group: more cost compile time and gain nothing.
constexpr std::int64_t kMostStatements = 400;
constexpr std::int64_t kMostRankedStatements = 300;
// Values of a group that are alive at a time: with more, they go through memory too often.
constexpr std::int64_t kMostLiveValues = 28;

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

// How many values of a pair are alive at a time.
std::int64_t live_values(const Program& program) {
  std::map<Register, std::size_t> last_use;
  std::vector<const Instruction*> code;
  for (const Block& block : program.pair.blocks) {
    for (const Instruction& each : block.code) {
      for (const Register operand : each.operands) last_use[operand] = code.size();
      code.push_back(&each);
    }
  }
  std::vector<std::int64_t> ends(code.size(), 0);
  std::int64_t live = 0;
  std::int64_t most = 0;
  for (std::size_t n = 0; n < code.size(); ++n) {
    live -= ends[n];
    const auto use = last_use.find(code[n]->result);
    if (code[n]->space != Space::pair || use == last_use.end() || use->second <= n) continue;
    most = std::max(most, ++live);
    ++ends[use->second];
  }
  return most;
}

std::int64_t states_in_registers(const Program& program) {
  std::int64_t states = 0;
  for (const Accumulation& each : program.accumulations) {
    if (!each.ranked()) states += each.slots();
  }
  return states;
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
      if (2 * columns * pair_instructions(program) <= kMostRankedStatements) return {2, columns};
    }
  }
  // Independent chains of operations hide each other's latencies as long as their values fit the
  // registers. Coordinates come from the first cache, whose ports are idle.
  const std::int64_t live = live_values(program);
  const std::int64_t states = states_in_registers(program);
  const std::int64_t statements = pair_instructions(program);
  for (const TileShape shape : {TileShape{4, 2}, TileShape{2, 2}, TileShape{2, 1}}) {
    if (has_calls && shape.columns > 1) continue;
    const int vectors = shape.row_vectors * shape.columns;
    if (vectors * statements <= kMostStatements &&
        vectors * live + shape.row_vectors * states <= kMostLiveValues) {
      return shape;
    }
  }
  return {1, 1};
}

}  // namespace kernelops
