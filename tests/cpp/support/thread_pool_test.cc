#include "core/support/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/formulas.h"

namespace kernelops {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Whether a job does each of its units once.
bool works(ThreadPool& pool, int threads, std::int64_t count) {
  std::vector<std::atomic<int>> done(static_cast<std::size_t>(count));
  std::atomic<bool> known_workers{true};
  pool.run(threads, count,
           [&](std::int64_t unit, int worker) {
             ++done[static_cast<std::size_t>(unit)];
             if (worker < 0 || worker >= std::max(1, threads)) known_workers = false;
           },
           {});
  for (const auto& each : done) {
    if (each != 1) return false;
  }
  return known_workers;
}

TEST(ThreadPool, DoesEveryUnitOnce) {
  ThreadPool pool;
  for (const int threads : {0, 1, 2, 5, 3}) {
    for (const std::int64_t count : {0, 1, 2, 7, 1000}) {
      EXPECT_TRUE(works(pool, threads, count)) << threads << " threads, " << count << " units";
    }
  }
}

TEST(ThreadPool, SurvivesManyShortJobs) {
  ThreadPool pool;
  for (int job = 0; job < 2000; ++job) ASSERT_TRUE(works(pool, 1 + job % 4, job % 7));
}

TEST(ThreadPool, WithoutThreadsTheCallerComputes) {
  ThreadPool pool;
  const auto caller = std::this_thread::get_id();
  pool.run(0, 3, [&](std::int64_t, int) { EXPECT_EQ(std::this_thread::get_id(), caller); }, {});
  pool.run(2, 3, [&](std::int64_t, int) { EXPECT_NE(std::this_thread::get_id(), caller); }, {});
}

TEST(ThreadPool, RethrowsAnExceptionAndStaysUsable) {
  ThreadPool pool;
  for (const int threads : {0, 1, 4}) {
    std::atomic<int> done{0};
    EXPECT_THROW(pool.run(threads, 100000,
                          [&](std::int64_t unit, int) {
                            if (unit == 3) throw std::out_of_range("three");
                            ++done;
                            std::this_thread::sleep_for(std::chrono::microseconds(20));
                          },
                          {}),
                 std::out_of_range);
    EXPECT_LT(done, 100000 - 1) << "the others stop";
    EXPECT_TRUE(works(pool, threads, 100));
  }
}

TEST(ThreadPool, AnInterruptStopsSoonAndThePoolStaysUsable) {
  ThreadPool pool;
  for (const int threads : {0, 1, 4}) {
    const auto start = Clock::now();
    const Error error = testing::error_of([&] {
      pool.run(
          threads, 1000000,
          [&](std::int64_t, int) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); },
          [] { return true; });
    });
    EXPECT_EQ(error.kind(), ErrorKind::interrupt);
    EXPECT_LT(seconds_since(start), 0.3);
    EXPECT_TRUE(works(pool, threads, 100));
  }
}

TEST(ThreadPool, ALongUnitSeesThatItIsToStop) {
  ThreadPool pool;
  const auto start = Clock::now();
  const Error error = testing::error_of([&] {
    pool.run(
        2, 2,
        [&](std::int64_t, int) {
          while (!pool.stopping() && seconds_since(start) < 5) std::this_thread::yield();
        },
        [] { return true; });
  });
  EXPECT_EQ(error.kind(), ErrorKind::interrupt);
  EXPECT_LT(seconds_since(start), 0.3);
}

TEST(ThreadPool, AsksAboutInterruptsOnTheCallingThread) {
  ThreadPool pool;
  const auto caller = std::this_thread::get_id();
  std::atomic<int> asked{0};
  pool.run(
      2, 2, [](std::int64_t, int) { std::this_thread::sleep_for(std::chrono::milliseconds(170)); },
      [&] {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        ++asked;
        return false;
      });
  EXPECT_GE(asked, 2);
}

TEST(ThreadPool, AForkedChildComputesOnItsOwnThread) {
  ThreadPool pool;
  ASSERT_TRUE(works(pool, 3, 10));
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(5);  // rather than hang
    bool right = true;
    const auto caller = std::this_thread::get_id();
    int done = 0;
    pool.run(3, 10,
             [&](std::int64_t, int worker) {
               right = right && std::this_thread::get_id() == caller && worker == 0;
               ++done;
             },
             {});
    ::_exit(right && done == 10 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(works(pool, 3, 10));
}

TEST(ThreadPool, AForkedChildCanDestroyIt) {
  auto pool = std::make_unique<ThreadPool>();
  ASSERT_TRUE(works(*pool, 3, 10));
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(5);  // rather than hang
    pool.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace kernelops
