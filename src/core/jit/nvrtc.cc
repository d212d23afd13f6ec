#include "core/support/small_code.h"

#include "core/jit/nvrtc.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "core/support/error.h"

namespace kernelops {
namespace {

using Program = void*;

}  // namespace

// As <nvrtc.h> declares them; its results are an enum, which is an int.
#define KERNELOPS_NVRTC_FUNCTIONS(declare)                                                        \
  declare(int, nvrtcVersion, (int* major, int* minor)) declare(int, nvrtcGetNumSupportedArchs,    \
                                                               (int* count))                      \
      declare(int, nvrtcGetSupportedArchs, (int* architectures)) declare(                         \
          int, nvrtcCreateProgram,                                                                \
          (Program * program, const char* text, const char* name, int header_count,               \
           const char* const* headers, const char* const* header_names))                          \
          declare(int, nvrtcDestroyProgram, (Program * program)) declare(                         \
              int, nvrtcCompileProgram, (Program program, int count, const char* const* words))   \
              declare(int, nvrtcGetPTXSize, (Program program, std::size_t * size))                \
                  declare(int, nvrtcGetPTX, (Program program, char* out))                         \
                      declare(int, nvrtcGetCUBINSize, (Program program, std::size_t * size))      \
                          declare(int, nvrtcGetCUBIN, (Program program, char* out)) declare(      \
                              int, nvrtcGetProgramLogSize, (Program program, std::size_t * size)) \
                              declare(int, nvrtcGetProgramLog, (Program program, char* out))      \
                                  declare(const char*, nvrtcGetErrorString, (int result))

struct Nvrtc::Functions {
#define KERNELOPS_MEMBER(result, name, parameters) result(*name) parameters;
  KERNELOPS_NVRTC_FUNCTIONS(KERNELOPS_MEMBER)
#undef KERNELOPS_MEMBER
};

namespace {

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> names = {
#define KERNELOPS_NAME(result, name, parameters) #name,
      KERNELOPS_NVRTC_FUNCTIONS(KERNELOPS_NAME)
#undef KERNELOPS_NAME
  };
  return names;
}

template <typename Function>
void take(const DynamicLibrary& library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(library.find(name));
}

// Why a library is no compiler for the targets, or nothing. Its age comes before the functions that
// it lacks for its age.
std::string refusal_of(const DynamicLibrary& library, const std::vector<CudaTarget>& targets) {
  int (*version)(int*, int*) = nullptr;
  take(library, "nvrtcVersion", &version);
  CudaVersion found;
  if (version != nullptr && version(&found.major, &found.minor) == 0) {
    const std::string refusal = age_refusal("NVRTC", found, targets);
    if (!refusal.empty()) return refusal;
  }
  return missing_functions(library, function_names());
}

// NVRTC opens a second library by its bare name, which the loader only finds in an installation
// that it knows, or if it is open already.
std::unique_ptr<DynamicLibrary> open_builtins(const std::string& path, CudaVersion version) {
  const auto folder = std::filesystem::path(path).parent_path();
  const std::string name = "libnvrtc-builtins.so." + version_text(version);
  std::error_code ignored;
  if (!std::filesystem::exists(folder / name, ignored)) return nullptr;
  std::string reason;
  return DynamicLibrary::open((folder / name).string(), Unloading::never, &reason);
}

// Stops a compilation when it is asked to, where the compiler can be stopped (from 12.8 on).
class FlowWatch {
 public:
  FlowWatch(const DynamicLibrary& library, Program program, const Interrupted& interrupted)
      : interrupted_(interrupted) {
    int (*set_callback)(Program, int (*)(void*, void*), void*) = nullptr;
    take(library, "nvrtcSetFlowCallback", &set_callback);
    if (interrupted && set_callback != nullptr) set_callback(program, ask, this);
  }
  FlowWatch(const FlowWatch&) = delete;
  FlowWatch& operator=(const FlowWatch&) = delete;

  /// Whether the compiler was stopped; throws what the question threw.
  bool stopped() const {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    return stopped_;
  }

 private:
  static int ask(void* self, void*) noexcept {
    auto* watch = static_cast<FlowWatch*>(self);
    try {
      watch->stopped_ = watch->stopped_ || watch->interrupted_();
    } catch (...) {
      watch->thrown_ = std::current_exception();
      watch->stopped_ = true;
    }
    return watch->stopped_ ? 1 : 0;
  }

  const Interrupted& interrupted_;
  bool stopped_ = false;
  std::exception_ptr thrown_;
};

}  // namespace

NvrtcFit nvrtc_fit(CudaVersion version, const std::vector<int>& architectures,
                   const CudaTarget& target) {
  return compiler_fit("NVRTC", version, architectures, target);
}

