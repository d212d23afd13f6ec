#include "core/engine/execute_cuda.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/engine/aligned_buffer.h"
#include "core/engine/cuda_panels.h"
#include "core/engine/cuda_plan.h"
#include "core/engine/outputs.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {
namespace {

// Steps that are queued at a time: one is computed while the columns of the next arrive.
constexpr std::size_t kStepsAhead = 2;
// Less memory is tried so often when the device has less than it should.
constexpr int kAttempts = 6;

// The rows [first, first + count) of a program on one device.
template <class Real>
class CudaExecution {
 public:
  CudaExecution(const Program& program, const CudaKernel& kernel, const Call& call,
                std::int64_t first, std::int64_t count)
      : program_(program),
        kernel_(kernel),
        device_(kernel.device()),
        call_(call),
        bindings_(call.bindings, device_),
        columns_(vanishes(program) ? 0 : call.sizes.of(opposite(program.rows))),
        first_(first),
        count_(count) {
    auto memory = static_cast<std::int64_t>(device_.memory().room());
    for (int attempt = 1;; ++attempt) {
      plan_ = plan(memory);
      try {
        allocate();
        return;
      } catch (const Error& error) {
        // Other programs use the device, too.
        if (error.kind() != ErrorKind::memory || attempt == kAttempts) throw;
        buffers_ = Buffers();
        memory /= 2;
      }
    }
  }

  std::int64_t steps() const { return plan_.chunks() * plan_.steps(); }

  // Returns the state of all rows if the program folds them.
  std::vector<double> run(const InterruptCheck& stopping, const RunTasks& run_tasks) {
    stopping_ = stopping;
    const CudaPanels<Real> panels(program_, kernel_, bindings_.all(), call_.sizes, run_tasks);
    const Settling settling(device_);
    if (plan_.steps() > 1) {
      copied_ = std::make_unique<CudaEvent>(device_.context());
      for (auto& event : done_) event = std::make_unique<CudaEvent>(device_.context());
    }
    if (is_small()) {
      send_small(panels);
    } else {
      panels.parameters(parameters());
    }
    if (program_.fold_rows) kernel_.initialise({buffers_.total.address(), 1}, 1, 1);
    for (std::int64_t row = 0; row < count_; row += plan_.rows_of_chunk) {
      compute_chunk(panels, first_ + row, std::min(plan_.rows_of_chunk, count_ - row));
    }
    if (program_.fold_rows) return received_total();
    // Where there are rows, their results were waited for.
    if (count_ == 0) device_.stream().wait();
    return {};
  }

 private:
  struct Buffers {
    DeviceBuffer panels;  // of parameters, rows and columns
    DeviceBuffer states;
    DeviceBuffer results;
    DeviceBuffer total;
  };

  CudaPlan plan(std::int64_t memory) const {
    CudaPlanRequest request;
    request.rows = count_;
    request.columns = columns_;
    request.real_bytes = kernel_.real_bytes();
    request.shape = kernel_.shape();
    request.device = device_.properties();
    request.memory_bytes = memory;
    return make_cuda_plan(program_, request);
  }

  CudaLaunch launch_of(std::int64_t rows, std::int64_t columns) const {
    return plan_cuda_launch(kernel_.shape(), rows, columns, kernel_.needs(), kernel_.limits(),
                            plan_.part_state_bytes);
  }

  static std::int64_t last_of(std::int64_t count, std::int64_t at_a_time) {
    return count - (std::max<std::int64_t>(1, divide_up(count, at_a_time)) - 1) * at_a_time;
  }

