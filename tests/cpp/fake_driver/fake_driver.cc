#include "fake_driver/fake_driver.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace kernelops::fake {
namespace {

enum Code : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kInvalidHandle = 400,
  kNotFound = 500,
  kNotReady = 600,
};

constexpr std::size_t kGuardBytes = 64;
constexpr unsigned char kGuard = 0xA5;
constexpr unsigned char kFresh = 0xCD;

struct Failure {
  int countdown;
  int code;
  bool lasting;
};

struct Block {
  std::size_t bytes;
  int device;
};

struct LoadedImage {
  void* library = nullptr;  // or the registry
  int file = -1;
};

struct Context {
  int device;
  int retained = 0;
};

struct State {
  Machine machine;
  std::map<std::string, Failure> failures;
  std::map<std::string, int> calls;
  int lasting_code = 0;
  bool is_busy = false;
  pid_t process = 0;  // that started the driver
  std::map<std::uintptr_t, Block> blocks;
  std::vector<std::size_t> used;  // bytes of each device
  std::set<void*> host_blocks;
  std::set<void*> streams;
  std::set<void*> events;
  std::map<void*, LoadedImage> modules;
  std::map<void*, Kernel> functions;
  std::map<std::string, Kernel> registry;
  std::vector<std::unique_ptr<Context>> contexts;
  int complaints = 0;
  std::string complaint;
};

std::recursive_mutex& mutex() {
  static std::recursive_mutex the_mutex;
  return the_mutex;
}

std::size_t environment_number(const char* name, std::size_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

Machine machine_of_environment() {
  Machine out;
  out.devices = static_cast<int>(environment_number("KERNELOPS_FAKE_DEVICES", 1));
  out.capability = static_cast<int>(environment_number("KERNELOPS_FAKE_CAPABILITY", 90));
  out.memory_bytes = environment_number("KERNELOPS_FAKE_MEMORY", out.memory_bytes);
  out.driver_version = static_cast<int>(environment_number("KERNELOPS_FAKE_DRIVER", 13000));
  return out;
}

void install(State& state, const Machine& machine) {
  state.machine = machine;
  state.used.assign(static_cast<std::size_t>(machine.devices), 0);
  for (int k = 0; k < machine.devices; ++k) {
    state.contexts.push_back(std::make_unique<Context>(Context{k}));
  }
}

State& state() {
  static State* the_state = [] {
    State* made = new State;
    install(*made, machine_of_environment());
    return made;
  }();
  return *the_state;
}

thread_local std::vector<Context*> current;

int complain(const std::string& text, int code) {
  ++state().complaints;
  state().complaint = text;
  return code;
}

// What every call does first: counts, fails if it was told to, and asks for what it needs.
int enter(const char* function, bool needs_start = true, bool needs_context = true) {
  State& s = state();
  ++s.calls[function];
  if (s.lasting_code != 0) return s.lasting_code;
  const auto failure = s.failures.find(function);
  if (failure != s.failures.end() && --failure->second.countdown == 0) {
    const Failure planned = failure->second;
    s.failures.erase(failure);
    if (planned.lasting) s.lasting_code = planned.code;
    return planned.code;
  }
  if (needs_start && s.process != ::getpid()) return kNotInitialized;
  if (needs_context && current.empty()) {
    return complain(std::string(function) + " without a context", kInvalidContext);
  }
  return kSuccess;
}

bool is_device(int device) { return device >= 0 && device < state().machine.devices; }

void unload(void* handle, const LoadedImage& image) {
  std::free(handle);
  if (image.library == nullptr) return;
  ::dlclose(image.library);
  ::close(image.file);
}

int progress_of(bool is_known) {
  if (!is_known) return complain("asking no stream or event", kInvalidHandle);
  return state().is_busy ? kNotReady : kSuccess;
}

int finish(bool is_known) {
  if (!is_known) return complain("waiting for no stream or event", kInvalidHandle);
  state().is_busy = false;
  return kSuccess;
}

// Whether a range lies in one block of the device.
bool is_allocated(std::uintptr_t address, std::size_t bytes) {
  auto block = state().blocks.upper_bound(address);
  if (block == state().blocks.begin()) return false;
  --block;
  return address + bytes <= block->first + block->second.bytes;
}

template <typename Set>
int destroy(Set& set, void* handle, const char* what) {
  if (set.erase(handle) == 0) return complain(std::string(what) + " is not known", kInvalidHandle);
  std::free(handle);
  return kSuccess;
}

void* new_handle() { return std::malloc(1); }

}  // namespace

