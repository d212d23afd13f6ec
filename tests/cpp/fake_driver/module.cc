// Images of the fake driver.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "fake_driver/state.h"

namespace kernelops::fake {
namespace {

// The length of a library follows from the place of its table of sections, its last part.
std::size_t library_bytes(const char* bytes) {
  std::uint64_t table;
  std::uint16_t entry_bytes;
  std::uint16_t entries;
  std::memcpy(&table, bytes + 40, 8);
  std::memcpy(&entry_bytes, bytes + 58, 2);
  std::memcpy(&entries, bytes + 60, 2);
  return table + static_cast<std::size_t>(entry_bytes) * entries;
}

}  // namespace

std::unique_ptr<Module> load_module(const char* image, int device) {
  auto out = std::make_unique<Module>();
  out->device = device;
  if (std::strncmp(image, kImage, std::strlen(kImage)) == 0) return out;
  if (std::strncmp(image, "\177ELF", 4) != 0) return nullptr;
  const std::size_t size = library_bytes(image);
  out->file = ::memfd_create("kernelops-fake-image", MFD_CLOEXEC);
  if (::write(out->file, image, size) == static_cast<ssize_t>(size)) {
    const std::string path = "/proc/self/fd/" + std::to_string(out->file);
    out->library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  if (out->library != nullptr) return out;
  ::close(out->file);
  return nullptr;
}

void unload(const Module& module) {
  if (module.library == nullptr) return;
  ::dlclose(module.library);
  ::close(module.file);
}

Function* find_function(Module& module, const std::string& name) {
  std::unique_ptr<Function>& out = module.functions[name];
  if (out != nullptr) return out.get();
  const State& s = state();
  const Entry* entry = nullptr;
  Kernel kernel = nullptr;
  if (module.library != nullptr) {
    entry = static_cast<const Entry*>(::dlsym(module.library, (name + kEntry).c_str()));
    kernel = entry != nullptr ? entry->run
                              : reinterpret_cast<Kernel>(::dlsym(module.library, name.c_str()));
  } else if (const auto known = s.registry.find(name); known != s.registry.end()) {
    kernel = known->second;
  }
  if (kernel == nullptr) return nullptr;
  out = std::make_unique<Function>(Function{kernel, entry, module.device});
  return out.get();
}

}  // namespace kernelops::fake
