// Compiled CUDA images on disk, in the directory of the CPU's kernels and by the same rules.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/jit/cache_directory.h"
#include "core/jit/cache_key.h"
#include "core/jit/cuda_compiler.h"

namespace kernelops {

/// All that an image depends on besides its compiler.
struct CudaImageRequest {
  std::string text;
  std::string include_directory;     // may be empty
  std::vector<std::string> options;  // without the architecture and the include directory
  CudaTarget target;
  std::string salt;                   // package version
  std::function<bool()> interrupted;  // no part of the key
};

/// Images on disk; safe to use from any thread and any process.
class CudaImageCache {
 public:
  /// Uses `directory`, created if missing; throws Error(argument) if it is not safe to use.
  explicit CudaImageCache(const std::string& directory);

  /// The SHA-256 digest of everything that decides what the image is.
  std::string key(const CudaCompiler& compiler, const CudaImageRequest& request) const;

  /// Whether load() would do without the compiler.
  bool contains(const CudaCompiler& compiler, const CudaImageRequest& request) const;

  /// The image's bytes, as cuModuleLoadData wants them; compiled if need be. Throws Error(compile),
  /// Error(argument) or Error(interrupt).
  std::string load(const CudaCompiler& compiler, const CudaImageRequest& request);

  /// How many images this object had to compile.
  std::size_t builds() const { return builds_.load(); }

 private:
  std::string build(const CudaCompiler& compiler, const CudaImageRequest& request,
                    const std::string& key, const std::string& suffix) const;

  CacheDirectory directory_;
  mutable std::atomic<std::size_t> builds_{0};
  mutable HeaderDigests headers_;
  std::mutex build_mutex_;
};

}  // namespace kernelops