void reset(const Machine& machine) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  State& s = state();
  for (const auto& block : s.blocks) std::free(reinterpret_cast<void*>(block.first));
  for (const std::set<void*>* handles : {&s.host_blocks, &s.streams, &s.events}) {
    for (void* handle : *handles) std::free(handle);
  }
  for (const auto& module : s.modules) unload(module.first, module.second);
  s = State();
  install(s, machine);
  current.clear();
}

void fail(const std::string& function, int which, int code, bool lasting) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  state().failures[function] = {which, code, lasting};
}

void stay_busy() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  state().is_busy = true;
}

int calls(const std::string& function) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  return state().calls[function];
}

Books books() {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  const State& s = state();
  Books out;
  for (const auto& [address, block] : s.blocks) out.device_bytes += block.bytes;
  out.device_blocks = static_cast<int>(s.blocks.size());
  out.host_blocks = static_cast<int>(s.host_blocks.size());
  out.streams = static_cast<int>(s.streams.size());
  out.events = static_cast<int>(s.events.size());
  out.modules = static_cast<int>(s.modules.size());
  for (const auto& context : s.contexts) out.contexts += context->retained;
  out.current = static_cast<int>(current.size());
  out.complaints = s.complaints;
  out.complaint = s.complaint;
  return out;
}

void add_kernel(const std::string& name, Kernel kernel) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  state().registry[name] = kernel;
}

}  // namespace kernelops::fake

using namespace kernelops::fake;

#define ENTER(...)                                           \
  const std::lock_guard<std::recursive_mutex> lock(mutex()); \
  State& s = state();                                        \
  static_cast<void>(s);                                      \
  if (const int code = enter(__VA_ARGS__); code != 0) return code

