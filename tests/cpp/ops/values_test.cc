// Values of elementwise rows, against the C library and at the edges.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "core/ops/table.h"
#include "support/sample.h"

namespace kernelops {
namespace {

using testing::near;
using testing::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

// A row of any number of arguments at one point.
double value(const std::string& name, const std::vector<double>& x,
             const std::vector<std::int64_t>& parameters = {}) {
  std::vector<const double*> pointers;
  for (const double& each : x) pointers.push_back(&each);
  double out = 0;
  operation(name).code.float64(pointers.data(), parameters.data(), &out, 1);
  return out;
}

using Reference = std::function<double(const std::vector<double>&)>;

struct Case {
  std::string name;
  Reference reference;
  std::vector<std::int64_t> parameters;
};

Reference unary(double (*function)(double)) {
  return [function](const std::vector<double>& v) { return function(v[0]); };
}
Reference binary(double (*function)(double, double)) {
  return [function](const std::vector<double>& v) { return function(v[0], v[1]); };
}

std::vector<Case> cases() {
  using V = const std::vector<double>&;
  return {
      {"Add", [](V v) { return v[0] + v[1]; }, {}},
      {"Subtract", [](V v) { return v[0] - v[1]; }, {}},
      {"Minus", [](V v) { return -v[0]; }, {}},
      {"Mult", [](V v) { return v[0] * v[1]; }, {}},
      {"Divide", [](V v) { return v[0] / v[1]; }, {}},
      {"Inv", [](V v) { return 1 / v[0]; }, {}},
      {"Pow", [](V v) { return std::pow(v[0], -3); }, {-3}},
      {"Powf", binary(std::pow), {}},
      {"Square", [](V v) { return v[0] * v[0]; }, {}},
      {"Sqrt", unary(std::sqrt), {}},
      {"Rsqrt", [](V v) { return v[0] == 0 ? 0 : 1 / std::sqrt(v[0]); }, {}},
      {"Cbrt", unary(std::cbrt), {}},
      {"Hypot", [](V v) { return std::hypot(v[0], v[1]); }, {}},
      {"Abs", unary(std::fabs), {}},
      {"Floor", unary(std::floor), {}},
      {"Ceil", unary(std::ceil), {}},
      {"Trunc", unary(std::trunc), {}},
      {"Round", [](V v) { return std::round(v[0] * 100) / 100; }, {2}},
      {"Mod", [](V v) { return v[0] - v[1] * std::floor((v[0] - v[2]) / v[1]); }, {}},
      {"Exp", unary(std::exp), {}},
      {"Exp2", unary(std::exp2), {}},
      {"Expm1", unary(std::expm1), {}},
      {"Log", unary(std::log), {}},
      {"Log1p", unary(std::log1p), {}},
      {"XLogX", [](V v) { return v[0] == 0 ? 0 : v[0] * std::log(v[0]); }, {}},
      {"LogAddExp", [](V v) { return std::log(std::exp(v[0]) + std::exp(v[1])); }, {}},
      {"Sin", unary(std::sin), {}},
      {"Cos", unary(std::cos), {}},
      {"Tan", unary(std::tan), {}},
      {"Asin", unary(std::asin), {}},
      {"Acos", unary(std::acos), {}},
      {"Atan", unary(std::atan), {}},
      {"Atan2", binary(std::atan2), {}},
      {"Sinh", unary(std::sinh), {}},
      {"Cosh", unary(std::cosh), {}},
      {"Tanh", unary(std::tanh), {}},
      {"Sigmoid", [](V v) { return 1 / (1 + std::exp(-v[0])); }, {}},
      {"Softplus", [](V v) { return std::log1p(std::exp(v[0])); }, {}},
      {"SinXDivX", [](V v) { return std::sin(v[0]) / v[0]; }, {}},
      {"Erf", unary(std::erf), {}},
      {"Erfc", unary(std::erfc), {}},
      {"Lgamma", unary(std::lgamma), {}},
      {"BesselK", [](V v) { return std::cyl_bessel_k(v[1], v[0]); }, {}},
      {"BesselKPower",
       [](V v) { return std::pow(v[0], v[2]) * std::cyl_bessel_k(v[1], v[0]); },
       {}},
      {"Sign", [](V v) { return v[0] > 0   ? 1.0
                                : v[0] < 0 ? -1.0
                                           : 0.0; }, {}},
      {"Step", [](V v) { return v[0] < 0 ? 0.0 : 1.0; }, {}},
      {"ReLU", [](V v) { return v[0] < 0 ? 0.0 : v[0]; }, {}},
      {"Clamp", [](V v) { return v[0] < v[1]   ? v[1]
                                 : v[0] > v[2] ? v[2]
                                               : v[0]; }, {}},
      {"ClampInt", [](V v) { return v[0] < -1  ? -1.0
                                    : v[0] > 1 ? 1.0
                                               : v[0]; }, {-1, 1}},
      {"DiffClampInt", [](V v) { return v[0] >= -1 && v[0] <= 1 ? 1.0 : 0.0; }, {-1, 1}},
      {"IfElse", [](V v) { return v[0] >= 0 ? v[1] : v[2]; }, {}},
      {"Equal", [](V v) { return v[0] == v[1]; }, {}},
      {"NotEqual", [](V v) { return v[0] != v[1]; }, {}},
      {"LessThan", [](V v) { return v[0] < v[1]; }, {}},
      {"LessOrEqual", [](V v) { return v[0] <= v[1]; }, {}},
      {"And", [](V v) { return v[0] != 0 && v[1] != 0; }, {}},
      {"Or", [](V v) { return v[0] != 0 || v[1] != 0; }, {}},
      {"Not", [](V v) { return v[0] == 0; }, {}},
      {"Maximum", [](V v) { return std::max(v[0], v[1]); }, {}},
      {"Minimum", [](V v) { return std::min(v[0], v[1]); }, {}},
      {"DivideOrZero", [](V v) { return v[1] == 0 ? 0 : v[0] / v[1]; }, {}},
      {"Exp2Times", [](V v) { return std::exp2(v[0]) * v[1]; }, {}},
  };
}

TEST(Values, AgreeWithTheCLibraryInTheirDomains) {
  Random random(1);
  for (const Case& each : cases()) {
    const OpDef& row = operation(each.name);
    // The library's Bessel functions are less exact.
    const double tolerance = each.name.substr(0, 6) == "Bessel" ? 1e-13 : 1e-14;
    for (int n = 0; n < 500; ++n) {
      std::vector<double> x;
      for (std::size_t a = 0; a < static_cast<std::size_t>(row.arguments); ++a) {
        x.push_back(testing::table_in(random, domain_of(row, a), 1, 1).values[0]);
      }
      const double expected = each.reference(x);
      EXPECT_NEAR(value(each.name, x, each.parameters), expected,
                  tolerance * std::max(1.0, std::fabs(expected)))
          << each.name << " " << ::testing::PrintToString(x);
    }
  }
}

TEST(Values, OfEveryElementwiseRowAreTested) {
  std::set<std::string> tested = {"Digamma", "Polygamma", "SinXDivXDerivative"};
  for (const Case& each : cases()) tested.insert(each.name);
  for (const OpDef& row : operations()) {
    EXPECT_TRUE(row.kind != OpKind::elementwise || tested.count(row.name) > 0) << row.name;
  }
}

TEST(Values, OfTheDerivativesOfTheGammaFunction) {
  EXPECT_NEAR(value("Digamma", {1}), -0.57721566490153286, 1e-14);
  EXPECT_NEAR(value("Digamma", {0.5}), -1.9635100260214235, 1e-14);
  EXPECT_NEAR(value("Polygamma", {1}, {1}), 1.6449340668482264, 1e-14);
  EXPECT_NEAR(value("Polygamma", {1}, {2}), -2.4041138063191886, 1e-13);
  EXPECT_EQ(value("Polygamma", {2.5}, {0}), value("Digamma", {2.5}));
}

TEST(Values, OfSinXDivXAndItsDerivativesAtZero) {
  EXPECT_EQ(value("SinXDivX", {0}), 1);
  EXPECT_EQ(value("SinXDivXDerivative", {0}, {1}), 0);
  EXPECT_NEAR(value("SinXDivXDerivative", {0}, {2}), -1.0 / 3, 1e-16);
  EXPECT_NEAR(value("SinXDivXDerivative", {1}, {1}), std::cos(1) - std::sin(1), 1e-15);
}

TEST(Values, KeepTheirConventionsAtTheEdges) {
  struct Edge {
    const char* name;
    std::vector<double> x;
    double expected;
    std::vector<std::int64_t> parameters;
  };
  const std::vector<Edge> edges = {
      {"Exp", {-kInfinity}, 0, {}},
      {"Exp", {kInfinity}, kInfinity, {}},
      {"Log", {0}, -kInfinity, {}},
      {"Log", {-1}, kNan, {}},
      {"Sqrt", {-1}, kNan, {}},
      {"Rsqrt", {0}, 0, {}},
      {"Rsqrt", {-0.0}, 0, {}},
      {"Inv", {0}, kInfinity, {}},
      {"Inv", {-0.0}, -kInfinity, {}},
      {"Sign", {0}, 0, {}},
      {"Sign", {kNan}, 0, {}},
      {"Step", {0}, 1, {}},
      {"Step", {-0.0}, 1, {}},
      {"ReLU", {-kInfinity}, 0, {}},
      {"ReLU", {kNan}, kNan, {}},
      {"Pow", {0}, 1, {0}},
      {"Pow", {kInfinity}, 1, {0}},
      {"Pow", {0}, kInfinity, {-1}},
      {"Pow", {-2}, -8, {3}},
      {"Pow", {2}, 0.25, {-2}},
      {"Powf", {0, 0}, 1, {}},
      {"Powf", {-8, 1.0 / 3}, kNan, {}},
      {"Powf", {-2, 3}, -8, {}},
      {"XLogX", {0}, 0, {}},
      {"IfElse", {0, 1, 2}, 1, {}},
      {"IfElse", {-0.0, 1, 2}, 1, {}},
      {"IfElse", {-1e-300, 1, 2}, 2, {}},
      {"IfElse", {kNan, 1, 2}, 2, {}},
      {"Clamp", {0, 1, -1}, 1, {}},
      {"Clamp", {2, 1, -1}, -1, {}},
      {"Clamp", {0.5, 1, 1}, 1, {}},
      {"Clamp", {kNan, 0, 1}, kNan, {}},
      {"Clamp", {kInfinity, 0, 1}, 1, {}},
      {"DiffClampInt", {-1}, 1, {-1, 2}},
      {"DiffClampInt", {2}, 1, {-1, 2}},
      {"DiffClampInt", {2.5}, 0, {-1, 2}},
      {"Round", {2.5}, 3, {0}},
      {"Round", {-2.5}, -3, {0}},
      {"Round", {1234}, 1200, {-2}},
      {"Mod", {-1, 3, 0}, 2, {}},
      {"Mod", {1, -3, 0}, -2, {}},
      {"Mod", {7, 3, -1}, 1, {}},
      {"Equal", {kNan, kNan}, 0, {}},
      {"NotEqual", {kNan, kNan}, 1, {}},
      {"LessThan", {kNan, 1}, 0, {}},
      {"LessOrEqual", {1, 1}, 1, {}},
      {"Equal", {0, -0.0}, 1, {}},
      {"LessThan", {1, kInfinity}, 1, {}},
      {"And", {kNan, -2}, 1, {}},
      {"Or", {0, -0.0}, 0, {}},
      {"Not", {kNan}, 0, {}},
      {"Maximum", {kNan, 1}, kNan, {}},
      {"Maximum", {1, kNan}, kNan, {}},
      {"Minimum", {1, kNan}, kNan, {}},
      {"Minimum", {-kInfinity, 1}, -kInfinity, {}},
      {"DivideOrZero", {1, 0}, 0, {}},
      {"DivideOrZero", {0, 0}, 0, {}},
      {"DivideOrZero", {1, kInfinity}, 0, {}},
      {"Atan2", {0, -1}, std::acos(-1), {}},
      {"LogAddExp", {-kInfinity, 3}, 3, {}},
      {"LogAddExp", {-kInfinity, -kInfinity}, -kInfinity, {}},
      {"LogAddExp", {1000, 1000}, 1000 + std::log(2), {}},
      {"Sigmoid", {-1000}, 0, {}},
      {"Softplus", {1000}, 1000, {}},
      {"Softplus", {-1000}, 0, {}},
      {"Hypot", {3e200, 4e200}, 5e200, {}},
      {"Tanh", {kInfinity}, 1, {}},
      {"Erfc", {kInfinity}, 0, {}},
      {"BesselKPower", {0, 1, 1}, 1, {}},
  };
  for (const Edge& edge : edges) {
    EXPECT_TRUE(near(value(edge.name, edge.x, edge.parameters), edge.expected, 1e-15))
        << edge.name << " " << ::testing::PrintToString(edge.x);
  }
}

TEST(Values, PropagateNan) {
  for (const std::string name :
       {"Exp", "Log", "Sqrt", "Rsqrt", "Abs", "Square", "Inv", "Sin", "Tanh", "Erf", "Floor",
        "Cbrt", "Sigmoid", "Softplus", "XLogX", "SinXDivX", "Lgamma", "Expm1", "Atan"}) {
    const std::int64_t none = 0;
    const double* pointers[] = {&kNan};
    double out = 0;
    operation(name).code.float64(pointers, &none, &out, 1);
    EXPECT_TRUE(std::isnan(out)) << name;
  }
}

}  // namespace
}  // namespace kernelops
