// The back end that generates CUDA text and runs it on GPUs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/backend.h"
#include "core/engine/cuda_kernel.h"
#include "core/engine/execute_cuda.h"
#include "core/gpu/gpu_device.h"
#include "core/jit/cuda_image_cache.h"

namespace kernelops {

/// How kernels are made, besides their program.
struct CudaOptions {
  bool float32 = false;
  bool tensor_cores = false;
  std::int64_t row_class = 0;  // of few_rows_class()
};

/// What chooses the sizes of kernels: choose_cuda_shape(), or a test's own.
using ShapeChoice =
    std::function<CudaShape(const Program& program, bool float32, bool tensor_cores)>;

/// Compiles programs for GPUs and keeps the images in a cache, which must outlive it.
class CudaBackend {
 public:
  /// `kernel_directory` holds the headers of inst/kernels; `version` enters the cache key.
  CudaBackend(std::shared_ptr<const CudaCompiler> compiler, CudaImageCache& cache,
              std::string kernel_directory, std::string version,
              ShapeChoice choose_shape = choose_cuda_shape)
      : compiler_(std::move(compiler)),
        cache_(cache),
        kernel_directory_(std::move(kernel_directory)),
        version_(std::move(version)),
        choose_shape_(std::move(choose_shape)) {}

  /// "CUDA, NVRTC 13.0".
  std::string name() const { return "CUDA, " + compiler_->name(); }

  CudaShape shape(const Program& program, const CudaOptions& options,
                  const CudaTarget& target) const;

  /// The generated text for a device, and how it is compiled, for explanations.
  std::string source(const Program& program, const CudaOptions& options,
                     const CudaTarget& target) const;
  std::vector<std::string> command(const CudaOptions& options, const CudaTarget& target) const;

  /// Whether `executable` would do without the compiler.
  bool is_ready(const Program& program, const CudaOptions& options, const CudaTarget& target) const;

  /// The program on some devices; `interrupted` may stop its making. The program must outlive it.
  std::shared_ptr<Executable> executable(const Program& program, const CudaOptions& options,
                                         const std::vector<std::shared_ptr<GpuDevice>>& devices,
                                         const std::function<bool()>& interrupted) const;

 private:
  CudaImageRequest request(const Program& program, const CudaOptions& options,
                           const CudaTarget& target) const;

  std::shared_ptr<const CudaCompiler> compiler_;
  CudaImageCache& cache_;
  std::string kernel_directory_;
  std::string version_;
  ShapeChoice choose_shape_;
};

}  // namespace kernelops
