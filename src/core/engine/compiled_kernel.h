// A kernel whose functions are in a loaded library.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/engine/backend.h"
#include "core/jit/module.h"
#include "core/support/error.h"

namespace kernelops {

/// The kernel of a library that exposes `kernelops_kernel`; keeps the library loaded. Throws
/// Error(load) if there is no such symbol or its interface is another version's.
class CompiledKernel : public Kernel {
 public:
  explicit CompiledKernel(std::shared_ptr<Module> module)
      : module_(std::move(module)),
        descriptor_(*static_cast<const KernelDescriptor*>(module_->symbol("kernelops_kernel"))) {
    if (descriptor_.abi_version != kAbiVersion) {
      throw Error(ErrorKind::load, "a compiled kernel has interface version " +
                                       std::to_string(descriptor_.abi_version) +
                                       ", but this package has " + std::to_string(kAbiVersion));
    }
  }

  const KernelDescriptor& descriptor() const { return descriptor_; }

  KernelSizes sizes() const override {
    return {descriptor_.real_bytes,  descriptor_.lanes,        descriptor_.row_block,
            descriptor_.state_slots, descriptor_.result_slots, descriptor_.scratch_bytes};
  }
  Convert convert() const override { return descriptor_.convert; }
  void parameter_section(void* panel, void* scratch) const override {
    descriptor_.parameter_section(panel, panel, descriptor_.lanes, descriptor_.lanes, scratch);
  }
  void row_section(const void* parameters, void* panel, Size stride, Size count,
                   void* scratch) const override {
    descriptor_.row_section(parameters, panel, stride, count, scratch);
  }
  void column_section(const void* parameters, void* panel, Size stride, Size count,
                      void* scratch) const override {
    descriptor_.column_section(parameters, panel, stride, count, scratch);
  }
  void initialise(void* state, Size stride, Size count) const override {
    descriptor_.initialise(state, stride, count);
  }
  void tile(const Tile& tile) const override { descriptor_.tile(&tile); }
  void merge(void* into, Size into_stride, const void* from, Size from_stride,
             Size count) const override {
    descriptor_.merge(into, into_stride, from, from_stride, count);
  }
  void finish(void* state, Size stride, Size count, double rows, void* output,
              Size output_stride) const override {
    descriptor_.finish(state, stride, count, rows, output, output_stride);
  }

 private:
  std::shared_ptr<Module> module_;
  const KernelDescriptor& descriptor_;
};

}  // namespace kernelops
