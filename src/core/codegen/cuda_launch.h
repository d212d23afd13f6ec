// How a CUDA kernel of pairs is launched: by sizes alone, so that results are the same on devices
// of one kind.
#pragma once

#include <cstdint>

#include "core/codegen/cuda.h"

namespace kernelops {

/// What is known of a device.
struct CudaDevice {
  int multiprocessors = 1;
  int threads_of_multiprocessor = 2048;
  int registers_of_multiprocessor = 65536;
  int shared_bytes_of_multiprocessor = 102400;
};

/// What is known of a kernel of pairs.
struct CudaKernelNeeds {
  std::int64_t state_slots = 1;
  int registers = 1;  // of a thread
  int shared_bytes = 0;
  bool ranked =
      false;  // each part fills lists of its own, of candidates that others would not take
};

/// The blocks of a launch of `kernelops_tile`: row_blocks x parts, each part of the columns with
/// states of its own, which `kernelops_merge` joins in their order.
struct CudaLaunch {
  std::int64_t row_blocks = 0;
  std::int64_t parts = 1;
  std::int64_t part_columns = 0;  // whole tiles
  std::int64_t padded_rows = 0;   // of the states: whole blocks
  std::int64_t state_bytes = 0;   // of all parts
};

/// For so many rows and columns. Parts never take more than `most_state_bytes`, unless there is one
/// only.
CudaLaunch plan_cuda_launch(const CudaShape& shape, std::int64_t rows, std::int64_t columns,
                            const CudaKernelNeeds& needs, const CudaDevice& device,
                            std::int64_t most_state_bytes);

}  // namespace kernelops
