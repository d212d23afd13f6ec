// The tables of operations and reductions as data frames.
#include <Rcpp.h>

#include <string>
#include <vector>

#include "core/api/tables.h"
#include "core/api/user_operation.h"
#include "guard.h"

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

// "low,high,shape" for each argument, separated by semicolons.
std::string domains_text(const kernelops::OpDef& row) {
  static const char* const kShapes[] = {"real", "whole", "sorted"};
  std::vector<std::string> out;
  for (std::size_t a = 0; a < static_cast<std::size_t>(row.arguments); ++a) {
    const kernelops::Domain& domain = kernelops::domain_of(row, a);
    out.push_back(std::to_string(domain.low) + "," + std::to_string(domain.high) + "," +
                  kShapes[static_cast<int>(domain.shape)]);
  }
  return joined(out, ";");
}

// "name:type" for each output, where type is value, index or logical.
std::string outputs_text(const kernelops::ReductionDef& row) {
  std::vector<std::string> out;
  for (const kernelops::ReductionOutput& output : row.outputs) {
    out.push_back(output.name + ":" +
                  (output.type == kernelops::StateType::index ? "index"
                   : output.logical                           ? "logical"
                                                              : "value"));
  }
  return joined(out, ",");
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
void cpp_define_operation(const std::string& name, int arguments, const std::string& code,
                          const std::vector<std::string>& gradient, const std::string& reference,
                          const std::string& documentation) {
  kernelops::guard([&] {
    kernelops::define_operation({name, arguments, code, gradient, reference, documentation});
    return R_NilValue;
  });
}

// [[Rcpp::export]]
Rcpp::DataFrame cpp_operations() {
  using kernelops::OpDef;
  std::vector<OpDef> rows = kernelops::operations();
  for (const OpDef* row : kernelops::user_rows()) rows.push_back(*row);
  const auto text = [&](auto get) { return column<STRSXP>(rows, get); };
  return Rcpp::DataFrame::create(
      Rcpp::_["name"] = text([](const OpDef& row) { return row.name; }),
      Rcpp::_["topic"] = text([](const OpDef& row) { return row.topic; }),
      Rcpp::_["kind"] = text([](const OpDef& row) { return kernelops::op_kind_name(row.kind); }),
      Rcpp::_["arguments"] = column<INTSXP>(rows, [](const OpDef& row) { return row.arguments; }),
      Rcpp::_["parameters"] = text([](const OpDef& row) { return joined(row.parameters, ","); }),
      Rcpp::_["dimension"] = text([](const OpDef& row) { return row.dimension; }),
      Rcpp::_["infix"] = text([](const OpDef& row) { return row.infix.symbol; }),
      Rcpp::_["reference"] = text([](const OpDef& row) { return row.reference; }),
      Rcpp::_["domains"] = text([](const OpDef& row) { return domains_text(row); }),
      Rcpp::_["sample_dimensions"] =
          text([](const OpDef& row) { return integers_text(row.sample.dimensions); }),
      Rcpp::_["sample_parameters"] =
          text([](const OpDef& row) { return integers_text(row.sample.parameters); }),
      Rcpp::_["gradient"] = text([](const OpDef& row) { return joined(row.gradient, " ; "); }),
      Rcpp::_["definition"] = text([](const OpDef& row) { return row.definition; }),
      Rcpp::_["internal"] = column<LGLSXP>(rows, [](const OpDef& row) { return row.internal; }),
      Rcpp::_["documentation"] = text([](const OpDef& row) { return row.documentation; }),
      Rcpp::_["mathematics"] = text([](const OpDef& row) { return row.mathematics; }),
      Rcpp::_["stringsAsFactors"] = false);
}

// [[Rcpp::export]]
Rcpp::DataFrame cpp_synonyms() {
  using kernelops::Synonym;
  const auto& rows = kernelops::synonyms();
  const auto text = [&](auto get) { return column<STRSXP>(rows, get); };
  return Rcpp::DataFrame::create(
      Rcpp::_["name"] = text([](const Synonym& row) { return row.name; }),
      Rcpp::_["arguments"] =
          column<INTSXP>(rows, [](const Synonym& row) { return static_cast<int>(row.arguments); }),
      Rcpp::_["formula"] = text([](const Synonym& row) { return row.formula; }),
      Rcpp::_["documentation"] = text([](const Synonym& row) { return row.documentation; }),
      Rcpp::_["stringsAsFactors"] = false);
}

// [[Rcpp::export]]
Rcpp::DataFrame cpp_reductions() {
  using kernelops::ReductionDef;
  const auto& rows = kernelops::reductions();
  const auto text = [&](auto get) { return column<STRSXP>(rows, get); };
  return Rcpp::DataFrame::create(
      Rcpp::_["name"] = text([](const ReductionDef& row) { return row.name; }),
      Rcpp::_["synonyms"] = text([](const ReductionDef& row) { return joined(row.synonyms, ","); }),
      Rcpp::_["weighted"] =
          column<LGLSXP>(rows, [](const ReductionDef& row) { return row.weighted; }),
      Rcpp::_["ranked"] = column<LGLSXP>(rows, [](const ReductionDef& row) { return row.ranked; }),
      Rcpp::_["internal"] =
          column<LGLSXP>(rows, [](const ReductionDef& row) { return row.internal; }),
      Rcpp::_["outputs"] = text([](const ReductionDef& row) { return outputs_text(row); }),
      Rcpp::_["reference"] = text([](const ReductionDef& row) { return row.reference; }),
      Rcpp::_["gradient"] = text([](const ReductionDef& row) { return row.gradient; }),
      Rcpp::_["weight_gradient"] =
          text([](const ReductionDef& row) { return row.weight_gradient; }),
      Rcpp::_["selected_gradient"] =
          text([](const ReductionDef& row) { return row.selected_gradient; }),
      Rcpp::_["no_gradient"] = text([](const ReductionDef& row) { return row.no_gradient; }),
      Rcpp::_["documentation"] = text([](const ReductionDef& row) { return row.documentation; }),
      Rcpp::_["mathematics"] = text([](const ReductionDef& row) { return row.mathematics; }),
      Rcpp::_["stringsAsFactors"] = false);
}
