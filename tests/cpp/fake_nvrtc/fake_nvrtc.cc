// An NVRTC that compiles for the fake driver: CUDA text becomes a shared library for the CPU, which
// takes the place of machine code and of PTX. The environment says
//   KERNELOPS_FAKE_NVRTC_COMPILER: the compiler for the CPU, g++ if it does not;
//   KERNELOPS_FAKE_NVRTC_CACHE: a directory for what was compiled, which any number of processes
//   may share.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/jit/files.h"
#include "core/jit/process.h"
#include "core/support/error.h"
#include "core/support/hash.h"
#include "support/cuda_on_cpu.h"

namespace {

using kernelops::read_file;
using kernelops::write_new_file;

// nvrtcResult of <nvrtc.h>.
enum Result : int {
  kSuccess = 0,
  kInvalidInput = 3,
  kInvalidProgram = 4,
  kInvalidOption = 5,
  kCompilation = 6,
  kInternal = 11,
};

// NVRTC 13.0's.
constexpr int kArchitectures[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

struct Header {
  std::string name;
  std::string text;
};

struct Program {
  std::string text;
  std::string name;
  std::vector<Header> headers;
  std::string log;
  std::string image;
  bool is_code = false;
};

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

// What the options say that concerns the CPU.
struct Options {
  std::vector<std::string> include_directories;
  std::vector<std::string> definitions;
  bool is_code = false;
  std::string unknown;
};

// The value of an option in any of its spellings, which end with "=" or with nothing.
std::optional<std::string> value_of(const std::string& option,
                                    const std::vector<std::string>& spellings) {
  for (const std::string& spelling : spellings) {
    if (option.rfind(spelling, 0) == 0) return option.substr(spelling.size());
  }
  return std::nullopt;
}

bool is_known(const std::string& option) {
  static const std::regex known(
      "(-std|--std|--ftz|-ftz|--fmad|-fmad|--prec-div|--prec-sqrt|--maxrregcount|--ptxas-options|"
      "-Xptxas|--split-compile|--diag-suppress|-diag-suppress|--dopt|-dopt|"
      "--extra-device-vectorization)(=.*)?|"
      "--use_fast_math|-use_fast_math|--restrict|-restrict|--generate-line-info|-lineinfo|"
      "--device-as-default-execution-space|-default-device|--minimal|-minimal|"
      "--disable-warnings|-w|--device-debug|-G|--no-cache|-no-cache|--display-error-number");
  return std::regex_match(option, known);
}

Options read_options(int count, const char* const* words) {
  Options out;
  for (int k = 0; k < count; ++k) {
    const std::string option = words[k];
    if (const auto target = value_of(option, {"--gpu-architecture=", "-arch="})) {
      out.is_code = target->rfind("sm_", 0) == 0;
    } else if (option == "-I" && k + 1 < count) {
      out.include_directories.push_back(words[++k]);
    } else if (const auto directory = value_of(option, {"--include-path=", "-I"})) {
      out.include_directories.push_back(*directory);
    } else if (const auto definition = value_of(option, {"--define-macro=", "-D"})) {
      out.definitions.push_back("-D" + *definition);
    } else if (!is_known(option)) {
      out.unknown = option;
    }
  }
  return out;
}

// "kernel.cu:3:5: error: ..." as NVRTC says it.
std::string nvrtc_log(const std::string& log, const std::string& name) {
  static const std::regex place(R"(^([^\s:]+):(\d+):\d+: (fatal error|error|warning): )",
                                std::regex::multiline);
  const std::string text = std::regex_replace(log, place, "$1($2): $3: ");
  int errors = 0;
  for (std::size_t at = 0; (at = text.find("error: ", at)) != std::string::npos; ++at) ++errors;
  return text + "\n" + std::to_string(errors) + (errors == 1 ? " error" : " errors") +
         " detected in the compilation of \"" + name + "\".\n";
}

// Compiles in a directory of its own; the image, or nothing.
std::optional<std::string> compile(const std::string& text, const Options& options,
                                   Program* program) {
  const kernelops::TemporaryDirectory directory("/tmp/kernelops-fake-nvrtc-");
  std::vector<std::string> include_directories = {directory.path()};
  for (const Header& header : program->headers) {
    if (write_new_file(directory.path() + "/" + header.name, header.text) != 0) {
      program->log = "cannot write the header " + header.name;
      return std::nullopt;
    }
  }
  include_directories.insert(include_directories.end(), options.include_directories.begin(),
                             options.include_directories.end());
  const std::string source = directory.path() + "/kernel.cc";
  const std::string library = directory.path() + "/kernel.so";
  write_new_file(source, text);
  std::vector<std::string> command = kernelops::testing::cuda_on_cpu_command(
      variable("KERNELOPS_FAKE_NVRTC_COMPILER", "g++"), include_directories, source, library);
  command.insert(command.end(), options.definitions.begin(), options.definitions.end());
  const kernelops::ProcessResult result = kernelops::run_process(command);
  if (result.status == 0) return read_file(library);
  program->log = nvrtc_log(result.output, program->name);
  return std::nullopt;
}

// All headers that a text may include, for they may change.
std::string headers_of(const std::vector<std::string>& directories) {
  std::string out;
  for (const std::string& directory : directories) {
    std::error_code ignored;
    std::vector<std::string> paths;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory, ignored)) {
      if (file.path().extension() == ".h") paths.push_back(file.path().string());
    }
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) out += path + "\n" + read_file(path).value_or("");
  }
  return out;
}

