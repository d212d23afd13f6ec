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
