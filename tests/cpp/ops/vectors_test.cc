// Values of rows that combine components, against plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

#include "support/evaluate.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Evaluator;
using testing::Formulas;
using testing::near;
using testing::Random;
using testing::Table;
using testing::Values;

using Vector = std::vector<double>;
using Complex = std::complex<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

// Formulas of x, y and z with values.
class VectorsTest : public ::testing::Test {
 protected:
  void set(const std::string& name, const Vector& value) {
    Table table(1, static_cast<std::int64_t>(value.size()));
    table.values = value;
    values_[f_.variable(name, Category::parameter, table.dimension)] = table;
  }

  Vector random(std::size_t size, double low = -1, double high = 1) {
    Vector out(size);
    for (double& each : out) each = testing::uniform(random_, low, high);
    return out;
  }

  Vector at(const std::string& formula) { return Evaluator(values_, {1, 1}).at(f_(formula), 0, 0); }

  void expect(const std::string& formula, const Vector& expected, double tolerance = 1e-14) {
    const Vector actual = at(formula);
    ASSERT_EQ(actual.size(), expected.size()) << formula;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_TRUE(near(actual[k], expected[k], tolerance)) << formula << " component " << k;
    }
  }

  void expect_error(const std::string& formula, ErrorKind kind, const std::string& message) {
    const Error error = error_of([&] { f_(formula); });
    EXPECT_EQ(error_kind_name(error.kind()), error_kind_name(kind)) << formula;
    EXPECT_CONTAINS(error.what(), message);
    EXPECT_EQ(error.data().count("position"), 1u) << error.what();
  }

  Formulas f_;
  Values values_;
  Random random_{1};
};

TEST_F(VectorsTest, ComponentsNumberFromZeroAndSkipNan) {
  set("x", {kNan, 2, 5, -1, 5, -1});
  expect("Max(x)", {5});
  expect("Min(x)", {-1});
  expect("ArgMax(x)", {2});
  expect("ArgMin(x)", {3});
  set("n", {kNan, kNan});
  expect("Max(n)", {kNan});
  expect("ArgMax(n)", {0});
}

TEST_F(VectorsTest, OneHotAndGatherStayInBounds) {
  set("x", {7, 8, 9});
  expect("OneHot(1, 3)", {0, 1, 0});
  expect("OneHot(0.6, 3)", {0, 1, 0});
  for (const std::string outside : {"3", "-1", "1e300", "-1e300", "Log(-1)", "Inv(0)"}) {
    expect("OneHot(" + outside + ", 3)", {0, 0, 0});
    expect("Gather(x, " + outside + ")", {kNan});
  }
  expect("Gather(x, 2)", {9});
  expect("Gather(x, 1.4)", {8});
}

TEST_F(VectorsTest, WeightedNormsTakeThreeShapes) {
  const Vector x = random(3), y = random(3), diagonal = random(3), matrix = random(9);
  set("x", x);
  set("y", y);
  set("d", diagonal);
  set("m", matrix);
  double iso = 0, weighted = 0, quadratic = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    iso += 0.7 * (x[k] - y[k]) * (x[k] - y[k]);
    weighted += diagonal[k] * (x[k] - y[k]) * (x[k] - y[k]);
    for (std::size_t l = 0; l < 3; ++l)
      quadratic += matrix[3 * k + l] * (x[k] - y[k]) * (x[l] - y[l]);
  }
  expect("WeightedSqDist(0.7, x, y)", {iso});
  expect("WeightedSqDist(d, x, y)", {weighted});
  expect("WeightedSqDist(m, x, y)", {quadratic});
  expect("SqNormIso(0.7, x - y)", {iso});
  expect("SqNormDiag(d, x - y)", {weighted});
  expect("SymSqNorm(m, x - y)", {quadratic});
  set("w", {1, 2});
  expect_error("WeightedSqDist(w, x, y)", ErrorKind::dimension, "WeightedSqDist: the weight");
}

