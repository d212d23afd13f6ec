// Programs without pairs on a GPU: the rows of a panel are completed there, a chunk at a time.
#include <algorithm>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/cuda_panels.h"
#include "core/engine/execute_cuda.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {
namespace {

// Enough to fill a device, little enough for its memory.
constexpr std::int64_t kPanelBytes = 64 << 20;
constexpr std::int64_t kMostRows = 1 << 24;

template <class Real>
class CudaRows {
 public:
  CudaRows(const Program& program, const CudaKernel& kernel, const Call& call)
      : program_(program),
        device_(kernel.device()),
        call_(call),
        output_(call.outputs[0]),
        // Entries of a selection read single rows, on the host.
        bindings_(call.bindings, device_, program.selection != nullptr),
        panels_(program, kernel, bindings_.all(), call.sizes,
                [&](std::int64_t count, const auto& task) {
                  call.pool.run(
                      count > 1 ? call.threads : 0, count, [&](std::int64_t n, int) { task(n); },
                      call.interrupted);
                }),
        rows_at_a_time_(std::clamp<std::int64_t>(panel_bytes() / bytes_per_row(), 1, kMostRows)) {}

  void each_row() {
    allocate(std::min(rows_at_a_time_, output_.rows));
    const Settling settling(device_);
    panels_.parameters(parameters_.address());
    call_.pool.progress().expect(divide_up(output_.rows, rows_at_a_time_));
    double* const out = static_cast<double*>(output_.data);
    for (std::int64_t first = 0; first < output_.rows; first += rows_at_a_time_) {
      const std::int64_t count = std::min(rows_at_a_time_, output_.rows - first);
      panels_.rows(parameters_.address(), first, place(count));
      receive(count, [&](std::int64_t k, std::int64_t row, const Real* from, std::int64_t n) {
        for (std::int64_t r = 0; r < n; ++r) {
          out[k * output_.rows + first + row + r] = static_cast<double>(from[r]);
        }
      });
      call_.pool.progress().count();
    }
  }

  void each_entry() {
    double* const out = static_cast<double*>(output_.data);
    std::fill(out, out + output_.rows * output_.dimension, 0.0);
    std::vector<Entry> entries;
    const ArrayView& selected = bindings_.all().at(program_.selection);
    const std::int64_t places = selected.rows * selected.dimension;
    allocate(std::min(rows_at_a_time_, places));
    const Settling settling(device_);
    panels_.parameters(parameters_.address());
    call_.pool.progress().expect(divide_up(places, rows_at_a_time_));
    for (std::int64_t first = 0; first < places; first += rows_at_a_time_) {
      const std::int64_t last = std::min(places, first + rows_at_a_time_);
      find_entries(selected, program_.selection->category, first, last, &entries);
      call_.pool.progress().count();
      if (entries.empty()) continue;
      const auto count = static_cast<std::int64_t>(entries.size());
      panels_.entries(parameters_.address(), entries, place(count));
      receive(count, [&](std::int64_t k, std::int64_t row, const Real* from, std::int64_t n) {
        for (std::int64_t e = 0; e < n; ++e) {
          const Entry& entry = entries[static_cast<std::size_t>(row + e)];
          out[k * output_.rows + entry.row(call_.category)] += static_cast<double>(from[e]);
        }
      });
    }
  }

 private:
  std::int64_t bytes_per_row() const {
    return std::max<std::int64_t>(1, program_.row.slots) * static_cast<std::int64_t>(sizeof(Real));
  }

  // No more than may be used.
  std::int64_t panel_bytes() const {
    return std::min(kPanelBytes, static_cast<std::int64_t>(device_.memory().room() / 2));
  }

  void allocate(std::int64_t rows) {
    DeviceMemory& memory = device_.memory();
    parameters_ = memory.allocate(bytes_of(program_.parameters.slots, sizeof(Real)));
    panel_ = memory.allocate(bytes_of(panel_stride(rows, sizeof(Real)), bytes_per_row()));
  }

  PanelPlace place(std::int64_t count) const {
    return {panel_.address(), panel_stride(count, sizeof(Real)), static_cast<int>(count)};
  }

  // Hands out the results of `count` rows, a run of rows of a component at a time, in order.
  template <class Use>
  void receive(std::int64_t count, const Use& use) {
    device_.stream().wait(call_.interrupted);
    const std::int64_t stride = panel_stride(count, sizeof(Real));
    const auto drain = [&](const void* chunk, std::size_t offset, std::size_t bytes) {
      const auto* from = static_cast<const Real*>(chunk);
      for_each_run(offset / sizeof(Real), bytes / sizeof(Real), stride,
                   [&](std::int64_t k, std::int64_t row, std::int64_t n) {
                     if (row < count) use(k, row, from, std::min(n, count - row));
                     from += n;
                   });
    };
    const std::size_t first = bytes_of(program_.result_slot * stride, sizeof(Real));
    device_.staging().receive(device_.stream(), panel_.address() + first,
                              bytes_of(program_.result_dimension * stride, sizeof(Real)), drain);
  }

  const Program& program_;
  GpuDevice& device_;
  const Call& call_;
  OutputView output_;
  DeviceBindings bindings_;
  CudaPanels<Real> panels_;
  std::int64_t rows_at_a_time_;
  DeviceBuffer parameters_;
  DeviceBuffer panel_;
};

template <class Real>
void run(const Program& program, const CudaKernel& kernel, const Call& call) {
  CudaRows<Real> rows(program, kernel, call);
  if (program.selection == nullptr) {
    rows.each_row();
  } else {
    rows.each_entry();
  }
}

}  // namespace

void execute_rows_cuda(const Program& program, const CudaKernels& kernels, const Call& call) {
  KERNELOPS_CHECK(!program.has_pairs() && call.outputs[0].dimension == program.result_dimension);
  if (kernels[0]->float32()) {
    run<float>(program, *kernels[0], call);
  } else {
    run<double>(program, *kernels[0], call);
  }
}

}  // namespace kernelops
