#include "core/ops/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "core/syntax/parser.h"
#include "core/transform/gradient.h"
#include "support/differences.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::Values;

bool is_composite(const OpDef& row) { return row.kind == OpKind::composite; }
bool is_differential(const OpDef& row) { return row.kind == OpKind::differential; }

double value_of(const OpDef& row, double x, double y = 0, std::int64_t parameter = 0) {
  const double* arguments[] = {&x, &y};
  double out = 0;
  row.code.float64(arguments, &parameter, &out, 1);
  return out;
}

float value_of_float(const OpDef& row, float x, float y = 0, std::int64_t parameter = 0) {
  const float* arguments[] = {&x, &y};
  float out = 0;
  row.code.float32(arguments, &parameter, &out, 1);
  return out;
}

TEST(Operations, HaveDistinctNamesThatAreFound) {
  std::set<std::string> names;
  for (const OpDef& row : operations()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_operation(row.name), &row);
  }
  EXPECT_EQ(find_operation("exp"), nullptr);
  EXPECT_EQ(testing::error_of([] { operation("NoSuch"); }).kind(), ErrorKind::internal);
}

TEST(Operations, AreDocumentedAndHaveASampleForEachArgument) {
  for (const OpDef& row : operations()) {
    EXPECT_FALSE(row.documentation.empty()) << row.name;
    EXPECT_FALSE(row.mathematics.empty()) << row.name;
    EXPECT_TRUE(is_differential(row) || !row.reference.empty()) << row.name;
    EXPECT_EQ(row.sample.dimensions.size(), static_cast<std::size_t>(row.arguments)) << row.name;
    EXPECT_EQ(row.sample.parameters.size(), row.parameters.size()) << row.name;
    EXPECT_LT(row.domain.low, row.domain.high) << row.name;
  }
}

TEST(Operations, EachKindHasWhatItNeeds) {
  for (const OpDef& row : operations()) {
    const bool elementwise = row.kind == OpKind::elementwise;
    EXPECT_EQ(elementwise, !row.code.text.empty()) << row.name;
    EXPECT_EQ(elementwise, row.code.float32 != nullptr) << row.name;
    EXPECT_EQ(elementwise, row.code.float64 != nullptr) << row.name;
    EXPECT_EQ(is_composite(row), !row.definition.empty()) << row.name;
    EXPECT_EQ(row.kind == OpKind::contraction, !row.inner.empty()) << row.name;
    const std::size_t maps = row.kind == OpKind::contraction || row.kind == OpKind::indexing
                                 ? static_cast<std::size_t>(row.arguments)
                                 : 0;
    EXPECT_EQ(row.index.size(), maps) << row.name;
    if (is_composite(row) || is_differential(row)) {
      EXPECT_TRUE(row.gradient.empty()) << row.name;
    } else if (!row.gradient.empty()) {
      EXPECT_EQ(row.gradient.size(), static_cast<std::size_t>(row.arguments)) << row.name;
    }
  }
}

TEST(Operations, GradientTextsBuildWithTheDimensionsOfTheArguments) {
  for (const OpDef& row : operations()) {
    if (row.gradient.empty()) continue;
    Formulas f;
    const Expr out = testing::sample_of_row(f, row);
    Scope scope;
    scope.formulas = {{"out", out}, {"g", f.variable("g", Category::i, out->dimension)}};
    for (std::size_t a = 0; a < out->arguments.size(); ++a) {
      scope.formulas[argument_name(a)] = out->arguments[a];
    }
    for (std::size_t p = 0; p < out->parameters.size(); ++p) {
      scope.integers[row.parameters[p]] = out->parameters[p];
    }
    for (std::size_t a = 0; a < row.gradient.size(); ++a) {
      if (row.gradient[a] == "0") continue;
      const Expr part = build_formula(f.graph, row.gradient[a], scope);
      EXPECT_EQ(part->dimension, out->arguments[a]->dimension) << row.name;
    }
  }
}

TEST(Operations, DefinitionsBuildAndAreWrittenOut) {
  for (const OpDef& row : operations()) {
    if (!is_composite(row)) continue;
    Formulas f;
    for (Expr node : topological({testing::sample_of_row(f, row)})) {
      EXPECT_TRUE(node->kind != NodeKind::operation || node->op != &row) << row.name;
    }
  }
}

TEST(Operations, GradientsAgreeWithFiniteDifferences) {
  Random random(1);
  for (const OpDef& row : operations()) {
    if (is_differential(row) || (row.gradient.empty() && !is_composite(row))) continue;
    SCOPED_TRACE(row.name);
    Formulas f;
    const Expr out = testing::sample_of_row(f, row);
    const std::vector<Expr> arguments = f.variables;
    const Expr e = f.variable("e", Category::i, out->dimension);
    for (int sample = 0; sample < 5; ++sample) {
      const Values values = f.values(random, {1, 1}, row.domain.low, row.domain.high);
      for (Expr argument : arguments) {
        testing::expect_gradient(out, argument, e, gradient(f.graph, out, argument, e), values);
      }
    }
  }
}

