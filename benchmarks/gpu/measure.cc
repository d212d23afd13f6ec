#include "measure.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "launch_timer.h"
#include "statistics.h"

namespace kernelops::benchmark {
namespace {

// Calls shorter than this are timed without events first: their recording would be seen.
constexpr double kShortCall = 20e-3;
// Rows of a first call, and of the call that says how long the task will take.
constexpr std::int64_t kFewRows = 1000;
constexpr std::int64_t kProbeRows = 16384;

// The data of a task on the host and on the device.
class Problem {
 public:
  Problem(const Task& task, std::int64_t rows, const Options& options, Session& session,
          ThreadPool& pool)
      : matrices(draw_all(task, rows, pool)) {
    for (const Matrix& each : matrices) {
      Input input;
      input.type = "double";
      input.is_numeric = true;
      input.is_matrix = true;
      input.rows = each.rows;
      input.columns = each.columns;
      input.device_array =
          session.to_gpu(each.values.data(), each.rows, each.columns, options.settings);
      inputs.push_back(std::move(input));
    }
  }

  std::vector<Matrix> matrices;
  std::vector<Input> inputs;
};

Invocation prepare(const OperatorText& text, const Problem& problem, Session& session,
                   Result* result) {
  Invocation call = session.prepare(text, problem.inputs, false);
  OutputView& output = call.outputs.front();
  const auto size = static_cast<std::size_t>(output.rows * output.dimension);
  result->rows = output.rows;
  if (output.type == ElementType::int32) {
    result->indices.assign(size, 0);
    output.data = result->indices.data();
  } else {
    result->numbers.assign(size, 0);
    output.data = result->numbers.data();
  }
  return call;
}

class TaskRun {
 public:
  TaskRun(const Task& task, const Options& options, Session& session, ThreadPool& pool)
      : task_(task), options_(options), session_(session), pool_(pool), text_(text_of(task)) {
    options_.settings.float32 = !task.float64;
  }

  TaskReport run() {
    TaskReport out;
    out.task = task_;
    for (const bool tensor_cores : {false, true}) {
      options_.settings.tensor_cores = tensor_cores;
      Measurement each;
      each.variant = tensor_cores ? kTensorCores : kExact;
      each.tolerance = tolerance(task_, tensor_cores);
      try {
        if (tensor_cores && source(false) == source(true)) continue;
        measure(&each, &out.reference);
      } catch (const Error& error) {
        each.failure = error.what();
      }
      out.measurements.push_back(std::move(each));
    }
    return out;
  }

 private:
  std::string source(bool tensor_cores) {
    Settings settings = options_.settings;
    settings.tensor_cores = tensor_cores;
    return session_.explain(session_.load(text_)->op, settings).source;
  }

  void measure(Measurement* out, Reference* reference) {
    out->first_seconds = first_call();
    out->rows = rows_in_time();
    if (problem_ == nullptr || problem_->matrices[0].rows != out->rows) {
      problem_ = nullptr;
      problem_ = std::make_unique<Problem>(task_, out->rows, options_, session_, pool_);
      *reference = make_reference(task_, problem_->matrices, options_.reference_rows, pool_);
    }
    Result result;
    const Invocation call = prepare(text_, *problem_, session_, &result);
    const double warm = seconds_of(call);
    std::vector<double> calls;
    std::vector<double> kernels;
    for (int n = 0; n < options_.repetitions && warm < kShortCall; ++n) {
      calls.push_back(seconds_of(call));
    }
    LaunchTimer timer(problem_->inputs[0].device_array->device);
    for (int n = 0; n < options_.repetitions; ++n) {
      timer.start();
      const double seconds = seconds_of(call);
      if (warm >= kShortCall) calls.push_back(seconds);
      kernels.push_back(timer.seconds());
    }
    out->call_seconds = median(calls);
    out->device_seconds = median(kernels);
    out->launches = timer.launches();
    out->relative_error = relative_error(task_, problem_->matrices, *reference, result);
  }

  double seconds_of(const Invocation& call) {
    const double start = wall_seconds();
    session_.run(call, options_.settings, {});
    return wall_seconds() - start;
  }

  // One call of few points: the time goes into making the kernel. 0 if an earlier task has made it.
  double first_call() {
    Task few = task_;
    few.columns = std::min(few.columns, kFewRows);
    const Problem problem(few, std::min(few.rows, kFewRows), options_, session_, pool_);
    Result ignored;
    const double compiled = session_.compile_seconds();
    const double seconds = seconds_of(prepare(text_, problem, session_, &ignored));
    return session_.compile_seconds() > compiled ? seconds : 0;
  }

  // All rows, or as many as about half of the allowed time is enough for.
  std::int64_t rows_in_time() {
    const std::int64_t few = std::min(task_.rows, kProbeRows);
    const Problem problem(task_, few, options_, session_, pool_);
    Result ignored;
    const Invocation call = prepare(text_, problem, session_, &ignored);
    seconds_of(call);
    const double seconds =
        seconds_of(call) * static_cast<double>(task_.rows) / static_cast<double>(few);
    if (seconds <= options_.most_seconds) return task_.rows;
    const double part = options_.most_seconds / 2 / seconds;
    const auto rows = static_cast<std::int64_t>(static_cast<double>(task_.rows) * part);
    return std::clamp(rows / kProbeRows * kProbeRows, few, task_.rows);
  }

  const Task& task_;
  Options options_;
  Session& session_;
  ThreadPool& pool_;
  OperatorText text_;
  std::unique_ptr<Problem> problem_;
};

}  // namespace

TaskReport measure_task(const Task& task, const Options& options, Session& session,
                        ThreadPool& pool) {
  return TaskRun(task, options, session, pool).run();
}

double measure_overhead(const Options& options, Session& session, ThreadPool& pool) {
  constexpr int kCalls = 500;
  // Another formula than those of the tasks, so that theirs are new.
  Task task = all_tasks().front();
  task.dimension = 2;
  task.columns = 10;
  Settings settings = options.settings;
  settings.float32 = true;
  const OperatorText text = text_of(task);
  const Problem problem(task, 10, options, session, pool);
  std::vector<double> seconds;
  for (int n = 0; n < kCalls; ++n) {
    Result result;
    const double start = wall_seconds();
    session.run(prepare(text, problem, session, &result), settings, {});
    seconds.push_back(wall_seconds() - start);
  }
  return median(seconds);
}

}  // namespace kernelops::benchmark
