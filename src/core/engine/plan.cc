#include "core/engine/plan.h"

#include <algorithm>

#include "core/support/rounding.h"

namespace kernelops {

namespace {

// A packed tile of columns stays in the first or second cache, the rows of a unit in the second.
constexpr std::int64_t kTileBytes = 32 * 1024;
constexpr std::int64_t kUnitBytes = 256 * 1024;
constexpr std::int64_t kFewestTileColumns = 64;
constexpr std::int64_t kMostTileColumns = 1024;
// Enough units to balance any usual number of cores.
constexpr std::int64_t kWantedUnits = 64;
// Fewer rows would not pay for packing the columns.
constexpr std::int64_t kFewestUnitRows = 1024;
constexpr std::int64_t kFewestSplitTiles = 4;
constexpr std::int64_t kPartialStateBytes = 64 * 1024 * 1024;
// Vector instructions that run in the time of waking a thread, with a good margin.
constexpr double kSmallWork = 4e5;

double instructions_per_pair(const Section& section) {
  double count = 2;
  for (const Block& block : section.blocks) {
    count += static_cast<double>(block.extent) * static_cast<double>(block.code.size());
  }
  return count;
}

}  // namespace

Plan make_plan(const Program& program, const KernelSizes& kernel, std::int64_t rows,
               std::int64_t columns) {
  Plan plan;
  plan.rows = rows;
  plan.columns = columns;

  const std::int64_t column_bytes =
      std::max<std::int64_t>(1, program.packed_slots) * kernel.real_bytes;
  plan.tile_columns = round_up(
      std::clamp(kTileBytes / column_bytes, kFewestTileColumns, kMostTileColumns), kernel.lanes);

  const std::int64_t row_bytes =
      program.row.slots * kernel.real_bytes + (kernel.state_slots + kernel.result_slots) * 8;
  const std::int64_t most =
      std::max<std::int64_t>(kUnitBytes / std::max<std::int64_t>(1, row_bytes), kernel.row_block) /
      kernel.row_block * kernel.row_block;
  const std::int64_t wanted = std::max(divide_up(rows, kWantedUnits), kFewestUnitRows);
  plan.rows_per_unit =
      std::min(most, round_up(std::max<std::int64_t>(1, std::min(wanted, rows)), kernel.row_block));
  plan.row_units = divide_up(rows, plan.rows_per_unit);

  plan.splits = 1;
  if (plan.row_units > 0 && plan.row_units < kWantedUnits) {
    const std::int64_t state_bytes = std::max<std::int64_t>(1, rows * kernel.state_slots * 8);
    plan.splits = std::min({divide_up(kWantedUnits, plan.row_units),
                            columns / (kFewestSplitTiles * plan.tile_columns),
                            kPartialStateBytes / state_bytes});
    plan.splits = std::max<std::int64_t>(1, plan.splits);
  }
  plan.columns_per_split = round_up(divide_up(columns, plan.splits), plan.tile_columns);
  // Rounding up may have left the last splits without columns.
  if (columns > 0) plan.splits = divide_up(columns, plan.columns_per_split);

  const double work = static_cast<double>(rows) * static_cast<double>(columns) *
                      instructions_per_pair(program.pair) / kernel.lanes;
  plan.small = work < kSmallWork;
  return plan;
}

}  // namespace kernelops
