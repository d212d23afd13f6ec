// Compiles and runs programs on GPUs: on some that are not there, with a driver and a compiler that
// do everything on the CPU (fake_driver, fake_nvrtc), or on those of this machine.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/cuda_backend.h"
#include "core/gpu/driver.h"
#include "core/gpu/installation.h"
#include "core/jit/files.h"
#include "core/jit/nvrtc.h"
#include "core/jit/nvrtc_places.h"
#include "fake_driver/fake_driver.h"
#include "support/executor.h"
#include "support/small_cuda_shape.h"

namespace kernelops::testing {

/// What this machine has for work on GPUs; looked for once.
inline const CudaInstallation& machine_gpus() {
  static const CudaInstallation found =
      find_cuda(nullptr, {driver_candidates(), nvrtc_candidates(nvrtc_places(""))});
  return found;
}

/// A driver and a compiler that are not there, for `devices` devices.
inline CudaInstallation fake_gpus(int devices) {
  fake::Machine machine;
  machine.devices = devices;
  machine.asynchronous = true;
  fake::reset(machine);
  return find_cuda(nullptr, {{{KERNELOPS_FAKE_DRIVER}}, {{KERNELOPS_FAKE_NVRTC}}});
}

/// The devices of an installation, with all that programs need to run on them.
class GpuMachine {
 public:
  /// Devices that are not there.
  explicit GpuMachine(int devices = 1) : GpuMachine(fake_gpus(devices), small_shape) {}

  GpuMachine(const CudaInstallation& gpus, ShapeChoice choose_shape)
      : directory_("/tmp/kernelops-test-"),
        cache_(directory_.path() + "/cache"),
        backend_(gpus.compiler, cache_, KERNELOPS_KERNEL_DIR, "test", std::move(choose_shape)) {
    for (const DeviceProperties& device : gpus.devices) {
      devices_.push_back(std::make_shared<GpuDevice>(gpus.driver.driver, device.ordinal, 0));
    }
  }

  CudaBackend& backend() { return backend_; }
  ThreadPool& pool() { return pool_; }
  const std::vector<std::shared_ptr<GpuDevice>>& devices() const { return devices_; }

  /// A program on the first `devices` devices.
  std::shared_ptr<Executable> executable(const Program& program, bool float32,
                                         std::size_t devices = 1, bool tensor_cores = false) {
    return backend_.executable(program, {float32, tensor_cores},
                               {devices_.begin(), devices_.begin() + static_cast<long>(devices)},
                               {});
  }

  /// Caps the memory of every device; 0 is the default.
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
  CudaBackend backend_;
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
    return fill_pairs(program, bindings, sizes_,
                      [&](const Bindings& inputs, const std::vector<OutputView>& outputs) {
                        run(executable, inputs, Category::i, outputs);
                      });
  }

  Table rows(const Program& program, Category category, const Values& values) {
    return fill_rows(program, category, values, sizes_,
                     [&](const Bindings& inputs, const OutputView& output) {
                       run(*machine_.executable(program, float32_), inputs, category, {output});
                     });
  }

  /// The results with as little memory as will do.
  std::vector<Table> streamed(const Program& program, const Executable& executable,
                              const Values& values) {
    for (std::size_t memory = 4096;; memory += memory / 4) {
      machine_.set_memory(memory);
      try {
        std::vector<Table> out = pairs(program, executable, values);
        machine_.set_memory(0);
        return out;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::memory || memory > (1 << 26)) throw;
      }
    }
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

/// The first `devices` devices as an executor of programs of pairs.
inline Executor gpu_executor(GpuMachine& machine, std::size_t devices) {
  Executor out;
  out.pairs = [&machine, devices](const Program& program, bool float32) {
    return
        [&machine, &program, float32, executable = machine.executable(program, float32, devices)](
            const Values& values, const Sizes& sizes) {
          return GpuRunner(machine, sizes, float32).pairs(program, *executable, values);
        };
  };
  return out;
}

}  // namespace kernelops::testing
