// Gradients of reductions and of results, against finite differences.
#include <gtest/gtest.h>

#include "core/transform/differential.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "support/differences.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;
using testing::Random;
using testing::Table;
using testing::Values;

class ResultGradientTest : public ::testing::Test {
 protected:
  ResultGradientTest() {
    f.variable("x", Category::i, 2);
    f.variable("y", Category::j, 2);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 1);
    f.variable("p", Category::parameter, 2);
    f.variable("s", Category::parameter, 1);
  }

  // A variable shaped like a result.
  std::string shaped_like(const std::string& result) {
    Category category;
    const Expr node = f(result);
    EXPECT_TRUE(is_result(node, &category)) << result;
    const std::string name =
        "e" + std::to_string(static_cast<int>(category)) + "_" + std::to_string(node->dimension);
    if (f.scope.formulas.count(name) == 0) f.variable(name, category, node->dimension);
    return name;
  }

  static std::string grad(const std::string& result, const std::string& v, const std::string& e) {
    return "Grad(" + result + ", " + v + ", " + e + ")";
  }

  Expr expanded(const std::string& text) { return expand_differentials(f.graph, f(text)); }

  void expect_first(const std::string& result, const std::string& v) {
    const std::string e = shaped_like(result);
    SCOPED_TRACE(grad(result, v, e));
    Category category;
    is_result(f(result), &category);
    const Expr gradient = expanded(grad(result, v, e));
    Values values = f.values(random, sizes, low, high);
    prepare(values);
    testing::expect_result_gradient(expanded(result), category, f(v), f(e), gradient, values, sizes,
                                    tolerance);
    const auto entries = [&](Expr node) {
      return testing::Evaluator(values, sizes).result(node, f(v)->category).values;
    };
    const std::vector<double> plain = entries(gradient);
    const std::vector<double> simple = entries(simplify(f.graph, gradient));
    for (std::size_t n = 0; n < plain.size(); ++n) {
      EXPECT_TRUE(testing::near(simple[n], plain[n], 1e-9)) << "simplified, entry " << n;
    }
  }

  // First derivatives, and derivatives of these, in all variables and in what is applied.
  void expect_right(const std::string& result) {
    const std::vector<std::string> variables = {"x", "y", "a", "b", "p", "s"};
    for (const std::string& v : variables) {
      expect_first(result, v);
      const std::string e = shaped_like(result);
      for (const std::string& w : variables) expect_first(grad(result, v, e), w);
      expect_first(grad(result, v, e), e);
      if (HasFailure()) return;
    }
  }

  Formulas f;
  Sizes sizes{4, 3};
  double low = 0.2;
  double high = 1.1;
  double tolerance = 1e-6;
  std::function<void(Values&)> prepare = [](Values&) {};
  Random random{5};
};

// The row called on a formula of vectors, on one of scalars, and with weights that broadcast.
std::vector<std::string> uses_of(const ReductionDef& row, int category) {
  const std::string vector = "Log(s * x + 1) * Exp(-y * p) + a * b";
  const std::string scalar = "s * SqDist(x, y) + a * b";
  const std::string end = (row.ranked ? ", 2, " : ", ") + std::to_string(category) + ")";
  const std::string start = row.name + "_Reduction(";
  if (!row.weighted) return {start + vector + end, start + scalar + end};
  const std::string weight = "Exp(x) * y + s * a";
  return {start + vector + ", " + weight + end, start + scalar + ", " + weight + end,
          start + vector + ", a * b + s" + end};
}

bool picks_rows(const ReductionDef& row) { return !row.selection.empty(); }

TEST_F(ResultGradientTest, OfEveryReductionOverJ) {
  for (const ReductionDef& row : reductions()) {
    if (!row.no_gradient.empty() || row.internal) continue;
    for (const std::string& use : uses_of(row, 0)) expect_right(use);
  }
}

TEST_F(ResultGradientTest, OfEveryReductionOverI) {
  for (const ReductionDef& row : reductions()) {
    if (!row.no_gradient.empty() || row.internal) continue;
    for (const std::string& use : uses_of(row, 1)) expect_right(use);
  }
}

TEST_F(ResultGradientTest, OfEveryReductionOverBothSides) {
  for (const ReductionDef& row : reductions()) {
    if (!row.no_gradient.empty() || row.internal) continue;
    for (const std::string& use : uses_of(row, 2)) {
      if (row.ranked) continue;
      if (!picks_rows(row)) {
        expect_right(use);
      } else {
        EXPECT_EQ(error_of([&] { expanded(grad(use, "x", "1")); }).kind(), ErrorKind::unsupported)
            << use;
      }
    }
  }
}

TEST_F(ResultGradientTest, OfFormulasOfOneSideOnly) {
  for (const char* formula : {"Exp(x)", "Square(y)", "s * p"}) {
    for (const char* name : {"Sum", "Mean", "LogSumExp", "Prod"}) {
      for (const char* category : {"0", "1", "2"}) {
        expect_right(std::string(name) + "_Reduction(" + formula + ", " + category + ")");
      }
    }
  }
}

