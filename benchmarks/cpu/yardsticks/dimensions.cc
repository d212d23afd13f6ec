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
class GaussianBlock {
 public:
  using S = Simd<T>;
  using Vector = typename S::Vector;

  GaussianBlock(const Problem& problem, const Panels<T>& panels, double scale)
      : problem_(problem), panels_(panels), scale_(scale), block_(kDimension * kPanelLanes<T>) {}

  void Start(int first) {
    PackBlock<T>(problem_, first, kDimension, scale_, block_.data());
    std::fill(totals_, totals_ + kPanelLanes<T>, 0.0);
  }
  void Meet(int begin, int end) {
    Vector sums[kPanelRows];
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r) sums[r] = S::Zero();
    for (int from = begin; from < end; from += kGroup) {
      MeetGroup(from, std::min(end, from + kGroup), sums);
    }
    Flush<T, kPanelRows>(sums, totals_);
  }
  void Finish(int first, int count) {
    for (int lane = 0; lane < count; ++lane) problem_.result(first + lane, 0) = totals_[lane];
  }

 private:
  static constexpr int kChunks = (kDimension + 111) / 112;
  static constexpr int kChunk = (kDimension + kChunks - 1) / kChunks;
  static constexpr int kLast = (kDimension - 1) / kChunk * kChunk;

  void MeetGroup(int begin, int end, Vector* sums) {
    // All chunks but the last leave their sums of squares in memory.
    for (int chunk = 0; chunk < kLast; chunk += kChunk) {
      for (int number = begin; number < end; ++number) {
        Vector t[kPanelColumns][kPanelRows];
        LoadPanel<T>(partial_[number - begin], chunk == 0, t);
        MeetPanel<T, Form::kNegativeSquares>(block_.data() + chunk * kPanelLanes<T>,
                                             panels_.panel(number) + chunk * kPanelColumns, kChunk,
                                             t);
        StorePanel<T>(t, partial_[number - begin]);
      }
    }
    for (int number = begin; number < end; ++number) {
      const T* panel = panels_.panel(number);
      Vector t[kPanelColumns][kPanelRows];
      LoadPanel<T>(partial_[number - begin], kLast == 0, t);
      MeetPanel<T, Form::kNegativeSquares>(block_.data() + kLast * kPanelLanes<T>,
                                           panel + kLast * kPanelColumns, kDimension - kLast, t);
      const T* extra = panels_.extras(panel);
#pragma GCC unroll 16
      for (int c = 0; c < kPanelColumns; ++c) {
        Vector coefficients[S::kCoefficients];
        LoadCoefficients(extra + c * S::kCoefficients, coefficients);
        exponential_.template Accumulate<kPanelRows>(t[c], coefficients, sums);
      }
    }
  }

  const Problem& problem_;
  const Panels<T>& panels_;
  double scale_;
  typename S::Exponential exponential_;
  AlignedArray<T> block_;
  alignas(kCacheLine) T partial_[kGroup][kPanelColumns * kPanelLanes<T>];
  alignas(kCacheLine) double totals_[kPanelLanes<T>];
};

template <class T, int kDimension>
void SumGaussian(const Problem& problem) {
  const double scale = std::sqrt(problem.parameters[0] * kLog2OfE);
  Panels<T> panels(problem, kDimension, scale, Simd<T>::kCoefficients);
  ForEach(panels.count() * kPanelColumns, problem.threads, [&](int j) {
    PackCoefficients(j < problem.column_count ? problem.column(j, kDimension) : 0.0,
                     panels.extra(j));
  });
  // Sums stay in T for the columns of one tile.
  const int panels_per_tile = std::min(PanelsPerTile<T>(kDimension, kGroup), kTile / kPanelColumns);
  SweepBlocks<T>(problem, panels.count(), panels_per_tile, [&] {
    return std::make_unique<GaussianBlock<T, kDimension>>(problem, panels, scale);
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
