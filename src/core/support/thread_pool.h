// Worker threads that sleep between jobs. The calling thread does not compute: it waits, so that it
// can answer the user.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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

 private:
  struct Job;

  void work(int worker);
  static void do_units(Job& job, int worker);
  void run_here(Job& job, const InterruptCheck& interrupted);

  std::mutex run_mutex_;  // one job at a time
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  Job* job_ = nullptr;
  std::uint64_t generation_ = 0;
  bool closing_ = false;
  long process_;
};

}  // namespace kernelops
