// The driver's functions on modules and kernels.
#include <algorithm>
#include <cstring>
#include <utility>

#include "fake_driver/state.h"

using namespace kernelops::fake;

namespace {

// A pointer to memory of another device, which a kernel must not follow.
bool is_foreign(const std::vector<std::uint64_t>& values) {
  return std::any_of(values.begin(), values.end(), [](std::uint64_t value) {
    const auto block = block_of(static_cast<std::uintptr_t>(value));
    return block != state().blocks.end() && block->second.device != current_device();
  });
}

int launch_entry(std::unique_lock<std::mutex>& lock, Stream& stream, const Entry& entry,
                 Launch launch) {
  // Each argument at the beginning of 8-byte words of its own.
  std::vector<std::uint64_t> values;
  std::vector<std::size_t> places;
  for (int k = 0; k < entry.arguments; ++k) {
    places.push_back(values.size());
    values.resize(values.size() + (entry.argument_bytes[k] + 7) / 8);
    std::memcpy(&values[places.back()], launch.arguments[k], entry.argument_bytes[k]);
  }
  if (is_foreign(values)) {
    return complain("a kernel is given memory of another device", kIllegalAddress);
  }
  return submit(lock, stream,
                {[launch, values, places, run = entry.run]() mutable {
                   std::vector<void*> addresses;
                   for (const std::size_t place : places) addresses.push_back(&values[place]);
                   launch.arguments = addresses.data();
                   run(launch);
                 },
                 {},
                 {}});
}

}  // namespace

extern "C" {

int cuModuleLoadData(void** out, const void* image) {
  ENTER("cuModuleLoadData");
  std::unique_ptr<Module> module = load_module(static_cast<const char*>(image), current_device());
  if (module == nullptr) return kInvalidImage;
  *out = module.get();
  s.modules[*out] = std::move(module);
  return kSuccess;
}

int cuModuleUnload(void* module) {
  ENTER("cuModuleUnload");
  const auto found = s.modules.find(module);
  if (found == s.modules.end()) return complain("a module is not known", kInvalidHandle);
  drain_device(lock, found->second->device);
  for (const auto& function : found->second->functions) s.functions.erase(function.second.get());
  unload(*found->second);
  s.modules.erase(module);
  return kSuccess;
}

int cuModuleGetFunction(void** out, void* module, const char* name) {
  ENTER("cuModuleGetFunction");
  const auto found = s.modules.find(module);
  if (found == s.modules.end()) return complain("a module is not known", kInvalidHandle);
  Function* function = find_function(*found->second, name);
  if (function == nullptr) return kNotFound;
  *out = function;
  s.functions.insert(function);
  return kSuccess;
}

int cuFuncGetAttribute(int* value, int attribute, void* function) {
  ENTER("cuFuncGetAttribute");
  if (s.functions.count(function) == 0) return complain("an unknown function", kInvalidHandle);
  const Function& f = *static_cast<const Function*>(function);
  // CUfunction_attribute of <cuda.h>.
  const std::map<int, int> values = {{0, f.entry != nullptr ? f.entry->most_threads : 1024},
                                     {1, 0},   // shared bytes besides those of a launch
                                     {2, 0},   // constant bytes
                                     {3, 0},   // local bytes
                                     {4, 64},  // registers
                                     {8, f.shared_bytes}};
  const auto found = values.find(attribute);
  if (found == values.end()) return complain("an unknown attribute of a function", kInvalidValue);
  *value = found->second;
  return kSuccess;
}

int cuFuncSetAttribute(void* function, int attribute, int value) {
  ENTER("cuFuncSetAttribute");
  if (s.functions.count(function) == 0) return complain("an unknown function", kInvalidHandle);
  if (attribute != 8) return kSuccess;
  if (value < 0 || value > kMostSharedBytes) return kInvalidValue;
  static_cast<Function*>(function)->shared_bytes = value;
  return kSuccess;
}

int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                   void* stream, void** arguments, void**) {
  ENTER("cuLaunchKernel");
  if (s.functions.count(function) == 0) return complain("an unknown function", kInvalidHandle);
  const Function& f = *static_cast<const Function*>(function);
  Stream* queue = stream_of(stream);
  if (queue == nullptr) return kInvalidHandle;
  if (f.device != queue->device) return complain("a kernel of another device", kInvalidHandle);
  const unsigned threads = block_x * block_y * block_z;
  if (grid_x == 0 || grid_x > 0x7FFFFFFF || grid_y == 0 || grid_y > 65535 || grid_z == 0 ||
      grid_z > 65535 || threads == 0 || threads > 1024) {
    return complain("a launch without threads, or with too many", kInvalidValue);
  }
  if (shared_bytes > static_cast<unsigned>(f.shared_bytes)) {
    return complain("a launch with more shared memory than its kernel may have", kInvalidValue);
  }
  const Launch launch = {
      {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, arguments};
  if (f.entry == nullptr) {
    // How long the arguments are is not known, so they cannot be kept for later.
    submit(lock, *queue, {[=, kernel = f.kernel] { kernel(launch); }, {}, {}});
    drain(lock, *queue);
    return kSuccess;
  }
  if (threads > static_cast<unsigned>(f.entry->most_threads)) {
    return complain("a launch with more threads than its kernel is bound to", kOutOfResources);
  }
  return launch_entry(lock, *queue, *f.entry, launch);
}

}  // extern "C"
