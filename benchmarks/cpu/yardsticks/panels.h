// Distances and scalar products of many components: a block of kRows vectors of rows meets a panel
// of kColumns columns, and the inner loop is that of a matrix product.

#ifndef KERNELOPS_BENCHMARKS_CPU_PANELS_H_
#define KERNELOPS_BENCHMARKS_CPU_PANELS_H_

#include "problem.h"

namespace yardstick {

#if defined(__AVX512F__)
// Thirty-two registers: twenty accumulators, four vectors of rows, a column, differences.
constexpr int kPanelRows = 4, kPanelColumns = 5;
#else
constexpr int kPanelRows = 2, kPanelColumns = 6;
#endif
template <class T>
constexpr int kPanelLanes = kPanelRows* Simd<T>::kWidth;

enum class Form { kSquares, kNegativeSquares, kProducts };

// Panels of columns as [component][column], followed by `extra` values of every column; columns
// past the end repeat the last one.
template <class T>
class Panels {
 public:
  Panels(const Problem& problem, int dimension, double scale, int extra = 0)
      : count_((problem.column_count + kPanelColumns - 1) / kPanelColumns),
        dimension_(dimension),
        extra_(extra),
        data_(count_ * size()) {
    // Several panels at a time, because neighbours of one component lie together.
    ForEach((count_ + kGroup - 1) / kGroup, problem.threads, [&](int group) {
      const int begin = group * kGroup, end = std::min(begin + kGroup, count_);
      for (int k = 0; k < dimension; ++k) {
        for (int panel = begin; panel < end; ++panel) {
          T* to = data_.data() + panel * size() + k * kPanelColumns;
          for (int c = 0; c < kPanelColumns; ++c) {
            const int j = std::min(panel * kPanelColumns + c, problem.column_count - 1);
            to[c] = static_cast<T>(problem.column(j, k) * scale);
          }
        }
      }
    });
  }
  int count() const { return count_; }
  const T* panel(int number) const { return data_.data() + number * size(); }
  // The extra values of column j, and the first ones of a panel.
  T* extra(int j) {
    return data_.data() + (j / kPanelColumns) * size() + dimension_ * kPanelColumns +
           (j % kPanelColumns) * extra_;
  }
  const T* extras(const T* panel) const { return panel + dimension_ * kPanelColumns; }

 private:
  static constexpr int kGroup = 32;
  std::size_t size() const {
    return static_cast<std::size_t>(kPanelColumns) * (dimension_ + extra_);
  }
  int count_, dimension_, extra_;
  AlignedArray<T> data_;
};

// A block of rows as [component][lane].
template <class T>
void PackBlock(const Problem& problem, int first, int dimension, double scale, T* block) {
  for (int k = 0; k < dimension; ++k) {
    PackRows<T, kPanelLanes<T>>(problem, first, k, scale, block + k * kPanelLanes<T>);
  }
}

// Adds to `values` what components [0, dimension) of a block and a panel give.
template <class T, Form kForm>
inline void MeetPanel(const T* block, const T* panel, int dimension,
                      typename Simd<T>::Vector (*values)[kPanelRows]) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  for (int k = 0; k < dimension; ++k) {
    Vector row[kPanelRows];
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r) {
      row[r] = S::Load(block + k * kPanelLanes<T> + r * S::kWidth);
    }
#pragma GCC unroll 16
    for (int c = 0; c < kPanelColumns; ++c) {
      const Vector column = S::Broadcast(panel[k * kPanelColumns + c]);
#pragma GCC unroll 8
      for (int r = 0; r < kPanelRows; ++r) {
        if constexpr (kForm == Form::kProducts) {
          values[c][r] = S::MultiplyAdd(row[r], column, values[c][r]);
        } else {
          const Vector difference = S::Subtract(row[r], column);
          values[c][r] = kForm == Form::kSquares
                             ? S::MultiplyAdd(difference, difference, values[c][r])
                             : S::NegativeMultiplyAdd(difference, difference, values[c][r]);
        }
      }
    }
  }
}

// Sweeps over tiles of columns that stay in the second cache while several blocks of rows, each an
// object with Start, Meet and Finish, meet them.
template <class T, class Make>
void SweepBlocks(const Problem& problem, int panel_count, int panels_per_tile, const Make& make) {
  constexpr int kLanes = kPanelLanes<T>;
  // Fewer where threads would otherwise have few groups to share.
  const int group = std::clamp(problem.row_count / kLanes / (8 * problem.threads), 1, 8);
  std::atomic<long> next{0};
  RunThreads(problem.threads, [&](int) {
    std::vector<decltype(make())> blocks;
    for (int k = 0; k < group; ++k) blocks.push_back(make());
    for (;;) {
      const long begin = next.fetch_add(1) * group * kLanes;
      if (begin >= problem.row_count) return;
      const int first = static_cast<int>(begin);
      const int used = std::min(group, (problem.row_count - first + kLanes - 1) / kLanes);
      for (int k = 0; k < used; ++k) blocks[k]->Start(first + k * kLanes);
      for (int tile = 0; tile < panel_count; tile += panels_per_tile) {
        const int end = std::min(panel_count, tile + panels_per_tile);
        for (int k = 0; k < used; ++k) blocks[k]->Meet(tile, end);
      }
      for (int k = 0; k < used; ++k) {
        const int at = first + k * kLanes;
        blocks[k]->Finish(at, std::min(kLanes, problem.row_count - at));
      }
    }
  });
}

// Panels of so many values each that fit 512 kB, a multiple of `multiple`.
template <class T>
int PanelsPerTile(int values, int multiple) {
  const int panels = (512 << 10) / static_cast<int>(sizeof(T)) / (values * kPanelColumns);
  return std::max(1, panels / multiple) * multiple;
}

template <class T>
inline void SetZero(typename Simd<T>::Vector (*values)[kPanelRows]) {
#pragma GCC unroll 16
  for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r) values[c][r] = Simd<T>::Zero();
  }
}

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_PANELS_H_
