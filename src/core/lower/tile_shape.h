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

/// The largest shape whose values stay in `registers` vector registers, by counting what lives through
/// the innermost loop.
TileShape choose_tile_shape(const Program& program, int registers);

}  // namespace kernelops
