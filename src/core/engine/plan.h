// How the pairs are cut into units of work. The cuts depend on the sizes and on the program, never
// on the number of threads, and partial states are merged in the order of the cuts unless no order
// matters (partial_states.h), so that results do not depend on the number of threads either.
#pragma once

#include <cstdint>

#include "core/lower/program.h"

namespace kernelops {

/// Row units x column splits; inside a unit columns are taken a tile at a time.
struct Plan {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t rows_per_unit = 0;   // a multiple of the kernel's row block
  std::int64_t rows_per_panel = 0;  // the rows of a unit are packed in panels of so many
  std::int64_t state_stride = 0;    // of the states of a unit, as [slot][stride]
  std::int64_t row_units = 0;
  std::int64_t columns_per_split = 0;  // a multiple of tile_columns
  std::int64_t splits = 0;
  bool shares_columns = false;  // packed once, before all units
  std::int64_t tile_columns = 0;
  std::int64_t threads = 0;  // worth waking for this work

  std::int64_t units() const { return row_units * splits; }
};

/// What a plan needs to know of a kernel.
struct KernelSizes {
  int real_bytes;
  int lanes;
  int row_block;
  std::int64_t state_slots;
  std::int64_t result_slots = 0;
  std::int64_t scratch_bytes = 0;
};

Plan make_plan(const Program& program, const KernelSizes& kernel, std::int64_t rows,
               std::int64_t columns);

/// The cuts of a transposed program: units of rows, each a sequence of tiles of rows that meet all
/// columns.
struct TransposedPlan {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t rows_per_tile = 0;  // a multiple of the kernel's lanes
  std::int64_t rows_per_unit = 0;  // a multiple of rows_per_tile
  std::int64_t units = 0;
  std::int64_t threads = 0;  // worth waking for this work
};

TransposedPlan make_transposed_plan(const Program& program, const KernelSizes& kernel,
                                    std::int64_t rows, std::int64_t columns);

/// Whether so few rows meet so many columns that blocks of rows would mostly be padding, and that
/// compiling the transposed program pays. `row_block` and `lanes` are those of the program's
/// kernel.
bool prefers_transposed(const Program& program, std::int64_t row_block, int lanes,
                        std::int64_t rows, std::int64_t columns);

}  // namespace kernelops
