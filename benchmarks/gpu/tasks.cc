#include "tasks.h"

#include <algorithm>
#include <limits>

namespace kernelops::benchmark {
namespace {

constexpr std::int64_t kThousand = 1000;
constexpr std::int64_t kMillion = 1000000;

// Costs of a pair in the best known kernels: instructions for sm_90 as counted in the project's
// notes on limits (section 2.2), or made of the same parts. A squared distance of D components
// takes 2 D instructions as differences and D as a scalar product of prepared coordinates; loads
// and the loop take D / 16 + 0.1; an exponential and its sum take 2, the maximum of a
// log-sum-exp 2.4 more; a comparison and the least of a chunk take 1.5. 3xTF32 takes 3 products, D
// rounded up to 8.
PairCost issue(double slots, double special) { return {slots, special, 0, 0}; }
PairCost double_units(double count) { return {0, 0, count, 0}; }
PairCost products(double count, double slots, double special) { return {slots, special, 0, count}; }

constexpr double kLoads = 1.0 / 16;
constexpr double kLoop = 0.1;
constexpr double kLogSumExp = 4.4;
constexpr double kComparison = 1.5;

// What tensor cores leave to the other units for a distance.
constexpr double kDistance = 2;

Task row(const char* name, Kind kind, int dimension, std::int64_t rows, std::int64_t columns,
         double scale, Target exact, Target tensor = {}) {
  return {name, kind, dimension, rows, columns, false, scale, exact, tensor};
}

Task in_float64(Task task) {
  task.float64 = true;
  return task;
}

}  // namespace

const std::vector<Task>& all_tasks() {
  // name, kind, D, rows, columns, scale, then {cost, goal, over PyKeOps} exact and with tensor
  // cores
  static const std::vector<Task> tasks = {
      row("Gaussian D=3", Kind::gaussian, 3, kMillion, kMillion, 1, {issue(8.34, 1), 3.0e12, 1.5}),
      row("gradient in x, D=3", Kind::gaussian_gradient, 3, kMillion, kMillion, 1,
          {issue(11.34, 1), 2.2e12, 1.5}),
      row("log-sum-exp D=3", Kind::gaussian_logsumexp, 3, kMillion, kMillion, 1,
          {issue(10.7, 1.125), 2.3e12, 2}),
      row("Gaussian D=10", Kind::gaussian, 10, kMillion, kMillion, 1, {issue(22.7, 1), 1.1e12, 1.5},
          {products(48, 2 + kDistance, 1), 1.1e12, 1.5}),
      row("Gaussian D=100", Kind::gaussian, 100, kMillion, kMillion, 0.25,
          {issue(208.3, 1), 1.2e11, 2}, {products(312, 2 + kDistance, 1), 4e11, 5}),
      row("log-sum-exp D=64", Kind::product_logsumexp, 64, 50 * kThousand, 50 * kThousand, 0.25,
          {issue(64 * (1 + kLoads) + kLoop + kLogSumExp, 1.125), 4e11, 5},
          {products(192, kLogSumExp, 1.125), 4e11, 5}),
      row("softmax D=64", Kind::product_softmax, 64, 50 * kThousand, 50 * kThousand, 0.25,
          {issue(64 * (1 + kLoads) + kLoop + kLogSumExp + 1, 1.125), 4e11, 5},
          {products(192, kLogSumExp + 1, 1.125), 4e11, 5}),
      row("ArgKMin K=10 D=100", Kind::k_nearest, 100, 10 * kThousand, kMillion, 0.25,
          {issue(100 * (1 + kLoads) + kLoop + kComparison, 0), 1e10 / 45e-3, 3},
          {products(312, kDistance + kComparison, 0), 1e10 / 20e-3, 3}),
      row("k-means step K=1000 D=10", Kind::nearest, 10, kMillion, kThousand, 1,
          {issue(10 * (2 + kLoads) + kLoop + kComparison, 0), 1e12, 1.3},
          {products(48, kDistance + kComparison, 0), 1e12, 1.3}),
      in_float64(row("Gaussian D=3, float64", Kind::gaussian, 3, kMillion, kMillion, 1,
                     {double_units(26), 4.5e11, 1})),
      row("Gaussian D=3, M=100", Kind::gaussian, 3, 100, 10 * kMillion, 1, {issue(8.34, 1), 0, 10}),
  };
  return tasks;
}

bool has_weights(Kind kind) {
  return kind == Kind::gaussian || kind == Kind::gaussian_gradient || kind == Kind::product_softmax;
}

bool has_direction(Kind kind) { return kind == Kind::gaussian_gradient; }

int result_dimension(const Task& task) {
  if (task.kind == Kind::gaussian_gradient) return task.dimension;
  return task.kind == Kind::k_nearest ? kNearest : 1;
}

const Words& words_of(Kind kind) {
  static const Words words[] = {
      {"gaussian", "Sum", "Exp(-SqDist(x,y))*b", ""},
      {"gaussian_gradient", "Sum", "Grad(Exp(-SqDist(x,y))*b,x,e)", ""},
      {"gaussian_logsumexp", "LogSumExp", "-SqDist(x,y)", ""},
      {"product_logsumexp", "LogSumExp", "(x|y)", ""},
      {"product_softmax", "SumSoftMaxWeight", "(x|y)", "b"},
      {"nearest", "ArgMin", "SqDist(x,y)", ""},
      {"k_nearest", "ArgKMin", "SqDist(x,y)", ""},
  };
  return words[static_cast<int>(kind)];
}

std::vector<std::string> declarations(const Task& task) {
  const std::string dimension = "(" + std::to_string(task.dimension) + ")";
  std::vector<std::string> out = {"x=Vi" + dimension, "y=Vj" + dimension};
  if (has_weights(task.kind)) out.push_back("b=Vj(1)");
  if (has_direction(task.kind)) out.push_back("e=Vi(1)");
  return out;
}

OperatorText text_of(const Task& task) {
  const Words& words = words_of(task.kind);
  std::string formula = std::string(words.reduction) + "_Reduction(" + words.formula;
  if (task.kind == Kind::k_nearest) formula += "," + std::to_string(kNearest);
  if (*words.second != '\0') formula += std::string(",") + words.second;
  OperatorText out;
  out.formulas = {formula + ",0)"};
  out.names = {""};
  out.arguments = declarations(task);
  return out;
}

double limit_of(const Task& task, const PairCost& cost, const Hardware& hardware,
                std::int64_t rows) {
  const double cycles = std::max(
      {cost.slots / 128, cost.special / 16, cost.doubles / 64, cost.tensor_products / 1024});
  if (cycles == 0) return 0;
  const double by_units = hardware.processors * hardware.clock_hertz / cycles;
  const double slots_of_row = task.dimension + (has_direction(task.kind) ? 1 : 0);
  const double slots_of_column = task.dimension + (has_weights(task.kind) ? 1 : 0);
  const auto row_count = static_cast<double>(rows);
  const auto column_count = static_cast<double>(task.columns);
  const double bytes =
      (task.float64 ? 8 : 4) * (row_count * slots_of_row + column_count * slots_of_column);
  const double by_memory = hardware.bytes_per_second > 0
                               ? row_count * column_count * hardware.bytes_per_second / bytes
                               : std::numeric_limits<double>::infinity();
  return std::min(by_units, by_memory);
}

}  // namespace kernelops::benchmark
