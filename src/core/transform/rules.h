// The table of simplifications.
#pragma once

#include <string>
#include <vector>

namespace kernelops {

/// How much a rule keeps. `exact`: every value, infinities and NaN included, up to the sign of
/// zero. `rounding`: the same real number, computed with other roundings.
enum class Exactness { exact, rounding };

/// pattern -> replacement, in the formula language. In a pattern x, y, z stand for any formula, c
/// and d for a constant, k, m, n, s for an integer parameter, p and q for a list, 0 for the number
/// and for a vector of zeros; `condition` is an integer expression over dimensions and integers
/// that must hold. No rule makes 0 of a product with 0: it is NaN where the other factor is not
/// finite.
struct Rule {
  std::string pattern;
  std::string replacement;
  Exactness exactness = Exactness::exact;
  std::string condition = "1";
};

/// Every rule; each one makes the formula cheaper, so that rewriting ends.
const std::vector<Rule>& simplification_rules();

}  // namespace kernelops
