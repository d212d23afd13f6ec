// A CUDA driver that is not there: a library with the driver's functions that keeps "device" memory
// in host memory and runs host functions as kernels, in order. It keeps the books on everything it
// hands out, and fails when it is told to.
//
// In a process that cannot call the functions below, the environment says what to do:
//   KERNELOPS_FAKE_DEVICES, _CAPABILITY, _MEMORY, _DRIVER, _PROCESSORS, _ASYNC: the Machine;
//   KERNELOPS_FAKE_FAIL=cuMemAlloc:3:2[:lasting],...: as fail("cuMemAlloc", 3, 2[, true]), counted
//   from the first call after the variable has changed. Complaints go to the standard error.
#pragma once

#include <cstddef>
#include <string>

namespace kernelops::fake {

/// What the driver pretends to be.
struct Machine {
  int devices = 1;
  int capability = 90;                  // ten times major plus minor
  std::size_t memory_bytes = 1u << 30;  // of each device
  int driver_version = 13000;
  int processors = 2;  // few, so that a device is soon full
  // Work is done when somebody waits for it or asks, not before: who reads a result too early, or
  // writes over pinned memory that is still to be copied, finds out.
  bool asynchronous = false;
};

/// Forgets everything, as in a new process on this machine.
void reset(const Machine& machine = {});

/// The call number `which` (from 1) of `function`, counted from now, returns `code`; with
/// `lasting`, so do all later calls of anything.
void fail(const std::string& function, int which, int code, bool lasting = false);

/// Lets streams and events say that they are not done, until somebody waits for one of them.
void stay_busy();

/// How often a function has been called since reset().
int calls(const std::string& function);

/// What is in use.
struct Books {
  std::size_t device_bytes = 0;
  int device_blocks = 0;
  int host_blocks = 0;
  int streams = 0;
  int events = 0;
  int modules = 0;
  int contexts = 0;       // retained
  int current = 0;        // contexts pushed by this thread and not popped
  int complaints = 0;     // wrong uses: freed twice, written over the end, unknown handles
  std::string complaint;  // the last of them

  bool is_empty() const {
    return device_blocks == 0 && host_blocks == 0 && streams == 0 && events == 0 && modules == 0 &&
           contexts == 0 && current == 0 && complaints == 0;
  }
};

Books books();

/// A launch as a kernel sees it.
struct Launch {
  unsigned grid[3];
  unsigned block[3];
  unsigned shared_bytes;
  void** arguments;
};

using Kernel = void (*)(const Launch&);

/// Makes `kernel` a function of images that begin with kImage.
void add_kernel(const std::string& name, Kernel kernel);

/// An image whose functions are those of add_kernel(). An image may also be a whole shared library:
/// a function `name` of it is a constant Entry of C called `name` + kEntry, or a plain Kernel.
inline constexpr char kImage[] = "image of the fake driver";
inline constexpr char kEntry[] = "_entry";

/// A kernel and what a driver knows of it.
struct Entry {
  Kernel run;
  int most_threads;  // in a block
  int arguments;
  const unsigned* argument_bytes;
};

/// The memory behind an address of a device, for kernels.
inline void* memory(unsigned long long address) { return reinterpret_cast<void*>(address); }

}  // namespace kernelops::fake
