#include "core/ops/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/syntax/parser.h"
#include "support/sample.h"

namespace kernelops {
namespace {

using testing::contains;
using testing::error_of;
using testing::Formulas;
using testing::Random;
using testing::RowSample;

bool is_composite(const OpDef& row) { return row.kind == OpKind::composite; }
bool is_differential(const OpDef& row) { return row.kind == OpKind::differential; }
bool is_elementwise(const OpDef& row) { return row.kind == OpKind::elementwise; }

// Elementwise code on arrays of arguments.
template <class T>
std::vector<T> apply_code(const OpDef& row, const std::vector<std::vector<T>>& arguments,
                          std::size_t count) {
  std::vector<const T*> pointers;
  for (const std::vector<T>& each : arguments) pointers.push_back(each.data());
  std::vector<T> out(count + 1, -99);
  const std::int64_t* parameters = row.sample.parameters.data();
  if constexpr (sizeof(T) == sizeof(float)) {
    row.code.float32(pointers.data(), parameters, out.data(), count);
  } else {
    row.code.float64(pointers.data(), parameters, out.data(), count);
  }
  EXPECT_EQ(out[count], -99) << row.name << " writes beyond its lanes";
  out.resize(count);
  return out;
}

// Values of all arguments in their domains.
std::vector<std::vector<double>> arguments_of(const OpDef& row, Random& random, std::size_t count) {
  std::vector<std::vector<double>> out;
  for (std::size_t a = 0; a < static_cast<std::size_t>(row.arguments); ++a) {
    out.push_back(
        testing::table_in(random, domain_of(row, a), static_cast<std::int64_t>(count), 1).values);
  }
  return out;
}

TEST(Operations, HaveDistinctNamesThatAreFound) {
  std::set<std::string> names;
  for (const OpDef& row : operations()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_operation(row.name), &row);
  }
  EXPECT_EQ(find_operation("exp"), nullptr);
  EXPECT_EQ(error_of([] { operation("NoSuch"); }).kind(), ErrorKind::internal);
}

TEST(Operations, AreDocumented) {
  for (const OpDef& row : operations()) {
    EXPECT_FALSE(row.documentation.empty()) << row.name;
    EXPECT_EQ(row.documentation.back(), '.') << row.name;
    EXPECT_FALSE(row.mathematics.empty()) << row.name;
    EXPECT_TRUE(is_differential(row) || !row.reference.empty()) << row.name;
  }
  for (const Synonym& each : synonyms()) EXPECT_FALSE(each.documentation.empty()) << each.name;
}

TEST(Operations, HaveASampleAndADomainForEachArgument) {
  for (const OpDef& row : operations()) {
    const auto arguments = static_cast<std::size_t>(row.arguments);
    EXPECT_EQ(row.sample.dimensions.size(), arguments) << row.name;
    std::size_t at = 0;
    for (const std::string& parameter : row.parameters) {
      ASSERT_LT(at, row.sample.parameters.size()) << row.name;
      const bool list = is_list_parameter(parameter);
      at += list ? static_cast<std::size_t>(row.sample.parameters[at]) + 1 : 1;
      EXPECT_TRUE(parameter.back() != '?' || (list && &parameter == &row.parameters.back()))
          << row.name;
    }
    EXPECT_EQ(row.sample.parameters.size(), at) << row.name;
    EXPECT_TRUE(row.domains.size() == 1 || row.domains.size() == arguments) << row.name;
    for (const Domain& domain : row.domains) EXPECT_LT(domain.low, domain.high) << row.name;
  }
}

TEST(Operations, EachKindHasWhatItNeeds) {
  for (const OpDef& row : operations()) {
    const auto arguments = static_cast<std::size_t>(row.arguments);
    EXPECT_EQ(is_elementwise(row), !row.code.text.empty()) << row.name;
    EXPECT_EQ(is_elementwise(row), row.code.float32 != nullptr) << row.name;
    EXPECT_EQ(is_elementwise(row), row.code.float64 != nullptr) << row.name;
    // A contraction with many components is called like an opaque row when it is long.
    const bool on_arrays =
        row.kind == OpKind::opaque || (row.kind == OpKind::contraction && row.dimension != "1");
    EXPECT_EQ(on_arrays, !row.opaque.text.empty()) << row.name;
    EXPECT_EQ(on_arrays, row.opaque.float32 != nullptr) << row.name;
    EXPECT_EQ(on_arrays, row.opaque.float64 != nullptr) << row.name;
    EXPECT_EQ(is_composite(row), !row.definition.empty()) << row.name;
    EXPECT_TRUE(is_composite(row) || row.define == nullptr) << row.name;
    EXPECT_EQ(row.kind == OpKind::contraction, !row.inner.empty()) << row.name;
    EXPECT_TRUE(is_elementwise(row) || is_composite(row) || !row.dimension.empty()) << row.name;
    const bool mapped = row.kind == OpKind::contraction || row.kind == OpKind::indexing;
    EXPECT_EQ(row.index.size(), mapped ? arguments : 0u) << row.name;
    EXPECT_EQ(row.gradient.size(), is_composite(row) || is_differential(row) ? 0 : arguments)
        << row.name;
    EXPECT_TRUE(is_differential(row) || !row.forward) << row.name;
  }
}

TEST(Operations, GradientTextsBuildWithTheDimensionsOfTheArguments) {
  for (const OpDef& row : testing::sampled_rows()) {
    if (row.gradient.empty()) continue;
    Formulas f;
    const Expr out = testing::sample_of_row(f, row);
    Scope scope = row_scope(row, out->arguments, out->parameters);
    scope.formulas["out"] = out;
    scope.formulas["g"] = f.variable("g", Category::i, out->dimension);
    for (std::size_t a = 0; a < row.gradient.size(); ++a) {
      if (row.gradient[a] == "0" || row.gradient[a].empty()) continue;
      const Expr part = build_definition(f.graph, row.gradient[a], scope);
      const std::int64_t dimension = out->arguments[a]->dimension;
      EXPECT_TRUE(part->dimension == dimension || dimension == 1) << row.name;
    }
  }
}

TEST(Operations, DefinitionsAreWrittenOut) {
  for (const OpDef& row : operations()) {
    if (!is_composite(row)) continue;
    Formulas f;
    for (Expr node : topological({testing::sample_of_row(f, row)})) {
      EXPECT_TRUE(node->kind != NodeKind::operation || !is_composite(*node->op)) << row.name;
    }
  }
}

// Dimensions and parameters that no row takes are the error of the row that was written.
TEST(Operations, RefuseWhatDoesNotFit) {
  Random random(1);
  for (const OpDef& row : operations()) {
    if (is_differential(row)) continue;
    for (int n = 0; n < 50; ++n) {
      OpDef other = row;
      for (std::int64_t& dimension : other.sample.dimensions) {
        dimension = testing::integer_from(random, 1, 7);
      }
      for (std::int64_t& parameter : other.sample.parameters) {
        const bool lists = is_list_parameter(row.parameters[0]);
        if (!lists) parameter = testing::integer_from(random, -1, 7);
      }
      Formulas f;
      try {
        testing::sample_of_row(f, other);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::dimension) << row.name << ": " << error.what();
        EXPECT_EQ(std::string(error.what()).substr(0, row.name.size() + 2), row.name + ": ")
            << error.what();
      }
    }
  }
}