TEST_F(VectorsTest, MatricesAreRowByRow) {
  const Vector a = random(6), b = random(3), c = random(2), d = random(12);
  set("a", a);
  set("b", b);
  set("c", c);
  set("d", d);
  Vector ab(2), ca(3), ad(8);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      ab[i] += a[3 * i + k] * b[k];
      ca[k] += c[i] * a[3 * i + k];
      for (std::size_t j = 0; j < 4; ++j) ad[4 * i + j] += a[3 * i + k] * d[4 * k + j];
    }
  }
  expect("MatVecMult(a, b)", ab);
  expect("VecMatMult(c, a)", ca);
  expect("MatMult(a, d, 3, 4)", ad);
  expect("TensorDot(a, d, [2, 3], [3, 4], [1], [0])", ad);
  expect("Transpose(a, 2)", {a[0], a[3], a[1], a[4], a[2], a[5]});
  expect("TensorProd(c, b)",
         {c[0] * b[0], c[0] * b[1], c[0] * b[2], c[1] * b[0], c[1] * b[1], c[1] * b[2]});
  expect("MatVecMult(a, 2)", {2 * a[0], 2 * a[1], 2 * a[2], 2 * a[3], 2 * a[4], 2 * a[5]});
  expect("Permute(b, [2, 0, 1])", {b[2], b[0], b[1]});
  expect("PermuteT(Permute(b, [2, 0, 1]), [2, 0, 1])", b);
  expect_error("MatVecMult(b, c)", ErrorKind::dimension, "MatVecMult: the dimension");
  expect_error("Permute(b, [0, 1])", ErrorKind::dimension, "must name each component once");
  expect_error("Permute(b, [0, 1, 1])", ErrorKind::dimension, "must name each component once");
  expect_error("Permute(b, 2)", ErrorKind::syntax, "a list of integers");
}

TEST_F(VectorsTest, TensorDotContractsAndPermutes) {
  const Vector x = random(24), y = random(12);
  set("x", x);
  set("y", y);
  // x is 2 x 3 x 4, y is 3 x 4: the axes 1 and 2 of x meet the axes 0 and 1 of y.
  Vector full(2);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < 12; ++k) full[i] += x[12 * i + k] * y[k];
  }
  expect("TensorDot(x, y, [2, 3, 4], [3, 4], [1, 2], [0, 1])", full);
  expect("TensorDot(x, y, [2, 3, 4], [3, 4], [2, 1], [1, 0])", full);
  // One axis is contracted, 2 x 4 x 4 are kept; kept axis k becomes axis permute[k].
  Vector kept(32), permuted(32);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t l = 0; l < 4; ++l) {
        double sum = 0;
        for (std::size_t k = 0; k < 3; ++k) sum += x[12 * i + 4 * k + j] * y[4 * k + l];
        kept[16 * i + 4 * j + l] = sum;
        permuted[8 * j + 2 * l + i] = sum;
      }
    }
  }
  expect("TensorDot(x, y, [2, 3, 4], [3, 4], [1], [0])", kept);
  expect("TensorDot(x, y, [2, 3, 4], [3, 4], [1], [0], [2, 0, 1])", permuted);
  expect("TensorDot(y, y, [12], [12], [0], [0])",
         {std::inner_product(y.begin(), y.end(), y.begin(), 0.0)});
  EXPECT_EQ(at("TensorDot(y, y, [12], [12], [], [])").size(), 144u);
}

TEST_F(VectorsTest, TensorDotExplainsWhatIsWrong) {
  set("x", random(6));
  set("y", random(6));
  expect_error("TensorDot(x, y, [2, 2], [2, 3], [0], [0])", ErrorKind::dimension,
               "TensorDot: the product of dimsf, which is [2, 2], must be the dimension 6");
  expect_error("TensorDot(x, y, [2, 3], [2, 3], [2], [0])", ErrorKind::dimension,
               "contf must name different axes from 0 to 1");
  expect_error("TensorDot(x, y, [2, 3], [2, 3], [0, 0], [0, 1])", ErrorKind::dimension,
               "contf must name different axes");
  expect_error("TensorDot(x, y, [2, 3], [2, 3], [0], [1])", ErrorKind::dimension,
               "must have equal sizes; they are [2] and [3]");
  expect_error("TensorDot(x, y, [2, 3], [2, 3], [0], [0], [1, 1])", ErrorKind::dimension,
               "permute must be a permutation of the 2 axes");
  expect_error("TensorDot(x, y, [-2, -3], [2, 3], [0], [0])", ErrorKind::dimension, "at least 1");
  expect_error("TensorDot(x, y)", ErrorKind::syntax,
               "the lists dimsf, dimsg, contf, contg, permute (optional)");
  expect_error("Kron(x, y, [6], [2, 3])", ErrorKind::dimension, "equally long");
}

TEST_F(VectorsTest, KronAlternatesAxes) {
  const Vector x = random(6), y = random(4);
  set("x", x);
  set("y", y);
  Vector expected(24);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 2; ++k) {
        for (std::size_t l = 0; l < 2; ++l) {
          expected[(2 * i + k) * 6 + 2 * j + l] = x[3 * i + j] * y[2 * k + l];
        }
      }
    }
  }
  expect("Kron(x, y, [2, 3], [2, 2])", expected);
}

Vector interleaved(const std::vector<Complex>& values) {
  Vector out;
  for (const Complex& each : values) {
    out.push_back(each.real());
    out.push_back(each.imag());
  }
  return out;
}

