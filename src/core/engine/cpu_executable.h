// Programs on the CPU.
#pragma once

#include <memory>
#include <utility>

#include "core/engine/backend.h"
#include "core/engine/execute.h"
#include "core/engine/execute_rows.h"

namespace kernelops {

/// A program with its kernel; the program must outlive it.
class CpuExecutable : public Executable {
 public:
  CpuExecutable(const Program& program, std::shared_ptr<Kernel> kernel)
      : program_(program), kernel_(std::move(kernel)) {}

  void run(const Call& call) const override {
    if (program_.has_pairs()) {
      execute(program_, *kernel_, call.bindings, call.sizes, call.outputs, call.threads, call.pool,
              call.interrupted);
    } else {
      execute_rows(program_, *kernel_, call.bindings, call.sizes, call.category, call.outputs[0],
                   call.threads, call.pool, call.interrupted);
    }
  }

 private:
  const Program& program_;
  std::shared_ptr<Kernel> kernel_;
};

}  // namespace kernelops
