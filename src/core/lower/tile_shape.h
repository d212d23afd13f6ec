// How many rows and columns meet at a time in the registers.
#pragma once

#include "core/lower/program.h"

namespace kernelops {

/// Where the candidates of ranked reductions go while a tile runs: into their heaps in memory, or,
/// on a GPU (cuda/rank_lists.h), into memory of the thread or lists in its registers first.
enum class RankPlace { heaps, waiting, lists };

/// A block of `row_vectors` vectors of rows meets `columns` columns at a time: their product is the
/// number of independent accumulators.
struct TileShape {
  int row_vectors = 1;
  int columns = 1;
  RankPlace ranks = RankPlace::heaps;
};

/// The shape for a machine with that many vector registers: in loops over long vectors,
/// accumulators stay in registers; elsewhere enough rows are interleaved to hide latencies.
TileShape choose_tile_shape(const Program& program, int registers);

}  // namespace kernelops
