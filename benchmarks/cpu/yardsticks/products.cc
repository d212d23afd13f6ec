// Sums of vectors weighted by a kernel, as two matrix products: kernel values of a small tile of
// columns are written to the cache, then multiplied by the vectors, a block of rows and a panel of
// components at a time.

#include "kernels.h"
#include "panels.h"

namespace yardstick {
namespace {

// Components at a time have the place of columns in a panel.
constexpr int kComponents = kPanelColumns;
// Columns of a tile: a multiple of those of a panel, kernel values of 16 kB.
constexpr int kTileColumns = 60;
constexpr int kTilePanels = kTileColumns / kPanelColumns;

constexpr int Padded(int values) { return (values + kComponents - 1) / kComponents * kComponents; }

// Vectors of columns as [panel of components][column][component], rest zero.
template <class T, int kValues>
class Values {
 public:
  // The last component is one where `ones`.
  Values(const Problem& problem, int offset, bool ones)
      : count_(problem.column_count), data_(static_cast<std::size_t>(count_) * Padded(kValues)) {
    ForEach((count_ + kGroup - 1) / kGroup, problem.threads, [&](int group) {
      const int end = std::min(count_, (group + 1) * kGroup);
      for (int k = 0; k < Padded(kValues); ++k) {
        const bool one = ones && k == kValues - 1;
        T* const to = data_.data() + k % kComponents;
        for (int j = group * kGroup; j < end; ++j) {
          to[place(j, k / kComponents)] = one ? T(1)
                                          : k < kValues
                                              ? static_cast<T>(problem.column(j, offset + k))
                                              : T(0);
        }
      }
    });
  }
  const T* at(int j, int panel) const { return data_.data() + place(j, panel); }

 private:
  static constexpr int kGroup = 128;
  std::size_t place(int j, int panel) const {
    return (static_cast<std::size_t>(panel) * count_ + j) * kComponents;
  }
  int count_;
  AlignedArray<T> data_;
};

// Sums of a block in T, and totals in double into which they are flushed now and then.
template <class T, int kValues>
class BlockSums {
 public:
  BlockSums() : totals_(kSize), sums_(kSize) {}
  void Clear() {
    std::fill(totals_.data(), totals_.data() + kSize, 0.0);
    std::fill(sums_.data(), sums_.data() + kSize, T(0));
    columns_ = 0;
  }
  // kernel: [column][lane] of columns first ... first + count.
  void Add(const T* kernel, const Values<T, kValues>& values, int first, int count) {
    using S = Simd<T>;
    for (int panel = 0; panel < Padded(kValues) / kComponents; ++panel) {
      T* to = sums_.data() + panel * kComponents * kPanelLanes<T>;
      const T* value = values.at(first, panel);
      typename S::Vector sums[kComponents][kPanelRows];
#pragma GCC unroll 16
      for (int c = 0; c < kComponents; ++c) {
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r) {
          sums[c][r] = S::Load(to + c * kPanelLanes<T> + r * S::kWidth);
        }
      }
      MeetPanel<T, Form::kProducts>(kernel, value, count, sums);
#pragma GCC unroll 16
      for (int c = 0; c < kComponents; ++c) {
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r) {
          S::Store(to + c * kPanelLanes<T> + r * S::kWidth, sums[c][r]);
        }
      }
    }
    columns_ += count;
    if (columns_ >= kTile) Flush();
  }
  void Flush() {
    for (int k = 0; k < kSize; ++k) {
      totals_[k] += sums_[k];
      sums_[k] = 0;
    }
    columns_ = 0;
  }
  // Multiplies what a row has so far.
  void Scale(int lane, double factor) {
    for (int k = lane; k < kSize; k += kPanelLanes<T>) {
      totals_[k] *= factor;
      sums_[k] *= static_cast<T>(factor);
    }
  }
  double total(int lane, int k) const { return totals_.data()[k * kPanelLanes<T> + lane]; }

 private:
  static constexpr int kSize = Padded(kValues) * kPanelLanes<T>;
  AlignedArray<double> totals_;
  AlignedArray<T> sums_;
  int columns_ = 0;
};

