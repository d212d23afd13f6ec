// Compiles and runs programs on this machine, with a cache of its own.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/compiled_backend.h"
#include "core/engine/execute_rows.h"
#include "core/jit/files.h"
#include "support/passes.h"

namespace kernelops::testing {

/// Values as float32 kernels see them.
inline Values rounded_to_float(Values values) {
  for (auto& [variable, table] : values) {
    for (double& value : table.values) value = static_cast<double>(static_cast<float>(value));
  }
  return values;
}

/// Row numbers from 0 on and -1 for none, of those in the host's convention; and the reverse.
inline Table from_host(Table result) {
  for (double& value : result.values) value = std::isnan(value) ? -1 : value - 1;
  return result;
}
inline Table to_host(Table result) {
  for (double& value : result.values) value = value < 0 ? std::nan("") : value + 1;
  return result;
}

/// Inputs as the engine wants them.
struct BoundValues {
  Values tables;
  Bindings bindings;

  explicit BoundValues(const Values& values) : tables(values) {
    for (auto& [node, table] : tables) {
      const bool is_index = node->kind == NodeKind::reduction && node->reduction->is_index();
      if (is_index) table = to_host(table);
      bindings[node] = table.view();
    }
  }
};

/// Room for the outputs of a program with pairs, filled with what no result is; and where they are.
inline std::vector<Table> output_tables(const Program& program, const Sizes& sizes) {
  std::vector<Table> out;
  for (const ProgramOutput& output : program.outputs) {
    const std::int64_t rows = program.fold_rows ? 1 : sizes.of(program.results());
    out.emplace_back(rows, output.dimension, -77);
  }
  return out;
}
inline std::vector<OutputView> output_views(std::vector<Table>& tables) {
  std::vector<OutputView> out;
  for (Table& table : tables) {
    out.push_back({table.values.data(), ElementType::float64, table.rows, table.dimension});
  }
  return out;
}

class Machine {
 public:
  explicit Machine(const std::string& cpu = "", const std::vector<std::string>& flags = {})
      : directory_("/tmp/kernelops-test-"),
        cache_(directory_.path() + "/cache"),
        backend_(search_toolchain({{"c++", "g++", "clang++"}, flags, cpu}), cache_,
                 KERNELOPS_KERNEL_DIR, "test") {}

  CompiledBackend& backend() { return backend_; }
  ThreadPool& pool() { return pool_; }
  std::size_t compiled() const { return cache_.statistics().files; }

 private:
  TemporaryDirectory directory_;
  KernelCache cache_;
  CompiledBackend backend_;
  ThreadPool pool_;
};

/// Runs programs compiled, on fixed sizes and in one precision.
class CompiledRunner {
 public:
  CompiledRunner(Machine& machine, const Sizes& sizes, bool float32, int threads = 1,
                 InterruptCheck interrupted = {})
      : machine_(machine),
        sizes_(sizes),
        float32_(float32),
        threads_(threads),
        interrupted_(std::move(interrupted)) {}

  std::vector<Table> pairs(const Program& program, const Values& values) {
    return pairs(program, *machine_.backend().kernel(program, float32_, {}), values);
  }

  /// With a kernel made by somebody else.
  std::vector<Table> pairs(const Program& program, const Kernel& kernel, const Values& values) {
    const BoundValues bound(values);
    std::vector<Table> out = output_tables(program, sizes_);
    const std::vector<OutputView> views = output_views(out);
    execute(program, kernel, bound.bindings, sizes_, views, threads_, machine_.pool(),
            interrupted_);
    for (std::size_t n = 0; n < out.size(); ++n) {
      if (program.outputs[n].type == StateType::index) out[n] = from_host(out[n]);
    }
    return out;
  }

  Table rows(const Program& program, Category category, const Values& values) {
    const BoundValues bound(values);
    Table out(sizes_.of(category), program.result_dimension, -77);
    execute_rows(program, *machine_.backend().kernel(program, float32_, {}), bound.bindings, sizes_,
                 category, {out.values.data(), ElementType::float64, out.rows, out.dimension},
                 threads_, machine_.pool(), interrupted_);
    return out;
  }

 private:
  Machine& machine_;
  Sizes sizes_;
  bool float32_;
  int threads_;
  InterruptCheck interrupted_;
};

}  // namespace kernelops::testing