  void allocate() {
    DeviceMemory& memory = device_.memory();
    const std::int64_t chunk = std::min(count_, plan_.rows_of_chunk);
    const std::int64_t step = std::min(columns_, plan_.columns_of_step);
    step_numbers_ = program_.column.slots * stride_of(step);
    std::int64_t state_bytes = 0;
    for (const std::int64_t some_rows : {chunk, last_of(count_, plan_.rows_of_chunk)}) {
      for (const std::int64_t some_columns : {step, last_of(columns_, plan_.columns_of_step)}) {
        state_bytes = std::max(state_bytes, launch_of(some_rows, some_columns).state_bytes);
      }
    }
    const auto bytes = [](std::int64_t count) {
      constexpr std::int64_t kAlignment = 256;
      return round_up(count * static_cast<std::int64_t>(sizeof(Real)), kAlignment);
    };
    rows_at_ = bytes(program_.parameters.slots);
    columns_at_ = rows_at_ + bytes(program_.row.slots * stride_of(chunk));
    panel_bytes_ = columns_at_ + bytes(step_numbers_ * plan_.resident_steps);
    buffers_.panels = memory.allocate(static_cast<std::size_t>(panel_bytes_));
    buffers_.states = memory.allocate(static_cast<std::size_t>(state_bytes));
    if (program_.fold_rows) {
      buffers_.total = memory.allocate(bytes_of(program_.state_slots(), kStateBytes));
    } else {
      buffers_.results = memory.allocate(bytes_of(program_.result_slots() * chunk, kStateBytes));
    }
  }

  DevicePointer parameters() const { return buffers_.panels.address(); }
  DevicePointer panel_at(std::int64_t bytes) const {
    return parameters() + static_cast<DevicePointer>(bytes);
  }

  // Whether all inputs go over the bus as one, which the driver takes at once.
  bool is_small() const {
    constexpr std::int64_t kSmallBytes = 32 * 1024;
    const auto& all = bindings_.all();
    return count_ > 0 && steps() == 1 && panel_bytes_ <= kSmallBytes &&
           std::none_of(all.begin(), all.end(),
                        [](const auto& each) { return each.second.device_array != nullptr; });
  }

  void send_small(const CudaPanels<Real>& panels) {
    const AlignedBuffer host(static_cast<std::size_t>(panel_bytes_));
    const auto at = [&](std::int64_t bytes) {
      return static_cast<Real*>(host.at(static_cast<std::size_t>(bytes)));
    };
    panels.filler().rows(program_.parameters, 0, 1, 1, 1, at(0));
    panels.filler().rows(program_.row, first_, count_, count_, stride_of(count_), at(rows_at_));
    panels.filler().rows(program_.column, 0, columns_, columns_, stride_of(columns_),
                         at(columns_at_));
    device_.stream().send(parameters(), host.data(), static_cast<std::size_t>(panel_bytes_));
    kernel_.parameter_section(parameters());
    kernel_.row_section(parameters(), place_of(rows_at_, count_));
    kernel_.column_section(parameters(), place_of(columns_at_, columns_));
    has_rows_ = has_columns_ = true;
  }

  static std::int64_t stride_of(std::int64_t count) { return panel_stride(count, sizeof(Real)); }
  PanelPlace place_of(std::int64_t bytes, std::int64_t count) const {
    return {panel_at(bytes), stride_of(count), static_cast<int>(count)};
  }

  void compute_chunk(const CudaPanels<Real>& panels, std::int64_t first, std::int64_t count) {
    const PanelPlace rows = place_of(rows_at_, count);
    if (!has_rows_) panels.rows(parameters(), first, rows);
    const CudaLaunch any = launch_of(count, std::min(columns_, plan_.columns_of_step));
    const StatePlaces states{buffers_.states.address(), any.padded_rows};
    kernel_.initialise(states, 1, any.padded_rows);
    for (std::int64_t step = 0; step < plan_.steps(); ++step) {
      const PanelPlace columns = columns_of(panels, step);
      const std::int64_t column = step * plan_.columns_of_step;
      const CudaLaunch launch = launch_of(count, columns.count);
      // The first part continues the states of all columns before.
      const DevicePointer second =
          states.address + static_cast<DevicePointer>(program_.state_slots() * states.stride) * 8;
      const StatePlaces others{second, states.stride};
      kernel_.initialise(others, launch.parts - 1, launch.padded_rows);
      kernel_.tile(parameters(), rows, columns, launch, column, states);
      kernel_.merge(states, others, launch.parts - 1, launch.padded_rows);
      if (plan_.steps() > 1) done_[queued_++ % kStepsAhead]->record(device_.stream());
      call_.pool.progress().count();
    }
    if (program_.fold_rows) {
      kernel_.fold(states, count);
      kernel_.merge({buffers_.total.address(), 1}, states, 1, 1);
    } else {
      kernel_.finish(states, count, static_cast<double>(reduced_rows()),
                     buffers_.results.address());
      receive_results(first, count);
    }
  }

