// Formulas that stand alone: what host languages need to build them piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kernelops {

/// The dimension of a formula without reductions, with its variables declared as those of an
/// operator. Throws Error(syntax), Error(dimension), Error(argument) or Error(unsupported).
std::int64_t formula_dimension(const std::string& formula,
                               const std::vector<std::string>& arguments);

}  // namespace kernelops
