// Ways between host and device memory through pinned chunks, so that the host fills or empties one
// chunk while the device copies another.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/gpu/context.h"
#include "core/gpu/stream.h"

namespace kernelops {

/// Host memory that the device reads and writes by itself.
class PinnedBuffer {
 public:
  PinnedBuffer(std::shared_ptr<const CudaContext> context, std::size_t bytes);
  ~PinnedBuffer();
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;

  void* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::shared_ptr<const CudaContext> context_;
  void* data_ = nullptr;
  std::size_t bytes_;
};

/// A few pinned chunks, made when they are first needed, for one thread at a time.
class Staging {
 public:
  /// Writes the bytes from `offset` on of what is sent into a chunk; it may convert on the way.
  using Fill = std::function<void(void* chunk, std::size_t offset, std::size_t bytes)>;

  /// Reads the bytes from `offset` on of what was received.
  using Drain = std::function<void(const void* chunk, std::size_t offset, std::size_t bytes)>;

  Staging(std::shared_ptr<const CudaContext> context, std::size_t chunk_bytes, int chunks);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// Queues the copy of `bytes` to a device. When it returns, the host's data have been read, but
  /// the last chunks may still be on their way.
  void send(const CudaStream& stream, DevicePointer to, std::size_t bytes, const Fill& fill);

  /// Copies from a device, after all that the stream has been given; returns when all is drained.
  void receive(const CudaStream& stream, DevicePointer from, std::size_t bytes, const Drain& drain);

 private:
  struct Chunk {
    std::unique_ptr<PinnedBuffer> memory;
    std::unique_ptr<CudaEvent> copied;
    bool is_busy = false;
  };

  void send_chunks(const CudaStream& stream, DevicePointer to, std::size_t bytes, const Fill& fill);
  void receive_chunks(const CudaStream& stream, DevicePointer from, std::size_t bytes,
                      const Drain& drain);
  void abandon(const CudaStream& stream) noexcept;
  Chunk& ready_chunk(std::size_t number);
  void copy_done(Chunk* chunk);

  std::shared_ptr<const CudaContext> context_;
  std::size_t chunk_bytes_;
  std::vector<Chunk> chunks_;
};

}  // namespace kernelops
