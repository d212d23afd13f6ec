// Rows: reductions. Their code is in inst/kernels/reductions.h and ranks.h.
#include "core/support/small_code.h"

#include <utility>

#include "core/ops/reduction_code.h"
#include "core/ops/table.h"

namespace kernelops {

namespace {

using code::Components;
using code::IndexLanes;
using code::ValueLanes;
using OneValue = Components<ValueLanes>;
using TwoValues = Components<ValueLanes, ValueLanes>;
using ThreeValues = Components<ValueLanes, ValueLanes, ValueLanes>;
using FourValues = Components<ValueLanes, ValueLanes, ValueLanes, ValueLanes>;
using ValueAndIndex = Components<ValueLanes, IndexLanes>;

StateComponent value(const char* name, const char* initial) {
  return {name, StateType::value, initial};
}
StateComponent index(const char* name) { return {name, StateType::index, "-1"}; }

ReductionDef described(const char* name, std::string documentation, std::string mathematics,
                       std::string reference) {
  ReductionDef row;
  row.name = name;
  row.documentation = std::move(documentation);
  row.mathematics = std::move(mathematics);
  row.reference = std::move(reference);
  return row;
}

// The compiled functions of a plain code, whose outputs are all called "finish".
#define KERNELOPS_PLAIN(Code, State, ...) \
  code::plain_code<Code>(#Code, State(), {__VA_ARGS__}, KERNELOPS_FINISH(Code, finish))

ReductionDef sum_row() {
  ReductionDef row = described("Sum", "Sum; 0 over no rows.", "\\sum_j F_{ij}", "sum(v)");
  row.code = KERNELOPS_PLAIN(SumCode, OneValue, value("sum", "0"));
  row.compensated =
      KERNELOPS_PLAIN(CompensatedSumCode, TwoValues, value("sum", "0"), value("carry", "0"));
  row.adds = true;
  row.linear = true;
  row.ignores_zero = true;
  row.gradient = "g";
  return row;
}

ReductionDef selected_sum_row() {
  ReductionDef row = sum_row();
  row.name = "SelectedSum";
  row.selects = true;
  row.internal = true;
  row.documentation = "Sum over the entries of a selection.";
  row.mathematics = "\\sum_{(i, j) \\in S} F_{ij}";
  return row;
}

ReductionDef mean_row() {
  ReductionDef row =
      described("Mean", "Mean; NaN over no rows.", "\\frac1N \\sum_j F_{ij}", "mean(v)");
  row.code = KERNELOPS_PLAIN(MeanCode, OneValue, value("sum", "0"));
  row.compensated =
      KERNELOPS_PLAIN(CompensatedMeanCode, TwoValues, value("sum", "0"), value("carry", "0"));
  row.adds = true;
  row.linear = true;
  row.ignores_zero = true;
  row.gradient = "g / count";
  return row;
}

ReductionDef variance_row() {
  ReductionDef row = described(
      "Var", "Variance with denominator N - 1, as var() in R; NaN over fewer than two rows.",
      "\\frac1{N - 1} \\sum_j (F_{ij} - \\bar F_i)^2", "if (length(v) > 1) var(v) else NaN");
  row.code = KERNELOPS_PLAIN(VarianceCode, FourValues, value("count", "0"), value("shift", "0"),
                             value("total", "0"), value("squares", "0"));
  row.adds = true;
  row.gradient = "(F - Mean_Reduction(F, category)) * (2 / (count - 1)) * g";
  return row;
}

ReductionDef product_row() {
  ReductionDef row = described(
      "Prod",
      "Product; 1 over no rows. First and second derivatives are also right where factors are 0.",
      "\\prod_j F_{ij}", "prod(v)");
  row.code = KERNELOPS_PLAIN(ProductCode, OneValue, value("product", "1"));
  // Where F is not 0 it is out / F, whose derivative sees zeros through `out`. Where F is the only
  // zero it is the product of the others, and with a second zero it is that times this zero, which
  // is written as a sum over the zeros so that it has a derivative. Divisors are never 0, as the
  // derivative would divide by them where they are not chosen.
  row.gradient =
      "zero = Equal(F, 0);"
      "zeros = Sum_Reduction(zero, category);"
      "safe = IfElse(-zero, F, 1);"
      "others = Prod_Reduction(safe, category);"
      "sum = Sum_Reduction(IfElse(-zero, 0, F), category);"
      "g * IfElse(-zero, out / safe,"
      " others * IfElse(1 - zeros, 1, IfElse(2 - zeros, sum - F, 0)))";
  return row;
}

ReductionDef truth_row(const char* name, std::string documentation, std::string mathematics,
                       std::string reference, ReductionCode code) {
  ReductionDef row =
      described(name, std::move(documentation), std::move(mathematics), std::move(reference));
  row.code = std::move(code);
  row.no_gradient = "a truth value or a count is piecewise constant and has no useful derivative";
  return row;
}

std::vector<ReductionDef> truth_rows() {
  std::vector<ReductionDef> rows = {
      truth_row("Any", "Whether a value differs from 0, as NaN does; FALSE over no rows.",
                "\\exists j: F_{ij} \\ne 0", "any(is.nan(v) | v != 0)",
                KERNELOPS_PLAIN(AnyCode, OneValue, value("any_true", "0"))),
      truth_row("All", "Whether all values differ from 0, as NaN does; TRUE over no rows.",
                "\\forall j: F_{ij} \\ne 0", "all(is.nan(v) | v != 0)",
                KERNELOPS_PLAIN(AllCode, OneValue, value("all_true", "1"))),
      truth_row("Count", "How many values differ from 0, as NaN does.", "\\#\\{j: F_{ij} \\ne 0\\}",
                "sum(is.nan(v) | v != 0)",
                KERNELOPS_PLAIN(CountCode, OneValue, value("number", "0")))};
  rows[0].outputs[0].logical = true;
  rows[1].outputs[0].logical = true;
  return rows;
}

const char* const kLogSumExpReference =
    "{ m <- if (length(v)) max(v) else -Inf; "
    "if (is.infinite(m)) m else m + log(sum(exp(v - m))) }";

template <class... Finish>
ReductionCode exponentials(Finish... finish) {
  ReductionCode out = code::plain_code<LogSumExpCode>(
      "LogSumExpCode", TwoValues(), {value("most", "-infinity"), value("sum", "0")}, finish...);
  out.surveyed = true;
  return out;
}

template <class... Finish>
ReductionCode compensated_exponentials(Finish... finish) {
  return code::plain_code<CompensatedLogSumExpCode>(
      "CompensatedLogSumExpCode", ThreeValues(),
      {value("most", "-infinity"), value("sum", "0"), value("carry", "0")}, finish...);
}

template <class... Finish>
ReductionCode weighted_exponentials(Finish... finish) {
  ReductionCode out = code::weighted_code<WeightedExponentialsCode>(
      "WeightedExponentialsCode", TwoValues(), {value("most", "-infinity"), value("total", "0")},
      OneValue(), {value("sum", "0")}, finish...);
  out.surveyed = true;
  return out;
}

template <class... Finish>
ReductionCode compensated_weighted_exponentials(Finish... finish) {
  return code::weighted_code<CompensatedWeightedExponentialsCode>(
      "CompensatedWeightedExponentialsCode", ThreeValues(),
      {value("most", "-infinity"), value("total", "0"), value("total_carry", "0")}, TwoValues(),
      {value("sum", "0"), value("carry", "0")}, finish...);
}

// The outputs, gradients and texts of the reductions that return the maximum and a sum apart.
void make_maximum_and_sum(ReductionDef* row) {
  row->outputs = {{"max", StateType::value, "finish_max", false, row->weighted},
                  {"sum", StateType::value, "finish_sum"}};
  row->selection = "ArgMax";
}

std::vector<ReductionDef> exponential_rows() {
  ReductionDef plain = described(
      "LogSumExp",
      "Logarithm of the sum of exponentials, computed without overflow; -Inf over no rows.",
      "\\log \\sum_j e^{F_{ij}}", kLogSumExpReference);
  plain.code = exponentials(KERNELOPS_FINISH(LogSumExpCode, finish));
  plain.compensated = compensated_exponentials(KERNELOPS_FINISH(CompensatedLogSumExpCode, finish));
  plain.gradient = "Exp(F - out) * g";

  ReductionDef weighted = described(
      "LogSumExpWeight",
      "Logarithm of the sum of exponentials of the first formula, each times the second, computed "
      "without overflow; -Inf over no rows.",
      "\\log \\sum_j e^{F_{ij}} W_{ij}",
      "{ m <- if (length(v)) max(v) else -Inf; if (is.infinite(m)) m else m + log(sum(exp(v - m) * "
      "w)) }");
  weighted.weighted = true;
  weighted.code = weighted_exponentials(KERNELOPS_FINISH(WeightedExponentialsCode, finish));
  weighted.compensated = compensated_weighted_exponentials(
      KERNELOPS_FINISH(CompensatedWeightedExponentialsCode, finish));
  weighted.gradient = "Exp(F - out) * W * g";
  weighted.weight_gradient = "Exp(F - out) * g";

  ReductionDef softmax = described(
      "SumSoftMaxWeight",
      "Mean of the second formula with the softmax of the first one as weights; NaN over no rows.",
      "\\frac{\\sum_j e^{F_{ij}} W_{ij}}{\\sum_j e^{F_{ij}}}",
      "if (length(v)) { e <- exp(ifelse(v == max(v), 0, v - max(v))); sum(e * w) / sum(e) } else "
      "NaN");
  softmax.synonyms = {"SoftMax"};
  softmax.weighted = true;
  softmax.outputs[0].finish = "finish_softmax";
  softmax.code = weighted_exponentials(KERNELOPS_FINISH(WeightedExponentialsCode, finish_softmax));
  softmax.compensated = compensated_weighted_exponentials(
      KERNELOPS_FINISH(CompensatedWeightedExponentialsCode, finish_softmax));
  softmax.gradient = "Exp(F - LogSumExp_Reduction(F, category)) * (W - out) * g";
  softmax.weight_gradient = "Exp(F - LogSumExp_Reduction(F, category)) * g";

  ReductionDef shifted =
      described("Max_SumShiftExp",
                "The maximum m, and the sum of exponentials of the values minus m: their "
                "logarithm-sum-exp is "
                "m + log(sum). -Inf and 0 over no rows; the maximum skips NaN.",
                "m = \\max_j F_{ij},\\ \\sum_j e^{F_{ij} - m}",
                "{ m <- max(v[!is.nan(v)], -Inf); "
                "list(max = m, sum = sum(exp(ifelse(v == m, 0, v - m)))) }");
  make_maximum_and_sum(&shifted);
  shifted.code = exponentials(KERNELOPS_FINISH(LogSumExpCode, finish_max),
                              KERNELOPS_FINISH(LogSumExpCode, finish_sum));
  shifted.compensated =
      compensated_exponentials(KERNELOPS_FINISH(CompensatedLogSumExpCode, finish_max),
                               KERNELOPS_FINISH(CompensatedLogSumExpCode, finish_sum));
  shifted.gradient = "Exp(F - Extract(out, 0, dim(F))) * Extract(g, dim(F), dim(F))";
  shifted.selected_gradient =
      "SelectEntry(Extract(g, 0, dim(F)) - Extract(g, dim(F), dim(F)) * Extract(out, dim(F), "
      "dim(F)), Entry(), dim(F))";

  ReductionDef shifted_weighted = described(
      "Max_SumShiftExpWeight",
      "The maximum m of the first formula, and the sum of exponentials of its values minus m, each "
      "times the second formula. -Inf and 0 over no rows; the maximum skips NaN.",
      "m = \\max_j F_{ij},\\ \\sum_j e^{F_{ij} - m} W_{ij}",
      "{ m <- max(v[!is.nan(v)], -Inf); "
      "list(max = m, sum = sum(exp(ifelse(v == m, 0, v - m)) * w)) }");
  shifted_weighted.weighted = true;
  make_maximum_and_sum(&shifted_weighted);
  shifted_weighted.code =
      weighted_exponentials(KERNELOPS_FINISH(WeightedExponentialsCode, finish_max),
                            KERNELOPS_FINISH(WeightedExponentialsCode, finish_sum));
  shifted_weighted.compensated = compensated_weighted_exponentials(
      KERNELOPS_FINISH(CompensatedWeightedExponentialsCode, finish_max),
      KERNELOPS_FINISH(CompensatedWeightedExponentialsCode, finish_sum));
  shifted_weighted.gradient =
      "Exp(F - Extract(out, 0, dim(F))) * W * Extract(g, dim(F), dim(out) - dim(F))";
  shifted_weighted.weight_gradient =
      "Exp(F - Extract(out, 0, dim(F))) * Extract(g, dim(F), dim(out) - dim(F))";
  // Where F is scalar, the sums of all components shift with its maximum.
  shifted_weighted.selected_gradient =
      "SelectEntry(Extract(g, 0, dim(F)) - SumTo(Extract(g, dim(F), dim(out) - dim(F)) * "
      "Extract(out, dim(F), dim(out) - dim(F)), dim(F)), Entry(), dim(F))";
  std::vector<ReductionDef> rows = {plain, weighted, softmax, shifted, shifted_weighted};
  for (ReductionDef& row : rows) row.adds = true;
  return rows;
}

// What tells a minimum from a maximum, besides its code.
struct Extremum {
  std::string name;
  std::string function;   // in R and in mathematics
  std::string word;       // of the value
  std::string few;        // of the K best
  std::string neutral;    // in code
  std::string neutral_r;  // in R
  std::string decreasing;
};

const Extremum kMinimum = {"Min", "min", "minimum", "smallest", "infinity", "Inf", "FALSE"};
const Extremum kMaximum = {"Max", "max", "maximum", "largest", "-infinity", "-Inf", "TRUE"};

const char* const kNoRowGradient =
    "a row number is piecewise constant and has no useful derivative";

std::vector<ReductionDef> extremum_rows(const Extremum& e, ReductionCode best, ReductionCode at,
                                        ReductionCode both) {
  const std::string value_r =
      "if (any(!is.nan(v))) " + e.function + "(v[!is.nan(v)]) else " + e.neutral_r;
  const std::string row_r = "if (any(!is.nan(v))) which." + e.function + "(v) else NA";
  ReductionDef extremum = described(
      e.name.c_str(),
      "The " + e.word + " of each component; NaN is skipped, " + e.neutral_r + " over no rows.",
      "\\" + e.function + "_j F_{ij}", value_r);
  extremum.code = std::move(best);
  extremum.selection = "Arg" + e.name;
  extremum.selected_gradient = "SelectEntry(g, Entry(), dim(F))";

  ReductionDef position =
      described(("Arg" + e.name).c_str(),
                "Row of the " + e.word +
                    " of each component, the first one on ties; NaN is skipped, NA if there is "
                    "none.",
                "\\arg\\" + e.function + "_j F_{ij}", row_r);
  position.outputs = {{"arg" + e.function, StateType::index, "finish_index"}};
  position.code = std::move(at);
  position.no_gradient = kNoRowGradient;

  ReductionDef pair = described(
      (e.name + "_Arg" + e.name).c_str(),
      "The " + e.word + " of each component and its row; see " + e.name + " and Arg" + e.name + ".",
      "\\" + e.function + "_j F_{ij},\\ \\arg\\" + e.function + "_j F_{ij}",
      "list(" + e.function + " = " + value_r + ", arg" + e.function + " = " + row_r + ")");
  pair.synonyms = {e.name + "Arg" + e.name};
  pair.outputs = {{e.function, StateType::value, "finish"},
                  {"arg" + e.function, StateType::index, "finish_index"}};
  pair.code = std::move(both);
  pair.selection = extremum.selection;
  pair.selected_gradient = extremum.selected_gradient;
  return {extremum, position, pair};
}

template <class Code>
std::vector<ReductionDef> rank_rows(const Extremum& e, const char* code_name) {
  const auto code = [&](std::vector<StateType> outputs) {
    return code::ranked_code<Code>(code_name, std::move(outputs));
  };
  const std::string name = "K" + e.name;
  const std::string order_r = "order(v, decreasing = " + e.decreasing +
                              ", method = \"radix\", "
                              "na.last = NA)";
  const std::string values_r = "head(c(v[" + order_r + "], rep(" + e.neutral_r + ", K)), K)";
  const std::string rows_r = "head(c(" + order_r + ", rep(NA, K)), K)";
  ReductionDef values = described(
      name.c_str(),
      "The K " + e.few + " values of each component, best first; NaN is skipped, " + e.neutral_r +
          " where there are fewer.",
      "\\" + e.function + "^{(1)}_j F_{ij}, \\dots, \\" + e.function + "^{(K)}_j F_{ij}", values_r);
  values.ranked = true;
  values.code = code({StateType::value});
  values.selection = "Arg" + name;
  values.selected_gradient = "SelectEntry(g, Entry(), dim(F))";

  ReductionDef rows = described(
      ("Arg" + name).c_str(),
      "The rows of the K " + e.few +
          " values of each component, best first and earlier rows first "
          "on ties; NaN is skipped, NA where there are fewer.",
      "\\arg\\" + e.function + "^{(1)}_j F_{ij}, \\dots, \\arg\\" + e.function + "^{(K)}_j F_{ij}",
      rows_r);
  rows.ranked = true;
  rows.code = code({StateType::index});
  rows.outputs = {{"arg" + e.function, StateType::index, "finish_index"}};
  rows.no_gradient = kNoRowGradient;

  ReductionDef both = described(
      (name + "_Arg" + name).c_str(),
      "The K " + e.few + " values of each component and their rows; see " + name + " and Arg" +
          name + ".",
      "\\" + e.function + "^{(k)}_j F_{ij},\\ \\arg\\" + e.function + "^{(k)}_j F_{ij}",
      "list(" + e.function + " = " + values_r + ", arg" + e.function + " = " + rows_r + ")");
  both.synonyms = {name + "Arg" + name};
  both.ranked = true;
  both.code = code({StateType::value, StateType::index});
  both.outputs = {{e.function, StateType::value, "finish"},
                  {"arg" + e.function, StateType::index, "finish_index"}};
  both.selection = values.selection;
  both.selected_gradient = values.selected_gradient;
  return {values, rows, both};
}

#define KERNELOPS_EXTREMUM_ROWS(extremum, Best, At)                                               \
  extremum_rows(extremum,                                                                         \
                KERNELOPS_PLAIN(Best, OneValue, value("best", extremum.neutral.c_str())),         \
                code::plain_code<At>(#At, ValueAndIndex(),                                        \
                                     {value("best", extremum.neutral.c_str()), index("at")},      \
                                     KERNELOPS_FINISH(At, finish_index)),                         \
                code::plain_code<At>(                                                             \
                    #At, ValueAndIndex(), {value("best", extremum.neutral.c_str()), index("at")}, \
                    KERNELOPS_FINISH(At, finish), KERNELOPS_FINISH(At, finish_index)))

}  // namespace

std::vector<ReductionDef> reduction_rows() {
  std::vector<ReductionDef> rows = {sum_row(), mean_row(), variance_row(), product_row()};
  const auto add = [&rows](std::vector<ReductionDef> more) {
    for (ReductionDef& row : more) rows.push_back(std::move(row));
  };
  add(exponential_rows());
  add(KERNELOPS_EXTREMUM_ROWS(kMinimum, MinCode, ArgMinCode));
  add(KERNELOPS_EXTREMUM_ROWS(kMaximum, MaxCode, ArgMaxCode));
  add(rank_rows<RankCode<Smallest>>(kMinimum, "RankCode<Smallest>"));
  add(rank_rows<RankCode<Largest>>(kMaximum, "RankCode<Largest>"));
  add(truth_rows());
  add({selected_sum_row()});
  return rows;
}

}  // namespace kernelops