// Where the image of a text is kept, or nothing.
std::string cached_path(const std::string& text, const Options& options, const Program& program) {
  const std::string directory = variable("KERNELOPS_FAKE_NVRTC_CACHE", "");
  if (directory.empty()) return "";
  std::string all = text + variable("KERNELOPS_FAKE_NVRTC_COMPILER", "");
  for (const auto* words : {&options.include_directories, &options.definitions}) {
    for (const std::string& word : *words) all += "\n" + word;
  }
  for (const Header& header : program.headers) all += "\n" + header.name + "\n" + header.text;
  all += headers_of(options.include_directories) + headers_of({KERNELOPS_TEST_DIR "/support"});
  return directory + "/" + kernelops::sha256_hex(all) + ".so";
}

// Appears by renaming, so any number of processes may do the same at the same time.
void keep(const std::string& image, const std::string& path) {
  const std::string draft = path + "." + std::to_string(::getpid()) + "." +
                            std::to_string(reinterpret_cast<std::uintptr_t>(&image));
  if (write_new_file(draft, image) == 0) std::rename(draft.c_str(), path.c_str());
}

int compile_program(Program* program, const Options& options) {
  const std::string text = kernelops::testing::cuda_on_cpu(program->text, program->name);
  const std::string kept = cached_path(text, options, *program);
  std::optional<std::string> image;
  if (!kept.empty()) image = read_file(kept);
  if (!image.has_value()) {
    image = compile(text, options, program);
    if (!image.has_value()) return kCompilation;
    if (!kept.empty()) keep(*image, kept);
  }
  program->image = std::move(*image);
  program->is_code = options.is_code;
  return kSuccess;
}

int give(const std::string& bytes, char* out) {
  std::memcpy(out, bytes.data(), bytes.size());
  return kSuccess;
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return kSuccess;
}

int nvrtcGetNumSupportedArchs(int* count) {
  *count = sizeof(kArchitectures) / sizeof(int);
  return kSuccess;
}

int nvrtcGetSupportedArchs(int* architectures) {
  std::memcpy(architectures, kArchitectures, sizeof(kArchitectures));
  return kSuccess;
}

int nvrtcCreateProgram(Program** out, const char* text, const char* name, int header_count,
                       const char* const* headers, const char* const* header_names) {
  if (text == nullptr || out == nullptr) return kInvalidInput;
  *out = new Program;
  (*out)->text = text;
  (*out)->name = name == nullptr || *name == '\0' ? "default_program" : name;
  for (int k = 0; k < header_count; ++k) {
    (*out)->headers.push_back({header_names[k], headers[k]});
  }
  return kSuccess;
}

int nvrtcDestroyProgram(Program** program) {
  if (program == nullptr || *program == nullptr) return kInvalidProgram;
  delete *program;
  *program = nullptr;
  return kSuccess;
}

int nvrtcCompileProgram(Program* program, int count, const char* const* words) {
  if (program == nullptr) return kInvalidProgram;
  const Options options = read_options(count, words);
  if (!options.unknown.empty()) {
    program->log = "nvrtc: error: unrecognized option " + options.unknown + " found";
    return kInvalidOption;
  }
  try {
    return compile_program(program, options);
  } catch (const kernelops::Error& error) {
    program->log = error.what();
    return kInternal;
  }
}

int nvrtcGetPTXSize(Program* program, std::size_t* size) {
  if (program == nullptr || program->image.empty()) return kInvalidProgram;
  *size = program->image.size();
  return kSuccess;
}

int nvrtcGetPTX(Program* program, char* out) { return give(program->image, out); }

int nvrtcGetCUBINSize(Program* program, std::size_t* size) {
  if (program == nullptr) return kInvalidProgram;
  // There is none where the target is no device.
  *size = program->is_code ? program->image.size() : 0;
  return kSuccess;
}

int nvrtcGetCUBIN(Program* program, char* out) { return give(program->image, out); }

int nvrtcGetProgramLogSize(Program* program, std::size_t* size) {
  if (program == nullptr) return kInvalidProgram;
  *size = program->log.size() + 1;
  return kSuccess;
}

int nvrtcGetProgramLog(Program* program, char* out) {
  std::memcpy(out, program->log.c_str(), program->log.size() + 1);
  return kSuccess;
}

const char* nvrtcGetErrorString(int result) {
  switch (result) {
    case kSuccess:
      return "NVRTC_SUCCESS";
    case kInvalidInput:
      return "NVRTC_ERROR_INVALID_INPUT";
    case kInvalidProgram:
      return "NVRTC_ERROR_INVALID_PROGRAM";
    case kInvalidOption:
      return "NVRTC_ERROR_INVALID_OPTION";
    case kCompilation:
      return "NVRTC_ERROR_COMPILATION";
    default:
      return "NVRTC_ERROR_INTERNAL_ERROR";
  }
}

}  // extern "C"
