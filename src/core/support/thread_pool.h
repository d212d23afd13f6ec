// Worker threads that sleep between jobs. The calling thread does not compute: it waits, so that it
// can answer the user.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/support/progress.h"

namespace kernelops {

/// Asked about every 50 ms on the calling thread; true stops the job.
using InterruptCheck = std::function<bool()>;

/// A fixed set of sleeping threads that grows on demand. In a forked child the threads are gone:
/// jobs then run on the calling thread.
class ThreadPool {
 public:
  /// Does units 0 .. count - 1 in any order; `worker` numbers the threads from 0. A task should
  /// look at stopping() now and then and return early if it is true.
  using Task = std::function<void(std::int64_t unit, int worker)>;

  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs a job on up to `threads` threads and waits for it. Rethrows the first exception of a
  /// task; throws Error(interrupt) if the user stopped the job. Nothing runs any more when it
  /// returns.
  void run(int threads, std::int64_t count, const Task& task, const InterruptCheck& interrupted);

  /// Whether the current job is to end early.
  bool stopping() const;

  /// What tasks have done of all that is to be done; it has no effect on the pool.
  Progress& progress() { return progress_; }

 private:
  struct Job;

  struct Shared;

  static void work(Shared& shared, int worker);
  static void do_units(Shared& shared, Job& job, int worker);
  static void run_here(Job& job, const InterruptCheck& interrupted);

  std::unique_ptr<Shared> shared_;
  Progress progress_;
  long process_;
};

}  // namespace kernelops
