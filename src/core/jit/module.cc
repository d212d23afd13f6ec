#include "core/support/small_code.h"

#include "core/jit/module.h"

#include "core/support/error.h"

namespace kernelops {

Module::Module(const std::string& path) {
  std::string message;
  library_ = DynamicLibrary::open(path, Unloading::yes, &message);
  if (library_ != nullptr) return;
  throw Error(ErrorKind::load,
              "the compiled kernel `" + path + "` cannot be loaded: " + message +
                  "; if its file system forbids programs (noexec), choose another cache directory",
              {{"library", path}, {"symbol", ""}, {"system_message", message}});
}

void* Module::symbol(const std::string& name) const {
  std::string message;
  if (void* address = library_->find(name, &message); address != nullptr) return address;
  throw Error(ErrorKind::load,
              "the compiled kernel `" + path() + "` has no symbol `" + name + "`: " + message,
              {{"library", path()}, {"symbol", name}, {"system_message", message}});
}

}  // namespace kernelops
