// The table of tasks, and what the machine gives.

#ifndef KERNELOPS_BENCHMARKS_CPU_TASKS_H_
#define KERNELOPS_BENCHMARKS_CPU_TASKS_H_

#include "kernels.h"

namespace yardstick {

enum class Reduction { kSum, kLogSumExp, kSoftMax, kArgKMin, kArgMin };

struct Task {
  const char* name;
  Reduction reduction;
  // What the package is given: the formula, what else the reduction takes, and the variables, in
  // the order in which their components stand in the matrices of a Problem.
  const char* formula;
  const char* extra;
  const char* arguments;
  int row_dimension, column_dimension, result_dimension;
  double parameters[3];
  int parameter_count;
  // Columns for each row where sizes are free, otherwise fixed sizes of one side or both.
  double aspect;
  int row_count, column_count;
  // Of the package to the yardstick, or to the limit where `of_limit`.
  double target;
  bool of_limit;
  const Yardstick* yardstick;
  // The formula for one pair in double.
  void (*pair)(const double* row, const double* column, const double* parameters, double* value);
};

extern const Task kTasks[];
extern const int kTaskCount;

inline Kernel KernelOf(const Task& task, int precision) {
  return precision == 32 ? task.yardstick->float32 : task.yardstick->float64;
}
inline double SlotsOf(const Task& task, int precision) {
  return precision == 32 ? task.yardstick->slots32 : task.yardstick->slots64;
}

// Vector multiplication-additions a second that the machine gives to independent chains: the
// measured two ports times the clock, over all threads.
double MeasurePeak(int precision, int threads, double seconds);

// Seconds to read and write so many doubles and do nothing else.
double MeasureTraffic(double read, double written, int threads);

// What a task can reach: pairs a second by its slots, or where it has none, by memory traffic.
double LimitOf(const Task& task, int precision, int threads, double rows, double columns);

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_TASKS_H_
