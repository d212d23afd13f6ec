// NVIDIA's driver library, opened at run time through the prototypes below: neither a header nor a
// library of CUDA is needed to build.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/jit/dynamic_library.h"
#include "core/jit/nvrtc.h"
#include "core/support/error.h"

namespace kernelops {

/// An address in a device's memory.
using DevicePointer = unsigned long long;

/// The driver's own objects: contexts, streams, events, modules, functions.
using DriverHandle = void*;

/// A function of the driver with the name it is known by in messages. All return 0 or an error.
template <typename Signature>
struct DriverFunction {
  const char* name;
  Signature* address = nullptr;
};

// name, symbol in the library, parameters. Where the driver has several versions of a function, the
// symbol says which one has these parameters.
#define KERNELOPS_DRIVER_FUNCTIONS(declare)                                                        \
  declare(cuInit, cuInit, (unsigned flags)) declare(                                               \
      cuDriverGetVersion, cuDriverGetVersion,                                                      \
      (int* version)) declare(cuGetErrorName, cuGetErrorName, (int code, const char** text))       \
      declare(cuGetErrorString, cuGetErrorString, (int code, const char** text)) declare(          \
          cuDeviceGetCount, cuDeviceGetCount, (int* count)) declare(cuDeviceGet, cuDeviceGet,      \
                                                                    (int* device, int ordinal))    \
          declare(cuDeviceGetName, cuDeviceGetName, (char* name, int size, int device)) declare(   \
              cuDeviceGetAttribute, cuDeviceGetAttribute,                                          \
              (int* value, int attribute, int device)) declare(cuDeviceTotalMem,                   \
                                                               cuDeviceTotalMem_v2,                \
                                                               (std::size_t * bytes, int device))  \
              declare(                                                                             \
                  cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain,                              \
                  (DriverHandle * out,                                                             \
                   int device)) declare(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2,   \
                                        (int device)) declare(cuCtxPushCurrent,                    \
                                                              cuCtxPushCurrent_v2,                 \
                                                              (DriverHandle context))              \
                  declare(cuCtxPopCurrent, cuCtxPopCurrent_v2, (DriverHandle * context)) declare(  \
                      cuMemGetInfo, cuMemGetInfo_v2,                                               \
                      (                                                                            \
                          std::size_t * free,                                                      \
                          std::size_t * total)) declare(cuMemAlloc, cuMemAlloc_v2,                 \
                                                        (DevicePointer * out, std::size_t bytes))  \
                      declare(cuMemFree, cuMemFree_v2, (DevicePointer pointer)) declare(           \
                          cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2,                                 \
                          (DevicePointer to, const void* from, std::size_t bytes,                  \
                           DriverHandle                                                            \
                               stream)) declare(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2,           \
                                                (void* to, DevicePointer from,                     \
                                                 std::size_t bytes, DriverHandle stream))          \
                          declare(                                                                 \
                              cuMemsetD8Async, cuMemsetD8Async,                                    \
                              (DevicePointer to, unsigned char value, std::size_t bytes,           \
                               DriverHandle                                                        \
                                   stream)) declare(cuMemHostAlloc, cuMemHostAlloc,                \
                                                    (void** out, std::size_t bytes,                \
                                                     unsigned flags))                              \
                              declare(cuMemFreeHost, cuMemFreeHost, (void* pointer)) declare(      \
                                  cuStreamCreate,                                                  \
                                  cuStreamCreate,                                                  \
                                  (DriverHandle * out,                                             \
                                   unsigned flags)) declare(cuStreamSynchronize,                   \
                                                            cuStreamSynchronize,                   \
                                                            (DriverHandle stream))                 \
                                  declare(cuStreamQuery, cuStreamQuery, (DriverHandle stream))     \
                                      declare(                                                     \
                                          cuStreamWaitEvent, cuStreamWaitEvent,                    \
                                          (DriverHandle stream, DriverHandle event,                \
                                           unsigned flags)) declare(cuStreamDestroy,               \
                                                                    cuStreamDestroy_v2,            \
                                                                    (DriverHandle stream))         \
                                          declare(                                                 \
                                              cuEventCreate, cuEventCreate,                        \
                                              (DriverHandle * out,                                 \
                                               unsigned flags)) declare(cuEventRecord,             \
                                                                        cuEventRecord,             \
                                                                        (DriverHandle event,       \
                                                                         DriverHandle              \
                                                                             stream))              \
                                              declare(                                             \
                                                  cuEventQuery, cuEventQuery,                      \
                                                  (DriverHandle                                    \
                                                       event)) declare(cuEventSynchronize,         \
                                                                       cuEventSynchronize,         \
                                                                       (DriverHandle event))       \
                                                  declare(                                         \
                                                      cuEventElapsedTime,                          \
                                                      cuEventElapsedTime,                          \
                                                      (float* milliseconds, DriverHandle start,    \
                                                       DriverHandle                                \
                                                           end)) declare(cuEventDestroy,           \
                                                                         cuEventDestroy_v2,        \
                                                                         (DriverHandle event))     \
                                                      declare(                                     \
                                                          cuModuleLoadData, cuModuleLoadData,      \
                                                          (DriverHandle * out, const void* image)) \
                                                          declare(cuModuleUnload, cuModuleUnload,  \
                                                                  (DriverHandle module))           \
                                                              declare(cuModuleGetFunction,         \
                                                                      cuModuleGetFunction,         \
                                                                      (DriverHandle * out,         \
                                                                       DriverHandle module,        \
                                                                       const char* name))          \
                                                                  declare(                         \
                                                                      cuFuncGetAttribute,          \
                                                                      cuFuncGetAttribute,          \
                                                                      (int* value, int attribute,  \
                                                                       DriverHandle function))     \
                                                                      declare(                     \
                                                                          cuFuncSetAttribute,      \
                                                                          cuFuncSetAttribute,      \
                                                                          (DriverHandle function,  \
                                                                           int attribute,          \
                                                                           int value))             \
                                                                          declare(                 \
                                                                              cuLaunchKernel,      \
                                                                              cuLaunchKernel,      \
                                                                              (DriverHandle        \
                                                                                   function,       \
                                                                               unsigned grid_x,    \
                                                                               unsigned grid_y,    \
                                                                               unsigned grid_z,    \
                                                                               unsigned block_x,   \
                                                                               unsigned block_y,   \
                                                                               unsigned block_z,   \
                                                                               unsigned            \
                                                                                   shared_bytes,   \
                                                                               DriverHandle        \
                                                                                   stream,         \
                                                                               void** arguments,   \
                                                                               void** extra))

struct DriverFunctions {
#define KERNELOPS_MEMBER(name, symbol, parameters) DriverFunction<int parameters> name{#name};
  KERNELOPS_DRIVER_FUNCTIONS(KERNELOPS_MEMBER)
#undef KERNELOPS_MEMBER
};

/// Results of the driver that are told apart.
enum DriverCode : int {
  kDriverSuccess = 0,
  kDriverOutOfMemory = 2,
  kDriverNotReady = 600,
};

/// What is known of a device without using it.
struct DeviceProperties {
  int ordinal = 0;
  std::string name;
  int architecture = 0;  // compute capability: 90 for 9.0
  std::size_t memory_bytes = 0;
  int processors = 0;              // streaming multiprocessors
  int shared_bytes_per_block = 0;  // the most a kernel may ask for
  int registers_per_processor = 0;
  int shared_bytes_per_processor = 0;
  int clock_kilohertz = 0;
};

/// The started driver. It belongs to the process that started it: in a forked child every use is an
/// Error(device), and what is released is left alone.
class CudaDriver {
 public:
  /// Starts the driver of a library that has all functions; throws Error(device).
  explicit CudaDriver(std::shared_ptr<DynamicLibrary> library);

