// Log-sum-exp, and Gaussian sums of one row and of one column.

#include <cmath>

#include "kernels.h"
#include "pair_sums.h"

namespace yardstick {
namespace {

// Largest sum of a tile that is believed; beyond, the terms were relative to a maximum that is out
// of date.
constexpr double kBelieved = 1e15;

// Terms are relative to the largest of the columns seen first. As long as sums stay small, a later
// and larger one does no harm, so nothing is spent on maxima for each pair; a tile whose sum grows
// too large is done again, relative to its own maximum.
template <class T, int kRows>
class LogSumExpBlock {
 public:
  using S = Simd<T>;
  using Vector = typename S::Vector;
  static constexpr int kLanes = kRows * S::kWidth;

  LogSumExpBlock(const Problem& problem, const T* packed, double scale)
      : problem_(problem), packed_(packed), scale_(scale) {}

  void operator()(int first, int count) {
    alignas(kCacheLine) T block[3][kLanes];
    for (int k = 0; k < 3; ++k) PackRows<T, kLanes>(problem_, first, k, scale_, block[k]);
    std::fill(totals_, totals_ + kLanes, 0.0);
    std::fill(negative_maxima_, negative_maxima_ + kLanes, std::numeric_limits<T>::infinity());
    RaiseMaxima(block, 0, std::min(32, problem_.column_count));
    for (int tile = 0; tile < problem_.column_count; tile += kTile) {
      const int end = std::min(tile + kTile, problem_.column_count);
      if (!Operations<T>::kExponentialOverflows) RaiseMaxima(block, tile, end);
      if (!Sum(block, tile, end)) {
        RaiseMaxima(block, tile, end);
        Sum(block, tile, end);
      }
      for (int lane = 0; lane < kLanes; ++lane) totals_[lane] += sums_[lane];
    }
    for (int lane = 0; lane < count; ++lane) {
      problem_.result(first + lane, 0) =
          std::log(totals_[lane]) - static_cast<double>(negative_maxima_[lane]) * kLnOf2;
    }
  }

 private:
  static void LoadRows(const T (*block)[kLanes], Vector (*rows)[kRows]) {
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) rows[k][r] = S::Load(block[k] + r * S::kWidth);
    }
  }

  bool Sum(const T (*block)[kLanes], int begin, int end) {
    Vector rows[3][kRows], start[kRows], sums[kRows], coefficients[S::kCoefficients];
    LoadRows(block, rows);
    T factors[S::kCoefficients];
    PackCoefficients<T>(1, factors);
    LoadCoefficients(factors, coefficients);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      start[r] = S::Load(negative_maxima_ + r * S::kWidth);
      sums[r] = S::Zero();
    }
    for (int j = begin; j < end; ++j) {
      Vector difference[3][kRows], t[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) t[r] = start[r];
      NegativeSquares<T, 3, kRows>(rows, packed_ + static_cast<std::size_t>(j) * 3, difference, t);
      exponential_.template Accumulate<kRows>(t, coefficients, sums);
    }
    bool fine = true;
    for (int r = 0; r < kRows; ++r) S::Store(sums_ + r * S::kWidth, sums[r]);
    for (int lane = 0; lane < kLanes; ++lane) fine &= sums_[lane] < T(kBelieved);
    return fine;
  }

  void RaiseMaxima(const T (*block)[kLanes], int begin, int end) {
    Vector rows[3][kRows];
    LoadRows(block, rows);
    for (int r = 0; r < kRows; ++r) {
      T* const to = negative_maxima_ + r * S::kWidth;
      const Vector before = S::Load(to);
      Vector least = before;
      for (int j = begin; j < end; ++j) {
        Vector squares = S::Zero();
        for (int k = 0; k < 3; ++k) {
          const Vector d =
              S::Subtract(rows[k][r], S::Broadcast(packed_[static_cast<std::size_t>(j) * 3 + k]));
          squares = S::MultiplyAdd(d, d, squares);
        }
        least = Operations<T>::Minimum(squares, least);
      }
      S::Store(to, least);
      T old[S::kWidth];
      S::Store(old, before);
      for (int lane = 0; lane < S::kWidth; ++lane) {
        double& total = totals_[r * S::kWidth + lane];
        if (total != 0) total *= std::exp2(static_cast<double>(to[lane]) - old[lane]);
      }
    }
  }

  const Problem& problem_;
  const T* packed_;
  double scale_;
  typename S::Exponential exponential_;
  alignas(kCacheLine) T negative_maxima_[kLanes];
  alignas(kCacheLine) T sums_[kLanes];
  alignas(kCacheLine) double totals_[kLanes];
};

template <class T, int kRows>
void LogSumExp(const Problem& problem) {
  const double scale = std::sqrt(problem.parameters[0] * kLog2OfE);
  AlignedArray<T> packed(static_cast<std::size_t>(problem.column_count) * 3);
  ForEach(problem.column_count, problem.threads, [&](int j) {
    for (int k = 0; k < 3; ++k) {
      packed[static_cast<std::size_t>(j) * 3 + k] = static_cast<T>(problem.column(j, k) * scale);
    }
  });
  ForBlocks(problem, LogSumExpBlock<T, kRows>::kLanes,
            [&] { return LogSumExpBlock<T, kRows>(problem, packed.data(), scale); });
}

