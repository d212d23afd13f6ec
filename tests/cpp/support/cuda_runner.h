// Compiles CUDA text for the CPU, through a shim of CUDA's keywords, and runs it like a device.
#pragma once

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "core/engine/panels.h"
#include "core/jit/files.h"
#include "core/jit/module.h"
#include "core/jit/process.h"
#include "core/support/rounding.h"
#include "fake_driver/fake_driver.h"
#include "support/cuda_on_cpu.h"
#include "support/executor.h"

namespace kernelops::testing {

/// The kernels of a program on the CPU.
class ShimKernel {
 public:
  ShimKernel(const Program& program, bool float32, const CudaShape& shape)
      : program_(program), float32_(float32), shape_(shape), directory_("/tmp/kernelops-shim-") {
    const std::string source = directory_.path() + "/kernel.cc";
    const std::string library = directory_.path() + "/kernel.so";
    std::ofstream(source) << cuda_on_cpu(generate_cuda(program, float32, shape).text, "kernel.cu");
    const ProcessResult result =
        run_process(cuda_on_cpu_command("g++", {KERNELOPS_KERNEL_DIR}, source, library));
    if (result.status != 0) throw std::runtime_error(result.output);
    module_ = std::make_unique<Module>(library);
  }

  const Program& program() const { return program_; }
  bool float32() const { return float32_; }
  const CudaShape& shape() const { return shape_; }

  template <class... Arguments>
  void launch(const std::string& name, std::int64_t grid_x, std::int64_t grid_y, int block,
              Arguments... arguments) const {
    const auto* entry = static_cast<const fake::Entry*>(module_->symbol(name + fake::kEntry));
    const std::vector<unsigned> bytes = {sizeof(Arguments)...};
    if (!std::equal(bytes.begin(), bytes.end(), entry->argument_bytes,
                    entry->argument_bytes + entry->arguments)) {
      throw std::logic_error(name + " is given other arguments than it has");
    }
    void* addresses[] = {&arguments...};
    entry->run({{static_cast<unsigned>(grid_x), static_cast<unsigned>(grid_y), 1},
                {static_cast<unsigned>(block), 1, 1},
                0,
                addresses});
  }

 private:
  const Program& program_;
  bool float32_;
  CudaShape shape_;
  TemporaryDirectory directory_;
  std::unique_ptr<Module> module_;
};

/// A shape with so few threads and columns that small data meet every edge.
inline CudaShape small_shape(const Program& program, bool float32) {
  CudaShape shape = choose_cuda_shape(program, float32);
  shape.threads = 4;
  if (shape.tile_columns > 0) shape.tile_columns = 16;
  shape.tiles_of_span = 2;
  return shape;
}

/// Runs such kernels on fixed sizes, with the columns cut in parts of `part_columns`.
class ShimRunner {
 public:
  ShimRunner(const Sizes& sizes, std::int64_t part_columns, bool float32 = false)
      : sizes_(sizes), part_columns_(part_columns), float32_(float32) {}

  std::vector<Table> pairs(const Program& program, const Values& values) const {
    return pairs(ShimKernel(program, float32_, small_shape(program, float32_)), values);
  }
  Table rows(const Program& program, Category category, const Values& values) const {
    return rows(ShimKernel(program, float32_, small_shape(program, float32_)), category, values);
  }

  std::vector<Table> pairs(const ShimKernel& kernel, const Values& values) const {
    return kernel.float32() ? run<float>(kernel, values) : run<double>(kernel, values);
  }

  Table rows(const ShimKernel& kernel, Category category, const Values& values) const {
    return kernel.float32() ? run_rows<float>(kernel, category, values)
                            : run_rows<double>(kernel, category, values);
  }

 private:
  static constexpr int kBlock = 8;

  // The inputs of a panel, completed by its section.
  template <class Real>
  std::vector<Real> panel(const ShimKernel& kernel, const PanelFiller<Real>& filler,
                          const Panel& panel, const std::string& name, std::int64_t count,
                          const std::vector<Real>* parameters) const {
    std::vector<Real> out(static_cast<std::size_t>(std::max<std::int64_t>(1, panel.slots * count)));
    if (count == 0) return out;
    filler.rows(panel, 0, count, count, count, out.data());
    const auto& blocks = panel.section.blocks;
    const bool empty = std::all_of(blocks.begin(), blocks.end(),
                                   [](const Block& block) { return block.code.empty(); });
    if (!empty) {
      const std::vector<Real>& from = parameters != nullptr ? *parameters : out;
      kernel.launch("kernelops_" + name + "_section", divide_up(count, kBlock), 1, kBlock,
                    from.data(), out.data(), static_cast<long long>(count),
                    static_cast<int>(count));
    }
    return out;
  }