  const DriverFunctions& functions() const noexcept { return functions_; }
  CudaVersion version() const noexcept { return version_; }

  /// The file of the library.
  const std::string& path() const noexcept { return path_; }

  int device_count() const;
  DeviceProperties device(int ordinal) const;

  /// The driver's number of a device.
  int device_handle(int ordinal) const;

  /// Throws Error(device) in a forked child.
  void check_process() const;
  bool is_own_process() const noexcept;

  /// Calls a function; a failure is Error(memory) or Error(device) that says what was being done.
  template <typename Signature, typename... Arguments>
  void call(const DriverFunction<Signature>& function, const char* doing,
            Arguments... arguments) const {
    const int code = attempt(function, arguments...);
    if (code != kDriverSuccess) throw error(code, function.name, doing);
  }

  /// Calls a function whose failures the caller understands.
  template <typename Signature, typename... Arguments>
  int attempt(const DriverFunction<Signature>& function, Arguments... arguments) const {
    check_process();
    return function.address(arguments...);
  }

  /// Calls a function that gives something back: there is nobody to tell of a failure.
  template <typename Signature, typename... Arguments>
  void release(const DriverFunction<Signature>& function, Arguments... arguments) const noexcept {
    if (is_own_process()) function.address(arguments...);
  }

  /// The error of a failed call. `doing` completes "<doing> failed".
  Error error(int code, const char* call, const std::string& doing) const;

 private:
  std::string code_text(int code) const;
  int attribute(int number, int device) const;

  std::shared_ptr<DynamicLibrary> library_;
  DriverFunctions functions_;
  std::string path_;
  CudaVersion version_;
  pid_t process_;
};

/// What was found, and why each candidate before it was refused.
struct DriverSearch {
  std::shared_ptr<CudaDriver> driver;
  std::vector<std::string> refused;
};

/// Where the driver may be: what KERNELOPS_LIBCUDA names, else the loader's path and usual places.
std::vector<LibraryCandidate> driver_candidates();

/// The first driver that starts.
DriverSearch search_driver(const std::vector<LibraryCandidate>& candidates);

}  // namespace kernelops
