#include "core/gpu/device_module.h"

#include <utility>

namespace kernelops {
namespace {

// CUfunction_attribute of <cuda.h>.
enum Attribute : int {
  kMostThreads = 0,
  kSharedBytes = 1,
  kLocalBytes = 3,
  kRegisters = 4,
  kMostDynamicSharedBytes = 8,
};

}  // namespace

KernelResources DeviceFunction::resources() const {
  const auto attribute = [&](int number) {
    int value = 0;
    context_->call(context_->functions().cuFuncGetAttribute, "asking for what a kernel needs",
                   &value, number, function_);
    return value;
  };
  return {attribute(kRegisters), attribute(kSharedBytes), attribute(kLocalBytes),
          attribute(kMostThreads)};
}

void DeviceFunction::allow_shared_bytes(int bytes) const {
  context_->call(context_->functions().cuFuncSetAttribute, "giving shared memory to a kernel",
                 function_, static_cast<int>(kMostDynamicSharedBytes), bytes);
}

void DeviceFunction::launch(const CudaStream& stream, GridSize grid, GridSize block,
                            unsigned shared_bytes, void** arguments) const {
  context_->call(context_->functions().cuLaunchKernel, "starting a kernel", function_, grid.x,
                 grid.y, grid.z, block.x, block.y, block.z, shared_bytes, stream.handle(),
                 arguments, static_cast<void**>(nullptr));
}

DeviceModule::DeviceModule(std::shared_ptr<const CudaContext> context, const std::string& image)
    : context_(std::move(context)) {
  context_->call(context_->functions().cuModuleLoadData, "loading a kernel", &module_,
                 static_cast<const void*>(image.c_str()));
}

DeviceModule::~DeviceModule() { context_->release(context_->functions().cuModuleUnload, module_); }

DeviceFunction DeviceModule::function(const std::string& name) const {
  DriverHandle function = nullptr;
  const auto& get = context_->functions().cuModuleGetFunction;
  const int code = context_->attempt(get, &function, module_, name.c_str());
  if (code != kDriverSuccess) {
    throw context_->error(code, get.name, "looking for the kernel `" + name + "`");
  }
  return DeviceFunction(context_.get(), function);
}

}  // namespace kernelops
