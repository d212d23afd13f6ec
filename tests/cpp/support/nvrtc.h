// Compiles CUDA text to machine code where NVRTC is installed; no device is needed.
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace kernelops::testing {

/// What the assembler says of a kernel.
struct KernelReport {
  std::string name;
  int registers = 0;
  int stack_bytes = 0;
  int spill_bytes = 0;  // stored
};

/// The compiler of a library, or why there is none.
class Nvrtc {
 public:
  Nvrtc() {
    std::vector<std::string> names;
    if (const char* path = std::getenv("KERNELOPS_NVRTC")) names.push_back(path);
    for (const char* name :
         {"libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "/usr/local/cuda/lib64/libnvrtc.so",
          "/usr/local/cuda/lib/libnvrtc.so", "/usr/local/cuda-13.0/lib/libnvrtc.so.13"}) {
      names.push_back(name);
    }
    for (const std::string& name : names) {
      library_ = dlopen(name.c_str(), RTLD_NOW);
      if (library_ != nullptr) return;
      why_not_ += std::string(dlerror()) + "\n";
    }
  }

  bool available() const { return library_ != nullptr; }
  const std::string& why_not() const { return why_not_; }

  /// The architectures it knows: 75, 80, ...
  std::vector<int> architectures() const {
    int count = 0;
    function<int(int*)>("nvrtcGetNumSupportedArchs")(&count);
    std::vector<int> out(static_cast<std::size_t>(count));
    function<int(int*)>("nvrtcGetSupportedArchs")(out.data());
    return out;
  }

  /// Compiles; false if the compiler refuses. Its messages go to `log`.
  bool compile(const std::string& text, int architecture, const std::vector<std::string>& options,
               std::string* log) const {
    void* program = nullptr;
    function<int(void**, const char*, const char*, int, const char* const*, const char* const*)>(
        "nvrtcCreateProgram")(&program, text.c_str(), "kernel.cu", 0, nullptr, nullptr);
    std::vector<std::string> all = {"--gpu-architecture=sm_" + std::to_string(architecture),
                                    "--ptxas-options=-v"};
    all.insert(all.end(), options.begin(), options.end());
    std::vector<const char*> pointers;
    for (const std::string& each : all) pointers.push_back(each.c_str());
    const int status = function<int(void*, int, const char* const*)>("nvrtcCompileProgram")(
        program, static_cast<int>(pointers.size()), pointers.data());
    std::size_t size = 0;
    function<int(void*, std::size_t*)>("nvrtcGetProgramLogSize")(program, &size);
    log->resize(size);
    function<int(void*, char*)>("nvrtcGetProgramLog")(program, log->data());
    function<int(void**)>("nvrtcDestroyProgram")(&program);
    return status == 0;
  }

  /// Reads what the assembler says of the kernels.
  static std::vector<KernelReport> reports(const std::string& log) {
    std::vector<KernelReport> out;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      const auto number_before = [&](const std::string& words) {
        std::size_t at = line.find(words);
        if (at == std::string::npos) return 0;
        std::size_t first = line.find_last_not_of("0123456789", at - 1) + 1;
        return std::atoi(line.c_str() + first);
      };
      const std::string entry = "Compiling entry function '";
      const std::size_t at = line.find(entry);
      if (at != std::string::npos) {
        const std::size_t first = at + entry.size();
        out.push_back({line.substr(first, line.find('\'', first) - first)});
      }
      if (out.empty()) continue;
      if (line.find("bytes stack frame") != std::string::npos) {
        out.back().stack_bytes = number_before(" bytes stack frame");
        out.back().spill_bytes = number_before(" bytes spill stores");
      }
      if (line.find(" registers") != std::string::npos) {
        out.back().registers = number_before(" registers");
      }
    }
    return out;
  }

 private:
  template <class Signature>
  Signature* function(const char* name) const {
    return reinterpret_cast<Signature*>(dlsym(library_, name));
  }

  void* library_ = nullptr;
  std::string why_not_;
};

}  // namespace kernelops::testing
