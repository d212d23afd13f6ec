// The long sums of a tile of pairs on tensor cores, where they are scalar products or squared
// distances of float; see inst/kernels/cuda/tensor.h for the arithmetic and its error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/codegen/cuda.h"
#include "core/lower/contract.h"

namespace kernelops {

/// Components of a chunk.
constexpr std::int64_t kTensorChunk = 16;

/// Numbers from one component of a chunk to the next, as in inst/kernels/cuda/tensor.h.
constexpr std::int64_t tensor_row_pitch(std::int64_t rows) { return rows + 8; }
constexpr std::int64_t tensor_column_pitch(std::int64_t columns) { return 2 * (columns + 2); }

/// Whether all contractions are scalar products or squared distances, and long enough.
bool suits_tensor_cores(const PairContractions& split);

/// Numbers in shared memory beside sums and chunks.
std::int64_t tensor_slots(const PairContractions& split, const CudaShape& shape);

/// What is declared and computed once for the rows of a block.
std::string tensor_declarations(const PairContractions& split);

/// The loop over chunks, with what goes before it, what follows the copies of a chunk and what is
/// done with one.
using ChunkLoop = std::function<std::string(
    const std::string& before, const std::string& after_copies, const std::string& work)>;

/// The products of a tile.
std::string tensor_sums(const Contraction& each, const CudaShape& shape, const ChunkLoop& chunks);

/// The sum of a pair, of the product that was stored.
std::string tensor_value(const Contraction& each, const std::string& product);

}  // namespace kernelops
