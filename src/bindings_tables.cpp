// The tables of operations and reductions as data frames.
#include <Rcpp.h>

#include <string>
#include <vector>

#include "core/api/tables.h"

namespace {

std::string integers_text(const std::vector<std::int64_t>& values) {
  std::string out;
  for (const std::int64_t value : values) {
    out += (out.empty() ? "" : ",") + std::to_string(value);
  }
  return out;
}

std::string joined(const std::vector<std::string>& texts, const std::string& separator) {
  std::string out;
  for (std::size_t k = 0; k < texts.size(); ++k) out += (k > 0 ? separator : "") + texts[k];
  return out;
}

// A column: one value for each row of a table.
template <int Type, class Row, class Get>
Rcpp::Vector<Type> column(const std::vector<Row>& rows, Get get) {
  Rcpp::Vector<Type> out(static_cast<R_xlen_t>(rows.size()));
  for (std::size_t k = 0; k < rows.size(); ++k) out[static_cast<R_xlen_t>(k)] = get(rows[k]);
  return out;
}

}  // namespace

// [[Rcpp::export]]
Rcpp::DataFrame cpp_operations() {
  using kernelops::OpDef;
  const auto& rows = kernelops::operations();
  const auto text = [&](auto get) { return column<STRSXP>(rows, get); };
  return Rcpp::DataFrame::create(
      Rcpp::_["name"] = text([](const OpDef& row) { return row.name; }),
      Rcpp::_["kind"] = text([](const OpDef& row) { return kernelops::op_kind_name(row.kind); }),
      Rcpp::_["arguments"] = column<INTSXP>(rows, [](const OpDef& row) { return row.arguments; }),
      Rcpp::_["parameters"] = text([](const OpDef& row) { return joined(row.parameters, ","); }),
      Rcpp::_["dimension"] = text([](const OpDef& row) { return row.dimension; }),
      Rcpp::_["infix"] = text([](const OpDef& row) { return row.infix.symbol; }),
      Rcpp::_["reference"] = text([](const OpDef& row) { return row.reference; }),
      Rcpp::_["domain_low"] =
          column<REALSXP>(rows, [](const OpDef& row) { return row.domain.low; }),
      Rcpp::_["domain_high"] =
          column<REALSXP>(rows, [](const OpDef& row) { return row.domain.high; }),
      Rcpp::_["sample_dimensions"] =
          text([](const OpDef& row) { return integers_text(row.sample.dimensions); }),
      Rcpp::_["sample_parameters"] =
          text([](const OpDef& row) { return integers_text(row.sample.parameters); }),
      Rcpp::_["gradient"] = text([](const OpDef& row) { return joined(row.gradient, " ; "); }),
      Rcpp::_["definition"] = text([](const OpDef& row) { return row.definition; }),
      Rcpp::_["documentation"] = text([](const OpDef& row) { return row.documentation; }),
      Rcpp::_["mathematics"] = text([](const OpDef& row) { return row.mathematics; }),
      Rcpp::_["stringsAsFactors"] = false);
}

// [[Rcpp::export]]
Rcpp::DataFrame cpp_reductions() {
  using kernelops::ReductionDef;
  const auto& rows = kernelops::reductions();
  const auto text = [&](auto get) { return column<STRSXP>(rows, get); };
  return Rcpp::DataFrame::create(
      Rcpp::_["name"] = text([](const ReductionDef& row) { return row.name; }),
      Rcpp::_["output"] = text([](const ReductionDef& row) {
        return std::string(row.output == kernelops::StateType::index ? "index" : "value");
      }),
      Rcpp::_["reference"] = text([](const ReductionDef& row) { return row.reference; }),
      Rcpp::_["gradient"] = text([](const ReductionDef& row) { return row.gradient; }),
      Rcpp::_["documentation"] = text([](const ReductionDef& row) { return row.documentation; }),
      Rcpp::_["mathematics"] = text([](const ReductionDef& row) { return row.mathematics; }),
      Rcpp::_["stringsAsFactors"] = false);
}
