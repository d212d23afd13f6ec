// The data of a task: numbers that peers.py makes alike, exact in float32.
#pragma once

#include <cstdint>
#include <vector>

#include "core/support/thread_pool.h"
#include "tasks.h"

namespace kernelops::benchmark {

/// A column-major matrix of one variable.
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;

  double at(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(column * rows + row)];
  }
};

/// Uniform on [0, 1) in steps of 2^-24: a hash of the number of an element and of a variable.
double uniform(std::uint32_t variable, std::uint32_t element);

/// The first `rows` rows of variable number `variable`: element (r, k) is number r * columns + k,
/// so fewer rows are the same rows.
Matrix draw(std::uint32_t variable, std::int64_t rows, std::int64_t columns, double scale,
            ThreadPool& pool);

/// x, y, then b and e where there are some; b and e are in [0, 1).
std::vector<Matrix> draw_all(const Task& task, std::int64_t rows, ThreadPool& pool);

/// Threads for work on the host.
int host_threads();

}  // namespace kernelops::benchmark
