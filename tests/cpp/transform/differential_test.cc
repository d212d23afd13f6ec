#include "core/transform/differential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/ir/print.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;
using testing::Random;
using testing::RowSample;
using testing::Values;

using Numbers = std::vector<double>;

double sum(const Numbers& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

// Each row in each argument it can be differentiated in, with a Jacobian matrix from differences.
class DifferentialTest : public ::testing::Test {
 protected:
  struct Case {
    RowSample& s;
    Expr v;
    const Values& values;
    Numbers jacobian;

    double entry(std::int64_t k, std::int64_t l) const {
      return jacobian[static_cast<std::size_t>(k * v->dimension + l)];
    }
    bool is_square() const { return s.out->dimension == v->dimension; }
    Numbers at(const std::string& text) const { return s.at(expanded(text), values); }
    Expr expanded(const std::string& text) const {
      const Expr out = expand_differentials(s.f.graph, s.f(text));
      for (Expr node : topological({out})) {
        EXPECT_FALSE(node->op != nullptr && node->op->kind == OpKind::differential);
      }
      return out;
    }
  };

  void for_each_case(const std::function<void(const Case&)>& body) {
    int cases = 0;
    for (const OpDef& row : testing::sampled_rows()) {
      RowSample s(row);
      for (std::size_t a = 0; a < s.arguments.size(); ++a) {
        if (!s.is_smooth_in(a) || !s.has_derivative(a)) continue;
        SCOPED_TRACE(print_formula(s.out) + " in argument " + std::to_string(a));
        const Expr v = s.arguments[a];
        s.f.scope.formulas["v"] = v;
        s.f.scope.formulas["u"] = s.f.variable("u", Category::i, v->dimension);
        s.f.scope.formulas["e"] = s.f.variable("e", Category::i, s.out->dimension);
        const Values values = s.values(random);
        body({s, v, values, s.jacobian(s.out, v, values)});
        ++cases;
      }
    }
    EXPECT_GT(cases, 100);
  }

  static void expect_near(const Numbers& actual, const Numbers& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t k = 0; k < actual.size(); ++k) {
      EXPECT_TRUE(testing::near(actual[k], expected[k], 1e-6)) << "component " << k;
    }
  }

  Random random{17};
};

TEST_F(DifferentialTest, GradIsTheTransposedJacobian) {
  for_each_case([](const Case& c) {
    const Numbers e = c.at("e");
    Numbers expected(static_cast<std::size_t>(c.v->dimension));
    for (std::int64_t l = 0; l < c.v->dimension; ++l) {
      for (std::int64_t k = 0; k < c.s.out->dimension; ++k) {
        expected[static_cast<std::size_t>(l)] += e[static_cast<std::size_t>(k)] * c.entry(k, l);
      }
    }
    expect_near(c.at("Grad(f, v, e)"), expected);
  });
}

TEST_F(DifferentialTest, DiffIsTheJacobian) {
  for_each_case([](const Case& c) {
    const Numbers u = c.at("u");
    Numbers expected(static_cast<std::size_t>(c.s.out->dimension));
    for (std::int64_t k = 0; k < c.s.out->dimension; ++k) {
      for (std::int64_t l = 0; l < c.v->dimension; ++l) {
        expected[static_cast<std::size_t>(k)] += u[static_cast<std::size_t>(l)] * c.entry(k, l);
      }
    }
    expect_near(c.at("Diff(f, v, u)"), expected);
  });
}

TEST_F(DifferentialTest, GradMatrixHoldsTheJacobianByRows) {
  for_each_case([](const Case& c) { expect_near(c.at("GradMatrix(f, v)"), c.jacobian); });
}

TEST_F(DifferentialTest, DivergenceIsTheTrace) {
  for_each_case([](const Case& c) {
    if (!c.is_square()) return;
    double trace = 0;
    for (std::int64_t k = 0; k < c.v->dimension; ++k) trace += c.entry(k, k);
    expect_near(c.at("Divergence(f, v)"), {trace});
  });
}