TEST_F(VectorsTest, ComplexOperationsAgreeWithTheCLibrary) {
  std::vector<Complex> x, y;
  for (int k = 0; k < 4; ++k) {
    const Vector parts = random(4, -2, 2);
    x.emplace_back(parts[0], parts[1]);
    y.emplace_back(parts[2], parts[3]);
  }
  const Complex s(0.3, -1.2);
  set("x", interleaved(x));
  set("y", interleaved(y));
  set("s", interleaved({s}));
  set("r", {1, -2, 3});
  const auto map = [&](auto function) {
    std::vector<Complex> out;
    for (std::size_t k = 0; k < x.size(); ++k) out.push_back(function(x[k], y[k]));
    return interleaved(out);
  };
  using C = const Complex&;
  expect("ComplexAdd(x, y)", map([](C a, C b) { return a + b; }));
  expect("ComplexSubtract(x, y)", map([](C a, C b) { return a - b; }));
  expect("ComplexMult(x, y)", map([](C a, C b) { return a * b; }));
  expect("ComplexDivide(x, y)", map([](C a, C b) { return a / b; }));
  expect("ComplexExp(x)", map([](C a, C) { return std::exp(a); }));
  expect("ComplexLog(x)", map([](C a, C) { return std::log(a); }));
  expect("ComplexSqrt(x)", map([](C a, C) { return std::sqrt(a); }));
  expect("ComplexPow(x, y)", map([](C a, C b) { return std::pow(a, b); }), 1e-13);
  expect("Conj(x)", map([](C a, C) { return std::conj(a); }));
  // A complex number broadcasts everywhere.
  expect("ComplexAdd(s, y)", map([&](C, C b) { return s + b; }));
  expect("ComplexSubtract(y, s)", map([&](C, C b) { return b - s; }));
  expect("ComplexMult(x, s)", map([&](C a, C) { return a * s; }));
  expect("ComplexScal(s, x)", map([&](C a, C) { return a * s; }));
  expect("ComplexScal(x, s)", map([&](C a, C) { return a * s; }));
  expect("ComplexDivide(s, y)", map([&](C, C b) { return s / b; }));
  expect("ComplexPow(x, s)", map([&](C a, C) { return std::pow(a, s); }), 1e-13);
  expect("ComplexRealScal(2, x)", map([](C a, C) { return 2.0 * a; }));
  expect("ComplexRealScal(x, 2)", map([](C a, C) { return 2.0 * a; }));
  const auto parts = [&](auto function) {
    Vector out;
    for (const Complex& each : x) out.push_back(function(each));
    return out;
  };
  expect("ComplexReal(x)", parts([](C a) { return a.real(); }));
  expect("ComplexImag(x)", parts([](C a) { return a.imag(); }));
  expect("ComplexAbs(x)", parts([](C a) { return std::abs(a); }));
  expect("ComplexSquareAbs(x)", parts([](C a) { return std::norm(a); }));
  expect("ComplexAngle(x)", parts([](C a) { return std::arg(a); }));
  expect("ComplexSum(x)", interleaved({x[0] + x[1] + x[2] + x[3]}));
  Complex product = 0;
  for (std::size_t k = 0; k < 4; ++k) product += std::conj(x[k]) * y[k];
  expect("ComplexScalprod(x, y)", interleaved({product}));
  expect("ComplexSumT(s, 6)", interleaved({s, s, s}));
  // Real vectors of odd dimension.
  expect("Real2Complex(r)", {1, 0, -2, 0, 3, 0});
  expect("Imag2Complex(r)", {0, 1, 0, -2, 0, 3});
  expect("ComplexExp1j(r)",
         interleaved({std::exp(Complex(0, 1)), std::exp(Complex(0, -2)), std::exp(Complex(0, 3))}));
  expect_error("ComplexAbs(r)", ErrorKind::dimension, "a complex vector has an even dimension");
  expect_error("ComplexMult(x, r)", ErrorKind::dimension, "complex vectors have even dimensions");
  expect_error("ComplexMult(x, ComplexAdd(s, Concat(s, s)))", ErrorKind::dimension,
               "ComplexMult: dimensions must be equal, or 1");
  expect_error("ComplexRealScal(x, y)", ErrorKind::dimension, "must have dimension 1");
  expect_error("ComplexSumT(s, 5)", ErrorKind::dimension, "even");
}

