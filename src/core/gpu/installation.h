// What a machine has for work on GPUs: driver, compiler and devices, or why not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/gpu/driver.h"
#include "core/jit/cuda_compiler.h"
#include "core/jit/nvcc.h"
#include "core/jit/nvrtc.h"

namespace kernelops {

/// What was found, and why other candidates were refused.
struct CudaInstallation {
  DriverSearch driver;
  NvrtcSearch nvrtc;
  NvccSearch nvcc;                               // looked for where there is no NVRTC
  std::shared_ptr<const CudaCompiler> compiler;  // of these two
  std::vector<DeviceProperties> devices;
  std::string reason;  // why no GPU can be used; empty if one can
};

/// What a kernel for a device is compiled for.
CudaTarget target_of(const CudaDriver& driver, const DeviceProperties& device);

/// Where to look, best first.
struct CudaCandidates {
  std::vector<LibraryCandidate> drivers;
  std::vector<LibraryCandidate> nvrtc = {};
  std::vector<LibraryCandidate> nvcc = {};
};

/// Looks for a driver among the candidates unless one is `started` already, and for the compiler
/// that fits its devices. Memory is taken on no device.
CudaInstallation find_cuda(const std::shared_ptr<CudaDriver>& started,
                           const CudaCandidates& candidates);

}  // namespace kernelops
