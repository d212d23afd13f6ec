// Compiles and runs programs on this machine, with a cache of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/engine/compiled_backend.h"
#include "core/engine/execute_rows.h"
#include "core/jit/files.h"
#include "support/executor.h"
#include "support/passes.h"

namespace kernelops::testing {

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
    return fill_pairs(program, values, sizes_,
                      [&](const Bindings& bindings, const std::vector<OutputView>& outputs) {
                        execute(program, kernel, bindings, sizes_, outputs, threads_,
                                machine_.pool(), interrupted_);
                      });
  }

  Table rows(const Program& program, Category category, const Values& values) {
    return fill_rows(
        program, category, values, sizes_, [&](const Bindings& bindings, const OutputView& output) {
          execute_rows(program, *machine_.backend().kernel(program, float32_, {}), bindings, sizes_,
                       category, output, threads_, machine_.pool(), interrupted_);
        });
  }

 private:
  Machine& machine_;
  Sizes sizes_;
  bool float32_;
  int threads_;
  InterruptCheck interrupted_;
};

/// The compiled back end as an executor.
inline Executor compiled_executor(Machine& machine, int threads = 2) {
  Executor out;
  out.pairs = [&machine, threads](const Program& program, bool float32) {
    return [&machine, &program, threads, float32,
            kernel = machine.backend().kernel(program, float32, {})](const Values& values,
                                                                     const Sizes& sizes) {
      return CompiledRunner(machine, sizes, float32, threads).pairs(program, *kernel, values);
    };
  };
  out.rows = [&machine, threads](const Program& program, bool float32) {
    return [&machine, &program, threads, float32](Category category, const Values& values,
                                                  const Sizes& sizes) {
      return CompiledRunner(machine, sizes, float32, threads).rows(program, category, values);
    };
  };
  return out;
}

}  // namespace kernelops::testing
