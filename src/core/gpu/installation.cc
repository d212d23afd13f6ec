#include "core/gpu/installation.h"

#include "core/support/error.h"

namespace kernelops {
namespace {

// Fills in the devices, or says why there are none.
std::string find_devices(CudaInstallation* out) {
  if (out->driver.driver == nullptr) return "no usable NVIDIA driver was found";
  const CudaDriver& driver = *out->driver.driver;
  try {
    const int count = driver.device_count();
    for (int ordinal = 0; ordinal < count; ++ordinal)
      out->devices.push_back(driver.device(ordinal));
  } catch (const Error& error) {
    out->devices.clear();
    return error.what();
  }
  return out->devices.empty() ? "the driver knows no GPU" : "";
}

}  // namespace

CudaTarget target_of(const CudaDriver& driver, const DeviceProperties& device) {
  return {device.architecture, driver.version()};
}

CudaInstallation find_cuda(const std::shared_ptr<CudaDriver>& started,
                           const CudaCandidates& candidates) {
  CudaInstallation out;
  out.driver.driver = started;
  if (started == nullptr) out.driver = search_driver(candidates.drivers);
  out.reason = find_devices(&out);
  std::vector<CudaTarget> targets;
  for (const DeviceProperties& device : out.devices) {
    targets.push_back(target_of(*out.driver.driver, device));
  }
  out.nvrtc = search_nvrtc(candidates.nvrtc, targets);
  out.compiler = out.nvrtc.nvrtc;
  if (out.compiler == nullptr) {
    out.nvcc = search_nvcc(candidates.nvcc, targets);
    out.compiler = out.nvcc.nvcc;
  }
  if (out.reason.empty() && out.compiler == nullptr) {
    out.reason = "no usable NVRTC or nvcc was found";
  }
  return out;
}

}  // namespace kernelops
