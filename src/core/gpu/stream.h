// Queues of work on a device, and marks in them.
#pragma once

#include <functional>
#include <memory>

#include "core/gpu/context.h"

namespace kernelops {

class CudaStream;

/// A mark in a stream.
class CudaEvent {
 public:
  explicit CudaEvent(std::shared_ptr<const CudaContext> context);
  ~CudaEvent();
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  /// Marks the end of what the stream has been given so far.
  void record(const CudaStream& stream);

  /// Whether everything before the mark is done.
  bool is_done() const;

  /// Waits for that; the work's own failures appear here. With `interrupted` as
  /// CudaStream::wait().
  void wait(const std::function<bool()>& interrupted = {}) const;

  /// The time from an earlier mark to this one, both done.
  double seconds_since(const CudaEvent& start) const;

  DriverHandle handle() const noexcept { return event_; }

 private:
  std::shared_ptr<const CudaContext> context_;
  DriverHandle event_ = nullptr;
};

/// A queue of work that is done in order, independent of other queues.
class CudaStream {
 public:
  explicit CudaStream(std::shared_ptr<const CudaContext> context);
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  /// Copies of bytes. Pinned memory is copied while the caller goes on and must be left alone until
  /// then.
  void send(DevicePointer to, const void* from, std::size_t bytes) const;
  void receive(void* to, DevicePointer from, std::size_t bytes) const;
  void fill(DevicePointer to, unsigned char value, std::size_t bytes) const;

  /// Holds later work of this stream until a mark of another is reached.
  void wait_for(const CudaEvent& event) const;

  bool is_done() const;

  /// Waits until all is done. Asks `interrupted` now and then; on a yes it waits all the same, as
  /// work on a device cannot be stopped, and throws Error(interrupt).
  void wait(const std::function<bool()>& interrupted = {}) const;

  const CudaContext& context() const noexcept { return *context_; }
  DriverHandle handle() const noexcept { return stream_; }

 private:
  std::shared_ptr<const CudaContext> context_;
  DriverHandle stream_ = nullptr;
};

}  // namespace kernelops