// Lanes are those of the long side, which is read where it lies.
template <class T, int kVectors>
struct LongSide {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  static constexpr int kLanes = kVectors * S::kWidth;

  const double* data;
  std::size_t stride;
  Vector scale, point[3], coefficients[S::kCoefficients];
  typename S::Exponential exponential;

  LongSide(const double* long_side, std::size_t length, const double* short_side,
           std::size_t short_stride, double s)
      : data(long_side), stride(length) {
    const double root = std::sqrt(s * kLog2OfE);
    scale = S::Broadcast(T(root));
    for (int k = 0; k < 3; ++k) point[k] = S::Broadcast(T(short_side[k * short_stride] * root));
    T factors[S::kCoefficients];
    PackCoefficients<T>(1, factors);
    LoadCoefficients(factors, coefficients);
  }
  void Kernel(std::size_t first, Vector* value) const {
    Vector t[kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kVectors; ++r) t[r] = S::Zero();
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
      for (int r = 0; r < kVectors; ++r) {
        const Vector x = Operations<T>::LoadDoubles(data + k * stride + first + r * S::kWidth);
        const Vector d = S::Subtract(S::Multiply(x, scale), point[k]);
        t[r] = S::NegativeMultiplyAdd(d, d, t[r]);
      }
    }
    Powers<T, kVectors>(exponential, t, coefficients, value);
  }
  double Scalar(std::size_t first) const {
    T s[S::kWidth], p[S::kWidth];
    S::Store(s, scale);
    double squares = 0;
    for (int k = 0; k < 3; ++k) {
      S::Store(p, point[k]);
      const double d = static_cast<T>(data[k * stride + first]) * s[0] - p[0];
      squares += d * d;
    }
    return std::exp2(-squares);
  }
};

// Pieces of the long side, the same for any number of threads.
constexpr int kPiece = 1 << 16;

template <class Work>
void ForPieces(int length, int threads, const Work& work) {
  std::atomic<int> next{0};
  RunThreads(threads, [&](int) {
    for (;;) {
      const long first = static_cast<long>(next.fetch_add(1)) * kPiece;
      if (first >= length) return;
      work(static_cast<std::size_t>(first),
           static_cast<std::size_t>(std::min<long>(length, first + kPiece)));
    }
  });
}

template <class T>
void SumOneRow(const Problem& problem) {
  using S = Simd<T>;
  constexpr int kVectors = 4;
  using Side = LongSide<T, kVectors>;
  const std::size_t length = problem.column_count;
  const double* b = problem.columns + 3 * length;
  std::vector<double> pieces(length / kPiece + 1);
  ForPieces(problem.column_count, problem.threads, [&](std::size_t begin, std::size_t end) {
    const Side side(problem.columns, length, problem.rows, problem.row_count,
                    problem.parameters[0]);
    alignas(kCacheLine) double totals[Side::kLanes] = {};
    std::size_t j = begin;
    while (j + Side::kLanes <= end) {
      typename S::Vector sums[kVectors], value[kVectors];
#pragma GCC unroll 8
      for (int r = 0; r < kVectors; ++r) sums[r] = S::Zero();
      const std::size_t stop = std::min(end, j + std::size_t{kTile} * Side::kLanes);
      for (; j + Side::kLanes <= stop; j += Side::kLanes) {
        side.Kernel(j, value);
#pragma GCC unroll 8
        for (int r = 0; r < kVectors; ++r) {
          sums[r] =
              S::MultiplyAdd(value[r], Operations<T>::LoadDoubles(b + j + r * S::kWidth), sums[r]);
        }
      }
      Flush<T, kVectors>(sums, totals);
    }
    double total = 0;
    for (double each : totals) total += each;
    for (; j < end; ++j) total += side.Scalar(j) * b[j];
    pieces[begin / kPiece] = total;
  });
  double total = 0;
  for (double each : pieces) total += each;
  problem.result(0, 0) = total;
}

template <class T>
void SumOneColumn(const Problem& problem) {
  using S = Simd<T>;
  constexpr int kVectors = 4;
  using Side = LongSide<T, kVectors>;
  const double b = problem.column(0, 3);
  ForPieces(problem.row_count, problem.threads, [&](std::size_t begin, std::size_t end) {
    const Side side(problem.rows, problem.row_count, problem.columns, problem.column_count,
                    problem.parameters[0]);
    const typename S::Vector factor = S::Broadcast(T(b));
    std::size_t i = begin;
    for (; i + Side::kLanes <= end; i += Side::kLanes) {
      typename S::Vector value[kVectors];
      side.Kernel(i, value);
#pragma GCC unroll 8
      for (int r = 0; r < kVectors; ++r) {
        Operations<T>::StoreDoubles(problem.out + i + r * S::kWidth, S::Multiply(value[r], factor));
      }
    }
    for (; i < end; ++i) problem.out[i] = side.Scalar(i) * b;
  });
}

}  // namespace

const Yardstick kLogSumExp = {LogSumExp<float, 4>, LogSumExp<double, 4>,
                              6 + Simd<float>::kExponentialInstructions,
                              6 + Simd<double>::kExponentialInstructions};
// Bound by memory.
const Yardstick kOneRow = {SumOneRow<float>, SumOneRow<double>, 0, 0};
const Yardstick kOneColumn = {SumOneColumn<float>, SumOneColumn<double>, 0, 0};

}  // namespace yardstick
