// Copies inputs into panels, converting them to the kernel's precision on the way.
#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/array_view.h"
#include "core/lower/program.h"
#include "kernels/abi.h"

namespace kernelops {

/// One component of one row in the precision of a kernel; a missing integer is NaN.
template <class Real>
Real element_of(const ArrayView& view, std::int64_t row, std::int64_t component);

/// Copies rows [first, first + count) of all components to panel[k * stride + r]. Rows from count
/// up to `padded` repeat the last one, so that padding is an ordinary value; count must be
/// positive. `convert` is what a kernel of that precision has for consecutive numbers; without it
/// they are copied one by one.
template <class Real>
void pack_rows(const ArrayView& view, std::int64_t first, std::int64_t count, std::int64_t padded,
               Real* panel, std::int64_t stride, Convert convert = nullptr);

/// Copies the runs of slots of a panel [slot][stride] to packed columns [column][packed slot].
template <class Real>
void pack_columns(const Real* panel, std::int64_t stride, std::int64_t count,
                  const std::vector<PackedRun>& runs, std::int64_t packed_slots, Real* packed);

}  // namespace kernelops
