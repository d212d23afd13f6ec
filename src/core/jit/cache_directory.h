// The directory of compiled kernels. A file is named by the key of what it was made of and by the
// digest of its own content, so it verifies itself without an index or a lock:
//   <32 digits of the key>-<32 digits of the content's digest><suffix>
// with .so for libraries of the CPU, .cubin and .ptx for images of CUDA. Files appear by rename
// only. A failed source is kept as failed-<key>.cc or .cu, a build in progress is a directory
// build-XXXXXX. Any number of processes may share the directory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/jit/files.h"

namespace kernelops {

/// A file of the cache directory.
struct CachedFile {
  std::string path;
  std::uintmax_t bytes;
  std::filesystem::file_time_type modified;
};

/// A file whose content is what its name says.
struct VerifiedFile {
  std::string path;
  std::string content;
};

/// The kernels on disk, without any knowledge of how they are built.
class CacheDirectory {
 public:
  /// Makes `path` absolute and calls prepare().
  explicit CacheDirectory(const std::string& path);

  const std::string& path() const noexcept { return path_; }

  /// Creates the directory (mode 0700) if it is missing; throws Error(argument) if it is unusable,
  /// belongs to another user or is writable by others.
  void prepare() const;

  /// The file of `key` and `suffix` whose content matches its name; those that do not match are
  /// deleted.
  std::optional<VerifiedFile> find(const std::string& key, const std::string& suffix) const;

  /// A directory for a build, on the same file system; throws Error(compile).
  TemporaryDirectory workplace() const;

  /// Moves what a compiler left into place, with its suffix, and returns its path; throws
  /// Error(compile).
  std::string publish(const std::string& key, const std::string& file) const;

  /// Where a source that did not compile is kept.
  std::string failed_source(const std::string& key, const std::string& suffix) const;

  /// All compiled files, of any suffix.
  std::vector<CachedFile> kernels() const;

  /// Removes kernels, failed sources and abandoned builds; returns the number of kernels.
  std::size_t clear() const;

  /// Removes what is older than `max_age`, then the oldest until `max_bytes` are left, and
  /// abandoned builds.
  void prune(std::uintmax_t max_bytes, std::chrono::hours max_age) const;

 private:
  std::vector<CachedFile> files(const std::string& prefix, const std::string& suffix) const;
  std::vector<CachedFile> failed_sources() const;
  void remove_abandoned_builds() const;

  std::string path_;
};

}  // namespace kernelops
