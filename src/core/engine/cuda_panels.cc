#include "core/engine/cuda_panels.h"

#include <algorithm>
#include <cstring>

#include "core/engine/aligned_buffer.h"
#include "core/support/rounding.h"

namespace kernelops {
namespace {

// Numbers that one task converts: fewer are not worth waking a thread.
constexpr std::int64_t kNumbersOfTask = 64 * 1024;

template <class Real>
PanelPlace slots_from(const PanelPlace& place, std::int64_t slot) {
  PanelPlace out = place;
  out.address += static_cast<DevicePointer>(slot * place.stride) * sizeof(Real);
  return out;
}

}  // namespace

DeviceBindings::DeviceBindings(const Bindings& bindings, const GpuDevice& device, bool host_only)
    : bindings_(bindings) {
  for (auto& [node, view] : bindings_) {
    const DeviceArray* const array = view.device_array;
    if (array == nullptr || (!host_only && array->device.get() == &device)) continue;
    copies_.emplace_back(static_cast<std::size_t>(array->rows * array->columns));
    fetch_array(*array, copies_.back().data());
    view.data = copies_.back().data();
    view.device_array = nullptr;
  }
}

template <class Real>
const DeviceArray* CudaPanels<Real>::device_array(const PanelInput& input) const {
  const auto found = bindings_.find(input.source);
  return found == bindings_.end() ? nullptr : found->second.device_array;
}

template <class Real>
void CudaPanels<Real>::send_run(const CudaStream& stream,
                                const std::vector<const PanelInput*>& inputs, std::int64_t first,
                                const PanelPlace& place) const {
  if (inputs.empty()) return;
  // Slot number `slot` of the run, rows [row, row + count).
  const auto component = [&](std::int64_t slot, std::int64_t row, std::int64_t count,
                             Real* target) {
    auto input = inputs.begin();
    for (; slot >= (*input)->dimension; ++input) slot -= (*input)->dimension;
    filler_.component(**input, slot, first + row, count, target);
  };
  const auto fill = [&](void* chunk, std::size_t offset, std::size_t bytes) {
    const std::size_t begin = offset / sizeof(Real);
    const std::size_t count = bytes / sizeof(Real);
    run_tasks_(divide_up(static_cast<std::int64_t>(count), kNumbersOfTask), [&](std::int64_t task) {
      const std::size_t from = bytes_of(task, kNumbersOfTask);
      Real* target = static_cast<Real*>(chunk) + from;
      for_each_run(begin + from, std::min(count - from, bytes_of(1, kNumbersOfTask)), place.stride,
                   [&](std::int64_t slot, std::int64_t row, std::int64_t rows) {
                     // What is after the last row is nobody's.
                     const std::int64_t own = std::min(rows, place.count - row);
                     if (own > 0) component(slot, row, own, target);
                     target += rows;
                   });
    });
  };
  std::int64_t slots = 0;
  for (const PanelInput* input : inputs) slots += input->dimension;
  const DevicePointer target = slots_from<Real>(place, inputs.front()->slot).address;
  kernel_.device().staging().send(stream, target, bytes_of(slots * place.stride, sizeof(Real)),
                                  fill);
}

template <class Real>
void CudaPanels<Real>::send(const CudaStream& stream, const Panel& panel, std::int64_t first,
                            const PanelPlace& place) const {
  if (place.count == 0) return;
  // Inputs that follow one another are sent as one.
  std::vector<const PanelInput*> run;
  for (const PanelInput& input : panel.inputs) {
    const bool follows = run.empty() || run.back()->slot + run.back()->dimension == input.slot;
    const bool on_device = device_array(input) != nullptr;
    if (on_device || !follows) {
      send_run(stream, run, first, place);
      run.clear();
    }
    if (!on_device) run.push_back(&input);
  }
  send_run(stream, run, first, place);
}

template <class Real>
void CudaPanels<Real>::gather(const Panel& panel, std::int64_t first,
                              const PanelPlace& place) const {
  for (const PanelInput& input : panel.inputs) {
    const DeviceArray* const array = device_array(input);
    if (array == nullptr) continue;
    const ArrayView& view = bindings_.at(input.source);
    const DevicePointer from =
        array->memory.address() + static_cast<DevicePointer>(first * view.row_stride) * 8;
    kernel_.gather(from, view.row_stride, view.component_stride, input.dimension,
                   slots_from<Real>(place, input.slot));
  }
}

template <class Real>
void CudaPanels<Real>::parameters(DevicePointer place) const {
  const PanelPlace panel{place, 1, 1};
  send(kernel_.device().stream(), program_.parameters, 0, panel);
  gather(program_.parameters, 0, panel);
  kernel_.parameter_section(place);
}

template <class Real>
void CudaPanels<Real>::rows(DevicePointer parameters, std::int64_t first,
                            const PanelPlace& place) const {
  send(kernel_.device().stream(), program_.row, first, place);
  gather(program_.row, first, place);
  kernel_.row_section(parameters, place);
}

template <class Real>
void CudaPanels<Real>::columns(DevicePointer parameters, std::int64_t first,
                               const PanelPlace& place) const {
  send_columns(kernel_.device().stream(), first, place);
  complete_columns(parameters, first, place);
}

template <class Real>
void CudaPanels<Real>::send_columns(const CudaStream& stream, std::int64_t first,
                                    const PanelPlace& place) const {
  send(stream, program_.column, first, place);
}

template <class Real>
void CudaPanels<Real>::complete_columns(DevicePointer parameters, std::int64_t first,
                                        const PanelPlace& place) const {
  gather(program_.column, first, place);
  kernel_.column_section(parameters, place);
}

template <class Real>
void CudaPanels<Real>::entries(DevicePointer parameters, const std::vector<Entry>& entries,
                               const PanelPlace& place) const {
  const auto count = static_cast<std::int64_t>(entries.size());
  const std::size_t bytes = bytes_of(program_.row.slots * place.stride, sizeof(Real));
  const AlignedBuffer panel(bytes);
  filler_.entries(program_.row, entries, count, place.stride, static_cast<Real*>(panel.data()));
  kernel_.device().staging().send(kernel_.device().stream(), place.address, bytes,
                                  [&](void* chunk, std::size_t offset, std::size_t part) {
                                    std::memcpy(chunk, panel.at(offset), part);
                                  });
  kernel_.row_section(parameters, place);
}

template class CudaPanels<float>;
template class CudaPanels<double>;

}  // namespace kernelops
