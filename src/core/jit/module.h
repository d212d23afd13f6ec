// A shared library opened at run time.
#pragma once

#include <string>

namespace kernelops {

/// A loaded library; it stays loaded as long as this object lives.
class Module {
 public:
  /// Opens the library at `path`; throws Error(load) with the system's message.
  explicit Module(const std::string& path);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// The address of `name`; throws Error(load) if the library has no such symbol.
  void* symbol(const std::string& name) const;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  void* handle_;
};

}  // namespace kernelops
