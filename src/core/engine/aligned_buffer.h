// Uninitialised memory for panels and states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/support/error.h"

namespace kernelops {

/// The bytes of a slot of a state or of a result.
constexpr std::int64_t kStateBytes = 8;

inline std::size_t bytes_of(std::int64_t count, std::int64_t size) {
  return static_cast<std::size_t>(count) * static_cast<std::size_t>(size);
}

/// Bytes aligned to a cache line. Throws Error(memory) with the size if there is not enough.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t bytes) {
    constexpr std::size_t kAlignment = 64;
    if (posix_memalign(&data_, kAlignment, bytes > 0 ? bytes : kAlignment) != 0) {
      throw Error(ErrorKind::memory,
                  "not enough memory: " + std::to_string(bytes) + " bytes were needed",
                  {{"bytes", std::to_string(bytes)}});
    }
  }
  ~AlignedBuffer() { std::free(data_); }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  void* data() const { return data_; }
  /// The address `bytes` further on.
  void* at(std::size_t bytes) const { return static_cast<char*>(data_) + bytes; }

 private:
  void* data_ = nullptr;
};

}  // namespace kernelops
