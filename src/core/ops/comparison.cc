// Rows: comparisons, truth values and choices. A truth value is 1 or 0; any number but 0 is true.
#include "core/support/small_code.h"

#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> comparison_rows() {
  // clang-format off
  return {
      op("Equal").arguments(2).code(KERNELOPS_BINARY(equal(x, y))).gradient({"0", "0"})
          .commutative().infix("==", 0).r("as.numeric(x == y)")
          .domain(-2, 2, Shape::whole)
          .doc("1 where the two are equal, otherwise 0; also written x == y.", "1_{x = y}"),
      op("NotEqual").arguments(2).code(KERNELOPS_BINARY(not_equal(x, y))).gradient({"0", "0"})
          .commutative().infix("!=", 0).r("as.numeric(x != y)")
          .domain(-2, 2, Shape::whole)
          .doc("1 where the two differ, otherwise 0; also written x != y.", "1_{x \\ne y}"),
      op("LessThan").arguments(2).code(KERNELOPS_BINARY(less(x, y))).gradient({"0", "0"})
          .infix("<", 0).r("as.numeric(x < y)")
          .domain(-2, 2, Shape::whole)
          .doc("1 where x is less than y, otherwise 0; also written x < y or y > x.", "1_{x < y}"),
      op("LessOrEqual").arguments(2).code(KERNELOPS_BINARY(less_or_equal(x, y)))
          .gradient({"0", "0"}).infix("<=", 0).r("as.numeric(x <= y)")
          .domain(-2, 2, Shape::whole)
          .doc("1 where x is at most y, otherwise 0; also written x <= y or y >= x.",
               "1_{x \\le y}"),
      op("And").arguments(2).code(KERNELOPS_BINARY(logical_and(x, y))).gradient({"0", "0"})
          .commutative().r("as.numeric(x != 0 & y != 0)").domain(-1, 1, Shape::whole)
          .doc("1 where both are true, otherwise 0.", "1_{x \\ne 0 \\wedge y \\ne 0}"),
      op("Or").arguments(2).code(KERNELOPS_BINARY(logical_or(x, y))).gradient({"0", "0"})
          .commutative().r("as.numeric(x != 0 | y != 0)").domain(-1, 1, Shape::whole)
          .doc("1 where one is true, otherwise 0.", "1_{x \\ne 0 \\vee y \\ne 0}"),
      op("Not").code(KERNELOPS_UNARY(logical_not(x))).gradient({"0"})
          .r("as.numeric(x == 0)").domain(-1, 1, Shape::whole)
          .doc("1 where x is 0, otherwise 0.", "1_{x = 0}"),
      op("IfElse").arguments(3).code(KERNELOPS_TERNARY(if_else(x, y, z)))
          .gradient({"0", "IfElse(x, g, 0)", "IfElse(x, 0, g)"})
          .r("ifelse(x >= 0, y, z)")
          .doc("y where x is not negative, otherwise z, also where x is NaN.",
               "1_{x \\ge 0}\\, y + 1_{x < 0}\\, z"),
      op("Step").code(KERNELOPS_UNARY(step(x))).gradient({"0"})
          .r("as.numeric(x >= 0)")
          .doc("0 where x is negative, 1 elsewhere.", "1_{x \\ge 0}"),
      op("ReLU").code(KERNELOPS_UNARY(positive_part(x))).gradient({"Step(x) * g"})
          .r("pmax(x, 0)")
          .doc("x where it is not negative, otherwise 0; its derivative at 0 is taken as 1.",
               "\\max(x, 0)"),
      op("Clamp").arguments(3).code(KERNELOPS_TERNARY(clamp(x, y, z)))
          .gradient({"LessOrEqual(y, x) * LessOrEqual(x, z) * g", "LessThan(x, y) * g",
                     "LessOrEqual(y, x) * LessThan(z, x) * g"})
          .r("ifelse(x < y, y, ifelse(x > z, z, x))")
          .domains({{-2, 2}, {-1, 0}, {0, 1}})
          .doc("y where x is below it, otherwise z where x is above it, otherwise x; the derivative "
               "in x is 1 from y to z, both included.",
               "\\min(\\max(x, y), z)"),
      op("ClampInt").parameters({"a", "b"})
          .code(KERNELOPS_UNARY_WITH_TWO(a, b, clamp(x, like(x, static_cast<double>(a)),
                                                     like(x, static_cast<double>(b)))))
          .gradient({"DiffClampInt(x, a, b) * g"})
          .r("ifelse(x < a, a, ifelse(x > b, b, x))").sample({3}, {-1, 1})
          .doc("a where x is below it, otherwise b where x is above it, otherwise x; the derivative "
               "is 1 from a to b, both included.",
               "\\min(\\max(x, a), b)"),
      op("DiffClampInt").parameters({"a", "b"})
          .code(KERNELOPS_UNARY_WITH_TWO(
              a, b, less_or_equal(like(x, static_cast<double>(a)), x) *
                        less_or_equal(x, like(x, static_cast<double>(b)))))
          .gradient({"0"}).r("as.numeric(x >= a & x <= b)").sample({3}, {-1, 1})
          .doc("1 where x is from a to b, otherwise 0.", "1_{a \\le x \\le b}"),
      op("Maximum").arguments(2).code(KERNELOPS_BINARY(larger(x, y)))
          .gradient({"LessOrEqual(y, x) * g", "LessThan(x, y) * g"})
          .r("pmax(x, y)")
          .doc("The larger of two, NaN if one is; on ties the derivative is that of the first.",
               "\\max(x, y)"),
      op("Minimum").arguments(2).code(KERNELOPS_BINARY(smaller(x, y)))
          .gradient({"LessOrEqual(x, y) * g", "LessThan(y, x) * g"})
          .r("pmin(x, y)")
          .doc("The smaller of two, NaN if one is; on ties the derivative is that of the first.",
               "\\min(x, y)"),
      op("DivideOrZero").arguments(2).code(KERNELOPS_BINARY(divide_or_zero(x, y)))
          .gradient({"DivideOrZero(g, y)", "-DivideOrZero(out * g, y)"})
          .r("ifelse(y == 0, 0, x / y)").domains({{-2, 2}, {0.5, 2}})
          .doc("Quotient, 0 where the denominator is 0.", "x / y"),
  };
  // clang-format on
}

}  // namespace kernelops