template <class T>
struct UnitCoefficients {
  typename Simd<T>::Vector coefficients[Simd<T>::kCoefficients];
  UnitCoefficients() {
    T values[Simd<T>::kCoefficients];
    PackCoefficients<T>(1, values);
    LoadCoefficients(values, coefficients);
  }
};

template <class T, int kDimension, int kValues>
class VectorBlock {
 public:
  using S = Simd<T>;
  using Vector = typename S::Vector;

  VectorBlock(const Problem& problem, const Panels<T>& panels, const Values<T, kValues>& values,
              double scale)
      : problem_(problem), panels_(panels), values_(values), scale_(scale) {}

  void Start(int first) {
    PackBlock<T>(problem_, first, kDimension, scale_, block_);
    sums_.Clear();
  }
  void Meet(int begin, int end) {
    for (int tile = begin; tile < end; tile += kTilePanels) {
      T* to = kernel_;
      for (int number = tile; number < std::min(end, tile + kTilePanels); ++number) {
        Vector t[kPanelColumns][kPanelRows];
        SetZero<T>(t);
        MeetPanel<T, Form::kNegativeSquares>(block_, panels_.panel(number), kDimension, t);
#pragma GCC unroll 16
        for (int c = 0; c < kPanelColumns; ++c) {
          Vector value[kPanelRows];
          Powers<T, kPanelRows>(exponential_, t[c], unit_.coefficients, value);
#pragma GCC unroll 8
          for (int r = 0; r < kPanelRows; ++r, to += S::kWidth) S::Store(to, value[r]);
        }
      }
      const int j = tile * kPanelColumns;
      sums_.Add(kernel_, values_, j, std::min(kTileColumns, problem_.column_count - j));
    }
  }
  void Finish(int first, int count) {
    sums_.Flush();
    for (int k = 0; k < kValues; ++k) {
      for (int lane = 0; lane < count; ++lane) {
        problem_.result(first + lane, k) = sums_.total(lane, k);
      }
    }
  }

 private:
  const Problem& problem_;
  const Panels<T>& panels_;
  const Values<T, kValues>& values_;
  double scale_;
  BlockSums<T, kValues> sums_;
  typename S::Exponential exponential_;
  UnitCoefficients<T> unit_;
  alignas(kCacheLine) T block_[kDimension * kPanelLanes<T>];
  alignas(kCacheLine) T kernel_[kTileColumns * kPanelLanes<T>];
};

template <class T, int kDimension, int kValues>
void SumVectors(const Problem& problem) {
  const double scale = std::sqrt(problem.parameters[0] * kLog2OfE);
  const Panels<T> panels(problem, kDimension, scale);
  const Values<T, kValues> values(problem, kDimension, false);
  SweepBlocks<T>(problem, panels.count(), PanelsPerTile<T>(kDimension + kValues, kTilePanels), [&] {
    return std::make_unique<VectorBlock<T, kDimension, kValues>>(problem, panels, values, scale);
  });
}

// Softmax attention. Scalar products start at minus the maximum known before; a tile that has a
// much larger one, and the first, raise the maximum and scale what was summed.
template <class T, int kDimension>
class AttentionBlock {
 public:
  using S = Simd<T>;
  using Vector = typename S::Vector;
  static constexpr int kLanes = kPanelLanes<T>;
  // The last component has the sum of the weights.
  static constexpr int kValues = kDimension + 1;

  AttentionBlock(const Problem& problem, const Panels<T>& panels, const Values<T, kValues>& values)
      : problem_(problem), panels_(panels), values_(values) {}

  void Start(int first) {
    PackBlock<T>(problem_, first, kDimension, problem_.parameters[0] * kLog2OfE, block_);
    sums_.Clear();
    std::fill(start_, start_ + kLanes, T(0));
  }
  void Meet(int begin, int last) {
    for (int tile = begin; tile < last; tile += kTilePanels) {
      const int end = std::min(last, tile + kTilePanels);
      const int j = tile * kPanelColumns;
      Multiply(tile, end);
      if (tile == 0 || Largest() > T(kAllowed)) Raise((end - tile) * kPanelColumns);
      Exponentiate((end - tile) * kPanelColumns);
      sums_.Add(kernel_, values_, j, std::min(kTileColumns, problem_.column_count - j));
    }
  }
  void Finish(int first, int count) {
    sums_.Flush();
    for (int k = 0; k < kDimension; ++k) {
      for (int lane = 0; lane < count; ++lane) {
        problem_.result(first + lane, k) = sums_.total(lane, k) / sums_.total(lane, kDimension);
      }
    }
  }

