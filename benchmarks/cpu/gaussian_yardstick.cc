// Hand-written Gaussian sums, out_i = sum_j exp(-s |x_i - y_j|^2) b_j, as yardsticks for the code
// that the package generates. Matrices are column-major doubles, as R holds them; pointers only,
// as R's .C wants. README.md derives the limits that the benchmark prints.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "simd.h"

// Blocks are rows (in vectors) by columns. Overridable from the command line, so that other shapes
// can be tried without an edit. Eight rows at D=3 do not fit the registers, and that is right: the
// coordinates come back as loads, which have ports of their own, while eight independent vectors
// per instruction cover the latency of 4 cycles on 2 ports without help from the scheduler.
#ifndef YARDSTICK_ROWS_D3
#define YARDSTICK_ROWS_D3 8
#endif
#if !defined(YARDSTICK_ROWS_D100) && defined(__AVX512F__)
#define YARDSTICK_ROWS_D100 4
#define YARDSTICK_COLUMNS_D100 5
#elif !defined(YARDSTICK_ROWS_D100)
// Sixteen registers: twelve accumulators, two vectors of rows, a column and a difference.
#define YARDSTICK_ROWS_D100 2
#define YARDSTICK_COLUMNS_D100 6
#endif
#ifndef YARDSTICK_TILE
#define YARDSTICK_TILE 512
#endif

namespace yardstick {
namespace {

constexpr double kLog2OfE = 1.4426950408889634;
constexpr std::size_t kCacheLine = 64;

template <class T>
class AlignedArray {
 public:
  explicit AlignedArray(std::size_t size)
      : data_(static_cast<T*>(std::aligned_alloc(
            kCacheLine, (size * sizeof(T) + kCacheLine) / kCacheLine * kCacheLine))) {
    if (data_ == nullptr) throw std::bad_alloc();
  }
  ~AlignedArray() { std::free(data_); }
  AlignedArray(const AlignedArray&) = delete;
  AlignedArray& operator=(const AlignedArray&) = delete;
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t k) { return data_[k]; }

 private:
  T* data_;
};

// Denormals cost a microcode assist per vector, and a Gaussian's tail is full of them.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#else
  FlushDenormals() {}
#endif
};

template <class Work>
void RunThreads(int threads, const Work& work) {
  const auto run = [&work](int thread) {
    FlushDenormals flush;
    work(thread);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
  run(0);
  for (std::thread& other : others) other.join();
}

template <class T>
void PackCoefficients(double b, T* to) {
  for (int k = 0; k < Simd<T>::kCoefficients; ++k) {
    to[k] = static_cast<T>(Simd<T>::kPolynomial[k] * b);
  }
}

// Folding sqrt(s) into the coordinates needs s >= 0; a growing exponential is no benchmark and only
// has to be right.
void SumPlainly(const double* x, const double* y, const double* b, double s, double* out, int rows,
                int columns, int dimension) {
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int j = 0; j < columns; ++j) {
      double distance = 0;
      for (int k = 0; k < dimension; ++k) {
        const double difference = x[i + static_cast<std::size_t>(k) * rows] -
                                  y[j + static_cast<std::size_t>(k) * columns];
        distance += difference * difference;
      }
      sum += std::exp(-s * distance) * b[j];
    }
    out[i] = sum;
  }
}

// Rows i of one block, coordinate after coordinate; rows past the end repeat the last one, so that
// no special value enters the lanes that are thrown away.
template <class T, int kRows>
void PackRows(const double* x, double scale, int rows, int first, int dimension, T* to) {
  constexpr int kLanes = kRows * Simd<T>::kWidth;
  for (int k = 0; k < dimension; ++k) {
    const double* column = x + static_cast<std::size_t>(k) * rows;
    for (int lane = 0; lane < kLanes; ++lane) {
      to[k * kLanes + lane] = static_cast<T>(column[std::min(first + lane, rows - 1)] * scale);
    }
  }
}

// Sums of at most YARDSTICK_TILE terms stay in T; longer ones are in double.
template <class T, int kRows>
inline void Flush(const typename Simd<T>::Vector* sums, double* totals) {
  constexpr int kWidth = Simd<T>::kWidth;
  alignas(kCacheLine) T values[kRows * kWidth];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) Simd<T>::Store(values + r * kWidth, sums[r]);
  for (int lane = 0; lane < kRows * kWidth; ++lane) totals[lane] += values[lane];
}

template <class T, int kRows>
void SumBlockD3(const T* x, const T* packed, int columns, double* totals) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int kStride = 3 + S::kCoefficients;
  const typename S::Exponential exponential;
  Vector coordinate[3][kRows];