TEST(Operations, AnArgumentUsedTwiceGetsBothContributions) {
  Random random(2);
  for (const OpDef& row : operations()) {
    if (row.arguments != 2 || is_differential(row)) continue;
    SCOPED_TRACE(row.name);
    Formulas f;
    const Expr x = f.variable("x", Category::i, 3);
    const Expr out = f(row.name + "(x, 2 * x + 1)");
    const Expr e = f.variable("e", Category::i, out->dimension);
    testing::expect_gradient(out, x, e, gradient(f.graph, out, x, e),
                             f.values(random, {1, 1}, 0.5, 1.5));
  }
}

TEST(Operations, ABroadcastArgumentGetsTheSumOfItsContributions) {
  Random random(3);
  for (const OpDef& row : operations()) {
    if (row.arguments != 2 || row.kind != OpKind::elementwise) continue;
    SCOPED_TRACE(row.name);
    Formulas f;
    const Expr x = f.variable("x", Category::i, 3);
    const Expr y = f.variable("y", Category::j, 1);
    for (const std::string text : {"(x, y)", "(y, x)"}) {
      const Expr out = f(row.name + text);
      const Expr e = f.graph.constant(0.7);
      const Values values = f.values(random, {1, 1}, row.domain.low, row.domain.high);
      for (Expr v : {x, y}) {
        testing::expect_gradient(out, v, e, gradient(f.graph, out, v, e), values);
      }
    }
  }
}

TEST(Operations, FunctionsAgreeWithTheCLibrary) {
  const std::vector<std::pair<std::string, std::function<double(double)>>> functions = {
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Abs", [](double x) { return std::fabs(x); }},
      {"Inv", [](double x) { return 1 / x; }},
      {"Square", [](double x) { return x * x; }},
      {"Minus", [](double x) { return -x; }},
      {"Rsqrt", [](double x) { return x == 0 ? 0 : 1 / std::sqrt(x); }},
      {"Sign", [](double x) { return x > 0   ? 1.0
                                     : x < 0 ? -1.0
                                             : 0.0; }},
      {"Step", [](double x) { return x < 0 ? 0.0 : 1.0; }}};
  Random random(4);
  for (const auto& [name, function] : functions) {
    const OpDef& row = operation(name);
    for (int n = 0; n < 1000; ++n) {
      const double x = testing::uniform(random, row.domain.low, row.domain.high);
      const double expected = function(x);
      EXPECT_NEAR(value_of(row, x), expected, 4e-16 * std::fabs(expected)) << name << " " << x;
      EXPECT_NEAR(value_of_float(row, static_cast<float>(x)), function(static_cast<float>(x)),
                  3e-7 * std::fabs(expected))
          << name << " " << x;
    }
  }
}

TEST(Operations, FunctionsKeepTheirConventionsAtTheEdges) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(value_of(operation("Exp"), -infinity), 0);
  EXPECT_EQ(value_of(operation("Exp"), infinity), infinity);
  EXPECT_EQ(value_of(operation("Log"), 0), -infinity);
  EXPECT_TRUE(std::isnan(value_of(operation("Log"), -1)));
  EXPECT_TRUE(std::isnan(value_of(operation("Sqrt"), -1)));
  EXPECT_EQ(value_of(operation("Rsqrt"), 0), 0);
  EXPECT_EQ(value_of(operation("Inv"), 0), infinity);
  EXPECT_EQ(value_of(operation("Sign"), 0), 0);
  EXPECT_EQ(value_of(operation("Step"), 0), 1);
  EXPECT_EQ(value_of(operation("Pow"), 0, 0, 0), 1);
  EXPECT_EQ(value_of(operation("Pow"), infinity, 0, 0), 1);
  EXPECT_EQ(value_of(operation("Pow"), 0, 0, -1), infinity);
  EXPECT_EQ(value_of(operation("Pow"), -2, 0, 3), -8);
  EXPECT_EQ(value_of(operation("Pow"), 2, 0, -2), 0.25);
  for (const char* name : {"Exp", "Log", "Sqrt", "Rsqrt", "Abs", "Square", "Inv"}) {
    EXPECT_TRUE(std::isnan(value_of(operation(name), std::nan("")))) << name;
  }
}

TEST(Operations, LaneFunctionsTreatEveryLaneAlikeForAnyCount) {
  for (const OpDef& row : operations()) {
    if (row.kind != OpKind::elementwise) continue;
    const std::int64_t parameter = 3;
    for (std::size_t count = 0; count <= 9; ++count) {
      std::vector<double> x(count);
      std::vector<double> y(count);
      std::vector<double> out(count + 1, -99);
      for (std::size_t n = 0; n < count; ++n) {
        x[n] = 0.6 + 0.1 * static_cast<double>(n);
        y[n] = 1.9 - 0.1 * static_cast<double>(n);
      }
      const double* arguments[] = {x.data(), y.data(), nullptr};
      row.code.float64(arguments, &parameter, out.data(), count);
      for (std::size_t n = 0; n < count; ++n) {
        EXPECT_EQ(out[n], value_of(row, x[n], y[n], parameter)) << row.name;
      }
      EXPECT_EQ(out[count], -99) << row.name << " writes beyond its lanes";
    }
  }
}

TEST(Operations, CommutativeRowsCommute) {
  for (const OpDef& row : operations()) {
    if (!row.commutative) continue;
    EXPECT_EQ(value_of(row, 0.3, 1.7), value_of(row, 1.7, 0.3)) << row.name;
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

}  // namespace
}  // namespace kernelops