Nvrtc::Nvrtc(std::shared_ptr<DynamicLibrary> library)
    : library_(std::move(library)), functions_(std::make_unique<Functions>()) {
  Functions& f = *functions_;
#define KERNELOPS_TAKE(result, name, parameters) take(*library_, #name, &f.name);
  KERNELOPS_NVRTC_FUNCTIONS(KERNELOPS_TAKE)
#undef KERNELOPS_TAKE
  path_ = library_->file_of(reinterpret_cast<void*>(f.nvrtcVersion));
  check(f.nvrtcVersion(&version_.major, &version_.minor), "nvrtcVersion");
  builtins_ = open_builtins(path_, version_);
  int count = 0;
  check(f.nvrtcGetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
  architectures_.resize(static_cast<std::size_t>(std::max(count, 0)));
  check(f.nvrtcGetSupportedArchs(architectures_.data()), "nvrtcGetSupportedArchs");
  std::sort(architectures_.begin(), architectures_.end());
}

Nvrtc::~Nvrtc() = default;

void Nvrtc::raise(int code, const char* call) const {
  const std::string name = functions_->nvrtcGetErrorString(code);
  throw Error(ErrorKind::compile,
              "NVRTC " + version_text(version_) + " failed: " + call + " said " + name,
              {{"call", call}, {"code", name}, {"compiler", path_}, {"log", ""}});
}

void Nvrtc::check(int code, const char* call) const {
  if (code != 0) raise(code, call);
}

CudaImage Nvrtc::compile(const CudaSource& source, const CudaTarget& target) const {
  const Functions& f = *functions_;
  const NvrtcFit chosen = fit(target);
  const bool is_code = chosen.form == NvrtcFit::Form::machine_code;
  if (chosen.form == NvrtcFit::Form::nothing) {
    throw cuda_refusal_error(*this, chosen.refusal);
  }

  struct OwnedProgram {
    const Functions& functions;
    Program program = nullptr;
    ~OwnedProgram() {
      if (program != nullptr) functions.nvrtcDestroyProgram(&program);
    }
  } owned{f};
  check(f.nvrtcCreateProgram(&owned.program, source.text.c_str(), source.name.c_str(), 0, nullptr,
                             nullptr),
        "nvrtcCreateProgram");
  const Program program = owned.program;

  const auto text_of = [&](int (*size_of)(Program, std::size_t*), int (*get)(Program, char*),
                           const char* call) {
    std::size_t size = 0;
    check(size_of(program, &size), call);
    std::string text(size, '\0');
    if (size > 0) check(get(program, text.data()), call);
    return text;
  };
  // Texts of the library end with a zero byte.
  const auto without_end = [](std::string text) {
    while (!text.empty() && text.back() == '\0') text.pop_back();
    return text;
  };

  std::vector<std::string> options = source.options;
  options.push_back(architecture_option(chosen));
  std::vector<const char*> words;
  for (const std::string& option : options) words.push_back(option.c_str());
  FlowWatch watch(*library_, program, source.interrupted);
  const int code = f.nvrtcCompileProgram(program, static_cast<int>(words.size()), words.data());
  CudaImage image;
  image.form = chosen.form;
  image.architecture = chosen.architecture;
  image.log =
      without_end(text_of(f.nvrtcGetProgramLogSize, f.nvrtcGetProgramLog, "nvrtcGetProgramLog"));
  if (watch.stopped()) throw Error(ErrorKind::interrupt, name() + " was stopped by an interrupt");
  if (code != 0) {
    std::string command = name();
    for (const std::string& option : options) command += " " + option;
    throw cuda_failure_error(*this, source, {f.nvrtcGetErrorString(code), command, image.log});
  }
  image.data = is_code ? text_of(f.nvrtcGetCUBINSize, f.nvrtcGetCUBIN, "nvrtcGetCUBIN")
                       : text_of(f.nvrtcGetPTXSize, f.nvrtcGetPTX, "nvrtcGetPTX");
  return image;
}

NvrtcSearch search_nvrtc(const std::vector<LibraryCandidate>& candidates,
                         const std::vector<CudaTarget>& targets) {
  const auto open = [&](const LibraryCandidate& candidate,
                        std::string* refusal) -> std::shared_ptr<CudaCompiler> {
    const LibrarySearch opened = open_first(
        {candidate}, [&](const DynamicLibrary& library) { return refusal_of(library, targets); });
    if (opened.library != nullptr) return std::make_shared<Nvrtc>(opened.library);
    *refusal = opened.refused.front();
    return nullptr;
  };
  CudaCompilerSearch search = search_compiler(candidates, targets, open);
  return {std::static_pointer_cast<Nvrtc>(search.compiler), std::move(search.refused)};
}

}  // namespace kernelops
