// The states of single lanes, wherever a layout in memory matters (inst/kernels/abi.h).
#pragma once

#include <cstdint>
#include <cstring>

#include "core/engine/aligned_buffer.h"
#include "core/lower/program.h"

namespace kernelops {

/// Copies the states of one lane from one buffer of states to another, each with its stride.
inline void copy_lane(const Program& program, const void* from, std::int64_t from_stride,
                      std::int64_t from_lane, void* into, std::int64_t into_stride,
                      std::int64_t into_lane) {
  for (const Accumulation& each : program.accumulations) {
    // Those of a component of a ranked reduction follow one another.
    const std::int64_t words = each.ranked() ? each.slots_of_component() : 1;
    for (std::int64_t slot = each.first_slot; slot < each.first_slot + each.slots();
         slot += words) {
      const std::int64_t source = (slot * from_stride + from_lane * words) * kStateBytes;
      const std::int64_t target = (slot * into_stride + into_lane * words) * kStateBytes;
      std::memcpy(static_cast<char*>(into) + target, static_cast<const char*>(from) + source,
                  static_cast<std::size_t>(words * kStateBytes));
    }
  }
}

}  // namespace kernelops
