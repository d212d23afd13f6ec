// Writes finished results to the caller's arrays.
#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/array_view.h"
#include "core/lower/program.h"

namespace kernelops {

/// Copies `count` rows of results, 8 bytes each, as [component][stride], to rows `first` on of the
/// outputs of a program; those without data are left out.
void write_outputs(const Program& program, const void* results, std::int64_t stride,
                   std::int64_t count, std::int64_t first, const std::vector<OutputView>& outputs);

/// The same for one component, number `slot` among those of all outputs.
void write_result_slot(const Program& program, std::int64_t slot, const void* results,
                       std::int64_t count, std::int64_t first,
                       const std::vector<OutputView>& outputs);

}  // namespace kernelops
