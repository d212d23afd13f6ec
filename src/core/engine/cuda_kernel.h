// The kernels of a program on one device (inst/kernels/cuda/README.md describes them).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/codegen/cuda.h"
#include "core/codegen/cuda_launch.h"
#include "core/gpu/device_module.h"
#include "core/gpu/gpu_device.h"
#include "core/lower/program.h"
#include "core/support/rounding.h"

namespace kernelops {

/// A panel in the memory of a device, as [slot][stride].
struct PanelPlace {
  DevicePointer address = 0;
  long long stride = 1;
  int count = 1;  // rows or columns that are there
};

/// From one slot of a panel of `count` rows to the next: whole groups of 16 bytes, which kernels
/// copy at a time.
inline std::int64_t panel_stride(std::int64_t count, std::int64_t real_bytes) {
  return round_up(count, 16 / real_bytes);
}

/// States in the memory of a device, as [slot][stride], a part after the other.
struct StatePlaces {
  DevicePointer address = 0;
  long long stride = 1;
};

/// A loaded program. Launches are queued in the device's stream; counts of 0 queue nothing.
class CudaKernel {
 public:
  /// Loads an image of `generate_cuda(program, float32, shape)`; throws Error(device) or
  /// Error(memory).
  CudaKernel(const Program& program, bool float32, const CudaShape& shape,
             std::shared_ptr<GpuDevice> device, const std::string& image);

  GpuDevice& device() const { return *device_; }
  bool float32() const { return float32_; }
  const CudaShape& shape() const { return shape_; }
  std::int64_t real_bytes() const { return float32_ ? 4 : 8; }

  /// The device, and what the kernel of pairs takes of it, which decide how pairs are cut.
  CudaDevice limits() const;
  const CudaKernelNeeds& needs() const { return needs_; }

  /// Copies `array` to `to`, a place in slots of a panel, transposed or not.
  void gather(DevicePointer from, long long row_stride, long long component_stride,
              std::int64_t dimension, const PanelPlace& to) const;

  void parameter_section(DevicePointer parameters) const;
  void row_section(DevicePointer parameters, const PanelPlace& rows) const;
  void column_section(DevicePointer parameters, const PanelPlace& columns) const;

  void initialise(const StatePlaces& states, std::int64_t parts, std::int64_t count) const;
  void tile(DevicePointer parameters, const PanelPlace& rows, const PanelPlace& columns,
            const CudaLaunch& launch, long long first_column, const StatePlaces& states) const;
  /// Merges `parts` parts, which begin at `from`, into `into` in their order.
  void merge(const StatePlaces& into, const StatePlaces& from, std::int64_t parts,
             std::int64_t count) const;
  /// Merges the states of all rows into that of row 0.
  void fold(const StatePlaces& states, std::int64_t count) const;
  void finish(const StatePlaces& states, std::int64_t count, double reduced,
              DevicePointer output) const;

 private:
  std::optional<DeviceFunction> find(const Section& section, const char* name) const;
  void section(const std::optional<DeviceFunction>& function, DevicePointer parameters,
               const PanelPlace& panel) const;
  template <typename... Arguments>
  void launch(const DeviceFunction& function, GridSize grid, unsigned threads,
              Arguments... arguments) const;

  bool float32_;
  CudaShape shape_;
  std::shared_ptr<GpuDevice> device_;
  DeviceModule module_;
  DeviceFunction gather_;
  std::optional<DeviceFunction> parameter_section_;
  std::optional<DeviceFunction> row_section_;
  std::optional<DeviceFunction> column_section_;
  std::optional<DeviceFunction> initialise_;
  std::optional<DeviceFunction> tile_;
  std::optional<DeviceFunction> merge_;
  std::optional<DeviceFunction> fold_;
  std::optional<DeviceFunction> finish_;
  CudaKernelNeeds needs_;
};

}  // namespace kernelops