 private:
  static constexpr double kAllowed = 20;

  void Multiply(int begin, int end) {
    Vector largest[kPanelRows];
#pragma GCC unroll 8
    for (int r = 0; r < kPanelRows; ++r) {
      largest[r] = S::Broadcast(-std::numeric_limits<T>::infinity());
    }
    T* to = kernel_;
    for (int number = begin; number < end; ++number) {
      Vector t[kPanelColumns][kPanelRows];
#pragma GCC unroll 16
      for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r) t[c][r] = S::Load(start_ + r * S::kWidth);
      }
      MeetPanel<T, Form::kProducts>(block_, panels_.panel(number), kDimension, t);
#pragma GCC unroll 16
      for (int c = 0; c < kPanelColumns; ++c) {
#pragma GCC unroll 8
        for (int r = 0; r < kPanelRows; ++r, to += S::kWidth) {
          largest[r] = Operations<T>::Maximum(t[c][r], largest[r]);
          S::Store(to, t[c][r]);
        }
      }
    }
    for (int r = 0; r < kPanelRows; ++r) S::Store(largest_ + r * S::kWidth, largest[r]);
  }
  T Largest() const { return *std::max_element(largest_, largest_ + kLanes); }
  void Raise(int columns) {
    for (int lane = 0; lane < kLanes; ++lane) {
      start_[lane] -= largest_[lane];
      sums_.Scale(lane, std::exp2(-static_cast<double>(largest_[lane])));
    }
    for (int k = 0; k < columns * kLanes; ++k) kernel_[k] -= largest_[k % kLanes];
  }
  void Exponentiate(int columns) {
    for (T* at = kernel_; at != kernel_ + columns * kLanes; at += kLanes) {
      Vector t[kPanelRows], value[kPanelRows];
#pragma GCC unroll 8
      for (int r = 0; r < kPanelRows; ++r) t[r] = S::Load(at + r * S::kWidth);
      Powers<T, kPanelRows>(exponential_, t, unit_.coefficients, value);
#pragma GCC unroll 8
      for (int r = 0; r < kPanelRows; ++r) S::Store(at + r * S::kWidth, value[r]);
    }
  }

  const Problem& problem_;
  const Panels<T>& panels_;
  const Values<T, kValues>& values_;
  BlockSums<T, kValues> sums_;
  typename S::Exponential exponential_;
  UnitCoefficients<T> unit_;
  alignas(kCacheLine) T block_[kDimension * kLanes];
  alignas(kCacheLine) T kernel_[kTileColumns * kLanes];
  alignas(kCacheLine) T start_[kLanes];
  alignas(kCacheLine) T largest_[kLanes];
};

template <class T, int kDimension>
void Attend(const Problem& problem) {
  const Panels<T> panels(problem, kDimension, 1);
  const Values<T, kDimension + 1> values(problem, kDimension, true);
  SweepBlocks<T>(problem, panels.count(), PanelsPerTile<T>(2 * kDimension, kTilePanels), [&] {
    return std::make_unique<AttentionBlock<T, kDimension>>(problem, panels, values);
  });
}

template <class T>
constexpr double VectorSlots(int dimension, int values) {
  return 2 * dimension + Simd<T>::kExponentialInstructions + values;
}

}  // namespace

const Yardstick kWide3 = {SumVectors<float, 3, 100>, SumVectors<double, 3, 100>,
                          VectorSlots<float>(3, 100), VectorSlots<double>(3, 100)};
const Yardstick kWide100 = {SumVectors<float, 100, 100>, SumVectors<double, 100, 100>,
                            VectorSlots<float>(100, 100), VectorSlots<double>(100, 100)};
// Products, the maximum, the exponential, values and the sum of weights.
const Yardstick kAttention = {Attend<float, 64>, Attend<double, 64>,
                              64 + 1 + Simd<float>::kExponentialInstructions + 65,
                              64 + 1 + Simd<double>::kExponentialInstructions + 65};

}  // namespace yardstick
