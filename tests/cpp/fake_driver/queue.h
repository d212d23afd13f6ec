// The streams of the fake driver: queues whose work is done by whoever waits for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace kernelops::fake {

struct Stream;

/// A place in a stream.
struct Mark {
  Stream* stream;
  bool is_reached = false;
};

/// Something to do, or a mark to reach here, or one of another stream to wait for.
struct Operation {
  std::function<void()> work;
  std::shared_ptr<Mark> reached;
  std::shared_ptr<Mark> awaited;
};

struct Stream {
  int device;
  std::deque<Operation> queue;
  bool is_running = false;
};

/// Does the work of a stream, up to a mark or all of it. The lock is not held meanwhile.
void drain(std::unique_lock<std::mutex>& lock, Stream& stream, const Mark* until = nullptr);

}  // namespace kernelops::fake
