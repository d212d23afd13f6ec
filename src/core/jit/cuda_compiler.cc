#include "core/support/small_code.h"

#include "core/jit/cuda_compiler.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "core/jit/compile_log.h"
#include "core/jit/files.h"

namespace kernelops {
namespace {

// The first that say what they make machine code for.
constexpr CudaVersion kOldest{11, 2};

// Where the text is now, or nothing.
std::string keep_text(const CudaSource& source) {
  if (source.kept_as.empty()) return "";
  ::unlink(source.kept_as.c_str());
  if (write_new_file(source.kept_as, source.text) == 0) return source.kept_as;
  ::unlink(source.kept_as.c_str());
  return "";
}

// The worst of what a compiler can do for all targets.
NvrtcFit worst_fit(const CudaCompiler& compiler, const std::vector<CudaTarget>& targets) {
  NvrtcFit worst{NvrtcFit::Form::machine_code, 0, ""};
  for (const CudaTarget& target : targets) {
    const NvrtcFit fit = compiler.fit(target);
    if (fit.form > worst.form) worst = fit;
  }
  return worst;
}

}  // namespace

std::string version_text(CudaVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

std::string capability_text(int architecture) {
  return version_text({architecture / 10, architecture % 10});
}

std::string architecture_option(const NvrtcFit& fit) {
  const bool is_code = fit.form == NvrtcFit::Form::machine_code;
  return (is_code ? "--gpu-architecture=sm_" : "--gpu-architecture=compute_") +
         std::to_string(fit.architecture);
}

NvrtcFit compiler_fit(const std::string& name, CudaVersion version,
                      const std::vector<int>& architectures, const CudaTarget& target) {
  const auto refuse = [](const std::string& refusal) {
    return NvrtcFit{NvrtcFit::Form::nothing, 0, refusal};
  };
  const std::string compiler = name + " " + version_text(version);
  const std::string device =
      "a device of compute capability " + capability_text(target.architecture);
  if (version < kOldest || architectures.empty()) {
    return refuse(compiler + " is too old for " + device + ": " + name + " " +
                  version_text(kOldest) + " or newer is needed");
  }
  const bool has_driver = target.driver.major > 0;
  const std::string driver = "the driver, which supports CUDA up to " + version_text(target.driver);
  // Machine code is understood by any driver of its major version, PTX by no older one.
  if (has_driver && version.major > target.driver.major) {
    return refuse(compiler + " is too new for " + driver);
  }
  if (std::binary_search(architectures.begin(), architectures.end(), target.architecture)) {
    return {NvrtcFit::Form::machine_code, target.architecture, ""};
  }
  const auto newer =
      std::upper_bound(architectures.begin(), architectures.end(), target.architecture);
  if (newer == architectures.begin()) {
    return refuse(compiler + " is too new for " + device + ": the oldest it knows is " +
                  capability_text(architectures.front()));
  }
  if (has_driver && target.driver < version) {
    return refuse(compiler + " does not know " + device + ", and its PTX is too new for " + driver);
  }
  return {NvrtcFit::Form::ptx, *std::prev(newer), ""};
}

std::string age_refusal(const std::string& name, CudaVersion version,
                        const std::vector<CudaTarget>& targets) {
  if (!(version < kOldest)) return "";
  if (!targets.empty()) return compiler_fit(name, version, {}, targets.front()).refusal;
  return name + " " + version_text(version) + " is too old: " + version_text(kOldest) +
         " or newer is needed";
}

CudaCompilerSearch search_compiler(const std::vector<LibraryCandidate>& candidates,
                                   const std::vector<CudaTarget>& targets,
                                   const OpenCompiler& open) {
  CudaCompilerSearch search;
  for (const LibraryCandidate& candidate : candidates) {
    std::shared_ptr<CudaCompiler> compiler;
    std::string refusal;
    try {
      compiler = open(candidate, &refusal);
    } catch (const Error& error) {
      refusal = refusal_text(candidate, error.what());
    }
    if (compiler == nullptr) {
      search.refused.push_back(refusal);
      continue;
    }
    const NvrtcFit fit = worst_fit(*compiler, targets);
    if (fit.form == NvrtcFit::Form::nothing) {
      search.refused.push_back(refusal_text(candidate, fit.refusal));
      continue;
    }
    if (fit.form == NvrtcFit::Form::machine_code) {
      search.compiler = compiler;
      return search;
    }
    if (search.compiler == nullptr) search.compiler = compiler;
  }
  return search;
}

Error cuda_failure_error(const CudaCompiler& compiler, const CudaSource& source,
                         const CudaFailure& failure) {
  const std::string kept = keep_text(source);
  return Error(ErrorKind::compile,
               "the CUDA compiler failed with " + failure.status + ": " +
                   first_complaint(failure.log) +
                   (kept.empty() ? "" : "\nThe generated source is kept as `" + kept + "`."),
               {{"command", failure.command},
                {"compiler", compiler.path()},
                {"log", failure.log},
                {"source", kept},
                {"status", failure.status}});
}

Error cuda_refusal_error(const CudaCompiler& compiler, const std::string& refusal) {
  return Error(ErrorKind::compile, refusal, {{"compiler", compiler.path()}, {"log", ""}});
}

}  // namespace kernelops
