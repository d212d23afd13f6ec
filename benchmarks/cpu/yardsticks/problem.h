// What a yardstick is given, and what all of them use: aligned memory, threads, blocks of rows.

#ifndef KERNELOPS_BENCHMARKS_CPU_PROBLEM_H_
#define KERNELOPS_BENCHMARKS_CPU_PROBLEM_H_

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "operations.h"

namespace yardstick {

// Matrices are column-major doubles, as R holds them. All variables of the rows stand side by side
// in one matrix, and so do those of the columns.
struct Problem {
  const double* rows;
  const double* columns;
  const double* parameters;
  double* out;
  int row_count, column_count, threads;

  double row(int i, int k) const { return rows[i + static_cast<std::size_t>(k) * row_count]; }
  double column(int j, int k) const {
    return columns[j + static_cast<std::size_t>(k) * column_count];
  }
  double& result(int i, int k) const { return out[i + static_cast<std::size_t>(k) * row_count]; }
};

using Kernel = void (*)(const Problem&);

constexpr double kLog2OfE = 1.4426950408889634;
constexpr double kLnOf2 = 0.6931471805599453;
constexpr std::size_t kCacheLine = 64;
// Sums of at most so many terms stay in T; longer ones are in double.
constexpr int kTile = 512;

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

// Every thread makes a worker and gives it one block of `lanes` rows after another.
template <class MakeWorker>
void ForBlocks(const Problem& problem, int lanes, const MakeWorker& make_worker) {
  std::atomic<long> next{0};
  RunThreads(problem.threads, [&](int) {
    auto worker = make_worker();
    for (;;) {
      const long first = next.fetch_add(1) * lanes;
      if (first >= problem.row_count) return;
      worker(static_cast<int>(first), std::min<int>(lanes, problem.row_count - first));
    }
  });
}

// pack(j) for every j below `count`, on all threads.
template <class Pack>
void ForEach(int count, int threads, const Pack& pack) {
  RunThreads(threads, [&](int thread) {
    const int begin = static_cast<int>(static_cast<long>(count) * thread / threads);
    const int end = static_cast<int>(static_cast<long>(count) * (thread + 1) / threads);
    for (int j = begin; j < end; ++j) pack(j);
  });
}

// Component k of a block of rows; rows past the end repeat the last one, so that no special value
// enters the lanes that are thrown away.
template <class T, int kLanes>
void PackRows(const Problem& problem, int first, int k, double scale, T* to) {
  const double* from = problem.rows + static_cast<std::size_t>(k) * problem.row_count;
  for (int lane = 0; lane < kLanes; ++lane) {
    to[lane] = static_cast<T>(from[std::min(first + lane, problem.row_count - 1)] * scale);
  }
}

template <class T>
void PackCoefficients(double b, T* to) {
  for (int k = 0; k < Simd<T>::kCoefficients; ++k) {
    to[k] = static_cast<T>(Simd<T>::kPolynomial[k] * b);
  }
}

template <class T>
void LoadCoefficients(const T* from, typename Simd<T>::Vector* coefficients) {
#pragma GCC unroll 16
  for (int k = 0; k < Simd<T>::kCoefficients; ++k) {
    coefficients[k] = Simd<T>::Broadcast(from[k]);
  }
}

template <class T, int kRows>
inline void Flush(const typename Simd<T>::Vector* sums, double* totals) {
  constexpr int kWidth = Simd<T>::kWidth;
  alignas(kCacheLine) T values[kRows * kWidth];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) Simd<T>::Store(values + r * kWidth, sums[r]);
  for (int lane = 0; lane < kRows * kWidth; ++lane) totals[lane] += values[lane];
}

// values = 2^t times the coefficients' factor.
template <class T, int kRows>
inline void Powers(const typename Simd<T>::Exponential& exponential,
                   const typename Simd<T>::Vector* t, const typename Simd<T>::Vector* coefficients,
                   typename Simd<T>::Vector* values) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) values[r] = Simd<T>::Zero();
  exponential.template Accumulate<kRows>(t, coefficients, values);
}

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_PROBLEM_H_
