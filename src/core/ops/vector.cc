// Rows: operations between the components of vectors. Components are numbered from 0.
#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> vector_rows() {
  // clang-format off
  return {
      op("Sum").dimension("1").contraction("dim(x)", {{"l"}}).gradient({"SumT(g, dim(x))"})
          .r("sum(x)")
          .doc("Sum of the components.", "\\sum_k x_k"),
      op("SumT").parameters({"n"}).dimension("n")
          .require("dim(x) == 1", "the argument must have dimension 1")
          .require("n >= 1", "the dimension of the result must be at least 1")
          .indexing({{"0"}}).gradient({"Sum(g)"})
          .r("rep(x, n)").sample({1}, {4})
          .doc("A scalar repeated n times.", "(x, \\dots, x)"),
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
          .r("x / sqrt(sum(x^2))")
          .doc("The vector divided by its norm; 0 for the zero vector.", "x / \\|x\\|"),
      op("Elem").parameters({"m"}).dimension("1")
          .require("m >= 0 && m < dim(x)", "the position must be from 0 to the dimension less 1")
          .indexing({{"m"}}).gradient({"ElemT(g, dim(x), m)"})
          .r("x[m + 1]").sample({5}, {3})
          .doc("Component m, counted from 0.", "x_m"),
      op("ElemT").parameters({"n", "m"}).dimension("n")
          .require("dim(x) == 1", "the argument must have dimension 1")
          .require("n >= 1", "the dimension of the result must be at least 1")
          .require("m >= 0 && m < n", "the position must be from 0 to the result's dimension less 1")
          .indexing({{"0", "k == m"}}).gradient({"Elem(g, m)"})
          .r("replace(numeric(n), m + 1, x)").sample({1}, {5, 3})
          .doc("A scalar at position m of a zero vector of dimension n.", "x\\, e_m"),
      op("Extract").parameters({"s", "n"}).dimension("n")
          .require("n >= 1", "the number of components must be at least 1")
          .require("s >= 0 && s + n <= dim(x)", "the components must lie within the argument")
          .indexing({{"k + s"}}).gradient({"ExtractT(g, s, dim(x))"})
          .r("x[s + seq_len(n)]").sample({5}, {1, 3})
          .doc("The n components from position s on.", "(x_s, \\dots, x_{s+n-1})"),
      op("ExtractT").parameters({"s", "n"}).dimension("n")
          .require("s >= 0 && s + dim(x) <= n", "the argument must fit into the result")
          .indexing({{"k - s", "k >= s && k < s + dim(x)"}}).gradient({"Extract(g, s, dim(x))"})
          .r("replace(numeric(n), s + seq_along(x), x)").sample({3}, {2, 6})
          .doc("A vector at position s of a zero vector of dimension n.",
               "(0, \\dots, x, \\dots, 0)"),
      op("Concat").arguments(2).dimension("dim(x) + dim(y)")
          .indexing({{"k", "k < dim(x)"}, {"k - dim(x)", "k >= dim(x)"}})
          .gradient({"Extract(g, 0, dim(x))", "Extract(g, dim(x), dim(y))"})
          .r("c(x, y)").sample({3, 2})
          .doc("Concatenation.", "(x, y)"),
  };
  // clang-format on
}

std::vector<OpDef> selection_rows() {
  // clang-format off
  return {
      op("SelectEntry").arguments(2).parameters({"n"}).dimension("n").internal()
          .require("n >= 1 && dim(x) % n == 0", "n must divide the dimension of the first argument")
          .require("dim(y) == 1", "the entry's number must have dimension 1")
          .opaque(KERNELOPS_OPAQUE(2, select_entry(x, dim_x, y[0], out, dim_out)))
          .gradient({"PlaceEntry(g, y, dim(x))", "0"})
          .r("{ o <- numeric(n); o[y %/% (length(x) / n) + 1] <- x[y + 1]; o }")
          .domains({{-2, 2}, {0, 5, Shape::whole}}).sample({6, 1}, {2})
          .doc("Of the values of all entries of a selection, that of entry number y.",
               "x_y e_{\\lfloor y n / d \\rfloor}"),
      op("PlaceEntry").arguments(2).parameters({"n"}).dimension("n").internal()
          .require("n >= 1 && n % dim(x) == 0", "the dimension of the first argument must divide n")
          .require("dim(y) == 1", "the entry's number must have dimension 1")
          .opaque(KERNELOPS_OPAQUE(2, place_entry(x, dim_x, y[0], out, dim_out)))
          .gradient({"SelectEntry(g, y, dim(x))", "0"})
          .r("{ o <- numeric(n); o[y + 1] <- x[y %/% (n / length(x)) + 1]; o }")
          .domains({{-2, 2}, {0, 5, Shape::whole}}).sample({2, 1}, {6})
          .doc("A value for entry number y of a selection, 0 for all others.",
               "x_{\\lfloor y d / n \\rfloor} e_y"),
  };
  // clang-format on
}

}  // namespace kernelops
