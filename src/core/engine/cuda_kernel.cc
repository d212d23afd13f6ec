#include "core/engine/cuda_kernel.h"

#include <algorithm>
#include <utility>

#include "core/engine/aligned_buffer.h"
#include "core/support/rounding.h"

namespace kernelops {
namespace {

// Of kernels with a thread for each row.
constexpr std::int64_t kThreads = 128;

unsigned blocks_for(std::int64_t count) {
  return static_cast<unsigned>(divide_up(count, kThreads));
}

}  // namespace

CudaKernel::CudaKernel(const Program& program, bool float32, const CudaShape& shape,
                       std::shared_ptr<GpuDevice> device, const std::string& image)
    : float32_(float32),
      shape_(shape),
      device_(std::move(device)),
      module_(device_->context(), image),
      gather_(module_.function("kernelops_gather")),
      parameter_section_(find(program.parameters.section, "kernelops_parameter_section")),
      row_section_(find(program.row.section, "kernelops_row_section")),
      column_section_(find(program.column.section, "kernelops_column_section")) {
  if (!program.has_pairs()) return;
  initialise_ = module_.function("kernelops_initialise");
  tile_ = module_.function("kernelops_tile");
  merge_ = module_.function("kernelops_merge");
  finish_ = module_.function("kernelops_finish");
  if (program.fold_rows) fold_ = module_.function("kernelops_fold");
  const KernelResources resources = tile_->resources();
  needs_.state_slots = program.state_slots();
  needs_.registers = resources.registers;
  needs_.shared_bytes = resources.shared_bytes;
  needs_.ranked = std::any_of(program.accumulations.begin(), program.accumulations.end(),
                              [](const Accumulation& each) { return each.ranked(); });
}

std::optional<DeviceFunction> CudaKernel::find(const Section& section, const char* name) const {
  if (is_empty(section)) return std::nullopt;
  return module_.function(name);
}

template <typename... Arguments>
void CudaKernel::launch(const DeviceFunction& function, GridSize grid, unsigned threads,
                        Arguments... arguments) const {
  void* addresses[] = {&arguments...};
  function.launch(device_->stream(), grid, {threads}, 0, addresses);
}

CudaDevice CudaKernel::limits() const {
  CudaDevice out;
  const DeviceProperties& device = device_->properties();
  out.multiprocessors = device.processors;
  out.registers_of_multiprocessor = device.registers_per_processor;
  out.shared_bytes_of_multiprocessor = device.shared_bytes_per_processor;
  return out;
}

void CudaKernel::gather(DevicePointer from, long long row_stride, long long component_stride,
                        std::int64_t dimension, const PanelPlace& to) const {
  if (to.count == 0) return;
  launch(gather_, {blocks_for(to.count), static_cast<unsigned>(dimension)}, kThreads, from,
         row_stride, component_stride, to.address, to.stride, to.count);
}

void CudaKernel::section(const std::optional<DeviceFunction>& function, DevicePointer parameters,
                         const PanelPlace& panel) const {
  if (!function || panel.count == 0) return;
  launch(*function, {blocks_for(panel.count)}, kThreads, parameters, panel.address, panel.stride,
         panel.count);
}

void CudaKernel::parameter_section(DevicePointer parameters) const {
  section(parameter_section_, parameters, {parameters, 1, 1});
}

void CudaKernel::row_section(DevicePointer parameters, const PanelPlace& rows) const {
  section(row_section_, parameters, rows);
}

void CudaKernel::column_section(DevicePointer parameters, const PanelPlace& columns) const {
  section(column_section_, parameters, columns);
}

void CudaKernel::initialise(const StatePlaces& states, std::int64_t parts,
                            std::int64_t count) const {
  if (count == 0 || parts == 0) return;
  launch(*initialise_, {blocks_for(count), static_cast<unsigned>(parts)}, kThreads, states.address,
         states.stride, static_cast<int>(count));
}

void CudaKernel::tile(DevicePointer parameters, const PanelPlace& rows, const PanelPlace& columns,
                      const CudaLaunch& plan, long long first_column,
                      const StatePlaces& states) const {
  if (rows.count == 0 || columns.count == 0) return;
  launch(*tile_, {static_cast<unsigned>(plan.row_blocks), static_cast<unsigned>(plan.parts)},
         static_cast<unsigned>(shape_.threads), parameters, rows.address, rows.stride, rows.count,
         columns.address, columns.stride, columns.count, static_cast<int>(plan.part_columns),
         first_column, states.address, states.stride);
}

void CudaKernel::merge(const StatePlaces& into, const StatePlaces& from, std::int64_t parts,
                       std::int64_t count) const {
  if (count == 0 || parts == 0) return;
  launch(*merge_, {blocks_for(count)}, kThreads, into.address, into.stride, from.address,
         static_cast<int>(parts), from.stride, static_cast<int>(count));
}

void CudaKernel::fold(const StatePlaces& states, std::int64_t count) const {
  if (count == 0) return;
  launch(*fold_, {1}, static_cast<unsigned>(shape_.threads), states.address, states.stride,
         static_cast<int>(count));
}

void CudaKernel::finish(const StatePlaces& states, std::int64_t count, double reduced,
                        DevicePointer output) const {
  if (count == 0) return;
  launch(*finish_, {blocks_for(count)}, kThreads, states.address, states.stride,
         static_cast<int>(count), reduced, output, static_cast<long long>(count));
}

}  // namespace kernelops
