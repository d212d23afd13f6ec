// The driver's functions.
#include "fake_driver/fake_driver.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "fake_driver/state.h"

using namespace kernelops::fake;

namespace {

Event* event_of(void* handle) {
  const auto found = state().events.find(handle);
  if (found != state().events.end()) return found->second.get();
  complain("an unknown event", kInvalidHandle);
  return nullptr;
}

// Whether a range lies in one block of the device at hand; complains where it does not.
bool is_range(unsigned long long address, std::size_t bytes, const char* what) {
  const auto block = block_of(static_cast<std::uintptr_t>(address));
  const bool holds = block != state().blocks.end() && block->second.device == current_device() &&
                     address + bytes <= block->first + block->second.bytes;
  if (!holds) complain(std::string(what) + " is no memory of the device", kInvalidValue);
  return holds;
}

// Says once that the device is at work, if it is.
int ask(std::unique_lock<std::mutex>& lock, Stream& stream, const Mark* until) {
  if (state().is_busy) return kNotReady;
  const bool is_done =
      until != nullptr ? until->is_reached : stream.queue.empty() && !stream.is_running;
  if (is_done) return kSuccess;
  drain(lock, stream, until);
  return kNotReady;
}

bool is_whole(std::uintptr_t address, std::size_t bytes) {
  const auto* end = reinterpret_cast<const unsigned char*>(address) + bytes;
  return std::all_of(end, end + kGuardBytes, [](auto c) { return c == kGuard; });
}

}  // namespace

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
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
      {999, "CUDA_ERROR_UNKNOWN"}};
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
  // CUdevice_attribute of <cuda.h>; those that do not depend on the machine are an H200's.
  const std::map<int, int> values = {{1, 1024},        // threads of a block
                                     {5, 2147483647},  // blocks of a grid: x, y, z
                                     {6, 65535},
                                     {7, 65535},
                                     {8, kSharedBytes},  // of a block
                                     {10, 32},           // threads of a warp
                                     {13, 1980000},      // clock, kilohertz
                                     {16, s.machine.processors},
                                     {36, 3201000},   // clock of the memory
                                     {37, 6144},      // width of its bus
                                     {38, 62914560},  // second cache
                                     {39, 2048},      // threads of a processor
                                     {75, s.machine.capability / 10},
                                     {76, s.machine.capability % 10},
                                     {81, 233472},  // shared bytes of a processor
                                     {82, 65536},   // registers of a processor
                                     {97, kMostSharedBytes},
                                     {106, 32},     // blocks of a processor
                                     {111, 1024}};  // shared bytes that each block loses
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
  current().push_back(static_cast<Context*>(context));
  return kSuccess;
}

int cuCtxPopCurrent_v2(void** context) {
  // It is popped even where the call is to fail, as nobody tries again.
  void* popped = current().empty() ? nullptr : current().back();
  if (!current().empty()) current().pop_back();
  ENTER("cuCtxPopCurrent", true, false);
  if (popped == nullptr) return complain("no context is left to pop", kInvalidContext);
  *context = popped;
  return kSuccess;
}

int cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
  ENTER("cuMemGetInfo");
  *total = s.machine.memory_bytes;
  *free_bytes = *total - s.used[static_cast<std::size_t>(current_device())];
  return kSuccess;
}

int cuMemAlloc_v2(unsigned long long* out, std::size_t bytes) {
  ENTER("cuMemAlloc");
  if (bytes == 0) return kInvalidValue;
  const int device = current_device();
  std::size_t& used = s.used[static_cast<std::size_t>(device)];
  if (bytes > s.machine.memory_bytes - used) return kOutOfMemory;
  void* block = std::aligned_alloc(256, (bytes + kGuardBytes + 255) / 256 * 256);
  if (block == nullptr) return kOutOfMemory;
  std::memset(block, kFresh, std::min(bytes, kFreshBytes));
  std::memset(static_cast<char*>(block) + bytes, kGuard, kGuardBytes);
  s.blocks[reinterpret_cast<std::uintptr_t>(block)] = {bytes, device};
  used += bytes;
  *out = reinterpret_cast<unsigned long long>(block);
  return kSuccess;
}

int cuMemFree_v2(unsigned long long pointer) {
  ENTER("cuMemFree");
  const auto address = static_cast<std::uintptr_t>(pointer);
  const auto found = s.blocks.find(address);
  if (found == s.blocks.end()) return complain("no such memory to free", kInvalidValue);
  const DeviceBlock block = found->second;
  drain_device(lock, block.device);
  if (!is_whole(address, block.bytes)) complain("memory was written past its end", kSuccess);
  s.used[static_cast<std::size_t>(block.device)] -= block.bytes;
  s.blocks.erase(address);
  std::free(memory(pointer));
  return kSuccess;
}

