// The sizes that a CUDA kernel is written for.
#include "core/support/small_code.h"

#include <algorithm>

#include "core/codegen/cuda.h"
#include "core/codegen/cuda_matrix.h"
#include "core/lower/defer.h"
#include "core/lower/lower.h"
#include "core/support/rounding.h"

namespace kernelops {

std::int64_t shared_column_slots(const Program& program, bool float32) {
  const std::int64_t whole = float32 ? 4 : 2;
  const std::int64_t slots = std::max<std::int64_t>(1, program.packed_slots);
  if (slots >= whole) return round_up(slots, whole);
  return slots == 3 ? 4 : slots;
}

std::vector<std::string> cuda_options(bool float32) {
  // Lambdas in the headers have no words before them.
  std::vector<std::string> out = {"--std=c++17", "--device-as-default-execution-space"};
  // As on the CPU, results below the smallest normal number of float are 0.
  if (float32) out.push_back("--ftz=true");
  return out;
}

namespace {

// Of all rows of a thread: what they are loaded with and their states.
constexpr std::int64_t kMostRegisters = 100;
// Lists are only touched in a rare branch: a row more is worth more than a thread.
constexpr std::int64_t kMostRegistersWithLists = 132;
// Of the lists of one row; a candidate costs about as many comparisons and moves.
constexpr std::int64_t kMostListRegisters = 48;

constexpr std::int64_t kMostSharedBytes = 48 * 1024;

// Long results: several rows of a thread share what is loaded of a column, and their sums stay in
// registers for a tile, whose pairs are kept in shared memory. The longer the tile, the less
// traffic of sums.
void keep_tile(std::int64_t bytes_of_pair, std::int64_t bytes_of_column, int columns,
               CudaShape* shape) {
  CudaShape wide = *shape;
  wide.threads = 64;
  wide.keeps_tile = true;
  for (const int rows : {4, 2, 1}) {
    wide.rows = rows;
    wide.columns = columns;
    for (const int tile_columns : {32, 16}) {
      wide.tile_columns = tile_columns;
      if (tile_columns * (bytes_of_column + bytes_of_pair * wide.block_rows()) > kMostSharedBytes) {
        continue;
      }
      *shape = wide;
      return;
    }
  }
}

}  // namespace

bool may_list_ranks(const Program& program) {
  return std::all_of(program.accumulations.begin(), program.accumulations.end(),
                     [](const Accumulation& each) {
                       return !each.ranked() || each.components <= kUnrolledStates;
                     });
}

CudaShape choose_cuda_shape(const Program& program, bool float32, bool tensor_cores) {
  CudaShape out;
  const std::int64_t bytes = shared_column_slots(program, float32) * (float32 ? 4 : 8);
  constexpr std::int64_t kSharedBytes = 16 * 1024;
  out.tile_columns = 64;
  while (out.tile_columns > 8 && out.tile_columns * bytes > kSharedBytes) out.tile_columns /= 2;
  while (out.tile_columns > 0 && out.tile_columns * bytes > kMostSharedBytes) {
    out.tile_columns /= 2;
  }
  bool ranked = false;
  bool long_state = false;
  std::int64_t state_slots = 0;
  std::int64_t ranked_entries = 0;
  for (const Accumulation& each : program.accumulations) {
    ranked = ranked || each.ranked();
    long_state = long_state || each.components > 16;
    state_slots += each.ranked() ? 0 : each.slots();
    ranked_entries += each.ranked() ? each.components * each.rank : 0;
  }
  bool loops = false;
  for (const Block& block : program.pair.blocks) loops = loops || !block.accumulators.empty();
  const std::int64_t words = float32 ? 1 : 2;
  // Side by side in loops over components: each of them is loaded for several rows.
  const int loop_columns = float32 ? 8 : 4;
  // Registers of a row: what it is loaded with, its states, and what a pair computes.
  std::int64_t loads = 0;
  for (const Block& block : program.pair.blocks) {
    for (const Instruction& each : block.code) {
      if (each.opcode == Opcode::load && each.space == Space::row && !block.looped) ++loads;
    }
  }
  std::int64_t of_row = words * (loads + state_slots + 4) + 2 * state_slots;
  if (ranked && may_list_ranks(program)) {
    const std::int64_t of_lists = ranked_entries * (words + 1);
    const bool fits = of_lists <= kMostListRegisters;
    out.ranks = fits ? RankPlace::lists : RankPlace::waiting;
    if (fits) of_row += of_lists;
  }
  const std::int64_t most =
      out.ranks == RankPlace::lists ? kMostRegistersWithLists : kMostRegisters;
  out.rows = 4;
  while (out.rows > 1 && out.rows * of_row > most) out.rows /= 2;
  if (long_state || program.pair.local_slots > 0) out.rows = 1;
  if (program.pair.local_slots == 0 && out.tile_columns > 0) {
    // Accumulators of a long state leave no room for more rows.
    if (loops && !long_state) {
      const bool short_states = !ranked && !split_phases(program).defers() && state_slots <= 2;
      if (short_states && float32) {
        out.rows = 8;
      } else if (out.ranks != RankPlace::lists) {
        out.rows = 4;
      }
      out.columns = loop_columns;
    } else if (ranked) {
      out.columns = 4;
    }
  }
  out.states_in_registers = !ranked && !long_state && state_slots * out.rows <= 24;
  const PairPhases phases = split_phases(program);
  const bool sums_long_results =
      std::any_of(phases.deferred.blocks.begin(), phases.deferred.blocks.end(),
                  [](const Block& block) { return block.looped; });
  if (sums_long_results && phases.kept_slots > 0) {
    keep_tile(phases.kept_slots * (float32 ? 4 : 8), bytes, loops ? loop_columns : 1, &out);
  }
  if (!out.keeps_tile) choose_matrix_shape(program, float32, tensor_cores, &out);
  return out;
}

namespace {

// Blocks for few rows: so many threads, which have so many rows each at most.
struct FewRows {
  std::int64_t most_rows;  // of the call
  int threads;
  int rows;
};

constexpr FewRows kFewRows[] = {{32, 32, 1}, {64, 32, 2}, {512, 32, 4}, {2048, 64, 8}};

}  // namespace

std::int64_t few_rows_class(std::int64_t rows) {
  for (const FewRows& each : kFewRows) {
    if (rows <= each.most_rows) return each.most_rows;
  }
  return 0;
}

std::vector<std::int64_t> row_classes() {
  std::vector<std::int64_t> out = {0};
  for (const FewRows& each : kFewRows) out.push_back(each.most_rows);
  return out;
}

CudaShape fit_to_rows(CudaShape shape, std::int64_t row_class) {
  // Products of matrices need their blocks as they are.
  if (shape.matrix.rows > 0) return shape;
  for (const FewRows& each : kFewRows) {
    if (each.most_rows != row_class) continue;
    shape.threads = std::min(shape.threads, each.threads);
    shape.rows = std::min(shape.rows, each.rows);
  }
  return shape;
}

}  // namespace kernelops