extern "C" {

int cuInit(unsigned) {
  ENTER("cuInit", false, false);
  // As the driver does, it refuses a process whose parent has used it.
  if (s.process != 0 && s.process != ::getpid()) return kNotInitialized;
  if (s.machine.devices == 0) return kNoDevice;
  s.process = ::getpid();
  return kSuccess;
}

int cuDriverGetVersion(int* version) {
  ENTER("cuDriverGetVersion", false, false);
  *version = s.machine.driver_version;
  return kSuccess;
}

int cuGetErrorName(int code, const char** text) {
  static const std::map<int, const char*> names = {
      {1, "CUDA_ERROR_INVALID_VALUE"},     {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {3, "CUDA_ERROR_NOT_INITIALIZED"},   {100, "CUDA_ERROR_NO_DEVICE"},
      {101, "CUDA_ERROR_INVALID_DEVICE"},  {200, "CUDA_ERROR_INVALID_IMAGE"},
      {201, "CUDA_ERROR_INVALID_CONTEXT"}, {400, "CUDA_ERROR_INVALID_HANDLE"},
      {500, "CUDA_ERROR_NOT_FOUND"},       {600, "CUDA_ERROR_NOT_READY"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {999, "CUDA_ERROR_UNKNOWN"}};
  const auto found = names.find(code);
  *text = found == names.end() ? nullptr : found->second;
  return found == names.end() ? kInvalidValue : kSuccess;
}

int cuGetErrorString(int code, const char** text) {
  *text = code == kOutOfMemory ? "out of memory" : "as the fake driver was told";
  return kSuccess;
}

int cuDeviceGetCount(int* count) {
  ENTER("cuDeviceGetCount", true, false);
  *count = s.machine.devices;
  return kSuccess;
}

int cuDeviceGet(int* device, int ordinal) {
  ENTER("cuDeviceGet", true, false);
  if (!is_device(ordinal)) return kInvalidDevice;
  *device = ordinal;
  return kSuccess;
}

int cuDeviceGetName(char* name, int size, int device) {
  ENTER("cuDeviceGetName", true, false);
  if (!is_device(device)) return kInvalidDevice;
  const std::string text = "Pretend GPU " + std::to_string(device);
  std::strncpy(name, text.c_str(), static_cast<std::size_t>(size));
  return kSuccess;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  ENTER("cuDeviceGetAttribute", true, false);
  if (!is_device(device)) return kInvalidDevice;
  const std::map<int, int> values = {
      {13, 1980000}, {16, 132},   {75, s.machine.capability / 10}, {76, s.machine.capability % 10},
      {82, 65536},   {97, 232448}};
  const auto found = values.find(attribute);
  if (found == values.end()) return complain("an unknown attribute of a device", kInvalidValue);
  *value = found->second;
  return kSuccess;
}

int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
  ENTER("cuDeviceTotalMem", true, false);
  if (!is_device(device)) return kInvalidDevice;
  *bytes = s.machine.memory_bytes;
  return kSuccess;
}

int cuDevicePrimaryCtxRetain(void** out, int device) {
  ENTER("cuDevicePrimaryCtxRetain", true, false);
  if (!is_device(device)) return kInvalidDevice;
  Context* context = s.contexts[static_cast<std::size_t>(device)].get();
  ++context->retained;
  *out = context;
  return kSuccess;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER("cuDevicePrimaryCtxRelease", true, false);
  if (!is_device(device)) return kInvalidDevice;
  Context* context = s.contexts[static_cast<std::size_t>(device)].get();
  if (context->retained == 0) return complain("a context is released twice", kInvalidContext);
  --context->retained;
  return kSuccess;
}

int cuCtxPushCurrent_v2(void* context) {
  ENTER("cuCtxPushCurrent", true, false);
  const bool is_known = std::any_of(s.contexts.begin(), s.contexts.end(), [&](const auto& known) {
    return known.get() == context && known->retained > 0;
  });
  if (!is_known) return complain("an unknown context is pushed", kInvalidContext);
  current.push_back(static_cast<Context*>(context));
  return kSuccess;
}

int cuCtxPopCurrent_v2(void** context) {
  // It is popped even where the call is to fail, as nobody tries again.
  void* popped = current.empty() ? nullptr : current.back();
  if (!current.empty()) current.pop_back();
  ENTER("cuCtxPopCurrent", true, false);
  if (popped == nullptr) return complain("no context is left to pop", kInvalidContext);
  *context = popped;
  return kSuccess;
}

int cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
  ENTER("cuMemGetInfo");
  *total = s.machine.memory_bytes;
  *free_bytes = *total - s.used[static_cast<std::size_t>(current.back()->device)];
  return kSuccess;
}

int cuMemAlloc_v2(unsigned long long* out, std::size_t bytes) {
  ENTER("cuMemAlloc");
  if (bytes == 0) return kInvalidValue;
  const int device = current.back()->device;
  std::size_t& used = s.used[static_cast<std::size_t>(device)];
  if (bytes > s.machine.memory_bytes - used) return kOutOfMemory;
  void* block = std::aligned_alloc(256, (bytes + kGuardBytes + 255) / 256 * 256);
  if (block == nullptr) return kOutOfMemory;
  std::memset(block, kFresh, std::min<std::size_t>(bytes, 4096));
  std::memset(static_cast<char*>(block) + bytes, kGuard, kGuardBytes);
  s.blocks[reinterpret_cast<std::uintptr_t>(block)] = {bytes, device};
  used += bytes;
  *out = reinterpret_cast<unsigned long long>(block);
  return kSuccess;
}

int cuMemFree_v2(unsigned long long pointer) {
  ENTER("cuMemFree");
  const auto block = s.blocks.find(static_cast<std::uintptr_t>(pointer));
  if (block == s.blocks.end()) return complain("no such memory to free", kInvalidValue);
  const auto* end = reinterpret_cast<const unsigned char*>(pointer) + block->second.bytes;
  const bool is_whole = std::all_of(end, end + kGuardBytes, [](auto c) { return c == kGuard; });
  if (!is_whole) complain("memory was written past its end", kSuccess);
  s.used[static_cast<std::size_t>(block->second.device)] -= block->second.bytes;
  s.blocks.erase(block);
  std::free(reinterpret_cast<void*>(pointer));
  return kSuccess;
}

int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, std::size_t bytes, void* stream) {
  ENTER("cuMemcpyHtoDAsync");
  if (s.streams.count(stream) == 0) return complain("a copy on no stream", kInvalidHandle);
  if (!is_allocated(to, bytes)) return complain("a copy to no memory", kInvalidValue);
  std::memcpy(memory(to), from, bytes);
  return kSuccess;
}

