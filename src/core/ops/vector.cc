// Rows: sums and rearrangements of components, which are numbered from 0.
#include "core/support/small_code.h"

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
      op("SumTo").parameters({"n"}).internal()
          .require("dim(x) == n || n == 1", "n must be 1 or the dimension of the argument")
          .define("the sum of the components if n is 1, or all of them",
                  [](const DefinitionInput& in) {
                    return in.dimensions[0] == in.parameters[0] ? "x" : "Sum(x)";
                  })
          .r("if (n == 1) sum(x) else x").sample({3}, {1})
          .doc("The adjoint of broadcasting to n components.", "\\sum_k x_k"),
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

}  // namespace kernelops
