// How many rows and columns meet at a time in the registers.
#pragma once

#include "core/lower/program.h"

namespace kernelops {

/// A block of `row_vectors` vectors of rows meets `columns` columns at a time: their product is the
/// number of independent accumulators.
struct TileShape {
  int row_vectors = 1;
  int columns = 1;
};

/// The shape for a machine with that many vector registers: in loops over long vectors,
/// accumulators stay in registers; elsewhere enough rows are interleaved to hide latencies.
TileShape choose_tile_shape(const Program& program, int registers);

}  // namespace kernelops
