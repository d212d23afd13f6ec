// Rows: arithmetic.
#include "core/support/small_code.h"

#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> arithmetic_rows() {
  // clang-format off
  return {
      op("Add").arguments(2).flushes().code(KERNELOPS_BINARY(x + y)).gradient({"g", "g"})
          .commutative().infix("+", 2).r("x + y")
          .doc("Sum of two vectors.", "x + y"),
      op("Subtract").arguments(2).flushes().code(KERNELOPS_BINARY(x - y)).gradient({"g", "-g"})
          .infix("-", 2).r("x - y")
          .doc("Difference of two vectors.", "x - y"),
      op("Minus").flushes().code(KERNELOPS_UNARY(-x)).gradient({"-g"})
          .infix("-", 4).r("-x")
          .doc("Opposite.", "-x"),
      op("Mult").arguments(2).flushes().code(KERNELOPS_BINARY(x * y)).gradient({"y * g", "x * g"})
          .commutative().infix("*", 3).r("x * y")
          .doc("Product of two vectors, component by component.", "x y"),
      op("Divide").arguments(2).flushes().code(KERNELOPS_BINARY(x / y)).gradient({"g / y", "-(out * g / y)"})
          .infix("/", 3).r("x / y").domain(0.5, 2)
          .doc("Quotient of two vectors, component by component.", "x / y"),
      op("Pow").parameters({"m"}).code(KERNELOPS_UNARY_WITH(m, power(x, m)))
          .gradient({"Pow(x, m - 1) * m * g"})
          .r("x^m").domain(0.5, 2).sample({3}, {3})
          .doc("Integer power, also written x ** m; 1 for m = 0.", "x^m"),
      op("Powf").arguments(2).code(KERNELOPS_BINARY(power_real(x, y)))
          .gradient({"y * Powf(x, y - 1) * g", "IfElse(-Abs(x), 0, Log(x)) * out * g"})
          .r("x^y").domains({{0.3, 2}, {-2, 2}})
          .doc("Power with any exponent, also written x ** y. Where x is 0, the derivative in y is "
               "taken as 0. As in C, infinite powers of negative numbers, and fractional powers of "
               "-Inf, are those of the absolute value.",
               "x^y"),
      op("Square").flushes().code(KERNELOPS_UNARY(x * x)).gradient({"x * (2 * g)"})
          .r("x^2")
          .doc("Square, also written x ** 2.", "x^2"),
      op("Inv").code(KERNELOPS_UNARY(inverse(x))).gradient({"-(Square(out) * g)"})
          .r("1 / x").domain(0.5, 2)
          .doc("Inverse.", "1 / x"),
      op("Abs").flushes().code(KERNELOPS_UNARY(abs(x))).gradient({"Sign(x) * g"})
          .r("abs(x)")
          .doc("Absolute value; its derivative at 0 is taken as 0.", "|x|"),
      op("Sign").code(KERNELOPS_UNARY(sign(x))).gradient({"0"})
          .r("sign(x)")
          .doc("Sign: -1, 0 or 1; 0 for NaN.", "\\mathrm{sign}(x)"),
      op("Floor").code(KERNELOPS_UNARY(floor(x))).gradient({"0"})
          .r("floor(x)")
          .doc("Largest whole number that is at most x.", "\\lfloor x \\rfloor"),
      op("Ceil").code(KERNELOPS_UNARY(ceil(x))).gradient({"0"})
          .r("ceiling(x)")
          .doc("Smallest whole number that is at least x.", "\\lceil x \\rceil"),
      op("Trunc").code(KERNELOPS_UNARY(trunc(x))).gradient({"0"})
          .r("trunc(x)")
          .doc("Whole part, towards 0.", "\\mathrm{sign}(x) \\lfloor |x| \\rfloor"),
      op("Round").parameters({"n"}).code(KERNELOPS_UNARY_WITH(n, round_digits(x, n)))
          .gradient({"0"})
          .r("sign(x) * floor(abs(x) * 10^n + 0.5) / 10^n").sample({3}, {1})
          .doc("Rounded to n digits after the point, halves away from 0.",
               "\\mathrm{round}(10^n x) / 10^n"),
      op("Mod").arguments(3).code(KERNELOPS_TERNARY(modulo(x, y, z)))
          .gradient({"g", "-(Floor((x - z) / y) * g)", "0"})
          .r("x - y * floor((x - z) / y)").domains({{-2, 2}, {0.5, 2}, {-1, 1}})
          .doc("x less the multiple of y that leaves it from z on, below z + y; z may be left out and "
               "is 0 then.",
               "x - y \\lfloor (x - z) / y \\rfloor"),
  };
  // clang-format on
}

}  // namespace kernelops
