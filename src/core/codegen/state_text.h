// What the texts of states have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lower/program.h"

namespace kernelops {

inline std::string number(std::int64_t value) { return std::to_string(value); }

/// The components of the shared state of an accumulation, or of that of each component.
inline const std::vector<StateComponent>& components_of(const Accumulation& each, bool shared) {
  return shared ? each.code->shared : each.code->state;
}

/// How many there are of them: groups, or components.
inline std::int64_t count_of(const Accumulation& each, bool shared) {
  return shared ? each.groups : each.components;
}

}  // namespace kernelops
