#include "core/jit/cuda_compiler.h"

#include <unistd.h>

#include "core/jit/compile_log.h"
#include "core/jit/files.h"

namespace kernelops {
namespace {

// Where the text is now, or nothing.
std::string keep_text(const CudaSource& source) {
  if (source.kept_as.empty()) return "";
  ::unlink(source.kept_as.c_str());
  if (write_new_file(source.kept_as, source.text) == 0) return source.kept_as;
  ::unlink(source.kept_as.c_str());
  return "";
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
