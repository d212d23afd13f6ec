// The GPUs of a session: found, started and given back.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/settings.h"
#include "core/engine/cuda_backend.h"
#include "core/gpu/installation.h"

namespace kernelops {

/// What one device of a session holds and did.
struct GpuUse {
  int ordinal = 0;
  DeviceMemoryStatistics memory;
};

/// Starts nothing before it is asked for something. What is found stays found until the settings
/// change.
class Gpus {
 public:
  /// What there is for work on GPUs, looked for anew.
  CudaInstallation find(const Settings& settings);

  /// The devices of the settings, started. Throws Error(device) that says what was looked for and
  /// why it was refused.
  std::vector<std::shared_ptr<GpuDevice>> devices(const Settings& settings);

  /// What compiles for them; throws likewise.
  CudaBackend& backend(const Settings& settings);

  /// What a device is compiled for.
  static CudaTarget target(const GpuDevice& device);

  /// How often the compiler has run.
  std::size_t builds() const;

  /// Frees the memory that nobody uses now.
  void trim() const;

  std::vector<GpuUse> uses() const;

 private:
  struct Found {
    std::string key;
    CudaInstallation installation;
    std::unique_ptr<CudaImageCache> cache;
    std::unique_ptr<CudaBackend> backend;
  };

  Found& found(const Settings& settings);

  std::shared_ptr<CudaDriver> driver_;
  std::unique_ptr<Found> found_;
  std::size_t earlier_builds_ = 0;  // of caches that are gone
  std::map<int, std::shared_ptr<GpuDevice>> devices_;
};

}  // namespace kernelops
