#include "core/support/small_code.h"

#include "core/jit/cache_key.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "core/jit/files.h"
#include "core/support/error.h"
#include "core/support/hash.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_include_directory(const std::string& path, const std::string& reason) {
  throw Error(ErrorKind::argument, "the kernel headers cannot be read at `" + path + "`: " + reason,
              {{"argument", "include_directory"}, {"actual", path}});
}

}  // namespace

CacheKey& CacheKey::add(std::string_view part) {
  material_ += std::to_string(part.size()) + ":";
  material_ += part;
  return *this;
}

std::string CacheKey::digest() const { return sha256_hex(material_); }

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string HeaderDigests::of(const std::string& include_directory) {
  if (include_directory.empty()) return "";
  std::vector<fs::directory_entry> headers;
  std::error_code problem;
  for (fs::recursive_directory_iterator entry(include_directory, problem);
       !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) headers.push_back(*entry);
  }
  if (problem) refuse_include_directory(include_directory, problem.message());
  std::sort(headers.begin(), headers.end());

  CacheKey key;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const fs::directory_entry& header : headers) {
    const std::string path = header.path().string();
    std::error_code ignored;
    const fs::file_time_type modified = header.last_write_time(ignored);
    const std::uintmax_t bytes = header.file_size(ignored);
    const auto known = headers_.find(path);
    if (known == headers_.end() || known->second.modified != modified ||
        known->second.bytes != bytes) {
      const std::optional<std::string> content = read_file(path);
      if (!content) refuse_include_directory(path, "it cannot be read as a whole");
      headers_[path] = {modified, bytes, sha256_hex(*content)};
    }
    key.add(header.path().lexically_relative(include_directory).string());
    key.add(headers_[path].digest);
  }
  return key.digest();
}

}  // namespace kernelops
