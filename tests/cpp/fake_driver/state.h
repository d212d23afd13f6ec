// What the fake driver keeps of a process. All of it is under one lock, which is not held while a
// kernel runs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fake_driver/fake_driver.h"
#include "fake_driver/queue.h"

namespace kernelops::fake {

/// Those of CUresult that are used.
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
  kIllegalAddress = 700,
  kOutOfResources = 701,
};

constexpr std::size_t kGuardBytes = 64;
constexpr unsigned char kGuard = 0xA5;
/// What memory holds that nobody has written, as far as it is filled.
constexpr unsigned char kFresh = 0xCD;
constexpr std::size_t kFreshBytes = 1u << 20;
/// Shared memory that a launch may ask for by itself, and after cuFuncSetAttribute().
constexpr int kSharedBytes = 48 * 1024;
constexpr int kMostSharedBytes = 227 * 1024;

struct Failure {
  int countdown;
  int code;
  bool lasting;
};

struct DeviceBlock {
  std::size_t bytes;
  int device;
};

struct Context {
  int device;
  int retained = 0;
};

struct Event {
  int device;
  std::shared_ptr<Mark> mark;  // none before it is recorded
};

struct Function {
  Kernel kernel;
  const Entry* entry;  // where more is known of it
  int device;
  int shared_bytes = kSharedBytes;
};

struct Module {
  int device;
  void* library = nullptr;  // or the registry
  int file = -1;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

struct State {
  Machine machine;
  bool is_of_environment = false;
  std::string planned;  // failures of the environment
  std::map<std::string, Failure> failures;
  std::map<std::string, int> calls;
  int lasting_code = 0;
  bool is_busy = false;
  pid_t process = 0;  // that started the driver
  std::map<std::uintptr_t, DeviceBlock> blocks;
  std::vector<std::size_t> used;  // bytes of each device
  std::map<std::uintptr_t, std::size_t> host_blocks;
  std::map<void*, std::unique_ptr<Stream>> streams;
  std::map<void*, std::unique_ptr<Event>> events;
  std::map<void*, std::unique_ptr<Module>> modules;
  std::set<void*> functions;
  std::map<std::string, Kernel> registry;
  std::vector<std::unique_ptr<Context>> contexts;
  int complaints = 0;
  std::string complaint;
};

std::mutex& mutex();
State& state();

/// The contexts that this thread has pushed.
std::vector<Context*>& current();
inline int current_device() { return current().back()->device; }

/// Notes a wrong use; returns `code`.
int complain(const std::string& text, int code);

/// What every call does first: counts, fails if it was told to, and asks for what it needs.
int enter(const char* function, bool needs_start = true, bool needs_context = true);

/// The beginning of a call: takes `lock` and `s`, the state.
#define ENTER(...)                            \
  std::unique_lock<std::mutex> lock(mutex()); \
  State& s = state();                         \
  static_cast<void>(s);                       \
  if (const int code = enter(__VA_ARGS__); code != 0) return code

/// The stream of a handle, which belongs to the device at hand; or nothing, with a complaint.
Stream* stream_of(void* handle);

/// Queues work, and does it now where the machine is not asynchronous.
int submit(std::unique_lock<std::mutex>& lock, Stream& stream, Operation operation);

bool is_device(int device);

/// The block of device memory with this address, or the end.
std::map<std::uintptr_t, DeviceBlock>::const_iterator block_of(std::uintptr_t address);

/// Whether a range of pinned memory is this.
bool is_pinned(const void* address, std::size_t bytes);

/// Does all that a device has been given.
void drain_device(std::unique_lock<std::mutex>& lock, int device);

/// Loads an image; nothing if it is none.
std::unique_ptr<Module> load_module(const char* image, int device);
void unload(const Module& module);

/// A function of a module, or nothing.
Function* find_function(Module& module, const std::string& name);

}  // namespace kernelops::fake