TEST(Operations, BothPrecisionsAgree) {
  Random random(2);
  constexpr std::size_t kCount = 100;
  for (const OpDef& row : operations()) {
    if (!is_elementwise(row)) continue;
    std::vector<std::vector<double>> wide = arguments_of(row, random, kCount);
    std::vector<std::vector<float>> narrow;
    for (std::vector<double>& each : wide) {
      narrow.emplace_back(each.begin(), each.end());
      each.assign(narrow.back().begin(), narrow.back().end());
    }
    const std::vector<double> expected = apply_code(row, wide, kCount);
    const std::vector<float> actual = apply_code(row, narrow, kCount);
    for (std::size_t n = 0; n < kCount; ++n) {
      EXPECT_TRUE(testing::near(static_cast<double>(actual[n]), expected[n], 1e-5))
          << row.name << " of " << wide[0][n];
    }
  }
}

TEST(Operations, LaneFunctionsTreatEveryLaneAlikeForAnyCount) {
  Random random(3);
  for (const OpDef& row : operations()) {
    if (!is_elementwise(row)) continue;
    const std::vector<std::vector<double>> all = arguments_of(row, random, 9);
    for (std::size_t count = 0; count <= 9; ++count) {
      const std::vector<double> out = apply_code(row, all, count);
      for (std::size_t n = 0; n < count; ++n) {
        std::vector<std::vector<double>> one;
        for (const std::vector<double>& each : all) one.push_back({each[n]});
        EXPECT_EQ(out[n], apply_code(row, one, 1)[0]) << row.name;
      }
    }
  }
}

