// Rows: functions of one variable, applied to each component.
#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> function_rows() {
  // clang-format off
  return {
      op("Exp").code(KERNELOPS_UNARY(exp(x))).gradient({"out * g"})
          .r("exp(x)")
          .doc("Exponential.", "e^x"),
      op("Exp2").code(KERNELOPS_UNARY(exp2(x))).gradient({"out * (0.69314718055994531 * g)"})
          .r("2^x")
          .doc("Power of 2.", "2^x"),
      op("Log").code(KERNELOPS_UNARY(log(x))).gradient({"g / x"})
          .r("log(x)").domain(0.2, 3)
          .doc("Natural logarithm.", "\\log x"),
      op("Sqrt").code(KERNELOPS_UNARY(sqrt(x))).gradient({"Rsqrt(x) * (0.5 * g)"})
          .r("sqrt(x)").domain(0.2, 3)
          .doc("Square root; its derivative at 0 is taken as 0.", "\\sqrt x"),
      op("Rsqrt").code(KERNELOPS_UNARY(rsqrt_or_zero(x)))
          .gradient({"Pow(out, 3) * (-0.5 * g)"})
          .r("ifelse(x == 0, 0, 1 / sqrt(x))").domain(0.2, 3)
          .doc("Inverse of the square root, 0 at 0.", "1 / \\sqrt x"),
      op("Abs").code(KERNELOPS_UNARY(abs(x))).gradient({"Sign(x) * g"})
          .r("abs(x)")
          .doc("Absolute value; its derivative at 0 is taken as 0.", "|x|"),
      op("Sign").code(KERNELOPS_UNARY(sign(x))).gradient({"0"})
          .r("sign(x)")
          .doc("Sign: -1, 0 or 1.", "\\mathrm{sign}(x)"),
  };
  // clang-format on
}

}  // namespace kernelops
