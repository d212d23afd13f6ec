// Runs the yardsticks without R: checks each against a plain loop in double, then times it.
//   g++ -O3 -march=native -Wno-maybe-uninitialized -pthread benchmarks/cpu/yardsticks/*.cc -o
//   yardstick
//   ./yardstick [threads] [repetitions] [part of a task's name] [seconds]

#include <cstdio>
#include <ctime>
#include <random>
#include <string>

#include "tasks.h"

namespace yardstick {
namespace {

struct Data {
  std::vector<double> rows, columns, out;

  Data(const Task& task, int row_count, int column_count, unsigned seed)
      : rows(static_cast<std::size_t>(row_count) * task.row_dimension),
        columns(static_cast<std::size_t>(column_count) * task.column_dimension),
        out(static_cast<std::size_t>(row_count) * task.result_dimension) {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    for (double& value : rows) value = uniform(generator);
    for (double& value : columns) value = uniform(generator);
  }
};

// Largest error of a row, in sums relative to sum_j |term|, in indices the distance of what was
// chosen to what should have been, relative to the latter.
double RowError(const Task& task, const Problem& problem, const double* parameters, int i) {
  std::vector<double> row(task.row_dimension), column(task.column_dimension);
  for (int k = 0; k < task.row_dimension; ++k) row[k] = problem.row(i, k);
  const int size = task.reduction == Reduction::kSum ? task.result_dimension : 1;
  std::vector<double> values(static_cast<std::size_t>(problem.column_count) * size);
  for (int j = 0; j < problem.column_count; ++j) {
    for (int k = 0; k < task.column_dimension; ++k) column[k] = problem.column(j, k);
    task.pair(row.data(), column.data(), parameters, &values[static_cast<std::size_t>(j) * size]);
  }
  double worst = 0;
  const auto note = [&worst](double error) {
    // Written so that a NaN counts as the worst.
    if (!(error <= worst)) worst = error;
  };
  if (task.reduction == Reduction::kSum) {
    for (int k = 0; k < size; ++k) {
      // A few terms may be small differences of large numbers.
      double sum = 0, scale = problem.column_count < 10 ? 0.1 : 1e-30;
      for (int j = 0; j < problem.column_count; ++j) {
        sum += values[static_cast<std::size_t>(j) * size + k];
        scale += std::fabs(values[static_cast<std::size_t>(j) * size + k]);
      }
      note(std::fabs(problem.result(i, k) - sum) / scale);
    }
  } else if (task.reduction == Reduction::kArgKMin || task.reduction == Reduction::kArgMin) {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (int k = 0; k < task.result_dimension; ++k) {
      const double index = problem.result(i, k);
      if (k >= problem.column_count) {
        if (!std::isnan(index)) note(INFINITY);
      } else if (!(index >= 1 && index <= problem.column_count)) {
        note(INFINITY);
      } else {
        note(std::fabs(values[static_cast<std::size_t>(index) - 1] - sorted[k]) / sorted[k]);
      }
    }
  } else {
    const double largest = *std::max_element(values.begin(), values.end());
    double total = 0;
    std::vector<double> sums(task.result_dimension);
    for (int j = 0; j < problem.column_count; ++j) {
      const double weight = std::exp(values[j] - largest);
      total += weight;
      for (int k = 0; k < task.result_dimension; ++k) {
        sums[k] += weight * problem.column(j, task.column_dimension - task.result_dimension + k);
      }
    }
    if (task.reduction == Reduction::kLogSumExp) {
      note(std::fabs(problem.result(i, 0) - std::log(total) - largest) / (1 + std::fabs(largest)));
    } else {
      for (int k = 0; k < task.result_dimension; ++k) {
        note(std::fabs(problem.result(i, k) * total / sums[k] - 1));
      }
    }
  }
  return worst;
}

bool Check(const Task& task, int precision) {
  double worst = 0;
  for (int rows : {1, 7, 16, 63, 64, 65, 200}) {
    for (int columns : {1, 2, 5, 511, 512, 513, 1100}) {
      for (double strength : {0.0, 0.01, 1.0, 30.0}) {
        // One row or one column stays one.
        const int row_count = task.row_count == 1 ? 1 : rows;
        const int column_count = task.column_count == 1 ? 1 : columns;
        if (task.row_dimension > 200 && rows * columns > 20000) continue;
        if (task.parameter_count == 0 && strength != 1) continue;
        Data data(task, row_count, column_count, rows * 1000 + columns);
        // So that the first columns do not have the largest terms.
        for (int j = 0; j < std::min(column_count, 100); ++j) data.columns[j] += 1;
        double parameters[3];
        for (int k = 0; k < 3; ++k) parameters[k] = task.parameters[k] * strength;
        const Problem problem = {data.rows.data(), data.columns.data(), parameters,
                                 data.out.data(),  row_count,           column_count,
                                 1 + rows % 3};
        KernelOf(task, precision)(problem);
        // Rounding of coordinates enters the exponent, hence a tolerance that grows with it.
        const double epsilon = precision == 32 ? 0x1p-23 : 0x1p-52;
        const double tolerance = epsilon * (20 + 100 * strength + 0.1 * task.row_dimension);
        for (int i = 0; i < row_count; i += 1 + row_count / 20) {
          const double error = RowError(task, problem, parameters, i) / tolerance;
          if (!(error <= worst)) worst = error;
        }
      }
    }
  }
  if (!(worst <= 1)) {
    std::printf("%s float%d: WRONG, error / tolerance %.2g\n", task.name, precision, worst);
  }
  return worst <= 1;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

double Seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Sizes that keep `threads` busy for so many seconds at the limit.
void ChooseSizes(const Task& task, int precision, int threads, double seconds, int* rows,
                 int* columns) {
  *rows = task.row_count;
  *columns = task.column_count;
  if (*rows != 0) return;
  const double lanes = precision == 32 ? Simd<float>::kWidth : Simd<double>::kWidth;
  const double pairs = seconds * threads * 5e9 * lanes / SlotsOf(task, precision);
  if (*columns == 0) *columns = static_cast<int>(std::sqrt(pairs * task.aspect));
  *rows = static_cast<int>(pairs / *columns);
}

void Time(const Task& task, int precision, int threads, int repetitions, double seconds) {
  int rows, columns;
  ChooseSizes(task, precision, threads, seconds, &rows, &columns);
  Data data(task, rows, columns, 1);
  std::vector<double> rates, by_thread, limits, fractions;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    limits.push_back(1e-9 * LimitOf(task, precision, threads, rows, columns));
    const double begin = Seconds(CLOCK_MONOTONIC), thread_begin = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    KernelOf(task, precision)({data.rows.data(), data.columns.data(), task.parameters,
                               data.out.data(), rows, columns, threads});
    const double giga_pairs = 1e-9 * rows * columns;
    by_thread.push_back(giga_pairs / (Seconds(CLOCK_PROCESS_CPUTIME_ID) - thread_begin));
    rates.push_back(giga_pairs / (Seconds(CLOCK_MONOTONIC) - begin));
    fractions.push_back(by_thread.back() * threads / limits.back());
  }
  std::printf("%-26s float%d %9d %9d %6.1f %9.4f %9.4f %9.4f %9.4f %6.3f\n", task.name, precision,
              rows, columns, SlotsOf(task, precision), Median(rates), Largest(rates),
              Largest(by_thread), Median(limits), Median(fractions));
  std::fflush(stdout);
}

int Main(int count, char** words) {
  const int threads = count > 1 ? std::atoi(words[1]) : 2;
  const int repetitions = count > 2 ? std::atoi(words[2]) : 5;
  const std::string filter = count > 3 ? words[3] : "";
  const double seconds = count > 4 ? std::atof(words[4]) : 0.2;
  std::printf(
      "%s, %d threads; rows, columns, slots; Gpairs/s: median and best by the clock, best a "
      "second of a thread, limit; fraction of the limit\n",
      YARDSTICK_INSTRUCTION_SET, threads);
  bool fine = true;
  for (int k = 0; k < kTaskCount; ++k) {
    const Task& task = kTasks[k];
    if (std::string(task.name).find(filter) == std::string::npos) continue;
    for (int precision : {32, 64}) {
      fine = Check(task, precision) && fine;
      if (repetitions > 0) Time(task, precision, threads, repetitions, seconds);
    }
  }
  std::printf(fine ? "all are correct\n" : "some are WRONG\n");
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace yardstick

int main(int count, char** words) { return yardstick::Main(count, words); }
