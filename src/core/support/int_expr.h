// Integer expressions in the rows of the tables: dimension rules ("dim(x) + dim(y)"), requirements
// ("m >= 0 && m < dim(x)"), index maps ("k + s"). They are texts so that a row can be read, printed
// and documented; this file gives them their value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kernelops {

/// Looks up a name of an integer expression: a parameter or index such as "m" or "k", or the
/// dimension of an argument, asked for as "dim(x)"; an element of a list as "p[3", the place of a
/// value in it as "find(p,3", its length as "length(p)".
using IntScope = std::function<std::optional<std::int64_t>(std::string_view)>;

/// The value of `text` over + - * / % (C's integer rules), comparisons, && and ||, parentheses,
/// integers and the names of `scope`. Comparisons give 0 or 1. Throws an internal error for a text
/// that is malformed, names something unknown, divides by zero or overflows.
std::int64_t evaluate_int(std::string_view text, const IntScope& scope);

}  // namespace kernelops
