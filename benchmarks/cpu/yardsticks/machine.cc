// What the machine gives: its peak, its memory, and the functions that R calls.

#include <cstdio>
#include <cstring>
#include <ctime>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "tasks.h"

namespace yardstick {
namespace {

double Seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Other jobs of the machine disturb it less.
double ThreadSeconds() { return Seconds(CLOCK_THREAD_CPUTIME_ID); }

template <class T>
double Peak(int threads, double seconds) {
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
    const double begin = ThreadSeconds();
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
      elapsed = ThreadSeconds() - begin;
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

}  // namespace

double MeasurePeak(int precision, int threads, double seconds) {
  return precision == 32 ? Peak<float>(threads, seconds) : Peak<double>(threads, seconds);
}

double MeasureTraffic(double read, double written, int threads) {
  using S = Simd<double>;
  AlignedArray<double> from(static_cast<std::size_t>(read) + 1);
  AlignedArray<double> to(static_cast<std::size_t>(written) + 1);
  // Touched before they are timed.
  std::fill(from.data(), from.data() + static_cast<std::size_t>(read), 1.0);
  std::fill(to.data(), to.data() + static_cast<std::size_t>(written), 1.0);
  std::vector<double> seconds(threads);
  RunThreads(threads, [&](int thread) {
    const double begin = ThreadSeconds();
    const auto part = [&](double size, int number) {
      return static_cast<std::size_t>(size / threads * number) / S::kWidth * S::kWidth;
    };
    constexpr int kStep = 4 * S::kWidth;
    S::Vector sums[4] = {S::Zero(), S::Zero(), S::Zero(), S::Zero()};
    for (std::size_t k = part(read, thread); k + kStep <= part(read, thread + 1); k += kStep) {
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        sums[r] = Operations<double>::Add(sums[r], S::Load(from.data() + k + r * S::kWidth));
      }
    }
    for (std::size_t k = part(written, thread); k + S::kWidth <= part(written, thread + 1);
         k += S::kWidth) {
      S::Store(to.data() + k, sums[0]);
    }
    double values[4 * S::kWidth];
    for (int r = 0; r < 4; ++r) S::Store(values + r * S::kWidth, sums[r]);
    volatile double keep = values[0] + values[S::kWidth] + values[2 * S::kWidth];
    (void)keep;
    seconds[thread] = ThreadSeconds() - begin;
  });
  return *std::max_element(seconds.begin(), seconds.end());
}

double LimitOf(const Task& task, int precision, int threads, double rows, double columns) {
  if (task.row_count != 0 && task.column_count != 0) {
    const double read = rows * task.row_dimension + columns * task.column_dimension;
    return rows * columns / MeasureTraffic(read, rows * task.result_dimension, threads);
  }
  const double slots = SlotsOf(task, precision);
  // The generic vectors count nothing and claim no limit.
  const int lanes = precision == 32 ? Simd<float>::kWidth : Simd<double>::kWidth;
  return Simd<float>::kExponentialInstructions > 0
             ? MeasurePeak(precision, threads, 0.05) * lanes / slots
             : NAN;
}

}  // namespace yardstick

extern "C" {

// Seconds that all threads of the process have had.
void yardstick_thread_seconds(double* seconds) {
  *seconds = yardstick::Seconds(CLOCK_PROCESS_CPUTIME_ID);
}

// Gives memory that is free back to the system, so that peaks can be measured.
void yardstick_trim() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// Runs task number `task`, from zero, and times it without what R does around a call: by the clock
// and by the time of its threads.
void yardstick_run(const int* task, const int* precision, const double* rows, const double* columns,
                   const double* parameters, double* out, const int* row_count,
                   const int* column_count, const int* threads, double* seconds) {
  const double begin = yardstick::Seconds(CLOCK_MONOTONIC);
  const double thread_begin = yardstick::Seconds(CLOCK_PROCESS_CPUTIME_ID);
  yardstick::KernelOf(yardstick::kTasks[*task], *precision)(
      {rows, columns, parameters, out, *row_count, *column_count, *threads});
  seconds[0] = yardstick::Seconds(CLOCK_MONOTONIC) - begin;
  seconds[1] = yardstick::Seconds(CLOCK_PROCESS_CPUTIME_ID) - thread_begin;
}

void yardstick_limit(const int* task, const int* precision, const int* row_count,
                     const int* column_count, const int* threads, double* pairs_per_second) {
  *pairs_per_second =
      yardstick::LimitOf(yardstick::kTasks[*task], *precision, *threads, *row_count, *column_count);
}

// The table of tasks as a file of comma-separated values.
void yardstick_tasks(char** path) {
  static const char* const kReductions[] = {"Sum", "LogSumExp", "SumSoftMaxWeight", "ArgKMin",
                                            "ArgMin"};
  std::FILE* file = std::fopen(*path, "w");
  if (file == nullptr) return;
  std::fprintf(file,
               "name,reduction,formula,extra,arguments,result_dimension,parameter1,parameter2,"
               "parameter3,aspect,rows,columns,target,of_limit,slots32,slots64\n");
  for (int k = 0; k < yardstick::kTaskCount; ++k) {
    const yardstick::Task& task = yardstick::kTasks[k];
    std::fprintf(file, "\"%s\",%s,\"%s\",\"%s\",\"%s\",%d,%.17g,%.17g,%.17g,%g,%d,%d,%g,%d,%g,%g\n",
                 task.name, kReductions[static_cast<int>(task.reduction)], task.formula, task.extra,
                 task.arguments, task.result_dimension, task.parameters[0], task.parameters[1],
                 task.parameters[2], task.aspect, task.row_count, task.column_count, task.target,
                 task.of_limit, task.yardstick->slots32, task.yardstick->slots64);
  }
  std::fclose(file);
}

void yardstick_instruction_set(char** name) {
  // R hands over a string it owns; its length is the caller's promise (16 characters).
  std::strncpy(*name, YARDSTICK_INSTRUCTION_SET, 15);
}

}  // extern "C"