TEST(Operations, OpaqueFunctionsTreatEveryLaneAlikeForAnyCount) {
  Random random(4);
  for (const OpDef& row : operations()) {
    if (row.kind != OpKind::opaque) continue;
    Formulas f;
    const std::int64_t dim_out = testing::sample_of_row(f, row)->dimension;
    const auto components = static_cast<std::size_t>(dim_out);
    for (std::size_t count = 1; count <= 7; ++count) {
      std::vector<std::vector<double>> arguments;
      std::vector<const double*> pointers;
      for (std::size_t a = 0; a < row.sample.dimensions.size(); ++a) {
        arguments.push_back(testing::table_in(random, domain_of(row, a),
                                              static_cast<std::int64_t>(count),
                                              row.sample.dimensions[a])
                                .values);
      }
      for (const auto& each : arguments) pointers.push_back(each.data());
      std::vector<double> out(components * count);
      row.opaque.float64(pointers.data(), row.sample.dimensions.data(), out.data(), dim_out, count);
      for (std::size_t lane = 0; lane < count; ++lane) {
        std::vector<std::vector<double>> one;
        std::vector<const double*> of_lane;
        for (const auto& each : arguments) {
          one.emplace_back();
          for (std::size_t k = lane; k < each.size(); k += count) one.back().push_back(each[k]);
        }
        for (const auto& each : one) of_lane.push_back(each.data());
        std::vector<double> expected(components);
        row.opaque.float64(of_lane.data(), row.sample.dimensions.data(), expected.data(), dim_out,
                           1);
        for (std::size_t k = 0; k < components; ++k) {
          EXPECT_EQ(out[k * count + lane], expected[k]) << row.name;
        }
      }
    }
  }
}

TEST(Operations, CommutativeRowsCommute) {
  Random random(5);
  for (const OpDef& row : operations()) {
    if (!row.commutative) continue;
    const std::vector<std::vector<double>> xy = arguments_of(row, random, 20);
    const std::vector<std::vector<double>> yx = {xy[1], xy[0]};
    EXPECT_EQ(apply_code(row, xy, 20), apply_code(row, yx, 20)) << row.name;
  }
}

TEST(Operations, InfixSymbolsParseToTheirRow) {
  for (const OpDef& row : operations()) {
    if (row.infix.symbol.empty()) continue;
    const std::string text =
        row.arguments == 2 ? "a " + row.infix.symbol + " b" : row.infix.symbol + "a";
    EXPECT_EQ(parse(text).text, row.name);
  }
}

TEST(Operations, InternalRowsAreOfUseToOthers) {
  std::string texts;
  for (const OpDef& row : operations()) {
    for (const std::string& text : row.gradient) texts += text;
    if (!row.define) texts += row.definition;
  }
  for (const ReductionDef& row : reductions()) texts += row.gradient + row.selected_gradient;
  for (const Synonym& each : synonyms()) texts += each.formula;
  // Used in definitions that are made, in the sweep of a gradient, and in regrouped products.
  texts += "DivideOrZero(SumTo(Exp2Times(";
  for (const OpDef& row : operations()) {
    EXPECT_TRUE(!row.internal || contains(texts, row.name + "(")) << row.name;
  }
}

}  // namespace
}  // namespace kernelops
