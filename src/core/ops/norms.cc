// Rows: scalar products, norms and distances.
#include "core/support/small_code.h"

#include "core/ops/table.h"

namespace kernelops {

namespace {

// The three shapes of a weight: a number, one for each component, a matrix.
std::string weighted_square(const DefinitionInput& in) {
  const std::int64_t weight = in.dimensions[0];
  const std::int64_t vector = in.dimensions[1];
  if (weight == 1) return "SqNormIso(x, y)";
  return weight == vector ? "SqNormDiag(x, y)" : "SymSqNorm(x, y)";
}

}  // namespace

std::vector<OpDef> norm_rows() {
  // clang-format off
  return {
      op("Scalprod").arguments(2).definition("Sum(x * y)")
          .infix("|", 1).r("sum(x * y)")
          .doc("Scalar product, also written (x | y).", "\\langle x, y \\rangle"),
      op("SqNorm2").definition("Sum(Square(x))")
          .r("sum(x^2)")
          .doc("Squared Euclidean norm.", "\\|x\\|^2"),
      op("SqDist").arguments(2).definition("Sum(Square(x - y))")
          .r("sum((x - y)^2)")
          .doc("Squared Euclidean distance, computed from differences.", "\\|x - y\\|^2"),
      op("Norm2").definition("Sqrt(Sum(Square(x)))")
          .r("sqrt(sum(x^2))")
          .doc("Euclidean norm; its derivative at 0 is taken as 0.", "\\|x\\|"),
      op("Normalize").definition("Rsqrt(Sum(Square(x))) * x")
          .r("if (all(x == 0)) x else x / sqrt(sum(x^2))")
          .doc("The vector divided by its norm; 0 for the zero vector.", "x / \\|x\\|"),
      op("SqNormIso").arguments(2)
          .require("dim(x) == 1", "the weight must have dimension 1")
          .definition("x * Sum(Square(y))")
          .r("x * sum(y^2)").sample({1, 3})
          .doc("Squared norm of y times the number x.", "x \\|y\\|^2"),
      op("SqNormDiag").arguments(2)
          .require("dim(x) == dim(y)", "the weight must have the dimension of the vector")
          .definition("Sum(x * Square(y))")
          .r("sum(x * y^2)")
          .doc("Squared norm of y with a weight for each component.", "\\sum_k x_k y_k^2"),
      op("SymSqNorm").arguments(2)
          .require("dim(x) == dim(y) * dim(y)",
                   "the weight must be a matrix for the vector, row by row")
          .definition("Sum(y * MatMult(x, y, dim(y), 1))")
          .r("sum(x * tcrossprod(y))").sample({9, 3})
          .doc("Squared norm of y in the quadratic form x, a matrix row by row.", "y^T X y"),
      op("WeightedSqNorm").arguments(2)
          .require("dim(x) == 1 || dim(x) == dim(y) || dim(x) == dim(y) * dim(y)",
                   "the weight must have dimension 1, that of the vector, or its square")
          .define("SqNormIso(x, y), SqNormDiag(x, y) or SymSqNorm(x, y), by the dimension of x",
                  weighted_square)
          .r("if (length(x) == length(y)^2) sum(x * tcrossprod(y)) else sum(x * y^2)").sample({3, 3})
          .doc("Squared norm of y with the weight x: a number, one for each component, or a matrix "
               "row by row.",
               "\\|y\\|_x^2"),
      op("WeightedSqDist").arguments(3).definition("WeightedSqNorm(x, y - z)")
          .r("{ d <- y - z; if (length(x) == length(d)^2) sum(x * tcrossprod(d)) else sum(x * d^2) }")
          .sample({9, 3, 3})
          .doc("Squared distance of y and z with the weight x, as in WeightedSqNorm.",
               "\\|y - z\\|_x^2"),
  };
  // clang-format on
}

}  // namespace kernelops
