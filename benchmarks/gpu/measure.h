// One task through the engine: how long its calls take, and whether the result is right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/session.h"
#include "reference.h"
#include "tasks.h"

namespace kernelops::benchmark {

struct Options {
  Settings settings;
  double scale = 1;  // of rows and columns
  int repetitions = 5;
  double most_seconds = 2;  // longer calls get fewer rows
  int reference_rows = 32;
};

constexpr const char* kExact = "exact";
constexpr const char* kTensorCores = "tensor cores";

/// What was measured of one variant.
struct Measurement {
  std::string variant;
  std::int64_t rows = 0;
  double first_seconds = 0;   // a small first call, with the compiler; or 0
  double call_seconds = 0;    // a whole warm call by the clock, results on the host
  double device_seconds = 0;  // its kernels by events
  std::size_t launches = 0;
  double relative_error = 0;
  double tolerance = 0;
  std::string failure;  // of the engine, or empty

  bool is_right() const { return failure.empty() && relative_error <= tolerance; }
};

/// The variants of a task, and the reference that they were checked against.
struct TaskReport {
  Task task;
  std::vector<Measurement> measurements;
  Reference reference;
};

/// The exact variant, then, where its text is another, the one with tensor cores.
TaskReport measure_task(const Task& task, const Options& options, Session& session,
                        ThreadPool& pool);

/// The median time of a warm call of 10 x 10 points, from its formula to its result.
double measure_overhead(const Options& options, Session& session, ThreadPool& pool);

}  // namespace kernelops::benchmark
