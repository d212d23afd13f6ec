#include "launch_timer.h"

#include <utility>

namespace kernelops::benchmark {

LaunchTimer* LaunchTimer::current_ = nullptr;

// The table of functions belongs to the driver, which is no constant object.
LaunchTimer::LaunchTimer(std::shared_ptr<GpuDevice> device)
    : device_(std::move(device)),
      launch_(const_cast<DriverFunctions&>(device_->context()->functions()).cuLaunchKernel),
      original_(launch_) {
  KERNELOPS_CHECK(current_ == nullptr);
  current_ = this;
  launch_.address = timed_launch;
}

LaunchTimer::~LaunchTimer() {
  launch_.address = original_.address;
  current_ = nullptr;
}

LaunchTimer::Mark& LaunchTimer::next_mark() {
  if (used_ == marks_.size()) {
    marks_.push_back({std::make_unique<CudaEvent>(device_->context()),
                      std::make_unique<CudaEvent>(device_->context())});
  }
  return marks_[used_++];
}

int LaunchTimer::timed_launch(DriverHandle function, unsigned grid_x, unsigned grid_y,
                              unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                              unsigned shared_bytes, DriverHandle stream, void** arguments,
                              void** extra) {
  const auto launch = [&] {
    return current_->original_.address(function, grid_x, grid_y, grid_z, block_x, block_y, block_z,
                                       shared_bytes, stream, arguments, extra);
  };
  // All kernels of a call run in one stream.
  if (stream != current_->device_->stream().handle()) return launch();
  Mark& mark = current_->next_mark();
  mark.before->record(current_->device_->stream());
  const int code = launch();
  mark.after->record(current_->device_->stream());
  return code;
}

double LaunchTimer::seconds() const {
  double total = 0;
  for (std::size_t n = 0; n < used_; ++n) {
    marks_[n].after->wait();
    total += marks_[n].after->seconds_since(*marks_[n].before);
  }
  return total;
}

}  // namespace kernelops::benchmark
