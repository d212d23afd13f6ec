// Rows: complex vectors. A complex vector of n components is a real one of 2n, the real and the
// imaginary part of each component side by side. A complex scalar, of dimension 2, broadcasts.
#include "core/support/small_code.h"

#include "core/ops/table.h"

namespace kernelops {

namespace {

const char* const kEven = "dim(x) % 2 == 0";
const char* const kBothEven = "dim(x) % 2 == 0 && dim(y) % 2 == 0";
const char* const kComplex = "a complex vector has an even dimension";
const char* const kBothComplex = "complex vectors have even dimensions";

// Steps that name the parts of x = a + ib and y = c + id.
std::string parts_of_x(const std::string& text) {
  return "a = ComplexReal(x); b = ComplexImag(x); " + text;
}
std::string parts_of_both(const std::string& text) {
  return parts_of_x("c = ComplexReal(y); d = ComplexImag(y); " + text);
}

// R expressions over complex vectors x and y that yield a complex vector.
std::string complex_of(const std::string& name) {
  return name + " <- complex(real = " + name + "[c(TRUE, FALSE)], imaginary = " + name +
         "[c(FALSE, TRUE)]); ";
}
std::string interleaved(const std::string& value) {
  return "o <- " + value + "; as.vector(rbind(Re(o), Im(o))) }";
}
std::string from_x(const std::string& value) { return "{ " + complex_of("x") + value + " }"; }
std::string r_of_x(const std::string& value) { return "{ " + complex_of("x") + interleaved(value); }
std::string r_of_both(const std::string& value) {
  return "{ " + complex_of("x") + complex_of("y") + interleaved(value);
}

OpRow complex_op(const char* name) {
  return std::move(op(name).require(kEven, kComplex).sample({6}));
}
OpRow complex_binary(const char* name) {
  return std::move(op(name).arguments(2).require(kBothEven, kBothComplex).sample({6, 6}));
}

}  // namespace

std::vector<OpDef> complex_rows() {
  // clang-format off
  return {
      complex_op("ComplexReal").dimension("dim(x) / 2").indexing({{"2 * k"}})
          .gradient({"Interleave(g, Zero(dim(g)))"})
          .r(from_x("Re(x)"))
          .doc("Real parts.", "\\mathrm{Re}\\, x"),
      complex_op("ComplexImag").dimension("dim(x) / 2").indexing({{"2 * k + 1"}})
          .gradient({"Interleave(Zero(dim(g)), g)"})
          .r(from_x("Im(x)"))
          .doc("Imaginary parts.", "\\mathrm{Im}\\, x"),
      op("Interleave").arguments(2).dimension("2 * dim(x)")
          .require("dim(x) == dim(y)", "the two parts must have equal dimensions")
          .indexing({{"k / 2", "k % 2 == 0"}, {"k / 2", "k % 2 == 1"}})
          .gradient({"ComplexReal(g)", "ComplexImag(g)"})
          .r("as.vector(rbind(x, y))")
          .doc("The complex vector with real parts x and imaginary parts y.", "x + i y"),
      op("Real2Complex").definition("Interleave(x, Zero(dim(x)))")
          .r("as.vector(rbind(x, 0))")
          .doc("A real vector as a complex one.", "x + 0 i"),
      op("Imag2Complex").definition("Interleave(Zero(dim(x)), x)")
          .r("as.vector(rbind(0, x))")
          .doc("A real vector as imaginary parts.", "0 + x i"),
      complex_op("Conj").definition(parts_of_x("Interleave(a, -b)"))
          .r(r_of_x("Conj(x)"))
          .doc("Complex conjugate.", "\\bar x"),
      complex_op("ComplexAbs").definition(parts_of_x("Sqrt(Square(a) + Square(b))"))
          .r(from_x("Mod(x)"))
          .doc("Absolute values; the derivative at 0 is taken as 0.", "|x|"),
      complex_op("ComplexSquareAbs").definition(parts_of_x("Square(a) + Square(b)"))
          .r(from_x("Mod(x)^2"))
          .doc("Squared absolute values.", "|x|^2"),
      complex_op("ComplexAngle").definition(parts_of_x("Atan2(b, a)"))
          .r(from_x("Arg(x)")).domain(0.5, 2)
          .doc("Angles from the positive real axis, from -pi to pi.", "\\arg x"),
      complex_binary("ComplexAdd").definition(parts_of_both("Interleave(a + c, b + d)"))
          .r(r_of_both("x + y"))
          .doc("Sum of complex vectors.", "x + y"),
      complex_binary("ComplexSubtract").definition(parts_of_both("Interleave(a - c, b - d)"))
          .r(r_of_both("x - y"))
          .doc("Difference of complex vectors.", "x - y"),
      complex_binary("ComplexMult")
          .definition(parts_of_both("Interleave(a * c - b * d, a * d + b * c)"))
          .r(r_of_both("x * y"))
          .doc("Product of complex vectors, component by component.", "x y"),
      complex_binary("ComplexDivide")
          .definition(parts_of_both("s = Square(c) + Square(d);"
                                    "Interleave((a * c + b * d) / s, (b * c - a * d) / s)"))
          .r(r_of_both("x / y")).domain(0.5, 2)
          .doc("Quotient of complex vectors, component by component.", "x / y"),
      op("ComplexRealScal").arguments(2).definition("x * y")
          .require("dim(x) == 1 && dim(y) % 2 == 0 || dim(y) == 1 && dim(x) % 2 == 0",
                   "one argument must have dimension 1, and the other an even dimension")
          .r("x * y").sample({1, 6})
          .doc("Product of a real number and a complex vector, in any order.", "x y"),
      complex_binary("ComplexScal").definition("ComplexMult(x, y)")
          .require("dim(x) == 2 || dim(y) == 2", "one argument must be a complex number")
          .r(r_of_both("x * y")).sample({2, 6})
          .doc("Product of a complex number and a complex vector, in any order.", "x y"),
      complex_op("ComplexSum").definition(parts_of_x("Interleave(Sum(a), Sum(b))"))
          .r(r_of_x("sum(x)"))
          .doc("Sum of the complex components.", "\\sum_k x_k"),
      op("ComplexSumT").parameters({"n"})
          .require("dim(x) == 2", "the argument must be a complex number, of dimension 2")
          .require("n >= 2 && n % 2 == 0", kComplex)
          .definition(parts_of_x("Interleave(SumT(a, n / 2), SumT(b, n / 2))"))
          .r("rep(x, n / 2)").sample({2}, {6})
          .doc("A complex number repeated, to a vector of dimension n.", "(x, \\dots, x)"),
      complex_op("ComplexExp")
          .definition(parts_of_x("r = Exp(a); Interleave(r * Cos(b), r * Sin(b))"))
          .r(r_of_x("exp(x)"))
          .doc("Exponential.", "e^x"),
      op("ComplexExp1j").definition("Interleave(Cos(x), Sin(x))")
          .r("as.vector(rbind(cos(x), sin(x)))")
          .doc("Exponential of i times a real vector.", "e^{i x}"),
      complex_op("ComplexLog").definition(parts_of_x("Interleave(Log(Hypot(a, b)), Atan2(b, a))"))
          .r(r_of_x("log(x)")).domain(0.5, 2)
          .doc("Principal logarithm, cut along the negative real axis.", "\\log x"),
      // The larger part comes from a root, the other one from a quotient: nothing cancels.
      complex_op("ComplexSqrt")
          .definition(parts_of_x("t = Sqrt((Hypot(a, b) + Abs(a)) * 0.5); q = DivideOrZero(b, 2 * t);"
                                 "s = IfElse(b, 1, -1);"
                                 "Interleave(IfElse(a, t, s * q), IfElse(a, q, s * t))"))
          .r(r_of_x("sqrt(x)"))
          .doc("Principal square root, cut along the negative real axis; the derivative at 0 is taken "
               "as 0.",
               "\\sqrt x"),
      complex_binary("ComplexPow")
          .definition("p = ComplexExp(ComplexMult(y, ComplexLog(x)));"
                      "zero = Equal(ComplexReal(x), 0) * Equal(ComplexImag(x), 0) - 1;"
                      "Interleave(IfElse(zero, 0, ComplexReal(p)), IfElse(zero, 0, ComplexImag(p)))")
          .r(r_of_both("x^y")).domain(0.5, 2)
          .doc("Principal power of complex vectors, component by component; 0 where x is 0.", "x^y"),
      complex_binary("ComplexScalprod")
          .definition(parts_of_both("Interleave(Sum(a * c + b * d), Sum(a * d - b * c))"))
          .r(r_of_both("sum(Conj(x) * y)"))
          .doc("Hermitian scalar product; the first argument is conjugated.",
               "\\sum_k \\bar x_k y_k"),
  };
  // clang-format on
}

}  // namespace kernelops
