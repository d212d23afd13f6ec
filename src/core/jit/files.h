// Small POSIX file helpers of this layer: descriptors that close themselves and are not inherited
// by compilers, whole files, and directories that disappear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kernelops {

/// Owns a file descriptor and closes it once.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const noexcept { return number_; }
  void reset(int number = -1) noexcept;

 private:
  int number_;
};

/// The content of a file, or nothing if it cannot be read as a whole.
std::optional<std::string> read_file(const std::string& path);

/// Writes a new file readable by the user only; returns the errno of the failure or 0.
int write_new_file(const std::string& path, std::string_view content);

/// The system's text for an errno value.
std::string system_message(int error_number);

/// A directory of the user alone with a unique name, removed with its content at the end of life.
class TemporaryDirectory {
 public:
  /// Creates `<prefix>XXXXXX`; throws Error(compile) when the system refuses.
  explicit TemporaryDirectory(const std::string& prefix);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace kernelops