int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, std::size_t bytes, void* stream) {
  ENTER("cuMemcpyDtoHAsync");
  if (s.streams.count(stream) == 0) return complain("a copy on no stream", kInvalidHandle);
  if (!is_allocated(from, bytes)) return complain("a copy from no memory", kInvalidValue);
  std::memcpy(to, memory(from), bytes);
  return kSuccess;
}

int cuMemsetD8Async(unsigned long long to, unsigned char value, std::size_t bytes, void* stream) {
  ENTER("cuMemsetD8Async");
  if (s.streams.count(stream) == 0) return complain("setting on no stream", kInvalidHandle);
  if (!is_allocated(to, bytes)) return complain("setting no memory", kInvalidValue);
  std::memset(memory(to), value, bytes);
  return kSuccess;
}

int cuMemHostAlloc(void** out, std::size_t bytes, unsigned) {
  ENTER("cuMemHostAlloc");
  *out = std::malloc(bytes);
  if (*out == nullptr) return kOutOfMemory;
  s.host_blocks.insert(*out);
  return kSuccess;
}

int cuMemFreeHost(void* pointer) {
  ENTER("cuMemFreeHost");
  return destroy(s.host_blocks, pointer, "pinned memory");
}

int cuStreamCreate(void** out, unsigned) {
  ENTER("cuStreamCreate");
  *out = *s.streams.insert(new_handle()).first;
  return kSuccess;
}

int cuStreamDestroy_v2(void* stream) {
  ENTER("cuStreamDestroy");
  return destroy(s.streams, stream, "a stream");
}

int cuStreamSynchronize(void* stream) {
  ENTER("cuStreamSynchronize");
  return finish(s.streams.count(stream) > 0);
}

int cuStreamQuery(void* stream) {
  ENTER("cuStreamQuery");
  return progress_of(s.streams.count(stream) > 0);
}

int cuStreamWaitEvent(void* stream, void* event, unsigned) {
  ENTER("cuStreamWaitEvent");
  const bool is_known = s.streams.count(stream) > 0 && s.events.count(event) > 0;
  return is_known ? kSuccess : complain("an unknown stream or event", kInvalidHandle);
}

int cuEventCreate(void** out, unsigned) {
  ENTER("cuEventCreate");
  *out = *s.events.insert(new_handle()).first;
  return kSuccess;
}

int cuEventDestroy_v2(void* event) {
  ENTER("cuEventDestroy");
  return destroy(s.events, event, "an event");
}

int cuEventRecord(void* event, void* stream) {
  ENTER("cuEventRecord");
  const bool is_known = s.streams.count(stream) > 0 && s.events.count(event) > 0;
  return is_known ? kSuccess : complain("an unknown stream or event", kInvalidHandle);
}

int cuEventQuery(void* event) {
  ENTER("cuEventQuery");
  return progress_of(s.events.count(event) > 0);
}

