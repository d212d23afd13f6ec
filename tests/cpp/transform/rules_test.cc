#include "core/transform/rules.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/support/int_expr.h"
#include "core/syntax/parser.h"
#include "core/transform/simplify.h"
#include "support/evaluate.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::Values;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One choice of dimensions and integers for the names of rules.
struct Choice {
  std::int64_t x, y, k, m, n, s;
};

std::vector<Choice> choices() {
  std::vector<Choice> out;
  for (std::int64_t x : {1, 2, 3, 4}) {
    for (std::int64_t y : {1, 2, 3}) {
      for (std::int64_t m : {0, 1, 2, 3, 4}) {
        for (std::int64_t n : {1, 2, 3, 4, 6}) {
          for (std::int64_t s : {0, 1}) {
            for (std::int64_t k : {0, 1, 2}) out.push_back({x, y, k, m, n, s});
          }
        }
      }
    }
  }
  return out;
}

class RulesTest : public ::testing::Test {
 protected:
  // Builds pattern and replacement; false where the choice does not suit the rule.
  bool build_both(const Rule& rule, const Choice& choice, Formulas& f, Expr* before, Expr* after) {
    f.variable("x", Category::i, choice.x);
    f.variable("y", Category::j, choice.y);
    f.variable("z", Category::i, choice.x);
    f.scope.formulas["c"] = f.graph.constant(-0.75);
    f.scope.formulas["d"] = f.graph.constant(3);
    std::vector<std::int64_t> reversed;
    for (std::int64_t e = choice.x; e > 0; --e) reversed.push_back(e - 1);
    f.scope.lists["p"] = reversed;
    f.scope.integers = {{"k", choice.k}, {"m", choice.m}, {"n", choice.n}, {"s", choice.s}};
    const IntScope names = [&](std::string_view name) -> std::optional<std::int64_t> {
      if (name == "dim(x)") return choice.x;
      if (name == "dim(y)") return choice.y;
      const auto found = f.scope.integers.find(name);
      if (found == f.scope.integers.end()) return std::nullopt;
      return found->second;
    };
    try {
      *before = f(rule.pattern);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dimension) << rule.pattern << ": " << error.what();
      return false;
    }
    if (evaluate_int(rule.condition, names) == 0) return false;
    *after = f(rule.replacement);
    return (*before)->dimension == (*after)->dimension;
  }

  // Fails at the first pair of values that differ.
  void compare(const Rule& rule, Expr before, Expr after, const Values& values, double tolerance) {
    const std::vector<double> a = testing::Evaluator(values, {1, 1}).at(before, 0, 0);
    const std::vector<double> b = testing::Evaluator(values, {1, 1}).at(after, 0, 0);
    for (std::size_t k = 0; k < a.size(); ++k) {
      ASSERT_TRUE(testing::near(b[k], a[k], tolerance))
          << rule.pattern << " -> " << rule.replacement << " for "
          << ::testing::PrintToString(values.begin()->second.values);
    }
  }

  Random random{9};
};

TEST_F(RulesTest, PatternsStartWithAnOperation) {
  for (const Rule& rule : simplification_rules()) {
    EXPECT_NE(find_operation(parse(rule.pattern).text), nullptr) << rule.pattern;
  }
}

TEST_F(RulesTest, KeepTheRealNumber) {
  for (const Rule& rule : simplification_rules()) {
    int used = 0;
    for (const Choice& choice : choices()) {
      Formulas f;
      Expr before = nullptr;
      Expr after = nullptr;
      if (!build_both(rule, choice, f, &before, &after)) continue;
      ++used;
      compare(rule, before, after, f.values(random, {1, 1}, -2, 2), 1e-14);
    }
    EXPECT_GT(used, 0) << rule.pattern << " is never tried";
  }
}

TEST_F(RulesTest, ExactOnesKeepInfinitiesNanAndZeros) {
  const std::vector<double> special = {0.0, -0.0, kInfinity, -kInfinity, std::nan(""),
                                       1,   -2,   1e300,     -1e-300,    0.1};
  for (const Rule& rule : simplification_rules()) {
    if (rule.exactness != Exactness::exact) continue;
    int used = 0;
    for (const Choice& choice : choices()) {
      Formulas f;
      Expr before = nullptr;
      Expr after = nullptr;
      if (!build_both(rule, choice, f, &before, &after)) continue;
      if (++used > 12) break;
      for (int trial = 0; trial < 60; ++trial) {
        Values values = f.values(random, {1, 1});
        for (auto& [variable, table] : values) {
          for (double& value : table.values) {
            value = special[static_cast<std::size_t>(testing::integer_from(random, 0, 9))];
          }
        }
        compare(rule, before, after, values, 0);
      }
    }
  }
}

TEST_F(RulesTest, EachIsAppliedWhereItMatches) {
  for (const Rule& rule : simplification_rules()) {
    for (const Choice& choice : choices()) {
      Formulas f;
      Expr before = nullptr;
      Expr after = nullptr;
      if (!build_both(rule, choice, f, &before, &after)) continue;
      EXPECT_NE(simplify(f.graph, before), before) << rule.pattern;
      break;
    }
  }
}

}  // namespace
}  // namespace kernelops
