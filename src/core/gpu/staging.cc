#include "core/gpu/staging.h"

#include <algorithm>
#include <utility>

#include "core/support/error.h"

namespace kernelops {
namespace {

constexpr unsigned kForAllDevices = 1;

}  // namespace

PinnedBuffer::PinnedBuffer(std::shared_ptr<const CudaContext> context, std::size_t bytes)
    : context_(std::move(context)), bytes_(bytes) {
  context_->call(context_->functions().cuMemHostAlloc, "pinning host memory", &data_,
                 std::max<std::size_t>(bytes, 1), kForAllDevices);
}

PinnedBuffer::~PinnedBuffer() { context_->release(context_->functions().cuMemFreeHost, data_); }

Staging::Staging(std::shared_ptr<const CudaContext> context, std::size_t chunk_bytes, int chunks)
    : context_(std::move(context)), chunk_bytes_(chunk_bytes) {
  KERNELOPS_CHECK(chunk_bytes > 0 && chunks > 0);
  chunks_.resize(static_cast<std::size_t>(chunks));
}

Staging::~Staging() {
  // The device may still read what is about to be freed.
  for (const Chunk& chunk : chunks_) {
    if (!chunk.is_busy) continue;
    context_->release(context_->functions().cuEventSynchronize, chunk.copied->handle());
  }
}

void Staging::send(const CudaStream& stream, DevicePointer to, std::size_t bytes,
                   const Fill& fill) {
  try {
    send_chunks(stream, to, bytes, fill);
  } catch (...) {
    abandon(stream);
    throw;
  }
}

void Staging::receive(const CudaStream& stream, DevicePointer from, std::size_t bytes,
                      const Drain& drain) {
  try {
    receive_chunks(stream, from, bytes, drain);
  } catch (...) {
    abandon(stream);
    throw;
  }
}

// After a failure a chunk may be on its way without a mark that says when it arrives.
void Staging::abandon(const CudaStream& stream) noexcept {
  context_->release(context_->functions().cuStreamSynchronize, stream.handle());
  for (Chunk& chunk : chunks_) chunk.is_busy = false;
}

void Staging::copy_done(Chunk* chunk) {
  if (!chunk->is_busy) return;
  // Whatever comes of it, nobody waits for this copy again.
  chunk->is_busy = false;
  chunk->copied->wait();
}

Staging::Chunk& Staging::ready_chunk(std::size_t number) {
  Chunk& chunk = chunks_[number % chunks_.size()];
  if (chunk.memory == nullptr) {
    chunk.memory = std::make_unique<PinnedBuffer>(context_, chunk_bytes_);
  }
  if (chunk.copied == nullptr) chunk.copied = std::make_unique<CudaEvent>(context_);
  copy_done(&chunk);
  return chunk;
}

void Staging::send_chunks(const CudaStream& stream, DevicePointer to, std::size_t bytes,
                          const Fill& fill) {
  std::size_t number = 0;
  for (std::size_t offset = 0; offset < bytes; offset += chunk_bytes_) {
    const std::size_t count = std::min(chunk_bytes_, bytes - offset);
    Chunk& chunk = ready_chunk(number++);
    fill(chunk.memory->data(), offset, count);
    stream.send(to + offset, chunk.memory->data(), count);
    chunk.is_busy = true;
    chunk.copied->record(stream);
  }
}

void Staging::receive_chunks(const CudaStream& stream, DevicePointer from, std::size_t bytes,
                             const Drain& drain) {
  const std::size_t steps = (bytes + chunk_bytes_ - 1) / chunk_bytes_;
  const auto drain_step = [&](std::size_t step) {
    Chunk& chunk = chunks_[step % chunks_.size()];
    copy_done(&chunk);
    const std::size_t offset = step * chunk_bytes_;
    drain(chunk.memory->data(), offset, std::min(chunk_bytes_, bytes - offset));
  };
  for (std::size_t step = 0; step < steps; ++step) {
    if (step >= chunks_.size()) drain_step(step - chunks_.size());
    const std::size_t offset = step * chunk_bytes_;
    Chunk& chunk = ready_chunk(step);
    stream.receive(chunk.memory->data(), from + offset, std::min(chunk_bytes_, bytes - offset));
    chunk.is_busy = true;
    chunk.copied->record(stream);
  }
  for (std::size_t step = steps - std::min(steps, chunks_.size()); step < steps; ++step) {
    drain_step(step);
  }
}

}  // namespace kernelops
