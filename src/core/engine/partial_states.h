// The states of splits of the columns, until they meet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/engine/aligned_buffer.h"

namespace kernelops {

/// One state for each split of each row unit; or, where `continued`, for some of them: a split goes
/// on with the state of an earlier one that is finished. Then only what beats the best so far
/// enters a ranked reduction, whose results are the same however its candidates are grouped, which
/// sums are not.
class PartialStates {
 public:
  PartialStates(std::int64_t row_units, std::int64_t splits, std::size_t bytes, bool continued)
      : splits_(splits),
        bytes_(bytes),
        continued_(continued),
        finished_(static_cast<std::size_t>(row_units)),
        memory_(static_cast<std::size_t>(row_units * splits) * bytes) {}

  struct State {
    void* memory;
    std::int64_t number;  // of the split that began it
    bool fresh;
  };

  /// A state for a split, until it is given back. Columns only ever follow those already taken in:
  /// ties go to the earlier one.
  State take(std::int64_t row_unit, std::int64_t split) {
    if (continued_) {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::vector<Finished>& all = finished_[static_cast<std::size_t>(row_unit)];
      const auto earlier = std::find_if(
          all.begin(), all.end(), [&](const Finished& each) { return each.last_split < split; });
      if (earlier != all.end()) {
        const std::int64_t number = earlier->number;
        all.erase(earlier);
        return {memory(row_unit, number), number, false};
      }
    }
    return {memory(row_unit, split), split, true};
  }

  void give_back(std::int64_t row_unit, std::int64_t split, const State& state) {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_[static_cast<std::size_t>(row_unit)].push_back({state.number, split});
  }

  /// The states of a row unit in the order of the splits that began them.
  std::vector<void*> all(std::int64_t row_unit) const {
    std::vector<Finished> sorted = finished_[static_cast<std::size_t>(row_unit)];
    std::sort(sorted.begin(), sorted.end(),
              [](const Finished& a, const Finished& b) { return a.number < b.number; });
    std::vector<void*> out;
    for (const Finished& each : sorted) out.push_back(memory(row_unit, each.number));
    return out;
  }

 private:
  struct Finished {
    std::int64_t number;
    std::int64_t last_split;
  };

  void* memory(std::int64_t row_unit, std::int64_t number) const {
    return memory_.at(static_cast<std::size_t>(row_unit * splits_ + number) * bytes_);
  }

  std::int64_t splits_;
  std::size_t bytes_;
  bool continued_;
  std::mutex mutex_;
  std::vector<std::vector<Finished>> finished_;
  AlignedBuffer memory_;
};

}  // namespace kernelops
