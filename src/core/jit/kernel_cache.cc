#include "core/jit/kernel_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/jit/compile_log.h"
#include "core/jit/files.h"
#include "core/support/error.h"
#include "core/support/hash.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;

constexpr int kLoadAttempts = 3;

// Lengths keep neighbouring parts apart: "ab" + "c" is not "a" + "bc".
void add_part(std::string& material, std::string_view part) {
  material += std::to_string(part.size()) + ":";
  material += part;
}

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

[[noreturn]] void refuse_include_directory(const std::string& path, const std::string& reason) {
  throw Error(ErrorKind::argument, "the kernel headers cannot be read at `" + path + "`: " + reason,
              {{"argument", "include_directory"}, {"actual", path}});
}

}  // namespace

KernelCache::KernelCache(const std::string& directory) : directory_(directory) {}

std::string KernelCache::include_key(const std::string& include_directory) const {
  std::vector<fs::directory_entry> headers;
  std::error_code problem;
  for (fs::recursive_directory_iterator entry(include_directory, problem);
       !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) headers.push_back(*entry);
  }
  if (problem) refuse_include_directory(include_directory, problem.message());
  std::sort(headers.begin(), headers.end());

  std::string material;
  const std::lock_guard<std::mutex> lock(tables_mutex_);
  for (const fs::directory_entry& header : headers) {
    const std::string path = header.path().string();
    std::error_code ignored;
    const fs::file_time_type modified = header.last_write_time(ignored);
    const std::uintmax_t bytes = header.file_size(ignored);
    const auto known = include_digests_.find(path);
    if (known == include_digests_.end() || known->second.modified != modified ||
        known->second.bytes != bytes) {
      const std::optional<std::string> content = read_file(path);
      if (!content) refuse_include_directory(path, "it cannot be read as a whole");
      include_digests_[path] = {modified, bytes, sha256_hex(*content)};
    }
    add_part(material, header.path().lexically_relative(include_directory).string());
    add_part(material, include_digests_[path].digest);
  }
  return material;
}

std::string KernelCache::key(const KernelRequest& request) const {
  std::string material;
  add_part(material, request.salt);
  add_part(material, request.toolchain.real_path);
  add_part(material, request.toolchain.version);
  // Fixed file names stand for the real ones, which are no property of the kernel.
  add_part(material, join_words(compile_command(request.toolchain, "source", "", "library")));
  add_part(material,
           request.include_directory.empty() ? "" : include_key(request.include_directory));
  add_part(material, request.source);
  return sha256_hex(material);
}

bool KernelCache::contains(const KernelRequest& request) const {
  const std::string name = key(request);
  return loaded(name) != nullptr || directory_.find(name).has_value();
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
    const std::optional<std::string> found = directory_.find(key);
    const std::string path = found ? *found : build(key, request);
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
  const TemporaryDirectory workplace(directory_.path() + "/build-");
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

  const std::string kept = directory_.keep_failed_source(key, source);
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
