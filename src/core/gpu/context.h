// The use of one device: its primary context, which other libraries of the process share.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/gpu/driver.h"

namespace kernelops {

/// A retained primary context. Any thread may use it; each call makes it current for as long as it
/// takes. Whatever lives on the device holds its context.
class CudaContext {
 public:
  /// Retains the context of a device; throws Error(device) or Error(memory).
  CudaContext(std::shared_ptr<const CudaDriver> driver, int ordinal);
  ~CudaContext();
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  const CudaDriver& driver() const noexcept { return *driver_; }
  const std::shared_ptr<const CudaDriver>& driver_pointer() const noexcept { return driver_; }
  const DriverFunctions& functions() const noexcept { return driver_->functions(); }
  const DeviceProperties& device() const noexcept { return device_; }

  /// Calls a function of the driver on this device; a failure is an Error that says what was being
  /// done and on which device.
  template <typename Signature, typename... Arguments>
  void call(const DriverFunction<Signature>& function, const char* doing,
            Arguments... arguments) const {
    const int code = attempt(function, arguments...);
    if (code != kDriverSuccess) throw error(code, function.name, doing);
  }

  /// Calls a function whose failures the caller understands.
  template <typename Signature, typename... Arguments>
  int attempt(const DriverFunction<Signature>& function, Arguments... arguments) const {
    const Current current(*this);
    return driver_->attempt(function, arguments...);
  }

  /// Calls a function that gives something back: there is nobody to tell of a failure.
  template <typename Signature, typename... Arguments>
  void release(const DriverFunction<Signature>& function, Arguments... arguments) const noexcept {
    if (!driver_->is_own_process()) return;
    // Where the context cannot be made current, the driver has ended or the device is lost, and
    // what was there with it.
    if (push() != kDriverSuccess) return;
    driver_->release(function, arguments...);
    pop();
  }

  /// The error of a failed call on this device.
  Error error(int code, const char* call, const std::string& doing) const;

 private:
  class Current {
   public:
    explicit Current(const CudaContext& context);
    ~Current() { context_.pop(); }
    Current(const Current&) = delete;
    Current& operator=(const Current&) = delete;

   private:
    const CudaContext& context_;
  };

  int push() const noexcept;
  void pop() const noexcept;

  std::shared_ptr<const CudaDriver> driver_;
  DeviceProperties device_;
  int handle_;
  DriverHandle context_ = nullptr;
};

}  // namespace kernelops
