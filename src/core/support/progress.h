// How far a computation has come.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace kernelops {

/// Finished steps of one stage after the other. One thread sets the stages and reads; any thread
/// counts steps.
class Progress {
 public:
  /// The next stage takes the work from `begin` to `end`, as fractions of the whole.
  void start_stage(double begin, double end) {
    begin_ = begin;
    end_ = end;
    expect(0);
  }

  /// The stage has so many steps, none of them done.
  void expect(std::int64_t steps) {
    steps_ = steps;
    done_.store(0, std::memory_order_relaxed);
  }

  void count(std::int64_t steps = 1) { done_.fetch_add(steps, std::memory_order_relaxed); }

  /// The fraction of the whole that is done.
  double fraction() const {
    if (steps_ <= 0) return begin_;
    const auto done = static_cast<double>(done_.load(std::memory_order_relaxed));
    return begin_ + (end_ - begin_) * std::min(1.0, done / static_cast<double>(steps_));
  }

 private:
  double begin_ = 0;
  double end_ = 1;
  std::int64_t steps_ = 0;
  std::atomic<std::int64_t> done_{0};
};

}  // namespace kernelops
