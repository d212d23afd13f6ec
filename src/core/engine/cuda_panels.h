// The panels of a program in the memory of a device, filled with inputs of the host or of the
// device and completed by the sections of its kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <utility>
#include <vector>

#include "core/engine/cuda_kernel.h"
#include "core/engine/panels.h"
#include "core/lower/program.h"
#include "core/support/thread_pool.h"

namespace kernelops {

/// Runs `count` independent tasks, perhaps side by side.
using RunTasks = std::function<void(std::int64_t count, const std::function<void(std::int64_t)>&)>;

/// Calls use(slot, row, count) for the runs of rows of one slot that numbers [begin, begin + count)
/// of [slot][rows] are made of, in order.
template <class Use>
void for_each_run(std::size_t begin, std::size_t count, std::int64_t rows, const Use& use) {
  auto place = static_cast<std::int64_t>(begin);
  const std::int64_t end = place + static_cast<std::int64_t>(count);
  while (place < end) {
    const std::int64_t row = place % rows;
    const std::int64_t run = std::min(rows - row, end - place);
    use(place / rows, row, run);
    place += run;
  }
}

/// The inputs of a call as one device reads them: matrices of other devices are copied to the host.
class DeviceBindings {
 public:
  /// `host_only` copies those of `device`, too.
  DeviceBindings(const Bindings& bindings, const GpuDevice& device, bool host_only = false);

  const Bindings& all() const { return bindings_; }

 private:
  Bindings bindings_;
  std::list<std::vector<double>> copies_;
};

/// Fills panels on one device. Numbers are converted on the host while they go into the pinned
/// chunks, which they must pass anyway: so half of the bytes go over the bus in float32.
template <class Real>
class CudaPanels {
 public:
  CudaPanels(const Program& program, const CudaKernel& kernel, const Bindings& bindings,
             const Sizes& sizes, RunTasks run_tasks)
      : program_(program),
        kernel_(kernel),
        bindings_(bindings),
        filler_(bindings, sizes),
        run_tasks_(std::move(run_tasks)) {}

  /// Fills panels in the memory of the host.
  const PanelFiller<Real>& filler() const { return filler_; }

  /// Each sends the inputs and queues the section, which the device's stream does in order.
  void parameters(DevicePointer place) const;
  void rows(DevicePointer parameters, std::int64_t first, const PanelPlace& place) const;
  void columns(DevicePointer parameters, std::int64_t first, const PanelPlace& place) const;

  /// The two halves of the last: host inputs are sent by any stream; then come matrices of the
  /// device and the section, in the device's stream.
  void send_columns(const CudaStream& stream, std::int64_t first, const PanelPlace& place) const;
  void complete_columns(DevicePointer parameters, std::int64_t first,
                        const PanelPlace& place) const;

  /// Sends the panel of entries of a selection and queues the section of rows.
  void entries(DevicePointer parameters, const std::vector<Entry>& entries,
               const PanelPlace& place) const;

 private:
  const DeviceArray* device_array(const PanelInput& input) const;
  void send(const CudaStream& stream, const Panel& panel, std::int64_t first,
            const PanelPlace& place) const;
  void send_run(const CudaStream& stream, const std::vector<const PanelInput*>& inputs,
                std::int64_t first, const PanelPlace& place) const;
  void gather(const Panel& panel, std::int64_t first, const PanelPlace& place) const;

  const Program& program_;
  const CudaKernel& kernel_;
  const Bindings& bindings_;
  PanelFiller<Real> filler_;
  RunTasks run_tasks_;
};

}  // namespace kernelops