TEST_F(DifferentialTest, DivergenceOfWhatMixesComponents) {
  for_each_case([](const Case& c) {
    if (!c.is_square()) return;
    // The Jacobian of Sum(f) * f is not diagonal even if that of f is.
    const Numbers f = c.at("f");
    double trace = 0;
    for (std::int64_t l = 0; l < c.v->dimension; ++l) {
      trace += sum(f) * c.entry(l, l);
      for (std::int64_t k = 0; k < c.s.out->dimension; ++k) {
        trace += f[static_cast<std::size_t>(l)] * c.entry(k, l);
      }
    }
    expect_near(c.at("Divergence(Sum(f) * f, v)"), {trace});
  });
}

TEST_F(DifferentialTest, LaplacianIsTheSumOfSecondDerivatives) {
  for_each_case([](const Case& c) {
    const Expr first = c.expanded("Grad(Sum(f), v, 1)");
    const Numbers hessian = c.s.jacobian(first, c.v, c.values);
    double trace = 0;
    for (std::int64_t k = 0; k < c.v->dimension; ++k) {
      trace += hessian[static_cast<std::size_t>(k * c.v->dimension + k)];
    }
    expect_near(c.at("Laplacian(Sum(f), v)"), {trace});
  });
}

TEST_F(DifferentialTest, SecondDerivativesInAllArguments) {
  for_each_case([](const Case& c) {
    const Expr first = c.expanded("Grad(f, v, e)");
    for (std::size_t b = 0; b < c.s.arguments.size(); ++b) {
      if (!c.s.is_smooth_in(b)) continue;
      c.s.f.scope.formulas["w"] = c.s.arguments[b];
      SCOPED_TRACE("second derivative in argument " + std::to_string(b));
      try {
        expect_near(c.at("GradMatrix(Grad(f, v, e), w)"),
                    c.s.jacobian(first, c.s.arguments[b], c.values));
      } catch (const Error& error) {
        EXPECT_FALSE(c.s.has_derivative(b)) << error.what();
      }
    }
  });
}

TEST_F(DifferentialTest, OperatorsOfLinearFormulas) {
  int linear = 0;
  for_each_case([&](const Case& c) {
    try {
      expect_near(c.at("AdjointOperator(f, v, e)"), c.at("Grad(f, v, e)"));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::argument);
      EXPECT_CONTAINS(error.what(), "linear");
      return;
    }
    ++linear;
    expect_near(c.at("SumLinOperator(f, v)"), {sum(c.jacobian)});
    const Numbers e = c.at("e");
    const Numbers u = c.at("u");
    double weighted = 0;
    for (std::int64_t k = 0; k < c.s.out->dimension; ++k) {
      for (std::int64_t l = 0; l < c.v->dimension; ++l) {
        weighted += e[static_cast<std::size_t>(k)] * c.entry(k, l) * u[static_cast<std::size_t>(l)];
      }
    }
    expect_near(c.at("WeightedSumLin(f, v, e, u)"), {weighted});
    if (!c.is_square()) return;
    expect_near(c.at("TraceOperator(f, v)"), c.at("Divergence(f, v)"));
    double trace = 0;
    for (std::int64_t k = 0; k < c.v->dimension; ++k) {
      trace += u[static_cast<std::size_t>(k)] * c.entry(k, k);
    }
    expect_near(c.at("WeightedTrace(f, v, u)"), {trace});
  });
  EXPECT_GT(linear, 10);
}

class DifferentialFormulaTest : public ::testing::Test {
 protected:
  DifferentialFormulaTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("s", Category::parameter, 1);
  }
  Expr expanded(const std::string& text) {
    return simplify(f.graph, expand_differentials(f.graph, f(text)));
  }
  Formulas f;
};

TEST_F(DifferentialFormulaTest, VanishingDerivativesAreZeros) {
  for (const char* text :
       {"Laplacian(Sum(Abs(x)), x)", "Laplacian(Scalprod(x, y), x)", "Divergence(Sign(x), x)",
        "Laplacian(s, x)", "Divergence(y, x)", "Laplacian(Sum(x / y), x)", "Sum(Diff(y, x, x))",
        "Divergence(Zero(3), x)", "Divergence(Sign(x) * y, x)"}) {
    EXPECT_EQ(expanded(text), f.graph.constant(0)) << text;
  }
  EXPECT_EQ(expanded("Diff(Sign(x), x, y)"), f.graph.zero(3));
  EXPECT_EQ(expanded("Grad(Divergence(Sign(x), x), x, 1)"), f.graph.zero(3));
}

