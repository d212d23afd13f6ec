#include "core/support/small_code.h"

#include "core/jit/dynamic_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "core/support/strings.h"

namespace kernelops {
namespace {

std::string last_message() {
  const char* message = ::dlerror();
  return message == nullptr ? "no reason was given" : message;
}

// What the loader says begins with the file's name, which the reader of a refusal has seen.
std::string short_reason(const std::string& path, const std::string& reason) {
  std::error_code ignored;
  if (path.find('/') != std::string::npos && !std::filesystem::exists(path, ignored)) {
    return "there is no such file";
  }
  const std::string prefix = path + ": ";
  return reason.rfind(prefix, 0) == 0 ? reason.substr(prefix.size()) : reason;
}

}  // namespace

DynamicLibrary::DynamicLibrary(std::string path, void* handle)
    : path_(std::move(path)), handle_(handle) {}

DynamicLibrary::~DynamicLibrary() { ::dlclose(handle_); }

std::unique_ptr<DynamicLibrary> DynamicLibrary::open(const std::string& path, Unloading unloading,
                                                     std::string* reason) {
  // An empty name would be the running program itself.
  if (path.empty()) {
    *reason = "names no file";
    return nullptr;
  }
  void* handle = ::dlopen(
      path.c_str(), RTLD_NOW | RTLD_LOCAL | (unloading == Unloading::never ? RTLD_NODELETE : 0));
  if (handle != nullptr) return std::unique_ptr<DynamicLibrary>(new DynamicLibrary(path, handle));
  *reason = last_message();
  return nullptr;
}

void* DynamicLibrary::find(const std::string& name, std::string* reason) const {
  void* address = ::dlsym(handle_, name.c_str());
  if (address == nullptr && reason != nullptr) *reason = last_message();
  return address;
}

std::string DynamicLibrary::file_of(const void* address) const {
  Dl_info information;
  if (::dladdr(address, &information) == 0 || information.dli_fname == nullptr) return path_;
  return information.dli_fname;
}

std::string refusal_text(const LibraryCandidate& candidate, const std::string& reason) {
  const std::string path = candidate.path.empty() ? "(an empty name)" : candidate.path;
  return path + (candidate.origin.empty() ? "" : " (" + candidate.origin + ")") + ": " + reason;
}

LibrarySearch open_first(const std::vector<LibraryCandidate>& candidates,
                         const LibraryCheck& check) {
  LibrarySearch search;
  for (const LibraryCandidate& candidate : candidates) {
    std::string reason;
    std::unique_ptr<DynamicLibrary> library =
        DynamicLibrary::open(candidate.path, Unloading::never, &reason);
    if (library != nullptr) {
      reason = check(*library);
      if (reason.empty()) {
        search.library = std::move(library);
        return search;
      }
    } else {
      reason = short_reason(candidate.path, reason);
    }
    search.refused.push_back(refusal_text(candidate, reason));
  }
  return search;
}

std::string missing_functions(const DynamicLibrary& library,
                              const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 4;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (library.find(name) == nullptr) missing.push_back("`" + name + "`");
  }
  if (missing.empty()) return "";
  if (missing.size() > kMostNamed) {
    const std::size_t others = missing.size() - (kMostNamed - 1);
    missing.resize(kMostNamed - 1);
    missing.push_back(std::to_string(others) + " more");
  }
  return (missing.size() == 1 ? "lacks the function " : "lacks the functions ") +
         listed(missing, "and");
}

}  // namespace kernelops
