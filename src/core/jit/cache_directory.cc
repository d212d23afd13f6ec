#include "core/support/small_code.h"

#include "core/jit/cache_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/support/error.h"
#include "core/support/hash.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameDigits = 32;
constexpr std::chrono::hours kAbandonedAfter{24};
constexpr const char* kKernelSuffixes[] = {".so", ".cubin", ".ptx"};
constexpr const char* kFailedPrefix = "failed-";
constexpr const char* kSourceSuffixes[] = {".cc", ".cu"};
constexpr const char* kBuildPrefix = "build-";

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

[[noreturn]] void refuse(const std::string& path, const std::string& expected,
                         const std::string& actual) {
  throw Error(ErrorKind::argument,
              "the kernel cache directory `" + path + "` cannot be used: " + actual +
                  "; it must be " + expected + ", because it holds code that will be run",
              {{"argument", "cache directory"},
               {"directory", path},
               {"expected", expected},
               {"actual", actual}});
}

int make_directories(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return 0;
  if (path.has_parent_path() && path.parent_path() != path) {
    if (const int failure = make_directories(path.parent_path()); failure != 0) return failure;
  }
  if (::mkdir(path.c_str(), 0700) == 0 || fs::is_directory(path, ignored)) return 0;
  return errno;
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

bool is_own_file(const std::string& path) {
  struct stat information;
  return ::lstat(path.c_str(), &information) == 0 && S_ISREG(information.st_mode) &&
         information.st_uid == ::geteuid();
}

void append(const std::vector<CachedFile>& more, std::vector<CachedFile>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

std::string content_name(const std::string& content) {
  return sha256_hex(content).substr(0, kNameDigits);
}

}  // namespace

CacheDirectory::CacheDirectory(const std::string& path) {
  std::error_code ignored;
  path_ = path.empty() ? path : fs::absolute(path, ignored).lexically_normal().string();
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  prepare();
}

void CacheDirectory::prepare() const {
  if (path_.empty()) refuse(path_, "the name of a directory", "the name is empty");
  const int failure = make_directories(path_);
  struct stat information;
  if (failure != 0 || ::stat(path_.c_str(), &information) != 0) {
    refuse(path_, "a directory that you can create and write to",
           system_message(failure != 0 ? failure : errno));
  }
  if (information.st_uid != ::geteuid()) {
    refuse(path_, "your own", "it belongs to user " + std::to_string(information.st_uid));
  }
  if ((information.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse(path_, "writable by you only (mode 0700)",
           "others can write to it (mode " + octal(information.st_mode) + ")");
  }
}

std::optional<VerifiedFile> CacheDirectory::find(const std::string& key,
                                                 const std::string& suffix) const {
  std::vector<CachedFile> candidates = files(key.substr(0, kNameDigits) + "-", suffix);
  // Every process takes the same one when two builds of one key differ.
  std::sort(candidates.begin(), candidates.end(),
            [](const CachedFile& a, const CachedFile& b) { return a.path < b.path; });
  for (const CachedFile& candidate : candidates) {
    std::optional<std::string> content =
        is_own_file(candidate.path) ? read_file(candidate.path) : std::nullopt;
    if (content && ends_with(candidate.path, "-" + content_name(*content) + suffix)) {
      return VerifiedFile{candidate.path, std::move(*content)};
    }
    ::unlink(candidate.path.c_str());
  }
  return std::nullopt;
}

TemporaryDirectory CacheDirectory::workplace() const {
  return TemporaryDirectory(path_ + "/" + kBuildPrefix);
}

std::string CacheDirectory::publish(const std::string& key, const std::string& built) const {
  const std::optional<std::string> content = read_file(built);
  if (!content) {
    throw Error(ErrorKind::compile, "the compiler succeeded but left no file `" + built + "`",
                {{"library", built}});
  }
  const std::string place = path_ + "/" + key.substr(0, kNameDigits) + "-" +
                            content_name(*content) + fs::path(built).extension().string();
  // Network and quota file systems report a full disk only here.
  const Descriptor file(::open(built.c_str(), O_RDONLY | O_CLOEXEC));
  if (::fsync(file.number()) != 0 || ::rename(built.c_str(), place.c_str()) != 0) {
    const std::string reason = system_message(errno);
    throw Error(ErrorKind::compile,
                "the compiled kernel cannot be stored as `" + place + "`: " + reason,
                {{"library", place}, {"reason", reason}});
  }
  return place;
}

std::string CacheDirectory::failed_source(const std::string& key, const std::string& suffix) const {
  return path_ + "/" + kFailedPrefix + key.substr(0, kNameDigits) + suffix;
}

std::vector<CachedFile> CacheDirectory::files(const std::string& prefix,
                                              const std::string& suffix) const {
  std::vector<CachedFile> result;
  // Other processes may remove entries meanwhile: what cannot be read is not there any more.
  std::error_code end;
  for (fs::directory_iterator entry(path_, end); !end && entry != fs::directory_iterator();
       entry.increment(end)) {
    const std::string name = entry->path().filename().string();
    if (!starts_with(name, prefix) || !ends_with(name, suffix)) continue;
    std::error_code gone;
    const std::uintmax_t bytes = entry->is_directory(gone) ? 0 : entry->file_size(gone);
    const fs::file_time_type modified = gone ? fs::file_time_type{} : entry->last_write_time(gone);
    if (!gone) result.push_back({entry->path().string(), bytes, modified});
  }
  return result;
}

std::vector<CachedFile> CacheDirectory::kernels() const {
  std::vector<CachedFile> all;
  for (const char* suffix : kKernelSuffixes) append(files("", suffix), &all);
  return all;
}

std::vector<CachedFile> CacheDirectory::failed_sources() const {
  std::vector<CachedFile> all;
  for (const char* suffix : kSourceSuffixes) append(files(kFailedPrefix, suffix), &all);
  return all;
}

std::size_t CacheDirectory::clear() const {
  std::size_t removed = 0;
  for (const CachedFile& kernel : kernels()) removed += ::unlink(kernel.path.c_str()) == 0;
  for (const CachedFile& source : failed_sources()) ::unlink(source.path.c_str());
  remove_abandoned_builds();
  return removed;
}

void CacheDirectory::prune(std::uintmax_t max_bytes, std::chrono::hours max_age) const {
  remove_abandoned_builds();
  std::vector<CachedFile> candidates = kernels();
  append(failed_sources(), &candidates);
  std::sort(candidates.begin(), candidates.end(),
            [](const CachedFile& a, const CachedFile& b) { return a.modified > b.modified; });
  const fs::file_time_type now = fs::file_time_type::clock::now();
  std::uintmax_t kept = 0;
  bool full = false;
  for (const CachedFile& file : candidates) {
    full = full || file.bytes > max_bytes - kept;
    if (full || std::chrono::duration_cast<std::chrono::hours>(now - file.modified) >= max_age) {
      ::unlink(file.path.c_str());
    } else {
      kept += file.bytes;
    }
  }
}

void CacheDirectory::remove_abandoned_builds() const {
  const fs::file_time_type now = fs::file_time_type::clock::now();
  for (const CachedFile& build : files(kBuildPrefix, "")) {
    std::error_code ignored;
    if (now - build.modified > kAbandonedAfter) fs::remove_all(build.path, ignored);
  }
}

}  // namespace kernelops
