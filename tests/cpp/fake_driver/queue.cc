#include "fake_driver/queue.h"

#include <condition_variable>
#include <utility>

namespace kernelops::fake {
namespace {

std::condition_variable& progress() {
  static std::condition_variable the_progress;
  return the_progress;
}

}  // namespace

// Marks are set before anybody can wait for them, so no two streams wait for each other; but one
// thread may do the work that another waits for.
void drain(std::unique_lock<std::mutex>& lock, Stream& stream, const Mark* until) {
  for (;;) {
    if (until != nullptr && until->is_reached) return;
    if (stream.is_running) {
      progress().wait(lock);
      continue;
    }
    if (stream.queue.empty()) return;
    const Operation operation = std::move(stream.queue.front());
    stream.queue.pop_front();
    stream.is_running = true;
    const std::shared_ptr<Mark>& awaited = operation.awaited;
    if (awaited != nullptr && !awaited->is_reached) {
      drain(lock, *awaited->stream, awaited.get());
    }
    if (operation.work) {
      lock.unlock();
      operation.work();
      lock.lock();
    }
    if (operation.reached != nullptr) operation.reached->is_reached = true;
    stream.is_running = false;
    progress().notify_all();
  }
}

}  // namespace kernelops::fake
