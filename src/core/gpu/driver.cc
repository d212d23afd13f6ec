#include "core/gpu/driver.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace kernelops {
namespace {

// CUdevice_attribute of <cuda.h>.
enum Attribute : int {
  kClockRate = 13,
  kProcessors = 16,
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
  kRegistersPerProcessor = 82,
  kSharedBytesPerProcessor = 81,
  kSharedBytesPerBlock = 97,
};

// After these the driver refuses all further work of the process on the device.
bool is_lasting(int code) {
  static constexpr std::array<int, 12> kCodes = {4,   214, 700, 702, 709, 710,
                                                 714, 715, 716, 717, 718, 719};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

const std::vector<std::string>& symbols() {
  static const std::vector<std::string> names = {
#define KERNELOPS_SYMBOL(name, symbol, parameters) #symbol,
      KERNELOPS_DRIVER_FUNCTIONS(KERNELOPS_SYMBOL)
#undef KERNELOPS_SYMBOL
  };
  return names;
}

template <typename Signature>
void take(const DynamicLibrary& library, const char* symbol, DriverFunction<Signature>* function) {
  function->address = reinterpret_cast<Signature*>(library.find(symbol));
}

}  // namespace

CudaDriver::CudaDriver(std::shared_ptr<DynamicLibrary> library)
    : library_(std::move(library)), process_(::getpid()) {
#define KERNELOPS_TAKE(name, symbol, parameters) take(*library_, #symbol, &functions_.name);
  KERNELOPS_DRIVER_FUNCTIONS(KERNELOPS_TAKE)
#undef KERNELOPS_TAKE
  path_ = library_->file_of(reinterpret_cast<void*>(functions_.cuInit.address));
  call(functions_.cuInit, "starting the GPU driver", 0u);
  int version = 0;
  call(functions_.cuDriverGetVersion, "asking for the version of the GPU driver", &version);
  version_ = {version / 1000, version % 1000 / 10};
}

bool CudaDriver::is_own_process() const noexcept { return ::getpid() == process_; }

void CudaDriver::check_process() const {
  if (is_own_process()) return;
  throw Error(ErrorKind::device,
              "the GPU cannot be used in a forked process, because its parent has used it; use "
              "processes of their own, such as those of `parallel::makeCluster()`, or the CPU",
              {{"process", std::to_string(::getpid())}, {"parent", std::to_string(process_)}});
}

std::string CudaDriver::code_text(int code) const {
  const char* name = nullptr;
  const char* text = nullptr;
  if (functions_.cuGetErrorName.address(code, &name) != kDriverSuccess || name == nullptr) {
    return "error " + std::to_string(code);
  }
  functions_.cuGetErrorString.address(code, &text);
  return std::string(name) + (text == nullptr ? "" : " (" + std::string(text) + ")");
}

Error CudaDriver::error(int code, const char* call, const std::string& doing) const {
  const std::string text = code_text(code);
  const bool lasting = is_lasting(code);
  return Error(code == kDriverOutOfMemory ? ErrorKind::memory : ErrorKind::device,
               doing + " failed: " + call + " said " + text +
                   (lasting ? "; this process cannot use the GPU any more: start a new one" : ""),
               {{"call", call},
                {"code", text.substr(0, text.find(" ("))},
                {"doing", doing},
                {"lasting", lasting ? "TRUE" : "FALSE"}});
}

int CudaDriver::device_count() const {
  int count = 0;
  call(functions_.cuDeviceGetCount, "counting the GPUs", &count);
  return count;
}

int CudaDriver::device_handle(int ordinal) const {
  int handle = 0;
  const std::string doing = "asking for GPU " + std::to_string(ordinal);
  call(functions_.cuDeviceGet, doing.c_str(), &handle, ordinal);
  return handle;
}

int CudaDriver::attribute(int number, int device) const {
  int value = 0;
  call(functions_.cuDeviceGetAttribute, "asking for a property of a GPU", &value, number, device);
  return value;
}

DeviceProperties CudaDriver::device(int ordinal) const {
  DeviceProperties out;
  out.ordinal = ordinal;
  const int handle = device_handle(ordinal);
  std::array<char, 256> name{};
  call(functions_.cuDeviceGetName, "asking for the name of a GPU", name.data(),
       static_cast<int>(name.size()) - 1, handle);
  out.name = name.data();
  call(functions_.cuDeviceTotalMem, "asking for the memory of a GPU", &out.memory_bytes, handle);
  out.architecture = 10 * attribute(kCapabilityMajor, handle) + attribute(kCapabilityMinor, handle);
  out.processors = attribute(kProcessors, handle);
  out.shared_bytes_per_block = attribute(kSharedBytesPerBlock, handle);
  out.shared_bytes_per_processor = attribute(kSharedBytesPerProcessor, handle);
  out.registers_per_processor = attribute(kRegistersPerProcessor, handle);
  out.clock_kilohertz = attribute(kClockRate, handle);
  return out;
}

std::vector<LibraryCandidate> driver_candidates() {
  std::vector<LibraryCandidate> out;
  const char* named = std::getenv("KERNELOPS_LIBCUDA");
  if (named != nullptr && *named != '\0') return {{named, "KERNELOPS_LIBCUDA"}};
  out.push_back({"libcuda.so.1"});
  out.push_back({"libcuda.so"});
  // Windows' subsystem for Linux keeps it where not every loader looks.
  out.push_back({"/usr/lib/wsl/lib/libcuda.so.1"});
  return out;
}

DriverSearch search_driver(const std::vector<LibraryCandidate>& candidates) {
  DriverSearch search;
  for (const LibraryCandidate& candidate : candidates) {
    LibrarySearch opened = open_first({candidate}, [](const DynamicLibrary& library) {
      return missing_functions(library, symbols());
    });
    if (opened.library == nullptr) {
      search.refused.push_back(opened.refused.front());
      continue;
    }
    try {
      search.driver = std::make_shared<CudaDriver>(opened.library);
      return search;
    } catch (const Error& error) {
      search.refused.push_back(refusal_text(candidate, error.what()));
    }
  }
  return search;
}

}  // namespace kernelops
