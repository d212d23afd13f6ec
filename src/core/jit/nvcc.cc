#include "core/support/small_code.h"

#include "core/jit/nvcc.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "core/jit/cache_key.h"
#include "core/jit/compile_log.h"
#include "core/jit/files.h"

namespace kernelops {
namespace {

std::string output_of(const std::string& program, const std::string& option) {
  const ProcessResult result = run_process({program, option});
  if (result.status == 0) return result.output;
  throw Error(ErrorKind::compile, "`" + option + "` failed with status " +
                                      std::to_string(result.status) + ": " +
                                      first_complaint(result.output));
}

// "Cuda compilation tools, release 13.0, V13.0.88".
CudaVersion version_in(const std::string& output) {
  CudaVersion version;
  const std::size_t at = output.find("release ");
  if (at == std::string::npos ||
      std::sscanf(output.c_str() + at, "release %d.%d", &version.major, &version.minor) != 2) {
    throw Error(ErrorKind::compile, "it does not say its version");
  }
  return version;
}

// Lines like "sm_90"; those with letters behind are for one kind of device only.
std::vector<int> architectures_in(const std::string& output) {
  std::vector<int> found;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::string prefix = "sm_";
    if (line.rfind(prefix, 0) != 0) continue;
    char* end = nullptr;
    const long number = std::strtol(line.c_str() + prefix.size(), &end, 10);
    if (number > 0 && *end == '\0') found.push_back(static_cast<int>(number));
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The options of NVRTC as this program has them.
std::vector<std::string> translated(const std::vector<std::string>& options) {
  std::vector<std::string> out;
  for (const std::string& option : options) {
    if (option == "--device-as-default-execution-space") continue;
    if (option.rfind("-I", 0) != 0) {
      out.push_back(option);
      continue;
    }
    // Only what is included by quotes is ours: the host's <math.h> must stay what it is.
    for (const std::string& word : {std::string("-iquote"), option.substr(2)}) {
      out.push_back("--compiler-options=" + word);
    }
  }
  return out;
}

[[noreturn]] void raise_unwritten(const std::string& path, int failure) {
  const std::string reason = system_message(failure);
  throw Error(ErrorKind::compile, "the CUDA source `" + path + "` cannot be written: " + reason,
              {{"source", path}, {"reason", reason}});
}

}  // namespace

Nvcc::Nvcc(const std::string& path, const std::vector<CudaTarget>& targets)
    : path_(path), version_(version_in(output_of(path, "--version"))) {
  const std::string refusal = age_refusal("nvcc", version_, targets);
  if (!refusal.empty()) throw cuda_refusal_error(*this, refusal);
  architectures_ = architectures_in(output_of(path, "--list-gpu-code"));
}

CudaImage Nvcc::compile(const CudaSource& source, const CudaTarget& target) const {
  const NvrtcFit chosen = fit(target);
  if (chosen.form == NvrtcFit::Form::nothing) throw cuda_refusal_error(*this, chosen.refusal);
  const bool is_code = chosen.form == NvrtcFit::Form::machine_code;

  std::error_code ignored;
  const TemporaryDirectory workplace(
      (std::filesystem::temp_directory_path(ignored) / "kernelops-nvcc-").string());
  const std::string text = workplace.path() + "/" + source.name;
  const std::string image_path = workplace.path() + "/image";
  if (const int failure = write_new_file(text, source.text); failure != 0) {
    raise_unwritten(text, failure);
  }
  std::vector<std::string> command = {path_, is_code ? "--cubin" : "--ptx",
                                      architecture_option(chosen),
                                      // It only reads headers for us.
                                      "--allow-unsupported-compiler"};
  for (const std::string& option : translated(source.options)) command.push_back(option);
  for (const std::string& word : {std::string("-o"), image_path, text}) command.push_back(word);

  const ProcessResult result = run_process(command, source.interrupted);
  if (result.status != 0) {
    throw cuda_failure_error(
        *this, source,
        {"status " + std::to_string(result.status), join_words(command), result.output});
  }
  std::optional<std::string> data = read_file(image_path);
  if (!data) {
    throw Error(ErrorKind::compile, name() + " succeeded but left no image",
                {{"compiler", path_}, {"log", result.output}});
  }
  // Text ends with a zero byte, as the driver wants it.
  if (!is_code) data->push_back('\0');
  return {std::move(*data), chosen.form, chosen.architecture, result.output};
}

NvccSearch search_nvcc(const std::vector<LibraryCandidate>& candidates,
                       const std::vector<CudaTarget>& targets) {
  const auto open = [&](const LibraryCandidate& candidate,
                        std::string*) -> std::shared_ptr<CudaCompiler> {
    return std::make_shared<Nvcc>(candidate.path, targets);
  };
  CudaCompilerSearch search = search_compiler(candidates, targets, open);
  return {std::static_pointer_cast<Nvcc>(search.compiler), std::move(search.refused)};
}

}  // namespace kernelops
