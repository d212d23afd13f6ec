// Sums over j of formulas of few components: a block of several vectors of rows meets one column
// after another, everything of a row and of a column is packed once, and the sums stay in
// registers. A formula is a class with
//   kRowValues, kColumnValues, kSums, kSlots (README.md counts them),
//   PackRows, PackColumn: what is known of rows and of a column alone,
//   Update: one column, instruction by instruction over all vectors of rows,
//   Finish: results of one row from its sums.

#ifndef KERNELOPS_BENCHMARKS_CPU_PAIR_SUMS_H_
#define KERNELOPS_BENCHMARKS_CPU_PAIR_SUMS_H_

#include "problem.h"

namespace yardstick {

// t = start - |x - y|^2.
template <class T, int kDimension, int kRows>
inline void NegativeSquares(const typename Simd<T>::Vector (*x)[kRows], const T* y,
                            typename Simd<T>::Vector (*difference)[kRows],
                            typename Simd<T>::Vector* t) {
  using S = Simd<T>;
#pragma GCC unroll 16
  for (int k = 0; k < kDimension; ++k) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      difference[k][r] = S::Subtract(x[k][r], S::Broadcast(y[k]));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      t[r] = S::NegativeMultiplyAdd(difference[k][r], difference[k][r], t[r]);
    }
  }
}

template <class T, class Formula, int kRows>
void SumPairs(const Problem& problem) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int kLanes = kRows * S::kWidth;
  constexpr int kStride = Formula::kColumnValues;
  const Formula formula(problem);
  AlignedArray<T> packed(static_cast<std::size_t>(problem.column_count) * kStride);
  ForEach(problem.column_count, problem.threads, [&](int j) {
    formula.PackColumn(problem, j, packed.data() + static_cast<std::size_t>(j) * kStride);
  });
  ForBlocks(problem, kLanes, [&] {
    return [&](int first, int count) {
      alignas(kCacheLine) T block[Formula::kRowValues][kLanes];
      alignas(kCacheLine) double totals[Formula::kSums][kLanes] = {};
      formula.template PackBlock<kLanes>(problem, first, block);
      const typename Formula::template Constants<kRows> constants(formula);
      Vector rows[Formula::kRowValues][kRows];
#pragma GCC unroll 16
      for (int k = 0; k < Formula::kRowValues; ++k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) rows[k][r] = S::Load(block[k] + r * S::kWidth);
      }
      for (int tile = 0; tile < problem.column_count; tile += kTile) {
        const T* column = packed.data() + static_cast<std::size_t>(tile) * kStride;
        const T* const end =
            column +
            static_cast<std::size_t>(std::min(kTile, problem.column_count - tile)) * kStride;
        Vector sums[Formula::kSums][kRows];
#pragma GCC unroll 4
        for (int k = 0; k < Formula::kSums; ++k) {
#pragma GCC unroll 8
          for (int r = 0; r < kRows; ++r) sums[k][r] = S::Zero();
        }
        for (; column != end; column += kStride) constants.Update(rows, column, sums);
        for (int k = 0; k < Formula::kSums; ++k) Flush<T, kRows>(sums[k], totals[k]);
      }
      for (int lane = 0; lane < count; ++lane) {
        formula.Finish(problem, first + lane, &totals[0][lane], kLanes);
      }
    };
  });
}

// Formulas of a scaled distance of the first kDimension values of rows and columns.
template <class T, int kDimension>
struct DistanceFormula {
  static constexpr int kRowValues = kDimension;
  static constexpr int kColumnValues = kDimension + Simd<T>::kCoefficients;
  static constexpr int kSums = 1;
  static constexpr double kDistanceSlots = 2 * kDimension;

  // One factor for each coordinate.
  double scale[kDimension];

  explicit DistanceFormula(double common = 1) { std::fill(scale, scale + kDimension, common); }
  template <int kLanes>
  void PackBlock(const Problem& problem, int first, T (*block)[kLanes]) const {
    for (int k = 0; k < kDimension; ++k) {
      PackRows<T, kLanes>(problem, first, k, scale[k], block[k]);
    }
  }
  void PackCoordinates(const Problem& problem, int j, T* to) const {
    for (int k = 0; k < kDimension; ++k) to[k] = static_cast<T>(problem.column(j, k) * scale[k]);
  }
  // With b after the coordinates, in the coefficients of the polynomial.
  void PackColumn(const Problem& problem, int j, T* to) const {
    PackCoordinates(problem, j, to);
    PackCoefficients(problem.column(j, kDimension), to + kDimension);
  }
  void Finish(const Problem& problem, int i, const double* totals, int) const {
    problem.result(i, 0) = *totals;
  }
};

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_PAIR_SUMS_H_
