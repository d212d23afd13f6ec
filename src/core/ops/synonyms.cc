// Other ways of writing formulas, by the number of arguments.
#include "core/support/small_code.h"

#include "core/ops/table.h"

namespace kernelops {

const std::vector<Synonym>& synonyms() {
  static const std::vector<Synonym> all = {
      {"Factorize", 2, "x", "The first formula; what occurs often is always computed once."},
      {"AutoFactorize", 1, "x", "The formula; what occurs often is always computed once."},
      {"Grad_WithSavedForward", 4, "Grad(x, y, z)",
       "Grad(x, y, z); the value is never needed from the user."},
      {"Diff_WithSavedForward", 4, "Diff(x, y, z)",
       "Diff(x, y, z); the value is never needed from the user."},
      {"Mod", 2, "Mod(x, y, 0)", "The modulo without an offset."},
      {"TraceOperator", 3, "WeightedTrace(x, y, z)", "The trace with weights."},
      {"SumLinOperator", 4, "WeightedSumLin(x, y, z, w)", "The sum with weights on both sides."},
      {"LogSumExp_Reduction", 3, "LogSumExpWeight_Reduction(x, y, z)",
       "The logarithm of a weighted sum of exponentials."},
      {"Zero_Reduction", 2, "Sum_Reduction(Zero(x), y)", "A result of x zeros for each row."},
  };
  return all;
}

}  // namespace kernelops
