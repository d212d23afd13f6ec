// Gaussian sums of ten components and more.

#include "kernels.h"
#include "panels.h"

namespace yardstick {
namespace {

// Blocks of more components than the nearest cache holds meet a group of panels chunk by chunk.
constexpr int kGroup = 10;

template <class T>
inline void LoadPanel(const T* from, bool zero, typename Simd<T>::Vector (*values)[kPanelRows]) {
  if (zero) return SetZero<T>(values);
#pragma GCC unroll 16
  for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r, from += Simd<T>::kWidth) {
      values[c][r] = Simd<T>::Load(from);
    }
  }
}

template <class T>
inline void StorePanel(const typename Simd<T>::Vector (*values)[kPanelRows], T* to) {
#pragma GCC unroll 16
  for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r, to += Simd<T>::kWidth) Simd<T>::Store(to, values[c][r]);
  }
}

template <class T, int kDimension>
void SumGaussian(const Problem& problem) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int kPanelsPerFlush = kTile / kPanelColumns;
  constexpr int kChunks = (kDimension + 111) / 112;
  constexpr int kChunk = (kDimension + kChunks - 1) / kChunks;
  const double scale = std::sqrt(problem.parameters[0] * kLog2OfE);
  Panels<T> panels(problem, kDimension, scale, S::kCoefficients);
  ForEach(panels.count() * kPanelColumns, problem.threads, [&](int j) {
    PackCoefficients(j < problem.column_count ? problem.column(j, kDimension) : 0.0,
                     panels.extra(j));
  });
  ForBlocks(problem, kPanelLanes<T>, [&] {
    return [&](int first, int count) {
      alignas(kCacheLine) T block[kDimension * kPanelLanes<T>];
      alignas(kCacheLine) T partial[kGroup][kPanelColumns * kPanelLanes<T>];
      alignas(kCacheLine) double totals[kPanelLanes<T>] = {};
      const typename S::Exponential exponential;
      PackBlock<T>(problem, first, kDimension, scale, block);
      for (int tile = 0; tile < panels.count(); tile += kPanelsPerFlush) {
        Vector sums[kPanelRows];
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r) sums[r] = S::Zero();
        const int end = std::min(panels.count(), tile + kPanelsPerFlush);
        for (int begin = tile; begin < end; begin += kGroup) {
          const int stop = std::min(end, begin + kGroup);
          // All chunks but the last leave their sums of squares in memory.
          for (int chunk = 0; chunk + kChunk < kDimension; chunk += kChunk) {
            for (int number = begin; number < stop; ++number) {
              Vector t[kPanelColumns][kPanelRows];
              LoadPanel<T>(partial[number - begin], chunk == 0, t);
              MeetPanel<T, Form::kNegativeSquares>(block + chunk * kPanelLanes<T>,
                                                   panels.panel(number) + chunk * kPanelColumns,
                                                   kChunk, t);
              StorePanel<T>(t, partial[number - begin]);
            }
          }
          constexpr int kLast = (kDimension - 1) / kChunk * kChunk;
          for (int number = begin; number < stop; ++number) {
            const T* panel = panels.panel(number);
            Vector t[kPanelColumns][kPanelRows];
            LoadPanel<T>(partial[number - begin], kLast == 0, t);
            MeetPanel<T, Form::kNegativeSquares>(block + kLast * kPanelLanes<T>,
                                                 panel + kLast * kPanelColumns, kDimension - kLast,
                                                 t);
            const T* extra = panels.extras(panel);
#pragma GCC unroll 16
            for (int c = 0; c < kPanelColumns; ++c) {
              Vector coefficients[S::kCoefficients];
              LoadCoefficients(extra + c * S::kCoefficients, coefficients);
              exponential.template Accumulate<kPanelRows>(t[c], coefficients, sums);
            }
          }
        }
        Flush<T, kPanelRows>(sums, totals);
      }
      for (int lane = 0; lane < count; ++lane) problem.result(first + lane, 0) = totals[lane];
    };
  });
}

template <int kDimension>
constexpr Yardstick Make() {
  return {SumGaussian<float, kDimension>, SumGaussian<double, kDimension>,
          2 * kDimension + Simd<float>::kExponentialInstructions,
          2 * kDimension + Simd<double>::kExponentialInstructions};
}

}  // namespace

const Yardstick kGaussian10 = Make<10>();
const Yardstick kGaussian100 = Make<100>();
const Yardstick kGaussian784 = Make<784>();
const Yardstick kGaussian1000 = Make<1000>();

}  // namespace yardstick
