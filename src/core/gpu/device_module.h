// Compiled CUDA code on a device.
#pragma once

#include <memory>
#include <string>

#include "core/gpu/context.h"
#include "core/gpu/stream.h"

namespace kernelops {

/// The number of blocks, or of threads in a block, in each direction.
struct GridSize {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
};

/// What a kernel takes of a processor.
struct KernelResources {
  int registers = 0;
  int shared_bytes = 0;  // besides what a launch asks for
  int local_bytes = 0;   // of each thread: spilled registers and arrays
  int most_threads = 0;  // in a block
};

/// A kernel of a module; valid as long as the module lives.
class DeviceFunction {
 public:
  KernelResources resources() const;

  /// Allows launches to ask for this much shared memory.
  void allow_shared_bytes(int bytes) const;

  /// Queues a launch; `arguments` are addresses of values, which are copied.
  void launch(const CudaStream& stream, GridSize grid, GridSize block, unsigned shared_bytes,
              void** arguments) const;

 private:
  friend class DeviceModule;

  DeviceFunction(const CudaContext* context, DriverHandle function)
      : context_(context), function_(function) {}

  const CudaContext* context_;
  DriverHandle function_;
};

/// A loaded image: machine code, or PTX that the driver translates.
class DeviceModule {
 public:
  /// Throws Error(device), or Error(memory) if there is no room for it.
  DeviceModule(std::shared_ptr<const CudaContext> context, const std::string& image);
  ~DeviceModule();
  DeviceModule(const DeviceModule&) = delete;
  DeviceModule& operator=(const DeviceModule&) = delete;

  /// The kernel `name`; throws Error(device) if there is none.
  DeviceFunction function(const std::string& name) const;

 private:
  std::shared_ptr<const CudaContext> context_;
  DriverHandle module_ = nullptr;
};

}  // namespace kernelops
