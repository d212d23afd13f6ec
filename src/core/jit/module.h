// A compiled kernel of the CPU: a shared library opened at run time.
#pragma once

#include <memory>
#include <string>

#include "core/jit/dynamic_library.h"

namespace kernelops {

/// A loaded library; it stays loaded as long as this object lives.
class Module {
 public:
  /// Opens the library at `path`; throws Error(load) with the system's message.
  explicit Module(const std::string& path);

  /// The address of `name`; throws Error(load) if the library has no such symbol.
  void* symbol(const std::string& name) const;

  const std::string& path() const noexcept { return library_->path(); }

 private:
  std::unique_ptr<DynamicLibrary> library_;
};

}  // namespace kernelops
