#include "core/support/small_code.h"

#include "core/ops/table.h"

#include <map>
#include <utility>

#include "core/ops/user_rows.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

// A row without sample dimensions is tested with vectors of dimension 3.
std::vector<OpDef> all_operations() {
  std::vector<OpDef> rows;
  const std::vector<std::pair<const char*, std::vector<OpDef>>> parts = {
      {"Arithmetic", arithmetic_rows()},
      {"Comparisons and choices", comparison_rows()},
      {"Elementary functions", function_rows()},
      {"Special functions and kernels", special_rows()},
      {"Sums and rearrangements of components", vector_rows()},
      {"Norms and distances", norm_rows()},
      {"Components and their numbers", component_rows()},
      {"Matrices and tensors", matrix_rows()},
      {"Complex vectors", complex_rows()},
      {"Splines and time warping", spline_rows()},
      {"Derivatives", differential_rows()}};
  for (const auto& [topic, part] : parts) {
    for (OpDef row : part) {
      row.topic = topic;
      if (row.sample.dimensions.empty()) row.sample.dimensions.assign(row.arguments, 3);
      if (row.domains.empty()) row.domains = {{}};
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<std::string> names_of(const OpDef& row) { return {row.name}; }

std::vector<std::string> names_of(const ReductionDef& row) {
  std::vector<std::string> names = row.synonyms;
  names.push_back(row.name);
  return names;
}

template <class Row>
const Row* find_by_name(const std::vector<Row>& rows, std::string_view name) {
  static const std::map<std::string, const Row*, std::less<>> by_name = [&rows] {
    std::map<std::string, const Row*, std::less<>> map;
    for (const Row& row : rows) {
      for (const std::string& each : names_of(row)) map.emplace(each, &row);
    }
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace

const std::vector<OpDef>& operations() {
  static const std::vector<OpDef> rows = all_operations();
  return rows;
}

const std::vector<ReductionDef>& reductions() {
  static const std::vector<ReductionDef> rows = reduction_rows();
  return rows;
}

const Domain& domain_of(const OpDef& row, std::size_t position) {
  return row.domains[row.domains.size() == 1 ? 0 : position];
}

const OpDef* find_operation(std::string_view name) {
  const OpDef* row = find_by_name(operations(), name);
  return row != nullptr ? row : find_user_row(name);
}

const ReductionDef* find_reduction(std::string_view name) {
  return find_by_name(reductions(), name);
}

const OpDef& operation(std::string_view name) {
  const OpDef* row = find_operation(name);
  KERNELOPS_CHECK(row != nullptr);
  return *row;
}

const ReductionDef& reduction(std::string_view name) {
  const ReductionDef* row = find_reduction(name);
  KERNELOPS_CHECK(row != nullptr);
  return *row;
}

}  // namespace kernelops