  // The columns of a step, which are sent unless they are there already.
  PanelPlace columns_of(const CudaPanels<Real>& panels, std::int64_t step) {
    const std::int64_t first = step * plan_.columns_of_step;
    const std::int64_t count = std::min(plan_.columns_of_step, columns_ - first);
    const std::int64_t slot =
        plan_.keeps_columns() ? step : static_cast<std::int64_t>(queued_) % plan_.resident_steps;
    const std::int64_t offset = slot * step_numbers_ * static_cast<std::int64_t>(sizeof(Real));
    const PanelPlace place = place_of(columns_at_ + offset, count);
    if (plan_.steps() == 1) {
      if (!has_columns_) panels.columns(parameters(), first, place);
      has_columns_ = true;
      return place;
    }
    // Few steps are queued, so that the user can stop the rest; the older ones leave their place.
    if (queued_ >= kStepsAhead) done_[queued_ % kStepsAhead]->wait(stopping_);
    if (plan_.keeps_columns() && queued_ >= static_cast<std::size_t>(plan_.steps())) return place;
    panels.send_columns(device_.copy_stream(), first, place);
    copied_->record(device_.copy_stream());
    device_.stream().wait_for(*copied_);
    panels.complete_columns(parameters(), first, place);
    return place;
  }

  double reduced_rows() const {
    const auto columns = static_cast<double>(call_.sizes.of(opposite(program_.rows)));
    return columns * (program_.fold_rows ? static_cast<double>(call_.sizes.of(program_.rows)) : 1);
  }

  void receive_results(std::int64_t first, std::int64_t count) {
    if (has_rows_) {
      receive_small(first, count);
      return;
    }
    device_.stream().wait(stopping_);
    const auto write = [&](const void* chunk, std::size_t offset, std::size_t bytes) {
      const auto* from = static_cast<const double*>(chunk);
      for_each_run(offset / kStateBytes, bytes / kStateBytes, count,
                   [&](std::int64_t slot, std::int64_t row, std::int64_t rows) {
                     write_result_slot(program_, slot, from, rows, first + row, call_.outputs);
                     from += rows;
                   });
    };
    device_.staging().receive(device_.stream(), buffers_.results.address(),
                              bytes_of(program_.result_slots() * count, kStateBytes), write);
  }

  void receive_small(std::int64_t first, std::int64_t count) {
    const std::size_t bytes = bytes_of(program_.result_slots() * count, kStateBytes);
    const AlignedBuffer results(bytes);
    device_.stream().receive(results.data(), buffers_.results.address(), bytes);
    device_.stream().wait();
    write_outputs(program_, results.data(), count, count, first, call_.outputs);
  }

  std::vector<double> received_total() {
    std::vector<double> total(static_cast<std::size_t>(program_.state_slots()));
    device_.stream().wait(stopping_);
    device_.stream().receive(total.data(), buffers_.total.address(),
                             bytes_of(program_.state_slots(), kStateBytes));
    device_.stream().wait();
    return total;
  }