#pragma GCC unroll 3
  for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) coordinate[k][r] = S::Load(x + (k * kRows + r) * S::kWidth);
  }
  for (int tile = 0; tile < columns; tile += YARDSTICK_TILE) {
    const T* column = packed + static_cast<std::size_t>(tile) * kStride;
    const int count = std::min(YARDSTICK_TILE, columns - tile);
    const T* const end = column + static_cast<std::size_t>(count) * kStride;
    Vector sums[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r] = S::Zero();
    for (; column != end; column += kStride) {
      Vector coefficients[S::kCoefficients];
#pragma GCC unroll 16
      for (int k = 0; k < S::kCoefficients; ++k) coefficients[k] = S::Broadcast(column[3 + k]);
      Vector t[kRows], difference[kRows];
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          difference[r] = S::Subtract(coordinate[k][r], S::Broadcast(column[k]));
        }
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          const Vector d = difference[r];
          // The last two products subtract: t = -|d|^2 without a negation.
          t[r] = k == 0   ? S::Multiply(d, d)
                 : k == 1 ? S::NegativeMultiplySubtract(d, d, t[r])
                          : S::NegativeMultiplyAdd(d, d, t[r]);
        }
      }
      exponential.template Accumulate<kRows>(t, coefficients, sums);
    }
    Flush<T, kRows>(sums, totals);
  }
}

template <class T, int kRows>
void SumD3(const double* x, const double* y, const double* b, double s, double* out, int rows,
           int columns, int threads) {
  using S = Simd<T>;
  constexpr int kLanes = kRows * S::kWidth;
  constexpr int kStride = 3 + S::kCoefficients;
  if (!(s >= 0)) return SumPlainly(x, y, b, s, out, rows, columns, 3);
  const double scale = std::sqrt(s * kLog2OfE);
  AlignedArray<T> packed(static_cast<std::size_t>(columns) * kStride);
  for (int j = 0; j < columns; ++j) {
    T* to = packed.data() + static_cast<std::size_t>(j) * kStride;
    for (int k = 0; k < 3; ++k) {
      to[k] = static_cast<T>(y[j + static_cast<std::size_t>(k) * columns] * scale);
    }
    PackCoefficients(b[j], to + 3);
  }
  std::atomic<int> next{0};
  RunThreads(threads, [&](int) {
    alignas(kCacheLine) T block[3 * kLanes];
    alignas(kCacheLine) double totals[kLanes];
    for (;;) {
      const long first = static_cast<long>(next.fetch_add(1)) * kLanes;
      if (first >= rows) return;
      PackRows<T, kRows>(x, scale, rows, static_cast<int>(first), 3, block);
      std::fill(totals, totals + kLanes, 0.0);
      SumBlockD3<T, kRows>(block, packed.data(), columns, totals);
      std::copy(totals, totals + std::min<long>(kLanes, rows - first), out + first);
    }
  });
}

// One panel of kColumns columns against one block of rows: the inner loop is that of a matrix
// product, a difference and a multiplication-addition per element.
template <class T, int kRows, int kColumns>
inline void SumPanel(const T* x, const T* panel, int dimension,
                     const typename Simd<T>::Exponential& exponential,
                     typename Simd<T>::Vector* sums) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int kLanes = kRows * S::kWidth;
  Vector distance[kColumns][kRows];
#pragma GCC unroll 16
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) distance[c][r] = S::Zero();
  }
  for (int k = 0; k < dimension; ++k) {
    Vector coordinate[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) coordinate[r] = S::Load(x + k * kLanes + r * S::kWidth);
#pragma GCC unroll 16
    for (int c = 0; c < kColumns; ++c) {
      const Vector column = S::Broadcast(panel[k * kColumns + c]);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Vector difference = S::Subtract(coordinate[r], column);
        distance[c][r] = S::NegativeMultiplyAdd(difference, difference, distance[c][r]);
      }
    }
  }
  const T* from = panel + static_cast<std::size_t>(dimension) * kColumns;
#pragma GCC unroll 16
  for (int c = 0; c < kColumns; ++c) {
    Vector coefficients[S::kCoefficients];
#pragma GCC unroll 16
    for (int k = 0; k < S::kCoefficients; ++k) {
      coefficients[k] = S::Broadcast(from[c * S::kCoefficients + k]);
    }
    exponential.template Accumulate<kRows>(distance[c], coefficients, sums);
  }
}

