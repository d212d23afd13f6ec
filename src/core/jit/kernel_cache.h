// From kernel source to loaded library: once per process from the compiler or the disk, afterwards
// from a table in memory.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/jit/cache_directory.h"
#include "core/jit/cache_key.h"
#include "core/jit/module.h"
#include "core/jit/process.h"
#include "core/jit/toolchain.h"

namespace kernelops {

/// All that a compiled kernel depends on.
struct KernelRequest {
  std::string source;
  std::string include_directory;  // may be empty
  Toolchain toolchain;
  std::string salt;         // ABI and package version
  Interrupted interrupted;  // no part of the key
};

/// How much the cache holds on disk.
struct CacheStatistics {
  std::string directory;
  std::size_t files;  // kernels of any kind
  std::uintmax_t bytes;
};

/// Compiled kernels on disk and in memory; safe to use from any thread and any process.
class KernelCache {
 public:
  /// Uses `directory`, created if missing; throws Error(argument) if it is not safe to use.
  explicit KernelCache(const std::string& directory);

  /// The SHA-256 digest of everything that decides what the compiled kernel does.
  std::string key(const KernelRequest& request) const;

  /// Whether load() would do without the compiler.
  bool contains(const KernelRequest& request) const;

  /// The kernel's library, compiled if need be; throws Error(compile), Error(load) or
  /// Error(interrupt).
  std::shared_ptr<Module> load(const KernelRequest& request);

  /// How many kernels this object had to compile.
  std::size_t builds() const { return builds_.load(); }

  /// Counts what is on disk: kernels and the images of CudaImageCache.
  CacheStatistics statistics() const;

  /// Removes what statistics() counts and returns its number; loaded kernels stay usable.
  std::size_t clear();

  /// Removes what is older than `max_age`, then the oldest until `max_bytes` are left.
  void prune(std::uintmax_t max_bytes, std::chrono::hours max_age);

 private:
  std::shared_ptr<Module> loaded(const std::string& key) const;
  std::shared_ptr<Module> open_or_build(const std::string& key, const KernelRequest& request) const;
  std::string build(const std::string& key, const KernelRequest& request) const;

  CacheDirectory directory_;
  mutable std::atomic<std::size_t> builds_{0};
  mutable std::mutex tables_mutex_;
  std::map<std::string, std::shared_ptr<Module>> modules_;
  mutable HeaderDigests headers_;
  std::mutex build_mutex_;
};

}  // namespace kernelops
