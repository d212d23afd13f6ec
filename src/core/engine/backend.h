// Who computes: a back end makes kernels of programs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/engine/call.h"
#include "core/engine/plan.h"
#include "core/lower/program.h"
#include "kernels/abi.h"

namespace kernelops {

/// Whether a back end can be used here, and if not, why.
struct Availability {
  bool available;
  std::string reason;
};

/// A program made runnable on the CPU. The functions are those of KernelDescriptor.
class Kernel {
 public:
  virtual ~Kernel() = default;

  virtual KernelSizes sizes() const = 0;
  virtual Convert convert() const = 0;
  virtual void parameter_section(void* panel, void* scratch) const = 0;
  virtual void row_section(const void* parameters, void* panel, Size stride, Size count,
                           void* scratch) const = 0;
  virtual void column_section(const void* parameters, void* panel, Size stride, Size count,
                              void* scratch) const = 0;
  virtual void initialise(void* state, Size stride, Size count) const = 0;
  virtual void tile(const Tile& tile) const = 0;
  virtual void merge(void* into, Size into_stride, const void* from, Size from_stride,
                     Size count) const = 0;
  virtual void finish(void* state, Size stride, Size count, double rows, void* output,
                      Size output_stride) const = 0;
};

/// A program made ready to run by a back end.
class Executable {
 public:
  virtual ~Executable() = default;

  /// Computes the outputs of the program: one with one row for each row of its results for each
  /// reduction's output, or the one output of a program without pairs.
  virtual void run(const Call& call) const = 0;
};

/// A way to run programs on this machine.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string name() const = 0;
  virtual Availability availability() const = 0;
  /// How many rows the kernel of a program computes at a time, and how many lanes a vector has.
  virtual std::int64_t row_block(const Program& program, bool float32) const = 0;
  virtual int lanes(bool float32) const = 0;
  /// Whether `kernel` would answer at once.
  virtual bool is_ready(const Program& program, bool float32) const = 0;
  /// The kernel of a program in one precision; `interrupted` may stop its making.
  virtual std::shared_ptr<Kernel> kernel(const Program& program, bool float32,
                                         const std::function<bool()>& interrupted) = 0;
};

}  // namespace kernelops