TEST_F(ResultGradientTest, OfProductsWithZeros) {
  const Expr b = f("b");
  for (const int zeros : {1, 2}) {
    prepare = [&](Values& values) {
      for (int n = 0; n < zeros; ++n) values.at(b).at(n, 0) = 0;
    };
    expect_right("Prod_Reduction(b * x, 0)");
    expect_right("Prod_Reduction(b * a, 2)");
  }
}

TEST_F(ResultGradientTest, OfFormulasOfResults) {
  expect_right("Log(Sum_Reduction(Exp(x * y), 0)) * x + a * p");
  expect_right("LogSumExp_Reduction(SqDist(x, y), 1) * b - Mean_Reduction(b * a, 1) * s");
  expect_right("Exp(-Sum_Reduction(a * b, 2)) * p");
  expect_right("Exp(-Mean_Reduction(a * b, 2)) * Sum_Reduction(x * y, 1) + s");
  expect_right("Min_Reduction(a + x * y, 0) * Sum_Reduction(s * b * a, 0)");
}

TEST_F(ResultGradientTest, OfReductionsThatContainOthers) {
  expect_right("Sum_Reduction(b * Mean_Reduction(SqDist(x, y), 0), 1)");
  expect_right("LogSumExp_Reduction(a * b + Max_Reduction(SqDist(x, y), 0), 1)");
  expect_right("Var_Reduction(SumSoftMaxWeight_Reduction(x * y, b * p, 0) * b, 0)");
}

TEST_F(ResultGradientTest, OfThirdOrder) {
  for (const char* name : {"LogSumExp", "Var", "Min", "Prod", "Max_SumShiftExp"}) {
    const std::string result = std::string(name) + "_Reduction(a * b + s * SqDist(x, y), 0)";
    const std::string first = grad(result, "x", shaped_like(result));
    expect_right(grad(first, "y", shaped_like(first)));
  }
}

TEST_F(ResultGradientTest, OfMoreValuesThanThereAreRowsIsThatOfAllRows) {
  const Values values = f.values(random, sizes);
  for (const char* name : {"KMin", "KMax_ArgKMax"}) {
    const std::string result = std::string(name) + "_Reduction(x * y * p, 7, 0)";
    for (const char* v : {"x", "y", "p"}) {
      const Category category = f(v)->category;
      const auto at = [&](const std::string& text) {
        return testing::Evaluator(values, sizes).result(expanded(text), category).values;
      };
      const std::vector<double> actual = at(grad(result, v, "s"));
      const std::vector<double> expected = at(grad("Sum_Reduction(x * y * p, 0)", v, "s"));
      for (std::size_t n = 0; n < actual.size(); ++n) EXPECT_NEAR(actual[n], expected[n], 1e-12);
    }
  }
}

TEST_F(ResultGradientTest, OfAParameterThatStandsAloneCountsEachRowOnce) {
  // The other side has several rows, which must not multiply the sum over the rows of the result.
  const Expr node = expanded("Grad(Sum_Reduction(a * b, 0) + s, s, 1)");
  const Values values = f.values(random, sizes);
  EXPECT_EQ(testing::Evaluator(values, sizes).result(node, Category::parameter).at(0, 0),
            static_cast<double>(sizes.i));
}

TEST_F(ResultGradientTest, AddsUpSumsAndSelections) {
  const Expr node = expanded(
      "Grad(Min_Reduction(a * b, 0) + 2 * Min_Reduction(a * b, 0) + Sum_Reduction(a * b, 0) + "
      "Mean_Reduction(a * b, 0), b, a)");
  int reductions_over_pairs = 0;
  for (Expr each : topological({node})) {
    if (each->kind == NodeKind::reduction && !each->reduction->is_index()) ++reductions_over_pairs;
  }
  EXPECT_EQ(reductions_over_pairs, 2) << "one Sum and one SelectedSum";
}

TEST_F(ResultGradientTest, ForwardDerivativesAgreeWithDifferences) {
  for (const ReductionDef& row : reductions()) {
    if (!row.no_gradient.empty() || row.internal) continue;
    for (const int category : {0, 1}) {
      for (const std::string& use : uses_of(row, category)) {
        for (const std::string v : {"x", "y", "b", "p"}) {
          const std::string u = "u_" + v;
          if (f.scope.formulas.count(u) == 0) {
            f.variable(u, f(v)->category, f(v)->dimension);
          }
          SCOPED_TRACE("Diff(" + use + ", " + v + ", " + u + ")");
          const Expr derivative = expanded("Diff(" + use + ", " + v + ", " + u + ")");
          testing::expect_forward_derivative(expanded(use), static_cast<Category>(category), f(v),
                                             f(u), derivative, f.values(random, sizes, low, high),
                                             sizes);
        }
      }
    }
  }
}

TEST_F(ResultGradientTest, RefusesWhatHasNoMeaning) {
  const Error through =
      error_of([&] { expanded("Sum_Reduction(Grad(b * Sum_Reduction(a * b, 0), a, 1), 1)"); });
  EXPECT_EQ(through.kind(), ErrorKind::unsupported);
  const Error of_result = error_of([&] { expanded("Laplacian(Sum_Reduction(a * b, 0), a)"); });
  EXPECT_EQ(of_result.kind(), ErrorKind::unsupported);
  EXPECT_CONTAINS(of_result.what(), "Laplacian");
}

}  // namespace
}  // namespace kernelops