TEST_F(DifferentialFormulaTest, NestFreely) {
  Random random(3);
  const Values values = f.values(random, {1, 1}, 0.5, 1);
  const auto at = [&](const std::string& text) {
    return testing::Evaluator(values, {1, 1}).at(expanded(text), 0, 0);
  };
  // The Laplacian of a Gaussian, and its gradient.
  const std::string gauss = "Exp(-s * SqDist(x, y))";
  const std::string laplacian = "(4 * s * s * SqDist(x, y) - 6 * s) * " + gauss;
  EXPECT_NEAR(at("Laplacian(" + gauss + ", x)")[0], at(laplacian)[0], 1e-12);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(at("Grad(Laplacian(" + gauss + ", x), y, 1)")[k],
                at("Grad(" + laplacian + ", y, 1)")[k], 1e-12);
    EXPECT_NEAR(
        at("Diff(Diff(Exp(x * y), x, x), y, y)")[k],
        at("(2 * x * y + Square(x * y)) * Exp(x * y) - 0 * x")[k] - at("x * y * Exp(x * y)")[k],
        1e-10);
  }
  EXPECT_NEAR(at("Divergence(Grad(" + gauss + ", x, s), x)")[0], at("s * " + laplacian)[0], 1e-12);
}

TEST_F(DifferentialFormulaTest, NonlinearFormulasAreNoOperators) {
  for (const char* text : {"AdjointOperator(Square(x), x, y)", "TraceOperator(Sign(x), x)",
                           "SumLinOperator(Abs(x), x)"}) {
    const Error error = error_of([&] { expanded(text); });
    EXPECT_EQ(error.kind(), ErrorKind::argument) << text;
    EXPECT_CONTAINS(error.what(), "linear");
  }
}

TEST_F(DifferentialFormulaTest, ADiagonalJacobianHasZerosWhereADerivativeIsInfinite) {
  Values values = {{f("x"), testing::Table(1, 3, 1)}};
  values.begin()->second.at(0, 0) = 0;
  const std::vector<double> entries =
      testing::Evaluator(values, {1, 1}).at(expanded("GradMatrix(Log(x), x)"), 0, 0);
  EXPECT_EQ(entries, (std::vector<double>{INFINITY, 0, 0, 0, 1, 0, 0, 0, 1}));
}

TEST_F(DifferentialFormulaTest, TheDivergenceOfRandomFormulasIsTheTraceOfTheirJacobian) {
  Random random(4);
  testing::RandomFormula formula(f, random, {true, false});
  for (int n = 0; n < 100; ++n) {
    f.scope.formulas["f"] = formula.of_dimension(3, 4);
    const Values values = f.values(random, {1, 1});
    testing::Evaluator evaluator(values, {1, 1});
    const Expr matrix = expanded("GradMatrix(f, x)");
    if (!evaluator.is_finite(matrix, 0, 0)) continue;
    const std::vector<double> entries = evaluator.at(matrix, 0, 0);
    const double trace = entries[0] + entries[4] + entries[8];
    EXPECT_TRUE(testing::near(evaluator.at(expanded("Divergence(f, x)"), 0, 0)[0], trace, 1e-9))
        << print_formula(f("f"));
  }
}

TEST_F(DifferentialFormulaTest, TracesOfVectorsAndScalarsTakeAsManyNodesForAnyDimension) {
  f.variable("z", Category::i, 50);
  f.variable("t", Category::j, 50);
  const auto nodes = [&](const std::string& text) { return topological({expanded(text)}).size(); };
  EXPECT_EQ(nodes("Divergence(Exp(z) * z, z)"), nodes("Divergence(Exp(x) * x, x)"));
  EXPECT_EQ(nodes("Laplacian(Exp(-s * SqDist(z, t)), z)"),
            nodes("Laplacian(Exp(-s * SqDist(x, y)), x)"));
  EXPECT_LT(nodes("Laplacian(Exp(-s * SqDist(z, t)), z)"), 40u);
}

}  // namespace
}  // namespace kernelops
