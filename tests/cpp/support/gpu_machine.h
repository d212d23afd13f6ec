// Compiles and runs programs on GPUs that are not there: a driver and a compiler that do everything
// on the CPU (fake_driver, fake_nvrtc).
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/cuda_backend.h"
#include "core/gpu/driver.h"
#include "core/jit/files.h"
#include "core/jit/nvrtc.h"
#include "fake_driver/fake_driver.h"
#include "support/machine.h"
#include "support/small_cuda_shape.h"

namespace kernelops::testing {

/// The compiler that is not there.
inline std::shared_ptr<Nvrtc> fake_nvrtc() {
  static const std::shared_ptr<Nvrtc> found = search_nvrtc({{KERNELOPS_FAKE_NVRTC}}, {}).nvrtc;
  return found;
}

/// Some devices of one kind, with all that programs need to run on them.
class GpuMachine {
 public:
  /// `memory` is the cap of each device's pool; 0 is the default.
  explicit GpuMachine(int devices = 1, std::size_t memory = 0,
                      ShapeChoice choose_shape = small_shape)
      : directory_("/tmp/kernelops-test-"), cache_(directory_.path() + "/cache") {
    fake::Machine machine;
    machine.devices = devices;
    machine.asynchronous = true;
    fake::reset(machine);
    driver_ = search_driver({{KERNELOPS_FAKE_DRIVER}}).driver;
    backend_ = std::make_unique<CudaBackend>(fake_nvrtc(), cache_, KERNELOPS_KERNEL_DIR, "test",
                                             std::move(choose_shape));
    for (int k = 0; k < devices; ++k) {
      devices_.push_back(std::make_shared<GpuDevice>(driver_, k, memory));
    }
  }

  CudaBackend& backend() { return *backend_; }
  ThreadPool& pool() { return pool_; }
  const std::vector<std::shared_ptr<GpuDevice>>& devices() const { return devices_; }

  /// A program on the first `devices` devices.
  std::shared_ptr<Executable> executable(const Program& program, bool float32,
                                         std::size_t devices = 1, bool tensor_cores = false) {
    return backend_->executable(program, {float32, tensor_cores},
                                {devices_.begin(), devices_.begin() + static_cast<long>(devices)},
                                {});
  }

  void set_memory(std::size_t cap) {
    for (const auto& device : devices_) device->set_memory_cap(cap);
  }

  /// What buffers of all devices hold now.
  std::size_t used_bytes() const {
    std::size_t out = 0;
    for (const auto& device : devices_) out += device->memory().statistics().used_bytes;
    return out;
  }

 private:
  TemporaryDirectory directory_;
  CudaImageCache cache_;
  std::shared_ptr<CudaDriver> driver_;
  std::unique_ptr<CudaBackend> backend_;
  std::vector<std::shared_ptr<GpuDevice>> devices_;
  ThreadPool pool_;
};

/// Runs programs on such devices, on fixed sizes and in one precision.
class GpuRunner {
 public:
  GpuRunner(GpuMachine& machine, const Sizes& sizes, bool float32)
      : machine_(machine), sizes_(sizes), float32_(float32) {}

  std::vector<Table> pairs(const Program& program, const Values& values) {
    return pairs(program, *machine_.executable(program, float32_), values);
  }

  std::vector<Table> pairs(const Program& program, const Executable& executable,
                           const Values& values) {
    const BoundValues bound(values);
    return pairs(program, executable, bound.bindings);
  }

  /// With the inputs wherever they are.
  std::vector<Table> pairs(const Program& program, const Executable& executable,
                           const Bindings& bindings) {
    std::vector<Table> out = output_tables(program, sizes_);
    run(executable, bindings, Category::i, output_views(out));
    for (std::size_t n = 0; n < out.size(); ++n) {
      if (program.outputs[n].type == StateType::index) out[n] = from_host(out[n]);
    }
    return out;
  }

  Table rows(const Program& program, Category category, const Values& values) {
    const BoundValues bound(values);
    std::vector<Table> out = {Table(sizes_.of(category), program.result_dimension, -77)};
    run(*machine_.executable(program, float32_), bound.bindings, category, output_views(out));
    return out[0];
  }

 private:
  void run(const Executable& executable, const Bindings& bindings, Category category,
           const std::vector<OutputView>& outputs) {
    executable.run({bindings, sizes_, category, outputs, 2, machine_.pool(), {}});
  }

  GpuMachine& machine_;
  Sizes sizes_;
  bool float32_;
};

}  // namespace kernelops::testing
