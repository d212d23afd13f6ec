// Runs the yardsticks without R: checks each against a plain loop in double, then times it.
//   g++ -O3 -march=native -pthread gaussian_yardstick.cc yardstick_main.cc -o yardstick
//   ./yardstick [threads] [repetitions]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

using Kernel = void(const double*, const double*, const double*, const double*, double*, const int*,
                    const int*, const int*);

extern "C" {
Kernel gaussian_sum_d3_float32, gaussian_sum_d3_float64, gaussian_sum_d100_float32;
void yardstick_peak(const int*, const int*, const double*, double*);
void yardstick_describe(const int*, const int*, double*, int*);
void yardstick_instruction_set(char**);
}

namespace {

struct Task {
  const char* name;
  Kernel* kernel;
  int dimension, precision, size;
  double tolerance;
};

constexpr Task kTasks[] = {
    {"gaussian D=3 float32", gaussian_sum_d3_float32, 3, 32, 100000, 1e-6},
    {"gaussian D=3 float64", gaussian_sum_d3_float64, 3, 64, 60000, 2e-15},
    {"gaussian D=100 float32", gaussian_sum_d100_float32, 100, 32, 25000, 3e-6},
};

struct Data {
  std::vector<double> x, y, b, out;
};

Data Draw(int rows, int columns, int dimension, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::normal_distribution<double> normal;
  Data data{std::vector<double>(static_cast<std::size_t>(rows) * dimension),
            std::vector<double>(static_cast<std::size_t>(columns) * dimension),
            std::vector<double>(columns), std::vector<double>(rows)};
  for (double& value : data.x) value = uniform(generator);
  for (double& value : data.y) value = uniform(generator);
  for (double& value : data.b) value = normal(generator);
  return data;
}

// Largest |error| / sum_j |term|: the sum of signed terms itself may be near zero.
double Error(const Task& task, int rows, int columns, double s, int threads) {
  Data data = Draw(rows, columns, task.dimension, rows * 1000 + columns);
  task.kernel(data.x.data(), data.y.data(), data.b.data(), &s, data.out.data(), &rows, &columns,
              &threads);
  double worst = 0;
  for (int i = 0; i < rows; ++i) {
    double sum = 0, scale = 0;
    for (int j = 0; j < columns; ++j) {
      double distance = 0;
      for (int k = 0; k < task.dimension; ++k) {
        const double difference = data.x[i + static_cast<std::size_t>(k) * rows] -
                                  data.y[j + static_cast<std::size_t>(k) * columns];
        distance += difference * difference;
      }
      const double term = std::exp(-s * distance) * data.b[j];
      sum += term;
      scale += std::fabs(term);
    }
    // Where every term underflows in the kernel's type, zero is right.
    if (scale < 1e-30) scale = 1e-30;
    const double error = std::fabs(data.out[i] - sum) / scale;
    // Written so that a NaN counts as the worst.
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

bool Check(const Task& task) {
  bool fine = true;
  double worst = 0;
  for (int rows : {1, 7, 16, 63, 64, 65, 200}) {
    for (int columns : {1, 2, 5, 511, 512, 513, 1100}) {
      for (double s : {0.0, 0.01, 1.0, 30.0, -0.1}) {
        const double error = Error(task, rows, columns, s, 1 + rows % 3);
        // Rounding of coordinates enters the exponent, hence a tolerance that grows with s.
        const double tolerance = task.tolerance * (1 + std::fabs(s) * task.dimension / 3);
        worst = std::max(worst, error / tolerance);
        if (!(error <= tolerance)) {
          std::printf("%s: rows %d columns %d s %g: error %g\n", task.name, rows, columns, s,
                      error);
          fine = false;
        }
      }
    }
  }
  // The exponential alone, over its whole range: one row, one column, t from 0 to underflow.
  double ulp = 0;
  const int one = 1;
  const double epsilon = task.precision == 32 ? 0x1p-23 : 0x1p-52;
  const double lowest = task.precision == 32 ? 125 : 1020;
  std::vector<double> x(task.dimension), y(task.dimension);
  for (int k = 0; k < 20000; ++k) {
    // A perfect square of few bits is exact in either precision.
    x[0] = std::floor(std::sqrt(lowest) * 64 * k / 20000) / 64;
    // Makes the folded scale exactly one, up to the rounding of 1 / log2(e).
    const double s = 1 / 1.4426950408889634, b = 1;
    double out;
    task.kernel(x.data(), y.data(), &b, &s, &out, &one, &one, &one);
    const double exact = std::exp2(-x[0] * x[0]);
    ulp = std::max(ulp, std::fabs(out / exact - 1) / epsilon);
  }
  std::printf("%-24s %s, worst error / tolerance %.2f, exponential within %.2f epsilon\n",
              task.name, fine ? "correct" : "WRONG", worst, ulp);
  return fine;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argument_count, char** arguments) {
  const int threads = argument_count > 1 ? std::atoi(arguments[1]) : 2;
  const int repetitions = argument_count > 2 ? std::atoi(arguments[2]) : 5;
  char name[16] = "", *name_pointer = name;
  yardstick_instruction_set(&name_pointer);
  std::printf("%s, %d threads\n", name, threads);
  bool fine = true;
  for (const Task& task : kTasks) fine = Check(task) && fine;
  std::printf("%-24s %12s %12s %12s %10s\n", "task", "Gpairs/s", "best", "limit", "fraction");
  for (const Task& task : kTasks) {
    Data data = Draw(task.size, task.size, task.dimension, 1);
    const double s = 1.0, seconds = 0.2;
    double instructions;
    int lanes;
    yardstick_describe(&task.precision, &task.dimension, &instructions, &lanes);
    std::vector<double> rates, fractions, limits;
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      double peak;
      yardstick_peak(&task.precision, &threads, &seconds, &peak);
      const auto begin = std::chrono::steady_clock::now();
      task.kernel(data.x.data(), data.y.data(), data.b.data(), &s, data.out.data(), &task.size,
                  &task.size, &threads);
      const double elapsed =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      rates.push_back(1e-9 * task.size * task.size / elapsed);
      // The generic vectors count nothing and claim no limit.
      limits.push_back(instructions > 0 ? 1e-9 * peak * lanes / instructions : NAN);
      fractions.push_back(rates.back() / limits.back());
    }
    std::printf("%-24s %12.3f %12.3f %12.3f %10.3f\n", task.name, Median(rates),
                *std::max_element(rates.begin(), rates.end()), Median(limits), Median(fractions));
  }
  return fine ? 0 : 1;
}
