// What makes code for a GPU of CUDA text, whichever program or library that is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/jit/dynamic_library.h"
#include "core/jit/process.h"
#include "core/support/error.h"

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

/// The option that asks for what fits: "--gpu-architecture=sm_90".
std::string architecture_option(const NvrtcFit& fit);

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
  Interrupted interrupted = {};
};

/// Makes images of CUDA text: NVRTC, or nvcc where that is missing. Safe to use from any thread.
class CudaCompiler {
 public:
  virtual ~CudaCompiler() = default;

  /// "NVRTC 13.0", "nvcc 12.4".
  virtual std::string name() const = 0;

  /// The file of the library or the program.
  virtual const std::string& path() const = 0;
  virtual CudaVersion version() const = 0;
  virtual NvrtcFit fit(const CudaTarget& target) const = 0;

  /// Compiles for a target; throws Error(compile) with the log, or with the refusal of fit(), and
  /// Error(interrupt).
  virtual CudaImage compile(const CudaSource& source, const CudaTarget& target) const = 0;
};

/// Machine code if a compiler of CUDA knows the device, else PTX of the newest that it knows and
/// the driver can translate, else nothing. `architectures` ascend; `name` and version are for
/// refusals.
NvrtcFit compiler_fit(const std::string& name, CudaVersion version,
                      const std::vector<int>& architectures, const CudaTarget& target);

/// Why a compiler is too old for whatever it may know, with the first of the targets if there are
/// any; or nothing.
std::string age_refusal(const std::string& name, CudaVersion version,
                        const std::vector<CudaTarget>& targets);

/// What was found, and why other candidates were refused.
struct CudaCompilerSearch {
  std::shared_ptr<CudaCompiler> compiler;
  std::vector<std::string> refused;
};

/// Makes a compiler of a candidate, or says why not by refusal_text() or an Error.
using OpenCompiler = std::function<std::shared_ptr<CudaCompiler>(const LibraryCandidate& candidate,
                                                                 std::string* refusal)>;

/// The first compiler that makes machine code for all `targets`, else the first that makes
/// something for all; with no targets the first that works.
CudaCompilerSearch search_compiler(const std::vector<LibraryCandidate>& candidates,
                                   const std::vector<CudaTarget>& targets,
                                   const OpenCompiler& open);

/// What a compiler said of a text that it did not take.
struct CudaFailure {
  std::string status;   // a name or number
  std::string command;  // as a user would repeat it
  std::string log;
};

/// The Error(compile) of a failure; keeps the text where the source says.
Error cuda_failure_error(const CudaCompiler& compiler, const CudaSource& source,
                         const CudaFailure& failure);

/// The Error(compile) of a target that a compiler has nothing for.
Error cuda_refusal_error(const CudaCompiler& compiler, const std::string& refusal);

}  // namespace kernelops
