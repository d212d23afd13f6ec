// The memory of a device: one pool that keeps what is given back for the next request, within a
// cap.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "core/gpu/context.h"

namespace kernelops {

/// What a pool holds and did.
struct DeviceMemoryStatistics {
  std::size_t used_bytes = 0;    // of buffers that live
  std::size_t cached_bytes = 0;  // kept for the next request
  std::size_t peak_bytes = 0;    // the most that was ever used
  std::size_t cap_bytes = 0;
  std::size_t requests = 0;
  std::size_t allocations = 0;  // requests that the driver had to serve
};

class DeviceBuffer;

/// The pool of a device; any thread may use it. A block that is given back may be handed out at
/// once, so all users of a pool queue their work in one stream, or wait before they give back.
class DeviceMemory : public std::enable_shared_from_this<DeviceMemory> {
 public:
  /// A pool that never holds more than `cap_bytes`.
  static std::shared_ptr<DeviceMemory> create(std::shared_ptr<const CudaContext> context,
                                              std::size_t cap_bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// At least `bytes` of uninitialised memory. Where there is not enough, all that is kept is freed
  /// and the request is tried once more; then it is an Error(memory).
  DeviceBuffer allocate(std::size_t bytes);

  /// How many bytes could be allocated: within the cap, and free on the device now.
  std::size_t available() const;

  /// What the cap leaves for new buffers, whatever the device has free.
  std::size_t room() const;

  /// Frees what is kept.
  void trim();

  /// Changes the cap. What is kept above it is freed; buffers that live stay.
  void set_cap(std::size_t cap_bytes);

  DeviceMemoryStatistics statistics() const;

 private:
  friend class DeviceBuffer;

  DeviceMemory(std::shared_ptr<const CudaContext> context, std::size_t cap_bytes);

  DevicePointer take(std::size_t bytes, std::size_t* block_bytes);
  void give_back(DevicePointer pointer, std::size_t block_bytes) noexcept;
  DevicePointer take_cached(std::size_t bytes, std::size_t* block_bytes);
  std::size_t cache_limit() const noexcept;
  void free_cached(std::size_t most_left) noexcept;
  Error no_room(std::size_t bytes) const;

  std::shared_ptr<const CudaContext> context_;
  mutable std::mutex mutex_;
  std::multimap<std::size_t, DevicePointer> cached_;  // by size
  DeviceMemoryStatistics statistics_;
};

/// Memory of a device; goes back to its pool at the end of life.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  ~DeviceBuffer() { reset(); }
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;

  DevicePointer address() const noexcept { return pointer_; }

  /// As asked for; the block may be larger.
  std::size_t bytes() const noexcept { return bytes_; }

  /// Gives the memory back now.
  void reset() noexcept;

 private:
  friend class DeviceMemory;

  std::shared_ptr<DeviceMemory> pool_;
  DevicePointer pointer_ = 0;
  std::size_t bytes_ = 0;
  std::size_t block_bytes_ = 0;
};

}  // namespace kernelops
