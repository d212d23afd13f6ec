#include "core/jit/module.h"

#include <dlfcn.h>

#include "core/support/error.h"

namespace kernelops {
namespace {

std::string last_message() {
  const char* message = ::dlerror();
  return message == nullptr ? "no reason was given" : message;
}

}  // namespace

Module::Module(const std::string& path)
    : path_(path), handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const std::string message = last_message();
  throw Error(ErrorKind::load,
              "the compiled kernel `" + path + "` cannot be loaded: " + message +
                  "; if its file system forbids programs (noexec), choose another cache directory",
              {{"library", path}, {"symbol", ""}, {"system_message", message}});
}

Module::~Module() { ::dlclose(handle_); }

void* Module::symbol(const std::string& name) const {
  if (void* address = ::dlsym(handle_, name.c_str()); address != nullptr) return address;
  const std::string message = last_message();
  throw Error(ErrorKind::load,
              "the compiled kernel `" + path_ + "` has no symbol `" + name + "`: " + message,
              {{"library", path_}, {"symbol", name}, {"system_message", message}});
}

}  // namespace kernelops
