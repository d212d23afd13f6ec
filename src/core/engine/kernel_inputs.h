// The panels of a program, filled with inputs and completed by the sections of its kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/backend.h"
#include "core/engine/pack.h"
#include "core/engine/panels.h"
#include "core/lower/program.h"
#include "core/support/rounding.h"

namespace kernelops {

/// The parameters' panel of a call, and panels of its rows and columns on demand. Throws
/// Error(unsupported) where PanelFiller does. `scratch` is the scratch memory of the kernel.
template <class Real>
class KernelInputs {
 public:
  KernelInputs(const Program& program, const Kernel& kernel, const Bindings& bindings,
               const Sizes& sizes)
      : program_(program),
        kernel_(kernel),
        lanes_(kernel.sizes().lanes),
        filler_(bindings, sizes, kernel.convert()),
        parameters_(bytes_of(program.parameters.slots * lanes_, sizeof(Real))) {
    const AlignedBuffer scratch(bytes_of(kernel.sizes().scratch_bytes, 1));
    filler_.rows(program.parameters, 0, 1, lanes_, lanes_, static_cast<Real*>(parameters_.data()));
    kernel.parameter_section(parameters_.data(), scratch.data());
  }

  const void* parameters() const { return parameters_.data(); }

  /// Rows [first, first + count), padded to `padded`, as [slot][stride].
  void rows(std::int64_t first, std::int64_t count, std::int64_t padded, std::int64_t stride,
            Real* panel, void* scratch) const {
    filler_.rows(program_.row, first, count, padded, stride, panel);
    kernel_.row_section(parameters(), panel, stride, padded, scratch);
  }

  /// Entries of a selection, padded to `padded`, as [slot][stride].
  void entries(const std::vector<Entry>& entries, std::int64_t padded, std::int64_t stride,
               Real* panel, void* scratch) const {
    filler_.entries(program_.row, entries, padded, stride, panel);
    kernel_.row_section(parameters(), panel, stride, padded, scratch);
  }

  /// Columns [first, first + count) by way of a panel [slot][stride], packed as [column][slot].
  void packed_columns(std::int64_t first, std::int64_t count, std::int64_t stride, Real* panel,
                      void* scratch, Real* packed) const {
    const std::int64_t padded = round_up(count, lanes_);
    filler_.rows(program_.column, first, count, padded, stride, panel);
    kernel_.column_section(parameters(), panel, stride, padded, scratch);
    pack_columns(panel, stride, count, program_.packed, program_.packed_slots, packed);
  }

 private:
  const Program& program_;
  const Kernel& kernel_;
  std::int64_t lanes_;
  PanelFiller<Real> filler_;
  AlignedBuffer parameters_;
};

}  // namespace kernelops
