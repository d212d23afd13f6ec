// Runs programs on GPUs.
#pragma once

#include <memory>
#include <vector>

#include "core/engine/backend.h"
#include "core/engine/cuda_kernel.h"

namespace kernelops {

/// The kernels of a program, one for each device that takes part.
using CudaKernels = std::vector<std::shared_ptr<CudaKernel>>;

/// Computes the reductions of `program`, which has pairs, as execute() does; the rows are split
/// over the devices.
void execute_cuda(const Program& program, const CudaKernels& kernels, const Call& call);

/// Computes a program without pairs, as execute_rows() does, on the first device.
void execute_rows_cuda(const Program& program, const CudaKernels& kernels, const Call& call);

}  // namespace kernelops
