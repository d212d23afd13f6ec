// The time that kernels take on a device, by events around each launch of a call.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/gpu/gpu_device.h"

namespace kernelops::benchmark {

/// While it lives, the launches of its device's driver go through it. One at a time.
class LaunchTimer {
 public:
  explicit LaunchTimer(std::shared_ptr<GpuDevice> device);
  ~LaunchTimer();
  LaunchTimer(const LaunchTimer&) = delete;
  LaunchTimer& operator=(const LaunchTimer&) = delete;

  /// Forgets what was timed so far.
  void start() { used_ = 0; }

  /// The time of all launches since start(), which must be done.
  double seconds() const;
  std::size_t launches() const { return used_; }

 private:
  struct Mark {
    std::unique_ptr<CudaEvent> before;
    std::unique_ptr<CudaEvent> after;
  };
  using Launch = decltype(DriverFunctions::cuLaunchKernel);

  static int timed_launch(DriverHandle function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                          unsigned block_x, unsigned block_y, unsigned block_z,
                          unsigned shared_bytes, DriverHandle stream, void** arguments,
                          void** extra);
  Mark& next_mark();

  static LaunchTimer* current_;

  std::shared_ptr<GpuDevice> device_;
  Launch& launch_;
  Launch original_;
  std::vector<Mark> marks_;
  std::size_t used_ = 0;
};

}  // namespace kernelops::benchmark
