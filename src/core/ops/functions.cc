// Rows: elementary functions, applied to each component.
#include "core/support/small_code.h"

#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> function_rows() {
  // clang-format off
  return {
      op("Exp").flushes().code(KERNELOPS_UNARY(exp(x))).gradient({"out * g"})
          .r("exp(x)")
          .doc("Exponential.", "e^x"),
      op("Exp2").flushes().code(KERNELOPS_UNARY(exp2(x))).gradient({"out * (0.69314718055994531 * g)"})
          .r("2^x")
          .doc("Power of 2.", "2^x"),
      op("Exp2Times").arguments(2).internal().flushes().product_of("Exp2")
          .code(KERNELOPS_BINARY(exp2_times(x, y)))
          .gradient({"out * (0.69314718055994531 * g)", "Exp2(x) * g"})
          .r("2^x * y")
          .doc("Power of 2, times a factor that many pairs share.", "2^x y"),
      op("Expm1").code(KERNELOPS_UNARY(expm1(x))).gradient({"Exp(x) * g"})
          .r("expm1(x)")
          .doc("Exponential less 1, exact for small x.", "e^x - 1"),
      op("Log").code(KERNELOPS_UNARY(log(x))).gradient({"g / x"})
          .r("log(x)").domain(0.2, 3)
          .doc("Natural logarithm.", "\\log x"),
      op("Log1p").code(KERNELOPS_UNARY(log1p(x))).gradient({"g / (1 + x)"})
          .r("log1p(x)").domain(-0.8, 3)
          .doc("Logarithm of 1 + x, exact for small x.", "\\log(1 + x)"),
      op("XLogX").code(KERNELOPS_UNARY(x_log_x(x))).gradient({"(Log(x) + 1) * g"})
          .r("ifelse(x == 0, 0, x * log(x))").domain(0.2, 3)
          .doc("x times its logarithm, 0 at 0, where the derivative is -Inf.", "x \\log x"),
      op("LogAddExp").arguments(2).code(KERNELOPS_BINARY(log_add_exp(x, y)))
          .gradient({"Sigmoid(x - y) * g", "Sigmoid(y - x) * g"})
          .r("pmax(x, y) + log1p(exp(-abs(x - y)))")
          .doc("Logarithm of the sum of two exponentials, computed without overflow.",
               "\\log(e^x + e^y)"),
      op("Sqrt").code(KERNELOPS_UNARY(sqrt(x))).gradient({"Rsqrt(x) * (0.5 * g)"})
          .r("sqrt(x)").domain(0.2, 3)
          .doc("Square root, also written x ** 0.5; its derivative at 0 is taken as 0.",
               "\\sqrt x"),
      op("Rsqrt").code(KERNELOPS_UNARY(rsqrt_or_zero(x)))
          .gradient({"Pow(out, 3) * (-0.5 * g)"})
          .r("ifelse(x == 0, 0, 1 / sqrt(x))").domain(0.2, 3)
          .doc("Inverse of the square root, also written x ** -0.5; 0 at 0.", "1 / \\sqrt x"),
      op("Cbrt").code(KERNELOPS_UNARY(cbrt(x))).gradient({"DivideOrZero(g, 3 * Square(out))"})
          .r("sign(x) * abs(x)^(1/3)").domain(0.2, 3)
          .doc("Cubic root; its derivative at 0 is taken as 0.", "\\sqrt[3]{x}"),
      op("Hypot").arguments(2).code(KERNELOPS_BINARY(hypot(x, y)))
          .gradient({"DivideOrZero(x, out) * g", "DivideOrZero(y, out) * g"})
          .r("sqrt(x^2 + y^2)")
          .doc("Square root of the sum of two squares, computed without overflow; its derivative at "
               "0 is taken as 0.",
               "\\sqrt{x^2 + y^2}"),
      op("Sin").code(KERNELOPS_UNARY(sin(x))).gradient({"Cos(x) * g"})
          .r("sin(x)")
          .doc("Sine.", "\\sin x"),
      op("Cos").code(KERNELOPS_UNARY(cos(x))).gradient({"-(Sin(x) * g)"})
          .r("cos(x)")
          .doc("Cosine.", "\\cos x"),
      op("Tan").code(KERNELOPS_UNARY(tan(x))).gradient({"(1 + Square(out)) * g"})
          .r("tan(x)").domain(-1.2, 1.2)
          .doc("Tangent.", "\\tan x"),
      op("Asin").code(KERNELOPS_UNARY(asin(x))).gradient({"Rsqrt(1 - Square(x)) * g"})
          .r("asin(x)").domain(-0.9, 0.9)
          .doc("Inverse sine; its derivative at -1 and 1 is taken as 0.", "\\arcsin x"),
      op("Acos").code(KERNELOPS_UNARY(acos(x))).gradient({"-(Rsqrt(1 - Square(x)) * g)"})
          .r("acos(x)").domain(-0.9, 0.9)
          .doc("Inverse cosine; its derivative at -1 and 1 is taken as 0.", "\\arccos x"),
      op("Atan").code(KERNELOPS_UNARY(atan(x))).gradient({"g / (1 + Square(x))"})
          .r("atan(x)")
          .doc("Inverse tangent.", "\\arctan x"),
      op("Atan2").arguments(2).code(KERNELOPS_BINARY(atan2(x, y)))
          .gradient({"DivideOrZero(y, Square(x) + Square(y)) * g",
                     "-(DivideOrZero(x, Square(x) + Square(y)) * g)"})
          .r("atan2(x, y)").domain(0.3, 2)
          .doc("Angle of the point with abscissa y and ordinate x; its derivative at the origin is "
               "taken as 0.",
               "\\mathrm{atan2}(x, y)"),
      op("Sinh").code(KERNELOPS_UNARY(sinh(x))).gradient({"Cosh(x) * g"})
          .r("sinh(x)")
          .doc("Hyperbolic sine.", "\\sinh x"),
      op("Cosh").code(KERNELOPS_UNARY(cosh(x))).gradient({"Sinh(x) * g"})
          .r("cosh(x)")
          .doc("Hyperbolic cosine.", "\\cosh x"),
      op("Tanh").code(KERNELOPS_UNARY(tanh(x))).gradient({"(1 - Square(out)) * g"})
          .r("tanh(x)")
          .doc("Hyperbolic tangent.", "\\tanh x"),
      op("Sigmoid").code(KERNELOPS_UNARY(sigmoid(x))).gradient({"out * (1 - out) * g"})
          .r("1 / (1 + exp(-x))")
          .doc("Logistic function.", "1 / (1 + e^{-x})"),
      op("Softplus").code(KERNELOPS_UNARY(softplus(x))).gradient({"Sigmoid(x) * g"})
          .r("pmax(x, 0) + log1p(exp(-abs(x)))")
          .doc("Logarithm of 1 + e^x, computed without overflow.", "\\log(1 + e^x)"),
      op("SinXDivX").code(KERNELOPS_UNARY(sinc_derivative(x, 0)))
          .gradient({"SinXDivXDerivative(x, 1) * g"})
          .r("ifelse(x == 0, 1, sin(x) / x)")
          .doc("Sine divided by its argument, 1 at 0 and 0 at infinity; all derivatives are right at "
               "0, too.",
               "\\sin(x) / x"),
      op("SinXDivXDerivative").parameters({"m"}).internal()
          .require("m >= 0", "the order of a derivative must be at least 0")
          .code(KERNELOPS_UNARY_WITH(m, sinc_derivative(x, m)))
          .gradient({"SinXDivXDerivative(x, m + 1) * g"})
          .r("vapply(x, function(u) integrate(function(t) t^m * cos(u * t + m * pi / 2), 0, 1, "
             "rel.tol = 1e-12)$value, 0)")
          .sample({3}, {2})
          .doc("Derivative of order m of SinXDivX.", "(d/dx)^m \\sin(x) / x"),
  };
  // clang-format on
}

}  // namespace kernelops
