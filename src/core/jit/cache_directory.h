// The directory of compiled kernels. A file is named by the key of what it was made of and by the
// digest of its own content, so it verifies itself without an index or a lock:
//   <32 digits of the key>-<32 digits of the content's digest>.so
// Files appear by rename only. A failed source is kept as failed-<key>.cc, a build in progress is a
// directory build-XXXXXX. Any number of processes may share the directory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kernelops {

/// A file of the cache directory.
struct CachedFile {
  std::string path;
  std::uintmax_t bytes;
  std::filesystem::file_time_type modified;
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

  /// The library of `key` whose content matches its name; those that do not match are deleted.
  std::optional<std::string> find(const std::string& key) const;

  /// Moves a finished library into place and returns its path; throws Error(compile).
  std::string publish(const std::string& key, const std::string& library) const;

  /// Moves a source that did not compile into place; returns its path, or "" if that failed too.
  std::string keep_failed_source(const std::string& key, const std::string& source) const;

  /// All libraries.
  std::vector<CachedFile> kernels() const;

  /// Removes libraries, failed sources and abandoned builds; returns the number of libraries.
  std::size_t clear() const;

  /// Removes what is older than `max_age`, then the oldest until `max_bytes` are left, and
  /// abandoned builds.
  void prune(std::uintmax_t max_bytes, std::chrono::hours max_age) const;

 private:
  std::vector<CachedFile> files(const std::string& prefix, const std::string& suffix) const;
  void remove_abandoned_builds() const;

  std::string path_;
};

}  // namespace kernelops
