// Rows: reductions. Comparisons are false for NaN, so that Min, Max and their positions skip it;
// ties keep the earlier row because a later one must be strictly better.
#include "core/ops/reduction_code.h"
#include "core/ops/table.h"

namespace kernelops {

namespace {

ReductionDef sum_row() {
  ReductionDef row;
  row.name = "Sum";
  row.state = {{"sum", StateType::value, "0"}};
  row.update = KERNELOPS_UPDATE1(sum, sum = sum + value;);
  row.merge = KERNELOPS_MERGE1(sum, sum = sum + other_sum;);
  row.finish = KERNELOPS_FINISH1(sum, sum);
  row.gradient = "g";
  row.reference = "sum(v)";
  row.documentation = "Sum; 0 over no rows.";
  row.mathematics = "\\sum_j F_{ij}";
  return row;
}

ReductionDef log_sum_exp_row() {
  ReductionDef row;
  row.name = "LogSumExp";
  row.state = {{"most", StateType::value, "-infinity"}, {"sum", StateType::value, "0"}};
  // Equal values meet in the first branch so that two infinities do not make a NaN.
  row.update = KERNELOPS_UPDATE2(
      TwoValues, most, sum,
      const auto factor = select(value == most, like(value, 1), exp(-abs(value - most)));
      sum = select(value > most, sum * factor + like(value, 1), sum + factor);
      most = select(value > most, value, most););
  row.merge = KERNELOPS_MERGE2(
      TwoValues, most, sum,
      const auto factor = select(other_most == most, like(most, 1), exp(-abs(other_most - most)));
      sum = select(other_most > most, sum * factor + other_sum, sum + factor * other_sum);
      most = select(other_most > most, other_most, most););
  row.finish = KERNELOPS_FINISH2(TwoValues, most, sum, most + log(sum));
  row.scalar_only = true;
  row.gradient = "Exp(F - out) * g";
  row.reference =
      "{ m <- if (length(v)) max(v) else -Inf; "
      "if (is.infinite(m)) m else m + log(sum(exp(v - m))) }";
  row.documentation =
      "Logarithm of the sum of exponentials, computed without overflow; -Inf over no rows.";
  row.mathematics = "\\log \\sum_j e^{F_{ij}}";
  return row;
}

// What tells a minimum from a maximum, besides the comparison in their code.
struct Extremum {
  std::string function;  // in R and in mathematics
  std::string word;
  std::string neutral;    // in code
  std::string neutral_r;  // in R
};

const Extremum kMinimum = {"min", "minimum", "infinity", "Inf"};
const Extremum kMaximum = {"max", "maximum", "-infinity", "-Inf"};

#define KERNELOPS_EXTREMUM_UPDATE(beats) \
  KERNELOPS_UPDATE1(best, best = select(value beats best, value, best);)
#define KERNELOPS_EXTREMUM_MERGE(beats) \
  KERNELOPS_MERGE1(best, best = select(other_best beats best, other_best, best);)

ReductionDef extremum_row(const char* name, const Extremum& extremum,
                          ReductionCode<UpdateFunction> update,
                          ReductionCode<MergeFunction> merge) {
  ReductionDef row;
  row.name = name;
  row.state = {{"best", StateType::value, extremum.neutral}};
  row.update = std::move(update);
  row.merge = std::move(merge);
  row.finish = KERNELOPS_FINISH1(best, best);
  row.no_gradient = "the derivative of a minimum or maximum is not available in this version";
  row.reference =
      "if (any(!is.nan(v))) " + extremum.function + "(v[!is.nan(v)]) else " + extremum.neutral_r;
  row.documentation = "The " + extremum.word + " of each component; NaN is skipped, " +
                      extremum.neutral_r + " over no rows.";
  row.mathematics = "\\" + extremum.function + "_j F_{ij}";
  return row;
}

// A first value is taken even if it equals the neutral element.
#define KERNELOPS_POSITION_UPDATE(beats)                                                   \
  KERNELOPS_UPDATE2(ValueAndIndex, best, at,                                               \
                    const auto better = (value beats best) | ((at < 0) & (value == best)); \
                    best = select(better, value, best); at = select(better, index, at);)
#define KERNELOPS_POSITION_MERGE(beats)                                                     \
  KERNELOPS_MERGE2(ValueAndIndex, best, at,                                                 \
                   const auto better = (other_best beats best) |                            \
                                       ((at < 0) & (other_at >= 0) & (other_best == best)); \
                   best = select(better, other_best, best); at = select(better, other_at, at);)

ReductionDef position_row(const char* name, const Extremum& extremum,
                          ReductionCode<UpdateFunction> update,
                          ReductionCode<MergeFunction> merge) {
  ReductionDef row;
  row.name = name;
  row.state = {{"best", StateType::value, extremum.neutral}, {"at", StateType::index, "-1"}};
  row.update = std::move(update);
  row.merge = std::move(merge);
  row.finish = KERNELOPS_FINISH2(ValueAndIndex, best, at, at);
  row.output = StateType::index;
  row.no_gradient = "a row number is piecewise constant and has no useful derivative";
  row.reference = "if (any(!is.nan(v))) which." + extremum.function + "(v) else NA";
  row.documentation = "Row of the " + extremum.word +
                      " of each component, the first one on ties; NaN is skipped, NA if there is "
                      "none.";
  row.mathematics = "\\arg\\" + extremum.function + "_j F_{ij}";
  return row;
}

}  // namespace

std::vector<ReductionDef> reduction_rows() {
  return {
      sum_row(),
      log_sum_exp_row(),
      extremum_row("Min", kMinimum, KERNELOPS_EXTREMUM_UPDATE(<), KERNELOPS_EXTREMUM_MERGE(<)),
      position_row("ArgMin", kMinimum, KERNELOPS_POSITION_UPDATE(<), KERNELOPS_POSITION_MERGE(<)),
      extremum_row("Max", kMaximum, KERNELOPS_EXTREMUM_UPDATE(>), KERNELOPS_EXTREMUM_MERGE(>)),
      position_row("ArgMax", kMaximum, KERNELOPS_POSITION_UPDATE(>), KERNELOPS_POSITION_MERGE(>))};
}

}  // namespace kernelops
