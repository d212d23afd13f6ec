// What the name of a cached file is made of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace kernelops {

/// Gathers all that decides what a compiled file does.
class CacheKey {
 public:
  /// Neighbouring parts stay apart: "ab" and "c" are not "a" and "bc".
  CacheKey& add(std::string_view part);

  /// The SHA-256 digest of the parts.
  std::string digest() const;

 private:
  std::string material_;
};

/// The words with spaces between them.
std::string join_words(const std::vector<std::string>& words);

/// Digests of headers; those that did not change are read once. Safe to use from any thread.
class HeaderDigests {
 public:
  /// What stands in a key for all files in `include_directory`, which may be empty; throws
  /// Error(argument) if one cannot be read.
  std::string of(const std::string& include_directory);

 private:
  struct Header {
    std::filesystem::file_time_type modified;
    std::uintmax_t bytes;
    std::string digest;
  };

  std::mutex mutex_;
  std::map<std::string, Header> headers_;
};

}  // namespace kernelops
