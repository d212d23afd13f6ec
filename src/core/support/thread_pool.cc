#include "core/support/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/support/error.h"

namespace kernelops {

namespace {

constexpr std::chrono::milliseconds kPollInterval(50);

[[noreturn]] void throw_interrupt() {
  throw Error(ErrorKind::interrupt, "the computation was interrupted");
}

}  // namespace

struct ThreadPool::Job {
  Job(const Task& task, std::int64_t count) : task(task), count(count) {}

  const Task& task;
  std::int64_t count;
  int workers = 1;  // threads that may take part
  int running = 0;  // threads that have not finished
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
};

// What the workers share with the caller.
struct ThreadPool::Shared {
  std::mutex run_mutex;  // one job at a time
  std::mutex mutex;      // guards what follows
  std::condition_variable wake;
  std::condition_variable done;
  std::vector<std::thread> threads;
  Job* job = nullptr;
  std::uint64_t generation = 0;
  bool closing = false;
  std::atomic<bool> stop{false};  // the current job is to end early
};

ThreadPool::ThreadPool() : shared_(std::make_unique<Shared>()), process_(getpid()) {}

ThreadPool::~ThreadPool() {
  if (getpid() != process_) {
    // The threads did not survive the fork, and what they waited on can never be destroyed.
    static_cast<void>(shared_.release());
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->closing = true;
  }
  shared_->wake.notify_all();
  for (std::thread& thread : shared_->threads) thread.join();
}

bool ThreadPool::stopping() const { return shared_->stop.load(std::memory_order_relaxed); }

void ThreadPool::do_units(Shared& shared, Job& job, int worker) {
  while (!shared.stop.load(std::memory_order_relaxed)) {
    const std::int64_t unit = job.next.fetch_add(1);
    if (unit >= job.count) return;
    try {
      job.task(unit, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(job.mutex);
      if (!job.error) job.error = std::current_exception();
      shared.stop.store(true);
    }
  }
}

void ThreadPool::work(Shared& shared, int worker) {
  std::uint64_t seen = 0;
  for (;;) {
    Job* job = nullptr;
    {
      std::unique_lock<std::mutex> lock(shared.mutex);
      shared.wake.wait(lock, [&] {
        return shared.closing || (shared.job != nullptr && shared.generation != seen);
      });
      if (shared.closing) return;
      seen = shared.generation;
      if (worker >= shared.job->workers) continue;
      job = shared.job;
    }
    do_units(shared, *job, worker);
    {
      const std::lock_guard<std::mutex> lock(shared.mutex);
      --job->running;
    }
    shared.done.notify_one();
  }
}

void ThreadPool::run_here(Job& job, const InterruptCheck& interrupted) {
  auto last = std::chrono::steady_clock::now();
  for (std::int64_t unit = 0; unit < job.count; ++unit) {
    job.task(unit, 0);
    const auto now = std::chrono::steady_clock::now();
    if (interrupted && now - last >= kPollInterval) {
      last = now;
      if (interrupted()) throw_interrupt();
    }
  }
}

void ThreadPool::run(int threads, std::int64_t count, const Task& task,
                     const InterruptCheck& interrupted) {
  if (count <= 0) return;
  Job job(task, count);
  if (threads < 1 || getpid() != process_) {
    run_here(job, interrupted);
    return;
  }
  Shared& shared = *shared_;
  const std::lock_guard<std::mutex> one_job(shared.run_mutex);
  shared.stop.store(false);
  job.workers = static_cast<int>(std::min<std::int64_t>(threads, count));
  while (static_cast<int>(shared.threads.size()) < job.workers) {
    const int worker = static_cast<int>(shared.threads.size());
    shared.threads.emplace_back([&shared, worker] { work(shared, worker); });
  }
  bool stopped = false;
  std::exception_ptr check_error;
  {
    std::unique_lock<std::mutex> lock(shared.mutex);
    job.running = job.workers;
    shared.job = &job;
    ++shared.generation;
    shared.wake.notify_all();
    // The job may not go before its workers have left it, whatever the check does.
    while (!shared.done.wait_for(lock, kPollInterval, [&] { return job.running == 0; })) {
      if (stopped || !interrupted) continue;
      lock.unlock();
      try {
        stopped = interrupted();
      } catch (...) {
        stopped = true;
        check_error = std::current_exception();
      }
      if (stopped) shared.stop.store(true);
      lock.lock();
    }
    shared.job = nullptr;
  }
  shared.stop.store(false);
  if (check_error) std::rethrow_exception(check_error);
  if (job.error) std::rethrow_exception(job.error);
  if (stopped) throw_interrupt();
}

}  // namespace kernelops
