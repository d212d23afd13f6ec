// Rows: arithmetic.
#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> arithmetic_rows() {
  // clang-format off
  return {
      op("Add").arguments(2).code(KERNELOPS_BINARY(x + y)).gradient({"g", "g"})
          .commutative().infix("+", 2).r("x + y")
          .doc("Sum of two vectors.", "x + y"),
      op("Subtract").arguments(2).code(KERNELOPS_BINARY(x - y)).gradient({"g", "-g"})
          .infix("-", 2).r("x - y")
          .doc("Difference of two vectors.", "x - y"),
      op("Minus").code(KERNELOPS_UNARY(-x)).gradient({"-g"})
          .infix("-", 4).r("-x")
          .doc("Opposite.", "-x"),
      op("Mult").arguments(2).code(KERNELOPS_BINARY(x * y)).gradient({"y * g", "x * g"})
          .commutative().infix("*", 3).r("x * y")
          .doc("Product of two vectors, component by component.", "x y"),
      op("Divide").arguments(2).code(KERNELOPS_BINARY(x / y)).gradient({"g / y", "-(out * g / y)"})
          .infix("/", 3).r("x / y").domain(0.5, 2)
          .doc("Quotient of two vectors, component by component.", "x / y"),
      op("Pow").parameters({"m"}).code(KERNELOPS_UNARY_WITH(m, power(x, m)))
          .gradient({"Pow(x, m - 1) * m * g"})
          .r("x^m").domain(0.5, 2).sample({3}, {3})
          .doc("Integer power, also written x ** m; 1 for m = 0.", "x^m"),
      op("Square").code(KERNELOPS_UNARY(x * x)).gradient({"x * (2 * g)"})
          .r("x^2")
          .doc("Square.", "x^2"),
      op("Inv").code(KERNELOPS_UNARY(like(x, 1) / x)).gradient({"-(Square(out) * g)"})
          .r("1 / x").domain(0.5, 2)
          .doc("Inverse.", "1 / x"),
  };
  // clang-format on
}

}  // namespace kernelops