int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, std::size_t bytes, void* stream) {
  ENTER("cuMemcpyHtoDAsync");
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  if (!is_range(to, bytes, "what is copied to")) return kInvalidValue;
  if (!s.machine.asynchronous || is_pinned(from, bytes)) {
    return submit(lock, *queue, {[=] { std::memcpy(memory(to), from, bytes); }, {}, {}});
  }
  const std::string copied(static_cast<const char*>(from), bytes);
  return submit(lock, *queue, {[=] { std::memcpy(memory(to), copied.data(), bytes); }, {}, {}});
}

int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, std::size_t bytes, void* stream) {
  ENTER("cuMemcpyDtoHAsync");
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  if (!is_range(from, bytes, "what is copied from")) return kInvalidValue;
  submit(lock, *queue, {[=] { std::memcpy(to, memory(from), bytes); }, {}, {}});
  // As the driver does, it waits for copies to memory that is not pinned.
  if (!is_pinned(to, bytes)) drain(lock, *queue);
  return kSuccess;
}

int cuMemsetD8Async(unsigned long long to, unsigned char value, std::size_t bytes, void* stream) {
  ENTER("cuMemsetD8Async");
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  if (!is_range(to, bytes, "what is set")) return kInvalidValue;
  return submit(lock, *queue, {[=] { std::memset(memory(to), value, bytes); }, {}, {}});
}

int cuMemHostAlloc(void** out, std::size_t bytes, unsigned) {
  ENTER("cuMemHostAlloc");
  *out = std::malloc(bytes);
  if (*out == nullptr) return kOutOfMemory;
  s.host_blocks[reinterpret_cast<std::uintptr_t>(*out)] = bytes;
  return kSuccess;
}

int cuMemFreeHost(void* pointer) {
  ENTER("cuMemFreeHost");
  drain_device(lock, current_device());
  if (s.host_blocks.erase(reinterpret_cast<std::uintptr_t>(pointer)) == 0) {
    return complain("pinned memory is not known", kInvalidHandle);
  }
  std::free(pointer);
  return kSuccess;
}

int cuStreamCreate(void** out, unsigned) {
  ENTER("cuStreamCreate");
  auto stream = std::make_unique<Stream>(Stream{current_device(), {}});
  *out = stream.get();
  s.streams[*out] = std::move(stream);
  return kSuccess;
}

int cuStreamDestroy_v2(void* stream) {
  ENTER("cuStreamDestroy");
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  drain(lock, *queue);
  s.streams.erase(stream);
  return kSuccess;
}

int cuStreamSynchronize(void* stream) {
  ENTER("cuStreamSynchronize");
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  s.is_busy = false;
  drain(lock, *queue);
  return kSuccess;
}

int cuStreamQuery(void* stream) {
  ENTER("cuStreamQuery");
  Stream* queue = stream_of(stream);
  return queue == nullptr ? kInvalidHandle : ask(lock, *queue, nullptr);
}

int cuStreamWaitEvent(void* stream, void* event, unsigned) {
  ENTER("cuStreamWaitEvent");
  Stream* queue = stream_of(stream);
  const Event* mark = event_of(event);
  if (queue == nullptr || mark == nullptr) return kInvalidHandle;
  return submit(lock, *queue, {{}, {}, mark->mark});
}

int cuEventCreate(void** out, unsigned) {
  ENTER("cuEventCreate");
  auto event = std::make_unique<Event>(Event{current_device(), {}});
  *out = event.get();
  s.events[*out] = std::move(event);
  return kSuccess;
}

int cuEventDestroy_v2(void* event) {
  ENTER("cuEventDestroy");
  if (event_of(event) == nullptr) return kInvalidHandle;
  s.events.erase(event);
  return kSuccess;
}

int cuEventRecord(void* event, void* stream) {
  ENTER("cuEventRecord");
  Stream* queue = stream_of(stream);
  Event* mark = event_of(event);
  if (queue == nullptr || mark == nullptr) return kInvalidHandle;
  if (mark->device != queue->device) return complain("a mark of another device", kInvalidHandle);
  mark->mark = std::make_shared<Mark>(Mark{queue});
  return submit(lock, *queue, {{}, mark->mark, {}});
}

int cuEventQuery(void* event) {
  ENTER("cuEventQuery");
  const Event* found = event_of(event);
  if (found == nullptr) return kInvalidHandle;
  const std::shared_ptr<Mark> mark = found->mark;
  if (mark == nullptr) return s.is_busy ? kNotReady : kSuccess;
  return ask(lock, *mark->stream, mark.get());
}

int cuEventSynchronize(void* event) {
  ENTER("cuEventSynchronize");
  const Event* found = event_of(event);
  if (found == nullptr) return kInvalidHandle;
  s.is_busy = false;
  const std::shared_ptr<Mark> mark = found->mark;
  if (mark != nullptr && !mark->is_reached) drain(lock, *mark->stream, mark.get());
  return kSuccess;
}

int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  ENTER("cuEventElapsedTime");
  for (void* event : {start, end}) {
    const Event* found = event_of(event);
    if (found == nullptr || found->mark == nullptr) return kInvalidHandle;
    if (!found->mark->is_reached) return kNotReady;
  }
  *milliseconds = 1;
  return kSuccess;
}

}  // extern "C"
