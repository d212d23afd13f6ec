// NVIDIA's run-time compiler, NVRTC: CUDA text to code for one device. It is opened at run time,
// and a device is not needed to compile for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jit/cuda_compiler.h"
#include "core/jit/dynamic_library.h"

namespace kernelops {

/// Machine code if the compiler knows the device, else PTX of the newest that it knows and the
/// driver can translate, else nothing. `architectures` ascend.
NvrtcFit nvrtc_fit(CudaVersion version, const std::vector<int>& architectures,
                   const CudaTarget& target);

/// An opened compiler; safe to use from any thread.
class Nvrtc : public CudaCompiler {
 public:
  /// Takes the functions of a library that lacks none of them.
  explicit Nvrtc(std::shared_ptr<DynamicLibrary> library);
  ~Nvrtc() override;

  std::string name() const override { return "NVRTC " + version_text(version_); }
  const std::string& path() const override { return path_; }
  CudaVersion version() const override { return version_; }

  /// Those it makes machine code for, ascending.
  const std::vector<int>& architectures() const noexcept { return architectures_; }

  NvrtcFit fit(const CudaTarget& target) const override {
    return nvrtc_fit(version_, architectures_, target);
  }

  CudaImage compile(const CudaSource& source, const CudaTarget& target) const override;

 private:
  struct Functions;

  [[noreturn]] void raise(int code, const char* call) const;
  void check(int code, const char* call) const;

  std::shared_ptr<DynamicLibrary> library_;
  std::unique_ptr<DynamicLibrary> builtins_;
  std::unique_ptr<Functions> functions_;
  std::string path_;
  CudaVersion version_;
  std::vector<int> architectures_;
};

/// What was found, and why other candidates were refused.
struct NvrtcSearch {
  std::shared_ptr<Nvrtc> nvrtc;
  std::vector<std::string> refused;
};

/// The first compiler that makes machine code for all `targets`, else the first that makes
/// something for all; with no targets the first that works.
NvrtcSearch search_nvrtc(const std::vector<LibraryCandidate>& candidates,
                         const std::vector<CudaTarget>& targets);

}  // namespace kernelops
