#include "core/api/gpus.h"

#include <utility>

#include "core/jit/nvrtc_places.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {
namespace {

std::string key_of(const Settings& settings) {
  return join(
      {settings.nvrtc, settings.cache_directory, settings.kernel_directory, settings.version},
      "\x1f");
}

Error unusable(const CudaInstallation& installation) {
  std::vector<std::string> refused = installation.driver.refused;
  if (installation.driver.driver != nullptr) {
    refused = installation.nvrtc.refused;
    const std::vector<std::string>& nvcc = installation.nvcc.refused;
    refused.insert(refused.end(), nvcc.begin(), nvcc.end());
  }
  std::string text = "the GPU cannot be used: " + installation.reason;
  for (const std::string& each : refused) text += "\n  " + each;
  return Error(ErrorKind::device, text + "\n  hint: use_cpu(); keops_sitrep() shows what was found",
               {{"reason", installation.reason}, {"refused", join(refused, "\n")}});
}

}  // namespace

CudaInstallation Gpus::find(const Settings& settings) {
  const NvrtcPlaces places = nvrtc_places(settings.nvrtc);
  CudaInstallation out =
      find_cuda(driver_, {driver_candidates(), nvrtc_candidates(places), nvcc_candidates(places)});
  driver_ = out.driver.driver;
  return out;
}

Gpus::Found& Gpus::found(const Settings& settings) {
  const std::string key = key_of(settings);
  if (found_ != nullptr && found_->key == key) {
    driver_->check_process();
    return *found_;
  }
  auto made = std::make_unique<Found>();
  made->key = key;
  made->installation = find(settings);
  if (!made->installation.reason.empty()) throw unusable(made->installation);
  made->cache = std::make_unique<CudaImageCache>(settings.cache_directory);
  made->backend = std::make_unique<CudaBackend>(made->installation.compiler, *made->cache,
                                                settings.kernel_directory, settings.version);
  earlier_builds_ = builds();
  found_ = std::move(made);
  return *found_;
}

CudaBackend& Gpus::backend(const Settings& settings) { return *found(settings).backend; }

std::vector<std::shared_ptr<GpuDevice>> Gpus::devices(const Settings& settings) {
  const CudaInstallation& installation = found(settings).installation;
  std::vector<int> wanted = settings.devices;
  if (wanted.empty()) {
    for (const DeviceProperties& device : installation.devices) wanted.push_back(device.ordinal);
  }
  std::vector<std::shared_ptr<GpuDevice>> out;
  for (const int ordinal : wanted) {
    const auto count = static_cast<int>(installation.devices.size());
    if (ordinal < 0 || ordinal >= count) {
      throw Error(
          ErrorKind::device,
          "there is no GPU " + std::to_string(ordinal) + ": this machine has " +
              (count == 1 ? "one, number 0"
                          : std::to_string(count) + ", numbers 0 to " + std::to_string(count - 1)),
          {{"device", std::to_string(ordinal)}, {"devices", std::to_string(count)}});
    }
    std::shared_ptr<GpuDevice>& device = devices_[ordinal];
    if (device == nullptr) {
      device = std::make_shared<GpuDevice>(driver_, ordinal, settings.gpu_memory);
    }
    device->set_memory_cap(settings.gpu_memory);
    out.push_back(device);
  }
  return out;
}

CudaTarget Gpus::target(const GpuDevice& device) {
  return target_of(device.context()->driver(), device.properties());
}

std::size_t Gpus::builds() const {
  return earlier_builds_ + (found_ == nullptr ? 0 : found_->cache->builds());
}

void Gpus::trim() const {
  for (const auto& [ordinal, device] : devices_) {
    if (device != nullptr) device->memory().trim();
  }
}

std::vector<GpuUse> Gpus::uses() const {
  std::vector<GpuUse> out;
  for (const auto& [ordinal, device] : devices_) {
    if (device != nullptr) out.push_back({ordinal, device->memory().statistics()});
  }
  return out;
}

}  // namespace kernelops