TEST_F(VectorsTest, ComplexRootsAndPowersOnTheCutAndAtZero) {
  set("x", {0, 0, -4, 0, 4, 0, -1e-300, 1e-300, 3e200, 4e200});
  const Vector roots = at("ComplexSqrt(x)");
  EXPECT_EQ(Vector(roots.begin(), roots.begin() + 6), (Vector{0, 0, 0, 2, 2, 0}));
  const Complex small = std::sqrt(Complex(-1e-300, 1e-300));
  EXPECT_NEAR(roots[6], small.real(), 1e-14 * std::abs(small));
  EXPECT_NEAR(roots[7], small.imag(), 1e-14 * std::abs(small));
  EXPECT_NEAR(roots[8], 2e100, 1e86);
  set("z", {0, 0});
  set("w", {2, 1});
  expect("ComplexPow(z, w)", {0, 0});
  expect("ComplexAbs(z)", {0});
}

// The recursion for one function, as it is defined.
double b_spline(const Vector& knots, double x, std::size_t l, int order) {
  if (order == 0) return knots[l] <= x && x < knots[l + 1];
  const auto r = static_cast<std::size_t>(order);
  const auto part = [](double a, double b) { return b == 0 ? 0 : a / b; };
  return part(x - knots[l], knots[l + r] - knots[l]) * b_spline(knots, x, l, order - 1) +
         part(knots[l + r + 1] - x, knots[l + r + 1] - knots[l + 1]) *
             b_spline(knots, x, l + 1, order - 1);
}

TEST_F(VectorsTest, BSplinesFollowTheirRecursion) {
  const Vector knots = {0, 0, 0.5, 1, 1.75, 2, 3, 3};
  set("t", knots);
  for (const double x : {-0.5, 0.0, 0.25, 0.5, 0.9, 1.0, 1.8, 2.5, 3.0, 4.0}) {
    for (int order = 0; order <= 6; ++order) {
      Vector expected;
      for (std::size_t l = 0; l + static_cast<std::size_t>(order) + 1 < knots.size(); ++l) {
        expected.push_back(b_spline(knots, x, l, order));
      }
      const std::string point = x < 0 ? "0 - " + std::to_string(-x) : std::to_string(x);
      expect("BSpline(t, " + point + ", " + std::to_string(order) + ")", expected);
    }
  }
  expect_error("BSpline(t, 1, 7)", ErrorKind::dimension, "at least k + 2 knots");
  expect_error("BSpline(t, t, 1)", ErrorKind::dimension, "the point must have dimension 1");
}

TEST_F(VectorsTest, SoftTimeWarpingFollowsItsRecursion) {
  const Vector x = random(5), y = random(4);
  set("x", x);
  set("y", y);
  for (const double gamma : {0.01, 1.0}) {
    std::vector<Vector> r(6, Vector(5, kInfinity));
    r[0][0] = 0;
    for (std::size_t i = 1; i <= 5; ++i) {
      for (std::size_t j = 1; j <= 4; ++j) {
        const double least = std::min({r[i - 1][j], r[i][j - 1], r[i - 1][j - 1]});
        double sum = 0;
        for (const double each : {r[i - 1][j], r[i][j - 1], r[i - 1][j - 1]}) {
          sum += std::exp((least - each) / gamma);
        }
        r[i][j] = (x[i - 1] - y[j - 1]) * (x[i - 1] - y[j - 1]) + least - gamma * std::log(sum);
      }
    }
    expect("SoftDTW_SqDist(x, y, " + std::to_string(gamma) + ")", {r[5][4]});
  }
  expect("SoftDTW_SqDist(Elem(x, 0), Elem(y, 0), 1)", {(x[0] - y[0]) * (x[0] - y[0])});
}

TEST_F(VectorsTest, MaternIsOneAtZeroAndClosedAtHalfIntegers) {
  set("d", {0, 0.01, 0.5, 2, 10});
  for (const std::string nu : {"0.5", "1.5", "2.5", "3.5"}) {
    set("n" + nu.substr(0, 1), {std::stod(nu)});
    expect("Matern(d, " + nu + ")", at("Matern(d, n" + nu.substr(0, 1) + ")"), 1e-13);
  }
  EXPECT_EQ(at("Matern(d, 5 / 2)"), at("Matern(d, 2.5)"));
  for (const std::string nu : {"0.3", "1", "1.5", "4.2", "25"}) {
    EXPECT_NEAR(at("Matern(d, " + nu + ")")[0], 1, 1e-13) << nu;
    const double order = std::stod(nu), u = std::sqrt(2 * order) * 0.5;
    EXPECT_NEAR(at("Matern(d, " + nu + ")")[2],
                std::pow(2, 1 - order) / std::tgamma(order) * std::pow(u, order) *
                    std::cyl_bessel_k(order, u),
                1e-12)
        << nu;
  }
  expect_error("Matern(d, 0)", ErrorKind::argument, "the smoothness must be positive");
  expect_error("Matern(d, -1.5)", ErrorKind::argument, "not -1.5");
}

}  // namespace
}  // namespace kernelops
