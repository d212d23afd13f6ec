#include "core/engine/plan.h"

#include <algorithm>
#include <string>

#include "core/engine/aligned_buffer.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// A packed tile of columns stays in the first or second cache, the rows of a unit in the second.
constexpr std::int64_t kTileBytes = 32 * 1024;
// Long states are merged after each tile, and long rows are read again for each, which costs more
// than a tile out of the second cache.
constexpr std::int64_t kLargeTileBytes = 512 * 1024;
constexpr std::int64_t kUnitBytes = 256 * 1024;
constexpr std::int64_t kFewestTileColumns = 256;
constexpr std::int64_t kMostTileColumns = 1024;
// Enough units to balance any usual number of cores. More splits of the columns do not cost more
// packing, as more units of rows would.
constexpr std::int64_t kWantedUnits = 64;
constexpr std::int64_t kWantedSplitUnits = 256;
// Fewer rows would not pay for packing the columns: rather read rows from the third cache, once for
// each tile of columns. States are read more often.
constexpr std::int64_t kWantedUnitRows = 1024;
constexpr std::int64_t kFewestUnitRows = 512;
constexpr std::int64_t kManySlots = 16;
constexpr std::int64_t kLineBytes = 64;
constexpr std::int64_t kUnitStateBytes = 1024 * 1024;
constexpr std::int64_t kFewestSplitTiles = 4;
constexpr std::int64_t kFewestSharedBytes = 1024 * 1024;
constexpr std::int64_t kFewestPartialBytes = 16 * 1024 * 1024;
constexpr std::int64_t kMostPartialBytes = 64 * 1024 * 1024;
// Tiles of rows of a transposed program are read by one column after the other.
constexpr std::int64_t kRowTileBytes = 128 * 1024;
// With few columns an input's way from memory counts: tiles in the first cache overlap with it.
constexpr std::int64_t kFewColumns = 4;
constexpr std::int64_t kSmallTileBytes = 32 * 1024;
constexpr std::int64_t kFewestTileVectors = 8;
constexpr std::int64_t kMostTileRows = 8192;
constexpr std::int64_t kMostRowUnits = 256;
constexpr std::int64_t kRowsOfHeapEntry = 128;
constexpr std::int64_t kFewestRowUnits = 16;
// How much longer the padding of rows may make a call, and how many vector instructions it may cost
// (a few milliseconds), before another kernel is compiled for it.
constexpr double kWorthwhilePadding = 1.15;
constexpr double kWorthCompiling = 2e7;
// Vector instructions that run in the time of waking a thread, with a good margin.
constexpr double kWorkOfThread = 2e5;
// Those of a tile: between tiles an interrupt is answered.
constexpr double kMostTileWork = 5e7;

// What a call of a function in the code of an operation costs, and a state that takes in a value.
constexpr double kFunctionInstructions = 10;
constexpr double kUpdateInstructions = 3;
constexpr double kScalarInstructions = 40;  // for each lane

double cost_of(const Instruction& each, int lanes) {
  switch (each.opcode) {
    case Opcode::apply:
      if (each.op->code.is_scalar) return kScalarInstructions * lanes;
      return each.op->code.text.find('(') == std::string::npos ? 1 : kFunctionInstructions;
    case Opcode::call: {
      double cost = 0;
      for (const SlotArray& array : each.arrays) {
        cost += 2 * static_cast<double>(array.dimension);
      }
      return cost;
    }
    case Opcode::step:
    case Opcode::update:
      return kUpdateInstructions;
    default:
      return 1;
  }
}

double instructions_per_pair(const Section& section, int lanes) {
  double count = 2;
  for (const Block& block : section.blocks) {
    for (const Instruction& each : block.code) {
      count += static_cast<double>(block.extent) * cost_of(each, lanes);
    }
  }
  return count;
}

// Instructions for `rows` x `columns` pairs.
double work_of(const Program& program, int lanes, std::int64_t rows, std::int64_t columns) {
  return static_cast<double>(rows) * static_cast<double>(columns) *
         instructions_per_pair(program.pair, lanes) / lanes;
}

// How many rows or columns, of so much work each, a tile may have.
std::int64_t most_in_tile(double work) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(kMostTileWork / (1 + work)));
}

std::int64_t worthwhile_threads(double work) {
  constexpr double kMostThreads = 1 << 20;
  const auto threads = static_cast<std::int64_t>(std::min(work / kWorkOfThread, kMostThreads));
  // One worker alone is no faster than the calling thread.
  return threads < 2 ? 0 : threads;
}

std::int64_t input_bytes(const Panel& panel, std::int64_t rows) {
  std::int64_t slots = 0;
  for (const PanelInput& input : panel.inputs) slots += input.dimension;
  return rows * slots * 8;
}

// Partial states take no more memory than the inputs, where those are large.
std::int64_t partial_bytes(std::int64_t inputs) {
  return std::clamp(inputs, kFewestPartialBytes, kMostPartialBytes);
}

}  // namespace

