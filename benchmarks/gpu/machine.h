// What a device reaches, measured by small kernels of our own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/gpu/gpu_device.h"
#include "core/jit/cuda_compiler.h"

namespace kernelops::benchmark {

/// A rate that was measured, and what the notes on limits assume.
struct Ceiling {
  std::string name;
  std::string unit;
  double per_second = 0;
  double per_cycle = 0;  // of a multiprocessor; 0 for memory
  double expected_per_cycle = 0;
  std::string failure;  // of the compiler or the device, or empty
};

struct MachineReport {
  double clock_hertz = 0;  // of the multiprocessors while they multiply and add
  std::vector<Ceiling> ceilings;
  double bytes_per_second = 0;
};

/// `scale` shortens the work; medians of `repetitions`.
MachineReport measure_machine(const std::shared_ptr<GpuDevice>& device,
                              const CudaCompiler& compiler, double scale, int repetitions);

/// The texts with their names, for those who only compile them.
std::vector<CudaSource> machine_sources();

}  // namespace kernelops::benchmark
