#include "fake_driver/state.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace kernelops::fake {
namespace {

std::size_t environment_number(const char* name, std::size_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

Machine machine_of_environment() {
  const auto number = [](const char* name, int otherwise) {
    return static_cast<int>(environment_number(name, static_cast<std::size_t>(otherwise)));
  };
  Machine out;
  out.devices = number("KERNELOPS_FAKE_DEVICES", out.devices);
  out.capability = number("KERNELOPS_FAKE_CAPABILITY", out.capability);
  out.memory_bytes = environment_number("KERNELOPS_FAKE_MEMORY", out.memory_bytes);
  out.driver_version = number("KERNELOPS_FAKE_DRIVER", out.driver_version);
  out.processors = number("KERNELOPS_FAKE_PROCESSORS", out.processors);
  out.asynchronous = number("KERNELOPS_FAKE_ASYNC", 0) != 0;
  return out;
}

void install(State& state, const Machine& machine) {
  state.machine = machine;
  state.used.assign(static_cast<std::size_t>(machine.devices), 0);
  for (int k = 0; k < machine.devices; ++k) {
    state.contexts.push_back(std::make_unique<Context>(Context{k}));
  }
}

// The failures that the environment plans, whenever it plans others.
void read_plan(State& s) {
  const char* value = std::getenv("KERNELOPS_FAKE_FAIL");
  const std::string plan = value == nullptr ? "" : value;
  if (plan == s.planned) return;
  s.planned = plan;
  s.failures.clear();
  s.lasting_code = 0;
  std::istringstream list(plan);
  for (std::string each; std::getline(list, each, ',');) {
    std::istringstream parts(each);
    std::string function, which, code, lasting;
    std::getline(parts, function, ':');
    std::getline(parts, which, ':');
    std::getline(parts, code, ':');
    std::getline(parts, lasting, ':');
    s.failures[function] = {std::atoi(which.c_str()), std::atoi(code.c_str()),
                            lasting == "lasting"};
  }
}

}  // namespace

std::mutex& mutex() {
  static std::mutex the_mutex;
  return the_mutex;
}

State& state() {
  static State* the_state = [] {
    State* made = new State;
    install(*made, machine_of_environment());
    made->is_of_environment = true;
    return made;
  }();
  return *the_state;
}

std::vector<Context*>& current() {
  static thread_local std::vector<Context*> contexts;
  return contexts;
}

int complain(const std::string& text, int code) {
  ++state().complaints;
  state().complaint = text;
  if (state().is_of_environment) std::fprintf(stderr, "fake CUDA driver: %s\n", text.c_str());
  return code;
}

int enter(const char* function, bool needs_start, bool needs_context) {
  State& s = state();
  read_plan(s);
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
  if (needs_context && current().empty()) {
    return complain(std::string(function) + " without a context", kInvalidContext);
  }
  return kSuccess;
}

Stream* stream_of(void* handle) {
  const auto found = state().streams.find(handle);
  if (found != state().streams.end() && found->second->device == current_device()) {
    return found->second.get();
  }
  complain("a stream of no or another device", kInvalidHandle);
  return nullptr;
}

int submit(std::unique_lock<std::mutex>& lock, Stream& stream, Operation operation) {
  stream.queue.push_back(std::move(operation));
  if (!state().machine.asynchronous) drain(lock, stream);
  return kSuccess;
}

bool is_device(int device) { return device >= 0 && device < state().machine.devices; }

std::map<std::uintptr_t, DeviceBlock>::const_iterator block_of(std::uintptr_t address) {
  const auto& blocks = state().blocks;
  auto block = blocks.upper_bound(address);
  if (block == blocks.begin()) return blocks.end();
  --block;
  return address < block->first + block->second.bytes ? block : blocks.end();
}

bool is_pinned(const void* address, std::size_t bytes) {
  const auto from = reinterpret_cast<std::uintptr_t>(address);
  const auto& blocks = state().host_blocks;
  auto block = blocks.upper_bound(from);
  if (block == blocks.begin()) return false;
  --block;
  return from + bytes <= block->first + block->second;
}

void drain_device(std::unique_lock<std::mutex>& lock, int device) {
  std::vector<void*> handles;
  for (const auto& stream : state().streams) handles.push_back(stream.first);
  for (void* handle : handles) {
    const auto stream = state().streams.find(handle);
    if (stream == state().streams.end() || stream->second->device != device) continue;
    drain(lock, *stream->second);
  }
}

void reset(const Machine& machine) {
  const std::lock_guard<std::mutex> lock(mutex());
  State& s = state();
  for (const auto& block : s.blocks) std::free(reinterpret_cast<void*>(block.first));
  for (const auto& block : s.host_blocks) std::free(reinterpret_cast<void*>(block.first));
  for (const auto& module : s.modules) unload(*module.second);
  s = State();
  install(s, machine);
  current().clear();
}

void fail(const std::string& function, int which, int code, bool lasting) {
  const std::lock_guard<std::mutex> lock(mutex());
  state().failures[function] = {which, code, lasting};
}

void stay_busy() {
  const std::lock_guard<std::mutex> lock(mutex());
  state().is_busy = true;
}

int calls(const std::string& function) {
  const std::lock_guard<std::mutex> lock(mutex());
  return state().calls[function];
}

Books books() {
  const std::lock_guard<std::mutex> lock(mutex());
  const State& s = state();
  Books out;
  for (const auto& [address, block] : s.blocks) out.device_bytes += block.bytes;
  out.device_blocks = static_cast<int>(s.blocks.size());
  out.host_blocks = static_cast<int>(s.host_blocks.size());
  out.streams = static_cast<int>(s.streams.size());
  out.events = static_cast<int>(s.events.size());
  out.modules = static_cast<int>(s.modules.size());
  for (const auto& context : s.contexts) out.contexts += context->retained;
  out.current = static_cast<int>(current().size());
  out.complaints = s.complaints;
  out.complaint = s.complaint;
  return out;
}

void add_kernel(const std::string& name, Kernel kernel) {
  const std::lock_guard<std::mutex> lock(mutex());
  state().registry[name] = kernel;
}

}  // namespace kernelops::fake