template <class T, int kRows, int kColumns>
void SumWide(const double* x, const double* y, const double* b, double s, double* out, int rows,
             int columns, int dimension, int threads) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int kLanes = kRows * S::kWidth;
  constexpr int kPanelsPerFlush = YARDSTICK_TILE / kColumns;
  if (!(s >= 0)) return SumPlainly(x, y, b, s, out, rows, columns, dimension);
  const double scale = std::sqrt(s * kLog2OfE);
  const int panels = (columns + kColumns - 1) / kColumns;
  const std::size_t panel_size =
      static_cast<std::size_t>(kColumns) * (dimension + S::kCoefficients);
  AlignedArray<T> packed(panels * panel_size);
  for (int panel = 0; panel < panels; ++panel) {
    T* to = packed.data() + panel * panel_size;
    for (int c = 0; c < kColumns; ++c) {
      // Columns past the end repeat the last one with b = 0.
      const int given = panel * kColumns + c;
      const int j = std::min(given, columns - 1);
      for (int k = 0; k < dimension; ++k) {
        to[k * kColumns + c] = static_cast<T>(y[j + static_cast<std::size_t>(k) * columns] * scale);
      }
      PackCoefficients(given < columns ? b[j] : 0.0,
                       to + dimension * kColumns + c * S::kCoefficients);
    }
  }
  std::atomic<int> next{0};
  RunThreads(threads, [&](int) {
    AlignedArray<T> block(static_cast<std::size_t>(dimension) * kLanes);
    alignas(kCacheLine) double totals[kLanes];
    const typename S::Exponential exponential;
    for (;;) {
      const long first = static_cast<long>(next.fetch_add(1)) * kLanes;
      if (first >= rows) return;
      PackRows<T, kRows>(x, scale, rows, static_cast<int>(first), dimension, block.data());
      std::fill(totals, totals + kLanes, 0.0);
      for (int tile = 0; tile < panels; tile += kPanelsPerFlush) {
        Vector sums[kRows];
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) sums[r] = S::Zero();
        const int end = std::min(panels, tile + kPanelsPerFlush);
        for (int panel = tile; panel < end; ++panel) {
          SumPanel<T, kRows, kColumns>(block.data(), packed.data() + panel * panel_size, dimension,
                                       exponential, sums);
        }
        Flush<T, kRows>(sums, totals);
      }
      std::copy(totals, totals + std::min<long>(kLanes, rows - first), out + first);
    }
  });
}

// Vector instructions per second that the machine gives to independent multiplication-addition
// chains: the measured two ports times the clock, over all threads.
template <class T>
double MeasurePeak(int threads, double seconds) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  // Latency 4 times 2 ports is 8 chains; half as many again ride out other latencies.
  constexpr int kChains = 12;
  constexpr int kSteps = 2000;
  std::vector<double> rates(threads);
  RunThreads(threads, [&](int thread) {
    const Vector factor = S::Broadcast(T(0.999)), term = S::Broadcast(T(0.001));
    Vector chain[kChains];
#pragma GCC unroll 16
    for (int k = 0; k < kChains; ++k) chain[k] = S::Broadcast(T(k));
    const auto begin = std::chrono::steady_clock::now();
    double elapsed = 0, count = 0;
    while (elapsed < seconds) {
      for (int repeat = 0; repeat < 50; ++repeat) {
#pragma GCC unroll 4
        for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 16
          for (int k = 0; k < kChains; ++k) chain[k] = S::MultiplyAdd(chain[k], factor, term);
        }
      }
      count += 50.0 * kSteps * kChains;
      elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    T values[S::kWidth];
    Vector sum = chain[0];
#pragma GCC unroll 16
    for (int k = 1; k < kChains; ++k) sum = S::MultiplyAdd(chain[k], factor, sum);
    S::Store(values, sum);
    volatile T keep = values[0];
    (void)keep;
    rates[thread] = count / elapsed;
  });
  double total = 0;
  for (double rate : rates) total += rate;
  return total;
}

template <class T>
void Describe(double dimension, double* instructions, int* lanes) {
  *lanes = Simd<T>::kWidth;
  const double exponential = Simd<T>::kExponentialInstructions;
  *instructions = exponential == 0 ? 0 : 2 * dimension + exponential;
}

}  // namespace
}  // namespace yardstick

extern "C" {

void gaussian_sum_d3_float32(const double* x, const double* y, const double* b, const double* s,
                             double* out, const int* rows, const int* columns, const int* threads) {
  yardstick::SumD3<float, YARDSTICK_ROWS_D3>(x, y, b, *s, out, *rows, *columns, *threads);
}

void gaussian_sum_d3_float64(const double* x, const double* y, const double* b, const double* s,
                             double* out, const int* rows, const int* columns, const int* threads) {
  yardstick::SumD3<double, YARDSTICK_ROWS_D3>(x, y, b, *s, out, *rows, *columns, *threads);
}

void gaussian_sum_d100_float32(const double* x, const double* y, const double* b, const double* s,
                               double* out, const int* rows, const int* columns,
                               const int* threads) {
  yardstick::SumWide<float, YARDSTICK_ROWS_D100, YARDSTICK_COLUMNS_D100>(x, y, b, *s, out, *rows,
                                                                         *columns, 100, *threads);
}

// Vector multiplication-additions per second, in precision 32 or 64.
void yardstick_peak(const int* precision, const int* threads, const double* seconds,
                    double* instructions_per_second) {
  *instructions_per_second = *precision == 32 ? yardstick::MeasurePeak<float>(*threads, *seconds)
                                              : yardstick::MeasurePeak<double>(*threads, *seconds);
}

// Counted instructions on the two multiplying ports per vector of pairs (zero: no limit claimed).
void yardstick_describe(const int* precision, const int* dimension, double* instructions,
                        int* lanes) {
  if (*precision == 32) {
    yardstick::Describe<float>(*dimension, instructions, lanes);
  } else {
    yardstick::Describe<double>(*dimension, instructions, lanes);
  }
}

void yardstick_instruction_set(char** name) {
  // R hands over a string it owns; its length is the caller's promise (16 characters).
  std::strncpy(*name, YARDSTICK_INSTRUCTION_SET, 15);
}

}  // extern "C"
