#include "core/support/small_code.h"

#include "core/jit/kernel_cache.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <vector>

#include "core/jit/compile_log.h"
#include "core/jit/files.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

constexpr int kLoadAttempts = 3;
constexpr char kLibrarySuffix[] = ".so";

}  // namespace

KernelCache::KernelCache(const std::string& directory) : directory_(directory) {}

std::string KernelCache::key(const KernelRequest& request) const {
  CacheKey key;
  key.add(request.salt);
  key.add(request.toolchain.real_path);
  key.add(request.toolchain.version);
  // Fixed file names stand for the real ones, which are no property of the kernel.
  key.add(join_words(compile_command(request.toolchain, "source", "", "library")));
  key.add(headers_.of(request.include_directory));
  key.add(request.source);
  return key.digest();
}

bool KernelCache::contains(const KernelRequest& request) const {
  const std::string name = key(request);
  return loaded(name) != nullptr || directory_.find(name, kLibrarySuffix).has_value();
}

std::shared_ptr<Module> KernelCache::loaded(const std::string& key) const {
  const std::lock_guard<std::mutex> lock(tables_mutex_);
  const auto found = modules_.find(key);
  return found == modules_.end() ? nullptr : found->second;
}

std::shared_ptr<Module> KernelCache::load(const KernelRequest& request) {
  const std::string name = key(request);
  if (std::shared_ptr<Module> module = loaded(name)) return module;
  // Builds wait for each other, but never hold up kernels that are loaded already.
  const std::lock_guard<std::mutex> build_lock(build_mutex_);
  if (std::shared_ptr<Module> module = loaded(name)) return module;
  std::shared_ptr<Module> module = open_or_build(name, request);
  const std::lock_guard<std::mutex> lock(tables_mutex_);
  modules_.emplace(name, module);
  return module;
}

std::shared_ptr<Module> KernelCache::open_or_build(const std::string& key,
                                                   const KernelRequest& request) const {
  for (int attempt = 1;; ++attempt) {
    directory_.prepare();
    const std::optional<VerifiedFile> found = directory_.find(key, kLibrarySuffix);
    const std::string path = found ? found->path : build(key, request);
    try {
      return std::make_shared<Module>(path);
    } catch (const Error&) {
      // Another process may have cleared the cache between the look and the load.
      if (attempt == kLoadAttempts || ::access(path.c_str(), F_OK) == 0) throw;
    }
  }
}

std::string KernelCache::build(const std::string& key, const KernelRequest& request) const {
  ++builds_;
  const TemporaryDirectory workplace = directory_.workplace();
  const std::string source = workplace.path() + "/kernel.cc";
  const std::string library = workplace.path() + "/kernel.so";
  if (const int failure = write_new_file(source, request.source); failure != 0) {
    const std::string reason = system_message(failure);
    throw Error(ErrorKind::compile,
                "the kernel source `" + source + "` cannot be written: " + reason,
                {{"source", source}, {"reason", reason}});
  }
  const std::vector<std::string> command =
      compile_command(request.toolchain, source, request.include_directory, library);
  const ProcessResult result = run_process(command, request.interrupted);
  if (result.status == 0) return directory_.publish(key, library);

  const std::string place = directory_.failed_source(key, ".cc");
  const std::string kept = ::rename(source.c_str(), place.c_str()) == 0 ? place : "";
  const std::string status = std::to_string(result.status);
  throw Error(ErrorKind::compile,
              "the compiler failed with status " + status + ": " + first_complaint(result.output) +
                  (kept.empty() ? "" : "\nThe generated source is kept as `" + kept + "`."),
              {{"command",
                join_words(kept.empty() ? command
                                        : compile_command(request.toolchain, kept,
                                                          request.include_directory, "kernel.so"))},
               {"log", result.output},
               {"source", kept},
               {"status", status}});
}

CacheStatistics KernelCache::statistics() const {
  CacheStatistics statistics = {directory_.path(), 0, 0};
  for (const CachedFile& kernel : directory_.kernels()) {
    ++statistics.files;
    statistics.bytes += kernel.bytes;
  }
  return statistics;
}

std::size_t KernelCache::clear() { return directory_.clear(); }

void KernelCache::prune(std::uintmax_t max_bytes, std::chrono::hours max_age) {
  directory_.prune(max_bytes, max_age);
}

}  // namespace kernelops
