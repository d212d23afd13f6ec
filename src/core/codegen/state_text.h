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

/// A loop over `count` components, or their statements one after the other.
template <class Body>
std::string for_each_component(std::int64_t count, bool written_out, const std::string& indent,
                               Body body) {
  std::string out;
  if (written_out) {
    for (std::int64_t k = 0; k < count; ++k) out += body(number(k), indent);
    return out;
  }
  return indent + "KERNELOPS_ROLLED for (Size k = 0; k < " + number(count) + "; ++k) {\n" +
         body(std::string("k"), indent + "  ") + indent + "}\n";
}

}  // namespace kernelops
