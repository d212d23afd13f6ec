// Blocks for small data.
#pragma once

#include "core/codegen/cuda.h"

namespace kernelops::testing {

/// Gives a shape so few threads and columns that small data meet every edge.
inline void make_small(bool float32, CudaShape* shape) {
  // Tensor cores have sizes of their own.
  if (shape->tensor_cores) return;
  shape->threads = 4;
  if (shape->tile_columns > 0) shape->tile_columns = 16;
  if (shape->matrix.rows > 0) {
    shape->matrix = {4, float32 ? 4 : 2};
    shape->threads = 8;
    shape->tile_columns = shape->matrix.rows * shape->matrix.columns;
  }
  shape->tiles_of_span = 2;
}

/// Such a shape for a program.
inline CudaShape small_shape(const Program& program, bool float32, bool tensor_cores = false) {
  CudaShape shape = choose_cuda_shape(program, float32, tensor_cores);
  make_small(float32, &shape);
  return shape;
}

}  // namespace kernelops::testing
