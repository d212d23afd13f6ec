#include "reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace kernelops::benchmark {
namespace {

// The rows and columns of a task as rows of numbers side by side.
class Pairs {
 public:
  Pairs(const Task& task, const std::vector<Matrix>& data) : x_(data[0]), y_(data[1]) {
    if (has_weights(task.kind)) weights_ = data[2].values.data();
    if (has_direction(task.kind)) directions_ = data[3].values.data();
  }

  std::int64_t columns() const { return y_.rows; }
  double weight(std::int64_t j) const { return weights_[j]; }
  double direction(std::int64_t i) const { return directions_[i]; }
  double difference(std::int64_t i, std::int64_t j, int k) const {
    return x_.at(i, k) - y_.at(j, k);
  }

  // combine(k-th coordinates) summed over k, for columns [first, first + count): column by
  // component, as the data lie.
  template <class Combine>
  void sums(std::int64_t i, std::int64_t first, std::int64_t count, double* out,
            const Combine& combine) const {
    std::fill(out, out + count, 0.0);
    for (std::int64_t k = 0; k < y_.columns; ++k) {
      const double x = x_.at(i, k);
      const double* y = y_.values.data() + k * y_.rows + first;
      for (std::int64_t n = 0; n < count; ++n) out[n] += combine(x, y[n]);
    }
  }

 private:
  const Matrix& x_;
  const Matrix& y_;
  const double* weights_ = nullptr;
  const double* directions_ = nullptr;
};

double squared(double x, double y) { return (x - y) * (x - y); }
double product(double x, double y) { return x * y; }

std::vector<double> row_of(const Task& task, const Pairs& pairs, std::int64_t i) {
  constexpr std::int64_t kBlock = 1024;
  const bool is_product =
      task.kind == Kind::product_logsumexp || task.kind == Kind::product_softmax;
  std::vector<double> out(static_cast<std::size_t>(result_dimension(task)));
  std::vector<double> least;
  double total = 0;
  double weighted = 0;
  double values[kBlock];
  for (std::int64_t first = 0; first < pairs.columns(); first += kBlock) {
    const std::int64_t count = std::min(kBlock, pairs.columns() - first);
    if (is_product) {
      pairs.sums(i, first, count, values, product);
    } else {
      pairs.sums(i, first, count, values, squared);
    }
    for (std::int64_t n = 0; n < count; ++n) {
      const std::int64_t j = first + n;
      switch (task.kind) {
        case Kind::gaussian:
          out[0] += std::exp(-values[n]) * pairs.weight(j);
          break;
        case Kind::gaussian_gradient: {
          const double factor = -2 * std::exp(-values[n]) * pairs.weight(j) * pairs.direction(i);
          for (int k = 0; k < task.dimension; ++k) {
            out[static_cast<std::size_t>(k)] += factor * pairs.difference(i, j, k);
          }
          break;
        }
        // Exponents are small by construction, so no maximum is taken out.
        case Kind::gaussian_logsumexp:
          total += std::exp(-values[n]);
          break;
        case Kind::product_logsumexp:
          total += std::exp(values[n]);
          break;
        case Kind::product_softmax:
          total += std::exp(values[n]);
          weighted += std::exp(values[n]) * pairs.weight(j);
          break;
        case Kind::nearest:
        case Kind::k_nearest:
          least.push_back(values[n]);
          break;
      }
    }
    if (least.size() > out.size()) {
      std::partial_sort(least.begin(), least.begin() + static_cast<std::ptrdiff_t>(out.size()),
                        least.end());
      least.resize(out.size());
    }
  }
  if (task.kind == Kind::product_softmax) out[0] = weighted / total;
  if (task.kind == Kind::gaussian_logsumexp || task.kind == Kind::product_logsumexp) {
    out[0] = std::log(total);
  }
  if (task.kind == Kind::nearest || task.kind == Kind::k_nearest) out = least;
  return out;
}

// The squared distances of the neighbours that a result names; empty if it names none or one twice.
std::vector<double> distances_of(const Task& task, const std::vector<Matrix>& data, std::int64_t i,
                                 const Result& result) {
  std::set<std::int64_t> seen;
  std::vector<double> out;
  for (int k = 0; k < result_dimension(task); ++k) {
    const std::int64_t j = result.indices[static_cast<std::size_t>(k * result.rows + i)] - 1;
    if (j < 0 || j >= data[1].rows || !seen.insert(j).second) return {};
    double distance = 0;
    for (int c = 0; c < task.dimension; ++c)
      distance += squared(data[0].at(i, c), data[1].at(j, c));
    out.push_back(distance);
  }
  return out;
}

}  // namespace

Reference make_reference(const Task& task, const std::vector<Matrix>& data, int count,
                         ThreadPool& pool) {
  Reference out;
  const std::int64_t rows = data[0].rows;
  const std::int64_t chosen = std::min<std::int64_t>(count, rows);
  for (std::int64_t n = 0; n < chosen; ++n) {
    out.rows.push_back(chosen == 1 ? 0 : n * (rows - 1) / (chosen - 1));
  }
  out.values.resize(out.rows.size());
  const Pairs pairs(task, data);
  pool.run(host_threads(), chosen,
           [&](std::int64_t n, int) {
             const auto place = static_cast<std::size_t>(n);
             out.values[place] = row_of(task, pairs, out.rows[place]);
           },
           {});
  return out;
}

double relative_error(const Task& task, const std::vector<Matrix>& data, const Reference& reference,
                      const Result& result) {
  const bool has_indices = task.kind == Kind::nearest || task.kind == Kind::k_nearest;
  double most = 0;
  double largest = 0;
  for (std::size_t n = 0; n < reference.rows.size(); ++n) {
    const std::int64_t i = reference.rows[n];
    std::vector<double> found;
    if (has_indices) {
      found = distances_of(task, data, i, result);
      if (found.empty()) return std::numeric_limits<double>::infinity();
    }
    for (std::size_t k = 0; k < reference.values[n].size(); ++k) {
      const double right = reference.values[n][k];
      const double value = has_indices ? found[k]
                                       : result.numbers[k * static_cast<std::size_t>(result.rows) +
                                                        static_cast<std::size_t>(i)];
      const double error = std::abs(value - right);
      if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
      most = std::max(most, error);
      largest = std::max(largest, std::abs(right));
    }
  }
  return largest > 0 ? most / largest : std::numeric_limits<double>::infinity();
}

double tolerance(const Task& task, bool tensor_cores) {
  if (task.float64) return 1e-12;
  return tensor_cores ? 2e-5 : 5e-6;
}

}  // namespace kernelops::benchmark
