// One GPU in use: all that work on it shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

#include "core/gpu/context.h"
#include "core/gpu/device_memory.h"
#include "core/gpu/staging.h"
#include "core/gpu/stream.h"

namespace kernelops {

/// A device with its queues, its pool of memory and the pinned chunks that lead to it. One thread
/// uses it at a time, except for its memory.
class GpuDevice {
 public:
  /// Throws Error(device) or Error(memory). The pool never holds more than `memory_cap` bytes;
  /// 0 is the default cap.
  GpuDevice(const std::shared_ptr<const CudaDriver>& driver, int ordinal, std::size_t memory_cap);
  ~GpuDevice();
  GpuDevice(const GpuDevice&) = delete;
  GpuDevice& operator=(const GpuDevice&) = delete;

  const DeviceProperties& properties() const { return context_->device(); }
  const std::shared_ptr<const CudaContext>& context() const { return context_; }
  DeviceMemory& memory() const { return *memory_; }
  /// Computes.
  const CudaStream& stream() const { return stream_; }
  /// Brings columns for later steps while `stream` computes.
  const CudaStream& copy_stream() const { return copy_stream_; }
  Staging& staging() { return staging_; }

  /// Changes the cap of the pool; 0 is the default, a part of the device's memory.
  void set_memory_cap(std::size_t memory_cap);

  /// Waits until nothing runs any more, whatever became of it.
  void settle() const noexcept;

 private:
  std::size_t cap_of(std::size_t memory_cap) const;

  std::shared_ptr<const CudaContext> context_;
  std::shared_ptr<DeviceMemory> memory_;
  CudaStream stream_;
  CudaStream copy_stream_;
  Staging staging_;
};

/// Where an error ends work on a device, waits until the device is idle: nothing may be freed that
/// it still uses. Work that ends well has waited itself.
class Settling {
 public:
  explicit Settling(const GpuDevice& device)
      : device_(device), exceptions_(std::uncaught_exceptions()) {}
  ~Settling() {
    if (std::uncaught_exceptions() > exceptions_) device_.settle();
  }
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;

 private:
  const GpuDevice& device_;
  int exceptions_;
};

/// A matrix that lives in the memory of a device: float64, column-major. It holds its device.
struct DeviceArray {
  std::shared_ptr<GpuDevice> device;
  DeviceBuffer memory;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// Sends a column-major matrix of doubles to a device.
std::shared_ptr<DeviceArray> send_array(const std::shared_ptr<GpuDevice>& device,
                                        const double* values, std::int64_t rows,
                                        std::int64_t columns);

/// Copies a matrix of a device to `values`, rows x columns, column-major.
void fetch_array(const DeviceArray& array, double* values);

}  // namespace kernelops
