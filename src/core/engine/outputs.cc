#include "core/engine/outputs.h"

#include <algorithm>
#include <limits>

#include "core/engine/aligned_buffer.h"

namespace kernelops {

namespace {

void write_component(const ProgramOutput& what, std::int64_t k, const void* results,
                     std::int64_t count, std::int64_t first, const OutputView& output) {
  if (output.data == nullptr) return;
  const std::int64_t target = k * output.rows + first;
  if (what.type == StateType::value) {
    const double* values = static_cast<const double*>(results);
    std::copy(values, values + count, static_cast<double*>(output.data) + target);
    return;
  }
  const std::int64_t* indices = static_cast<const std::int64_t*>(results);
  for (std::int64_t r = 0; r < count; ++r) {
    const bool missing = indices[r] < 0;
    if (output.type == ElementType::int32) {
      static_cast<std::int32_t*>(output.data)[target + r] =
          missing ? kMissingInteger : static_cast<std::int32_t>(indices[r] + 1);
    } else {
      static_cast<double*>(output.data)[target + r] =
          missing ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(indices[r] + 1);
    }
  }
}

}  // namespace

void write_result_slot(const Program& program, std::int64_t slot, const void* results,
                       std::int64_t count, std::int64_t first,
                       const std::vector<OutputView>& outputs) {
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    const ProgramOutput& what = program.outputs[n];
    const std::int64_t k = slot - what.first;
    if (k >= 0 && k < what.dimension) {
      write_component(what, k, results, count, first, outputs[n]);
    }
  }
}

void write_outputs(const Program& program, const void* results, std::int64_t stride,
                   std::int64_t count, std::int64_t first, const std::vector<OutputView>& outputs) {
  for (std::int64_t slot = 0; slot < program.result_slots(); ++slot) {
    write_result_slot(program, slot,
                      static_cast<const char*>(results) + slot * stride * kStateBytes, count, first,
                      outputs);
  }
}

}  // namespace kernelops
