// NVIDIA's run-time compiler, NVRTC: CUDA text to code for one device. It is opened at run time,
// and a device is not needed to compile for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jit/dynamic_library.h"

namespace kernelops {

/// A version as major and minor number.
struct CudaVersion {
  int major = 0;
  int minor = 0;
};

inline bool operator<(CudaVersion left, CudaVersion right) {
  return left.major != right.major ? left.major < right.major : left.minor < right.minor;
}

/// "13.0".
std::string version_text(CudaVersion version);

/// A compute capability, ten times its major number plus its minor: 90 is 9.0.
std::string capability_text(int architecture);

/// What is compiled for.
struct CudaTarget {
  int architecture = 0;  // compute capability of the device: 90 for 9.0
  CudaVersion driver;    // newest CUDA that the driver supports; 0 where there is none
};

/// What a compiler can make for a target.
struct NvrtcFit {
  enum class Form { machine_code, ptx, nothing };

  Form form = Form::nothing;
  int architecture = 0;  // to compile for
  std::string refusal;   // a sentence, where the form is nothing
};

/// Machine code if the compiler knows the device, else PTX of the newest that it knows and the
/// driver can translate, else nothing. `architectures` ascend.
NvrtcFit nvrtc_fit(CudaVersion version, const std::vector<int>& architectures,
                   const CudaTarget& target);

/// Compiled text, as cuModuleLoadData wants it.
struct CudaImage {
  std::string data;
  NvrtcFit::Form form = NvrtcFit::Form::nothing;
  int architecture = 0;  // it was compiled for
  std::string log;       // warnings, and what the compiler says of registers if it was asked to
};

/// A text and how to compile it.
struct CudaSource {
  std::string text;
  std::string name;                  // in messages of the compiler
  std::vector<std::string> options;  // without the architecture
  std::string kept_as;               // where the text is kept if it does not compile; may be empty
};

/// An opened compiler; safe to use from any thread.
class Nvrtc {
 public:
  /// Takes the functions of a library that nvrtc_refusal() has nothing against.
  explicit Nvrtc(std::shared_ptr<DynamicLibrary> library);
  ~Nvrtc();

  /// The file of the library.
  const std::string& path() const noexcept { return path_; }
  CudaVersion version() const noexcept { return version_; }

  /// Those it makes machine code for, ascending.
  const std::vector<int>& architectures() const noexcept { return architectures_; }

  NvrtcFit fit(const CudaTarget& target) const {
    return nvrtc_fit(version_, architectures_, target);
  }

  /// Compiles for a target; throws Error(compile) with the log, or with the refusal of fit().
  CudaImage compile(const CudaSource& source, const CudaTarget& target) const;

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
