// What the results should be: plain loops in float64 over some rows, which share nothing with the
// engine.
#pragma once

#include <cstdint>
#include <vector>

#include "core/support/thread_pool.h"
#include "data.h"
#include "tasks.h"

namespace kernelops::benchmark {

/// The right results of some rows. Of neighbours, the squared distances, ascending: rows may be as
/// near as each other.
struct Reference {
  std::vector<std::int64_t> rows;
  std::vector<std::vector<double>> values;
};

/// Computes `count` rows, spread over all.
Reference make_reference(const Task& task, const std::vector<Matrix>& data, int count,
                         ThreadPool& pool);

/// A result as the engine gives it, column-major; row numbers count from 1.
struct Result {
  std::int64_t rows = 0;
  std::vector<double> numbers;
  std::vector<std::int32_t> indices;
};

/// The largest difference over the largest value; infinite where a row number is out of range or
/// appears twice.
double relative_error(const Task& task, const std::vector<Matrix>& data, const Reference& reference,
                      const Result& result);

/// The error that a result may have: rounding of squared distances and of the instruction for
/// exponentials. With tensor cores distances are differences of larger numbers.
double tolerance(const Task& task, bool tensor_cores);

}  // namespace kernelops::benchmark
