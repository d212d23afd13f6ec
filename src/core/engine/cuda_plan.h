// How the pairs are cut for one device: rows in chunks whose states fit its memory, columns in
// steps of which each is one launch. The cuts depend on the sizes, the program, the kind of device
// and the memory that may be used, never on time, so that results are the same in every run.
#pragma once

#include <cstdint>

#include "core/codegen/cuda_launch.h"
#include "core/gpu/driver.h"
#include "core/lower/program.h"

namespace kernelops {

/// What a plan needs to know besides the program.
struct CudaPlanRequest {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t real_bytes = 4;
  CudaShape shape;
  DeviceProperties device;
  std::int64_t memory_bytes = 0;  // that may be used
};

/// Chunks of rows x steps of columns.
struct CudaPlan {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t rows_of_chunk = 0;
  std::int64_t columns_of_step = 0;
  std::int64_t resident_steps = 0;    // whose columns are in memory at a time: all, or two
  std::int64_t part_state_bytes = 0;  // for the states of all parts of a chunk

  std::int64_t chunks() const;
  std::int64_t steps() const;
  bool keeps_columns() const { return resident_steps == steps(); }
};

/// Throws Error(memory) if not even a block of rows and a tile of columns fit.
CudaPlan make_cuda_plan(const Program& program, const CudaPlanRequest& request);

/// Pairs that a device of this kind meets in the time that a launch may take, were it never to
/// wait: less than 100 milliseconds, so that the user can interrupt and a display stays alive.
std::int64_t pairs_of_launch(const Program& program, std::int64_t real_bytes,
                             const DeviceProperties& device);

}  // namespace kernelops