Plan make_plan(const Program& program, const KernelSizes& kernel, std::int64_t rows,
               std::int64_t columns) {
  Plan plan;
  plan.rows = rows;
  plan.columns = columns;

  const std::int64_t row_bytes =
      program.row.slots * kernel.real_bytes + kernel.state_slots * kStateBytes;
  const std::int64_t unit_bytes = columns > kFewColumns ? kUnitBytes : kSmallTileBytes;
  const std::int64_t fewest =
      std::min(kFewestUnitRows,
               kUnitStateBytes / std::max<std::int64_t>(1, kernel.state_slots * kStateBytes));
  const std::int64_t most = std::max({unit_bytes / std::max<std::int64_t>(1, row_bytes), fewest,
                                      std::int64_t{kernel.row_block}}) /
                            kernel.row_block * kernel.row_block;
  const std::int64_t wanted = std::max(divide_up(rows, kWantedUnits), kWantedUnitRows);
  plan.rows_per_unit =
      std::min(most, round_up(std::max<std::int64_t>(1, std::min(wanted, rows)), kernel.row_block));
  plan.row_units = divide_up(rows, plan.rows_per_unit);

  const std::int64_t column_bytes =
      std::max<std::int64_t>(1, program.packed_slots) * kernel.real_bytes;
  const std::int64_t tile_bytes = std::max(kernel.state_slots, program.packed_slots) > kManySlots
                                      ? kLargeTileBytes
                                      : kTileBytes;
  plan.tile_columns =
      round_up(std::min(std::clamp(tile_bytes / column_bytes, kFewestTileColumns, kMostTileColumns),
                        most_in_tile(work_of(program, kernel.lanes, plan.rows_per_unit, 1))),
               kernel.lanes);

  // The slots of a row block lie close together where they are many, and the slots of states, which
  // are one stride apart, in different sets of the cache.
  plan.rows_per_panel = program.row.slots > kManySlots ? kernel.row_block : plan.rows_per_unit;
  plan.state_stride =
      plan.rows_per_unit + (kernel.state_slots > kManySlots ? kLineBytes / kStateBytes : 0);

  plan.splits = 1;
  if (plan.row_units > 0 && plan.row_units < kWantedSplitUnits) {
    const std::int64_t state_bytes = std::max<std::int64_t>(
        1, plan.row_units * plan.state_stride * kernel.state_slots * kStateBytes);
    const std::int64_t bytes =
        partial_bytes(input_bytes(program.row, rows) + input_bytes(program.column, columns));
    plan.splits =
        std::min({divide_up(kWantedSplitUnits, plan.row_units),
                  columns / (kFewestSplitTiles * plan.tile_columns), bytes / state_bytes});
    plan.splits = std::max<std::int64_t>(1, plan.splits);
  }
  plan.columns_per_split = round_up(divide_up(columns, plan.splits), plan.tile_columns);
  // Rounding up may have left the last splits without columns.
  if (columns > 0) plan.splits = divide_up(columns, plan.columns_per_split);

  // Packed once rather than by every unit of rows, if that takes no more memory than the inputs.
  plan.shares_columns =
      plan.row_units > 1 &&
      columns * column_bytes <= std::max(input_bytes(program.column, columns), kFewestSharedBytes);

  plan.threads = worthwhile_threads(work_of(program, kernel.lanes, rows, columns));
  return plan;
}

TransposedPlan make_transposed_plan(const Program& program, const KernelSizes& kernel,
                                    std::int64_t rows, std::int64_t columns) {
  TransposedPlan plan;
  plan.rows = rows;
  plan.columns = columns;
  const std::int64_t row_bytes = std::max<std::int64_t>(1, program.row.slots) * kernel.real_bytes;
  const std::int64_t tile_bytes = columns > kFewColumns ? kRowTileBytes : kSmallTileBytes;
  plan.rows_per_tile = round_up(
      std::min(std::clamp(tile_bytes / row_bytes, kFewestTileVectors * kernel.lanes, kMostTileRows),
               most_in_tile(work_of(program, kernel.lanes, 1, columns))),
      kernel.lanes);
  const std::int64_t state_bytes =
      std::max<std::int64_t>(1, columns * kernel.lanes * kernel.state_slots * kStateBytes);
  const std::int64_t most = std::clamp<std::int64_t>(
      partial_bytes(input_bytes(program.row, rows)) / state_bytes, 1, kMostRowUnits);
  // The first values of a unit all enter the heaps of the best ones.
  std::int64_t fewest = 1;
  for (const Accumulation& each : program.accumulations) {
    if (each.ranked()) fewest = std::max(fewest, kRowsOfHeapEntry * each.rank * kernel.lanes);
  }
  fewest = std::min(fewest, 1 + rows / kFewestRowUnits);
  plan.rows_per_unit = round_up(std::max(fewest, divide_up(rows, most)), plan.rows_per_tile);
  plan.units = divide_up(rows, plan.rows_per_unit);
  plan.threads = worthwhile_threads(work_of(program, kernel.lanes, rows, columns));
  return plan;
}

bool prefers_transposed(const Program& program, std::int64_t row_block, int lanes,
                        std::int64_t rows, std::int64_t columns) {
  const std::int64_t padded = round_up(rows, row_block);
  if (static_cast<double>(padded) < kWorthwhilePadding * static_cast<double>(rows)) return false;
  return work_of(program, lanes, padded - rows, columns) > kWorthCompiling;
}

}  // namespace kernelops
