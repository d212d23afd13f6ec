// NVIDIA's compiler as a program, nvcc, for machines without its run-time library. It calls the
// host's C++ compiler to read headers, and takes seconds where NVRTC takes a tenth of one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jit/cuda_compiler.h"

namespace kernelops {

/// A compiler that said what it is; safe to use from any thread.
class Nvcc : public CudaCompiler {
 public:
  /// Asks the program at `path` what it is; throws Error(compile) if it does not answer as nvcc
  /// does, or with the refusal of age_refusal().
  explicit Nvcc(const std::string& path, const std::vector<CudaTarget>& targets = {});

  std::string name() const override { return "nvcc " + version_text(version_); }
  const std::string& path() const override { return path_; }
  CudaVersion version() const override { return version_; }

  /// Those it makes machine code for, ascending.
  const std::vector<int>& architectures() const noexcept { return architectures_; }

  NvrtcFit fit(const CudaTarget& target) const override {
    return compiler_fit("nvcc", version_, architectures_, target);
  }

  /// Takes the options of NVRTC.
  CudaImage compile(const CudaSource& source, const CudaTarget& target) const override;

 private:
  std::string path_;
  CudaVersion version_;
  std::vector<int> architectures_;
};

/// What was found, and why other candidates were refused.
struct NvccSearch {
  std::shared_ptr<Nvcc> nvcc;
  std::vector<std::string> refused;
};

/// Like search_nvrtc().
NvccSearch search_nvcc(const std::vector<LibraryCandidate>& candidates,
                       const std::vector<CudaTarget>& targets);

}  // namespace kernelops
