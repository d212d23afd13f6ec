#include "core/gpu/context.h"

namespace kernelops {

CudaContext::CudaContext(std::shared_ptr<const CudaDriver> driver, int ordinal)
    : driver_(std::move(driver)),
      device_(driver_->device(ordinal)),
      handle_(driver_->device_handle(ordinal)) {
  const int code = driver_->attempt(functions().cuDevicePrimaryCtxRetain, &context_, handle_);
  if (code != kDriverSuccess) {
    throw error(code, functions().cuDevicePrimaryCtxRetain.name, "starting work");
  }
}

CudaContext::~CudaContext() { driver_->release(functions().cuDevicePrimaryCtxRelease, handle_); }

Error CudaContext::error(int code, const char* call, const std::string& doing) const {
  return driver_->error(
      code, call, doing + " on GPU " + std::to_string(device_.ordinal) + " (" + device_.name + ")");
}

int CudaContext::push() const noexcept { return functions().cuCtxPushCurrent.address(context_); }

void CudaContext::pop() const noexcept {
  DriverHandle popped = nullptr;
  functions().cuCtxPopCurrent.address(&popped);
}

CudaContext::Current::Current(const CudaContext& context) : context_(context) {
  context.driver_->check_process();
  const int code = context.push();
  if (code != kDriverSuccess) {
    throw context.error(code, context.functions().cuCtxPushCurrent.name, "beginning a step");
  }
}

}  // namespace kernelops