  const Program& program_;
  const CudaKernel& kernel_;
  GpuDevice& device_;
  const Call& call_;
  InterruptCheck stopping_;
  DeviceBindings bindings_;
  std::int64_t columns_;
  std::int64_t first_;
  std::int64_t count_;
  CudaPlan plan_;
  Buffers buffers_;
  std::int64_t rows_at_ = 0;  // in the panels, as bytes
  std::int64_t columns_at_ = 0;
  std::int64_t panel_bytes_ = 0;
  std::int64_t step_numbers_ = 0;  // of the columns of a step
  std::unique_ptr<CudaEvent> copied_;
  std::array<std::unique_ptr<CudaEvent>, kStepsAhead> done_;
  std::size_t queued_ = 0;  // steps so far
  bool has_rows_ = false;
  bool has_columns_ = false;
};

// Merges the states of the devices in their order, and finishes the one result.
void finish_folded(const Program& program, const CudaKernel& kernel,
                   const std::vector<std::vector<double>>& totals, double reduced,
                   const Call& call) {
  GpuDevice& device = kernel.device();
  const std::size_t bytes = bytes_of(program.state_slots(), kStateBytes);
  const DeviceBuffer parts = device.memory().allocate(bytes * totals.size());
  const DeviceBuffer result =
      device.memory().allocate(bytes_of(program.result_slots(), kStateBytes));
  const Settling settling(device);
  for (std::size_t part = 0; part < totals.size(); ++part) {
    device.stream().send(parts.address() + part * bytes, totals[part].data(), bytes);
  }
  kernel.merge({parts.address(), 1}, {parts.address() + bytes, 1},
               static_cast<std::int64_t>(totals.size()) - 1, 1);
  kernel.finish({parts.address(), 1}, 1, reduced, result.address());
  std::vector<double> finished(static_cast<std::size_t>(program.result_slots()));
  device.stream().receive(finished.data(), result.address(),
                          bytes_of(program.result_slots(), kStateBytes));
  device.stream().wait();
  write_outputs(program, finished.data(), 1, 1, 0, call.outputs);
}

// How many of `rows` rows each device takes: by its processors, in whole blocks.
std::vector<std::int64_t> shares_of(const CudaKernels& kernels, std::int64_t rows) {
  std::int64_t processors = 0;
  for (const auto& kernel : kernels) processors += kernel->limits().multiprocessors;
  std::vector<std::int64_t> out;
  std::int64_t left = rows;
  for (const auto& kernel : kernels) {
    const std::int64_t block = kernel->shape().block_rows();
    const std::int64_t share = divide_up(rows * kernel->limits().multiprocessors, processors);
    out.push_back(std::min(left, round_up(share, block)));
    left -= out.back();
  }
  return out;
}

template <class Real>
void run(const Program& program, const CudaKernels& kernels, const Call& call) {
  const std::int64_t rows = call.sizes.of(program.rows);
  const std::vector<std::int64_t> shares = shares_of(kernels, rows);
  std::vector<std::unique_ptr<CudaExecution<Real>>> executions;
  std::int64_t first = 0;
  std::int64_t steps = 0;
  for (std::size_t n = 0; n < kernels.size() && (n == 0 || shares[n] > 0); ++n) {
    executions.push_back(
        std::make_unique<CudaExecution<Real>>(program, *kernels[n], call, first, shares[n]));
    first += shares[n];
    steps += executions.back()->steps();
  }
  call.pool.progress().expect(steps);
  std::vector<std::vector<double>> totals(executions.size());
  if (executions.size() == 1) {
    const RunTasks side_by_side = [&](std::int64_t count, const auto& task) {
      call.pool.run(
          count > 1 ? call.threads : 0, count, [&](std::int64_t n, int) { task(n); },
          call.interrupted);
    };
    totals[0] = executions[0]->run(call.interrupted, side_by_side);
  } else {
    const RunTasks in_turn = [](std::int64_t count, const auto& task) {
      for (std::int64_t n = 0; n < count; ++n) task(n);
    };
    const auto devices = static_cast<int>(executions.size());
    call.pool.run(
        devices, devices,
        [&](std::int64_t number, int) {
          const auto n = static_cast<std::size_t>(number);
          totals[n] = executions[n]->run([&] { return call.pool.stopping(); }, in_turn);
        },
        call.interrupted);
  }
  if (!program.fold_rows) return;
  const double reduced =
      static_cast<double>(rows) * static_cast<double>(call.sizes.of(opposite(program.rows)));
  finish_folded(program, *kernels[0], totals, reduced, call);
}

}  // namespace

void execute_cuda(const Program& program, const CudaKernels& kernels, const Call& call) {
  KERNELOPS_CHECK(program.has_pairs() && call.outputs.size() == program.outputs.size());
  KERNELOPS_CHECK(!kernels.empty());
  if (kernels[0]->float32()) {
    run<float>(program, kernels, call);
  } else {
    run<double>(program, kernels, call);
  }
}

}  // namespace kernelops
