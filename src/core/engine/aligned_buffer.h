// Uninitialised memory for panels and states.
#pragma once

#include <atomic>
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
  explicit AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
    constexpr std::size_t kAlignment = 64;
    if (posix_memalign(&data_, kAlignment, bytes > 0 ? bytes : kAlignment) != 0) {
      throw Error(ErrorKind::memory,
                  "not enough memory: " + std::to_string(bytes) + " bytes were needed",
                  {{"bytes", std::to_string(bytes)}});
    }
    const std::size_t used = in_use_ += bytes;
    std::size_t most = peak_;
    while (used > most && !peak_.compare_exchange_weak(most, used)) {
    }
  }
  ~AlignedBuffer() {
    std::free(data_);
    in_use_ -= bytes_;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  void* data() const { return data_; }
  /// The address `bytes` further on.
  void* at(std::size_t bytes) const { return static_cast<char*>(data_) + bytes; }

  /// The most bytes that all buffers of the process held at a time since the last reset.
  static std::size_t peak_bytes() { return peak_; }
  static void reset_peak() { peak_ = in_use_.load(); }

 private:
  std::size_t bytes_;
  void* data_ = nullptr;

  static inline std::atomic<std::size_t> in_use_{0};
  static inline std::atomic<std::size_t> peak_{0};
};

}  // namespace kernelops