int cuEventSynchronize(void* event) {
  ENTER("cuEventSynchronize");
  return finish(s.events.count(event) > 0);
}

int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  ENTER("cuEventElapsedTime");
  if (s.events.count(start) == 0 || s.events.count(end) == 0) return kInvalidHandle;
  *milliseconds = 1;
  return kSuccess;
}

int cuModuleLoadData(void** out, const void* image) {
  ENTER("cuModuleLoadData");
  LoadedImage loaded;
  const char* bytes = static_cast<const char*>(image);
  if (std::strncmp(bytes, kImage, std::strlen(kImage)) != 0) {
    if (std::memcmp(bytes, "\177ELF", 4) != 0) return kInvalidImage;
    // The length of a library follows from the place of its table of sections, its last part.
    std::uint64_t table;
    std::uint16_t entry_bytes;
    std::uint16_t entries;
    std::memcpy(&table, bytes + 40, 8);
    std::memcpy(&entry_bytes, bytes + 58, 2);
    std::memcpy(&entries, bytes + 60, 2);
    const std::size_t size = table + static_cast<std::size_t>(entry_bytes) * entries;
    loaded.file = ::memfd_create("kernelops-fake-image", MFD_CLOEXEC);
    if (::write(loaded.file, bytes, size) != static_cast<ssize_t>(size)) return kInvalidImage;
    const std::string path = "/proc/self/fd/" + std::to_string(loaded.file);
    loaded.library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (loaded.library == nullptr) {
      ::close(loaded.file);
      return kInvalidImage;
    }
  }
  *out = new_handle();
  s.modules[*out] = loaded;
  return kSuccess;
}

int cuModuleUnload(void* module) {
  ENTER("cuModuleUnload");
  const auto found = s.modules.find(module);
  if (found == s.modules.end()) return complain("a module is not known", kInvalidHandle);
  unload(found->first, found->second);
  s.modules.erase(found);
  return kSuccess;
}

int cuModuleGetFunction(void** out, void* module, const char* name) {
  ENTER("cuModuleGetFunction");
  const auto found = s.modules.find(module);
  if (found == s.modules.end()) return complain("a module is not known", kInvalidHandle);
  Kernel kernel = nullptr;
  if (found->second.library != nullptr) {
    kernel = reinterpret_cast<Kernel>(::dlsym(found->second.library, name));
  } else if (const auto known = s.registry.find(name); known != s.registry.end()) {
    kernel = known->second;
  }
  if (kernel == nullptr) return kNotFound;
  *out = reinterpret_cast<void*>(kernel);
  s.functions[*out] = kernel;
  return kSuccess;
}

int cuFuncGetAttribute(int* value, int attribute, void* function) {
  ENTER("cuFuncGetAttribute");
  if (s.functions.count(function) == 0) return complain("an unknown function", kInvalidHandle);
  const std::map<int, int> values = {{0, 1024}, {1, 0}, {3, 0}, {4, 64}};
  const auto found = values.find(attribute);
  if (found == values.end()) return complain("an unknown attribute of a function", kInvalidValue);
  *value = found->second;
  return kSuccess;
}

int cuFuncSetAttribute(void* function, int, int) {
  ENTER("cuFuncSetAttribute");
  return s.functions.count(function) == 0 ? complain("an unknown function", kInvalidHandle) : 0;
}

int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   void* stream, void** arguments, void**) {
  ENTER("cuLaunchKernel");
  if (s.functions.count(function) == 0) return complain("an unknown function", kInvalidHandle);
  if (s.streams.count(stream) == 0) return complain("a launch on no stream", kInvalidHandle);
  if (grid_x == 0 || grid_y == 0 || grid_z == 0 || block_x * block_y * block_z == 0 ||
      block_x * block_y * block_z > 1024) {
    return complain("a launch without threads, or with too many", kInvalidValue);
  }
  s.functions[function](
      {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, arguments});
  return kSuccess;
}

}  // extern "C"
