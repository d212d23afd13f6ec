// Program to CUDA text: a thread has some rows, whose states are in its registers, and the threads
// of a block read the same columns from shared memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/codegen/kernel_source.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// How the long sums of a tile of pairs are computed, as in a product of two matrices
/// (codegen/cuda_matrix.h): rows and columns of a thread, none where they are loops like others. A
/// block has as many rows as threads and tiles of rows * columns columns.
struct CudaMatrixShape {
  int rows = 0;
  int columns = 0;
};

/// The sizes a CUDA kernel is written for.
struct CudaShape {
  int threads = 128;       // of a block that meets pairs
  int rows = 4;            // of a thread
  int columns = 1;         // written out side by side
  int tile_columns = 64;   // in shared memory at a time; none where one column is too long for it
  int tiles_of_span = 64;  // before long states are merged into those in memory
  bool states_in_registers = false;  // those in double, too, for all the columns of a block
  CudaMatrixShape matrix = {};
  RankPlace ranks = RankPlace::heaps;
  bool tensor_cores = false;  // compute them, from compute capability 8.0 on
  bool keeps_tile = false;    // what long results need of the pairs of a tile, in shared memory

  int block_rows() const { return threads * rows; }
};

/// How few rows a call may have for smaller blocks to pay: the bound of the class that `rows`
/// belong to, or 0 for many rows.
std::int64_t few_rows_class(std::int64_t rows);

/// All classes, that of many rows first.
std::vector<std::int64_t> row_classes();

/// A shape made smaller for calls of such a class, of which most threads would have no row.
CudaShape fit_to_rows(CudaShape shape, std::int64_t row_class);

/// The shape for a program in one precision. Where `tensor_cores` holds, scalar products and
/// squared distances of float may be computed on them, with the error that
/// inst/kernels/cuda/tensor.h states.
CudaShape choose_cuda_shape(const Program& program, bool float32, bool tensor_cores = false);

/// Slots from one column to the next in shared memory: whole loads of 16 bytes.
std::int64_t shared_column_slots(const Program& program, bool float32);

/// Whether candidates of the program's ranked reductions need not go into their heaps at once:
/// where the components of formulas are written out.
bool may_list_ranks(const Program& program);

/// The options of NVRTC that the text is written for.
std::vector<std::string> cuda_options(bool float32);

/// The kernels of a program, for a compiler that finds the headers of inst/kernels. They are
/// described in inst/kernels/cuda/README.md.
KernelSource generate_cuda(const Program& program, bool float32, const CudaShape& shape);

}  // namespace kernelops
