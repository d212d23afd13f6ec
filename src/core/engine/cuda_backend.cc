#include "core/engine/cuda_backend.h"

#include <utility>

#include "core/gpu/installation.h"
#include "kernels/abi.h"

namespace kernelops {
namespace {

class CudaExecutable : public Executable {
 public:
  CudaExecutable(const Program& program, CudaKernels kernels)
      : program_(program), kernels_(std::move(kernels)) {}

  void run(const Call& call) const override {
    if (program_.has_pairs()) {
      execute_cuda(program_, kernels_, call);
    } else {
      execute_rows_cuda(program_, kernels_, call);
    }
  }

 private:
  const Program& program_;
  CudaKernels kernels_;
};

}  // namespace

CudaShape CudaBackend::shape(const Program& program, const CudaOptions& options,
                             const CudaTarget& target) const {
  constexpr int kFirstTensorCores = 80;
  return fit_to_rows(
      choose_shape_(program, options.float32,
                    options.tensor_cores && target.architecture >= kFirstTensorCores),
      options.row_class);
}

std::string CudaBackend::source(const Program& program, const CudaOptions& options,
                                const CudaTarget& target) const {
  return generate_cuda(program, options.float32, shape(program, options, target)).text;
}

CudaImageRequest CudaBackend::request(const Program& program, const CudaOptions& options,
                                      const CudaTarget& target) const {
  CudaImageRequest out;
  out.text = source(program, options, target);
  out.include_directory = kernel_directory_;
  out.options = cuda_options(options.float32);
  out.target = target;
  out.salt = version_ + " abi " + std::to_string(kAbiVersion);
  return out;
}

std::vector<std::string> CudaBackend::command(const CudaOptions& options,
                                              const CudaTarget& target) const {
  std::vector<std::string> out = {compiler_->name(), "-I" + kernel_directory_};
  for (const std::string& option : cuda_options(options.float32)) out.push_back(option);
  out.push_back(architecture_option(compiler_->fit(target)));
  return out;
}

bool CudaBackend::is_ready(const Program& program, const CudaOptions& options,
                           const CudaTarget& target) const {
  return cache_.contains(*compiler_, request(program, options, target));
}

std::shared_ptr<Executable> CudaBackend::executable(
    const Program& program, const CudaOptions& options,
    const std::vector<std::shared_ptr<GpuDevice>>& devices,
    const std::function<bool()>& interrupted) const {
  CudaKernels kernels;
  for (const std::shared_ptr<GpuDevice>& device : devices) {
    const CudaTarget target = target_of(device->context()->driver(), device->properties());
    CudaImageRequest wanted = request(program, options, target);
    wanted.interrupted = interrupted;
    kernels.push_back(std::make_shared<CudaKernel>(program, options.float32,
                                                   shape(program, options, target), device,
                                                   cache_.load(*compiler_, wanted)));
  }
  return std::make_shared<CudaExecutable>(program, std::move(kernels));
}

}  // namespace kernelops