  template <class Real>
  std::vector<Table> run(const ShimKernel& kernel, const Values& values) const {
    const Program& program = kernel.program();
    const BoundValues bound(values);
    const PanelFiller<Real> filler(bound.bindings, sizes_);
    const std::int64_t rows = sizes_.of(program.rows);
    const std::int64_t columns = sizes_.of(opposite(program.rows));
    const std::vector<Real> parameters =
        panel<Real>(kernel, filler, program.parameters, "parameter", 1, nullptr);
    const std::vector<Real> row =
        panel<Real>(kernel, filler, program.row, "row", rows, &parameters);
    const std::vector<Real> column =
        panel<Real>(kernel, filler, program.column, "column", columns, &parameters);

    const CudaShape& shape = kernel.shape();
    const std::int64_t parts = std::max<std::int64_t>(1, divide_up(columns, part_columns_));
    const long long stride = round_up(std::max<std::int64_t>(1, rows), shape.block_rows());
    const std::int64_t slots = program.state_slots();
    std::vector<double> states(static_cast<std::size_t>(parts * slots * stride));
    kernel.launch("kernelops_initialise", divide_up(stride, kBlock), parts, kBlock, states.data(),
                  stride, static_cast<int>(stride));
    if (rows > 0 && columns > 0) {
      kernel.launch("kernelops_tile", stride / shape.block_rows(), parts, shape.threads,
                    static_cast<const Real*>(parameters.data()),
                    static_cast<const Real*>(row.data()), static_cast<long long>(rows),
                    static_cast<int>(rows), static_cast<const Real*>(column.data()),
                    static_cast<long long>(columns), static_cast<int>(columns),
                    static_cast<int>(part_columns_), 0LL, states.data(), stride);
    }
    kernel.launch("kernelops_merge", divide_up(stride, kBlock), 1, kBlock, states.data(), stride,
                  static_cast<const double*>(states.data() + slots * stride),
                  static_cast<int>(parts - 1), stride, static_cast<int>(stride));
    double reduced = static_cast<double>(columns);
    std::int64_t results = rows;
    if (program.fold_rows) {
      reduced *= static_cast<double>(rows);
      results = 1;
      if (rows > 0) {
        kernel.launch("kernelops_fold", 1, 1, shape.threads, states.data(), stride,
                      static_cast<int>(rows));
      }
    }
    std::vector<double> finished(
        static_cast<std::size_t>(program.result_slots() * std::max<std::int64_t>(1, results)));
    kernel.launch("kernelops_finish", divide_up(results, kBlock), 1, kBlock, states.data(), stride,
                  static_cast<int>(results), reduced, static_cast<void*>(finished.data()),
                  static_cast<long long>(results));
    std::vector<Table> out;
    for (const ProgramOutput& output : program.outputs) {
      Table table(results, output.dimension);
      for (std::int64_t k = 0; k < output.dimension; ++k) {
        for (std::int64_t r = 0; r < results; ++r) {
          const double& from = finished[static_cast<std::size_t>((output.first + k) * results + r)];
          std::int64_t index;
          std::memcpy(&index, &from, sizeof(index));
          table.at(r, k) = output.type == StateType::value ? from : static_cast<double>(index);
        }
      }
      out.push_back(table);
    }
    return out;
  }

  template <class Real>
  Table run_rows(const ShimKernel& kernel, Category category, const Values& values) const {
    const Program& program = kernel.program();
    const BoundValues bound(values);
    const PanelFiller<Real> filler(bound.bindings, sizes_);
    const std::int64_t rows = sizes_.of(category);
    const std::vector<Real> parameters =
        panel<Real>(kernel, filler, program.parameters, "parameter", 1, nullptr);
    const std::vector<Real> row =
        panel<Real>(kernel, filler, program.row, "row", rows, &parameters);
    Table out(rows, program.result_dimension);
    for (std::int64_t k = 0; k < out.dimension; ++k) {
      for (std::int64_t r = 0; r < rows; ++r) {
        out.at(r, k) = row[static_cast<std::size_t>((program.result_slot + k) * rows + r)];
      }
    }
    return out;
  }

  Sizes sizes_;
  std::int64_t part_columns_;
  bool float32_;
};

/// Such kernels as an executor of programs of pairs.
inline Executor shim_executor(std::int64_t part_columns) {
  Executor out;
  out.pairs = [part_columns](const Program& program, bool float32) {
    const auto kernel =
        std::make_shared<ShimKernel>(program, float32, small_shape(program, float32));
    return [kernel, part_columns](const Values& values, const Sizes& sizes) {
      return ShimRunner(sizes, part_columns).pairs(*kernel, values);
    };
  };
  return out;
}

}  // namespace kernelops::testing
