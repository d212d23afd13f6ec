// Rows: special functions and kernels made of them.
#include "core/support/small_code.h"

#include <cmath>

#include "core/ops/code.h"
#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// The derivative of x^p K_nu(x) is (p - nu) x^(p - 1) K_nu(x) - x^p K_(nu - 1)(x). Where p is nu,
// the first term vanishes, though its second factor is infinite at 0.
std::string bessel_power_slope(const DefinitionInput& in) {
  const std::string second = "BesselKPower(x, y - 1, z)";
  if (in.constants[1] && in.constants[2] && *in.constants[1] == *in.constants[2]) {
    return "-" + second;
  }
  return "IfElse(-Abs(z - y), 0, (z - y) * BesselKPower(x, y, z - 1)) - " + second;
}

// Closed for the orders 1/2, 3/2, 5/2 and 7/2, otherwise 2^(1 - nu) / Gamma(nu) u^nu K_nu(u) with
// u = sqrt(2 nu) x.
std::string matern(const DefinitionInput& in) {
  if (!in.constants[1]) {
    return "Exp((1 - y) * 0.69314718055994531 - Lgamma(y)) * BesselKPower(Sqrt(2 * y) * x, y, y)";
  }
  const double nu = *in.constants[1];
  if (!(nu > 0) || std::isinf(nu)) {
    throw Error(ErrorKind::argument, "the smoothness must be positive, not " + number_text(nu));
  }
  const std::string scaled = "u = " + number_text(std::sqrt(2 * nu)) + " * x;";
  if (nu == 0.5) return "Exp(-x)";
  if (nu == 1.5) return scaled + "(1 + u) * Exp(-u)";
  if (nu == 2.5) return scaled + "(1 + u + Square(u) / 3) * Exp(-u)";
  if (nu == 3.5) return scaled + "(1 + u * (1 + u * (0.4 + u / 15))) * Exp(-u)";
  const std::string factor = number_text(std::exp((1 - nu) * std::log(2.0) - std::lgamma(nu)));
  return scaled + factor + " * BesselKPower(u, y, y)";
}

}  // namespace

std::vector<OpDef> special_rows() {
  // clang-format off
  return {
      op("Erf").code(KERNELOPS_UNARY(erf(x)))
          .gradient({"Exp(-Square(x)) * (1.1283791670955126 * g)"})
          .r("2 * pnorm(x * sqrt(2)) - 1")
          .doc("Error function.", "\\frac2{\\sqrt\\pi} \\int_0^x e^{-t^2} dt"),
      op("Erfc").code(KERNELOPS_UNARY(erfc(x)))
          .gradient({"Exp(-Square(x)) * (-1.1283791670955126 * g)"})
          .r("2 * pnorm(-x * sqrt(2))")
          .doc("1 less the error function, exact for large x.",
               "\\frac2{\\sqrt\\pi} \\int_x^\\infty e^{-t^2} dt"),
      op("Lgamma").code(KERNELOPS_UNARY(lgamma(x))).gradient({"Digamma(x) * g"})
          .r("lgamma(x)").domain(0.2, 5)
          .doc("Logarithm of the absolute value of the gamma function.", "\\log |\\Gamma(x)|"),
      op("Digamma").code(KERNELOPS_UNARY(digamma(x))).gradient({"Polygamma(x, 1) * g"})
          .r("digamma(x)").domain(0.5, 5)
          .doc("Derivative of the logarithm of the gamma function.", "\\psi(x)"),
      op("Polygamma").parameters({"m"})
          .require("m >= 0", "the order must be at least 0")
          .code(KERNELOPS_UNARY_WITH(m, polygamma(x, m))).gradient({"Polygamma(x, m + 1) * g"})
          .r("psigamma(x, m)").domain(0.8, 5).sample({3}, {2})
          .doc("Derivative of order m of the digamma function.", "\\psi^{(m)}(x)"),
      op("BesselK").arguments(2).code(KERNELOPS_BINARY(bessel_k(x, y)))
          .gradient({"-(BesselK(x, y - 1) + y / x * out) * g", ""})
          .r("besselK(x, abs(y))").domains({{0.3, 3}, {0, 3}})
          .doc("Modified Bessel function of the second kind and of order y, for positive x. It has no "
               "derivative in the order.",
               "K_y(x)"),
      op("BesselKPower").arguments(3).code(KERNELOPS_TERNARY(bessel_k_power(x, y, z)))
          .gradient({"BesselKPowerSlope(x, y, z) * g", "", ""})
          .r("x^z * besselK(x, abs(y))").domains({{0.3, 3}, {0, 3}, {0, 3}})
          .doc("Modified Bessel function of the second kind and of order y, times x to the power z; "
               "at 0 its limit. It has no derivative in y and z.",
               "x^z K_y(x)"),
      op("BesselKPowerSlope").arguments(3).internal()
          .define("(z - y) x^(z - 1) K_y(x) - x^z K_(y - 1)(x)", bessel_power_slope)
          .r("(z - y) * x^(z - 1) * besselK(x, abs(y)) - x^z * besselK(x, abs(y - 1))")
          .domains({{0.3, 3}, {0, 3}, {0, 3}})
          .doc("Derivative of BesselKPower in x.", "\\partial_x\\, x^z K_y(x)"),
      op("Matern").arguments(2)
          .define("2^(1 - y) / Gamma(y) u^y K_y(u) with u = sqrt(2 y) x", matern)
          .r("{ u <- sqrt(2 * y) * x; ifelse(u == 0, 1, 2^(1 - y) / gamma(y) * u^y * besselK(u, y)) }")
          .domains({{0.3, 3}, {0.3, 4}})
          .doc("Matern covariance of distance x and smoothness y > 0, 1 at distance 0. The orders 1/2, "
               "3/2, 5/2 and 7/2 are fast when written as numbers. It has no derivative in y.",
               "\\frac{2^{1-y}}{\\Gamma(y)} (\\sqrt{2y}\\, x)^y K_y(\\sqrt{2y}\\, x)"),
  };
  // clang-format on
}

}  // namespace kernelops
