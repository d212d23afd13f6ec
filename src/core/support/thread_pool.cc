#include "core/support/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "core/support/error.h"

namespace kernelops {

namespace {

constexpr std::chrono::milliseconds kPollInterval(50);

std::atomic<bool>& stop_flag() {
  static std::atomic<bool> flag{false};
  return flag;
}

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

ThreadPool::ThreadPool() : process_(getpid()) {}

ThreadPool::~ThreadPool() {
  if (getpid() != process_) {
    // The threads did not survive the fork; there is nothing to wait for.
    for (std::thread& thread : threads_) thread.detach();
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::stopping() const { return stop_flag().load(std::memory_order_relaxed); }

void ThreadPool::do_units(Job& job, int worker) {
  for (;;) {
    if (stop_flag().load(std::memory_order_relaxed)) return;
    const std::int64_t unit = job.next.fetch_add(1);
    if (unit >= job.count) return;
    try {
      job.task(unit, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(job.mutex);
      if (!job.error) job.error = std::current_exception();
      stop_flag().store(true);
    }
  }
}

void ThreadPool::work(int worker) {
  std::uint64_t seen = 0;
  for (;;) {
    Job* job = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return closing_ || (job_ != nullptr && generation_ != seen); });
      if (closing_) return;
      seen = generation_;
      if (worker >= job_->workers) continue;
      job = job_;
    }
    do_units(*job, worker);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      --job->running;
    }
    done_.notify_one();
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
  stop_flag().store(false);
  if (threads < 1 || getpid() != process_) {
    run_here(job, interrupted);
    return;
  }
  const std::lock_guard<std::mutex> one_job(run_mutex_);
  job.workers = static_cast<int>(std::min<std::int64_t>(threads, count));
  while (static_cast<int>(threads_.size()) < job.workers) {
    const int worker = static_cast<int>(threads_.size());
    threads_.emplace_back([this, worker] { work(worker); });
  }
  bool stopped = false;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    job.running = job.workers;
    job_ = &job;
    ++generation_;
    wake_.notify_all();
    while (!done_.wait_for(lock, kPollInterval, [&] { return job.running == 0; })) {
      if (stopped || !interrupted) continue;
      lock.unlock();
      stopped = interrupted();
      if (stopped) stop_flag().store(true);
      lock.lock();
    }
    job_ = nullptr;
  }
  if (job.error) std::rethrow_exception(job.error);
  if (stopped) throw_interrupt();
}

}  // namespace kernelops
