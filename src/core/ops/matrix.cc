// Rows: matrices and tensors, which are vectors of their entries with the last index running
// fastest (row by row).
#include "core/support/small_code.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "core/ops/code.h"
#include "core/ops/table.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

using List = std::vector<std::int64_t>;

std::int64_t product(const List& list) {
  return std::accumulate(list.begin(), list.end(), std::int64_t{1}, std::multiplies<>());
}

std::string list_text(const List& list) {
  std::vector<std::string> texts;
  for (const std::int64_t each : list) texts.push_back(std::to_string(each));
  return "[" + join(texts, ", ") + "]";
}

// The lists in the parameters of a row, each its length and its elements.
std::vector<List> lists_of(const List& parameters) {
  std::vector<List> out;
  for (auto at = parameters.begin(); at != parameters.end();) {
    const std::int64_t length = *at++;
    out.emplace_back(at, at + length);
    at += length;
  }
  return out;
}

bool is_permutation(const List& list) {
  std::vector<bool> seen(list.size(), false);
  for (const std::int64_t each : list) {
    if (each < 0 || each >= static_cast<std::int64_t>(list.size())) return false;
    if (seen[static_cast<std::size_t>(each)]) return false;
    seen[static_cast<std::size_t>(each)] = true;
  }
  return true;
}

// `text` with the axes of a tensor in another order: axis a of the result is axis axes[a].
std::string reordered(const std::string& text, const List& shape, const List& axes) {
  List strides(shape.size(), 1);
  for (std::size_t a = shape.size(); a > 1; --a) strides[a - 2] = strides[a - 1] * shape[a - 1];
  List order = {0};
  for (const std::int64_t axis : axes) {
    const auto a = static_cast<std::size_t>(axis);
    List finer;
    for (const std::int64_t start : order) {
      for (std::int64_t n = 0; n < shape[a]; ++n) finer.push_back(start + n * strides[a]);
    }
    order = std::move(finer);
  }
  bool identity = true;
  for (std::size_t k = 0; k < order.size(); ++k) {
    identity = identity && order[k] == static_cast<std::int64_t>(k);
  }
  return identity ? text : "Permute(" + text + ", " + list_text(order) + ")";
}

void check_shape(const char* name, const List& shape, std::int64_t dimension) {
  for (const std::int64_t each : shape) {
    if (each < 1) {
      throw Error(ErrorKind::dimension, std::string("the sizes in ") + name +
                                            " must be at least 1, not " + list_text(shape));
    }
  }
  if (product(shape) == dimension) return;
  throw Error(ErrorKind::dimension, std::string("the product of ") + name + ", which is " +
                                        list_text(shape) + ", must be the dimension " +
                                        std::to_string(dimension));
}

void check_axes(const char* name, const List& axes, const List& shape) {
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const bool repeated = std::find(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(a),
                                    axes[a]) != axes.begin() + static_cast<std::ptrdiff_t>(a);
    if (axes[a] >= 0 && axes[a] < static_cast<std::int64_t>(shape.size()) && !repeated) continue;
    throw Error(ErrorKind::dimension, std::string(name) + " must name different axes from 0 to " +
                                          std::to_string(shape.size() - 1) + ", not " +
                                          list_text(axes));
  }
}

// The axes that are not in `axes`.
List other_axes(const List& shape, const List& axes) {
  List out;
  for (std::int64_t a = 0; a < static_cast<std::int64_t>(shape.size()); ++a) {
    if (std::find(axes.begin(), axes.end(), a) == axes.end()) out.push_back(a);
  }
  return out;
}

List sizes_of(const List& shape, const List& axes) {
  List out;
  for (const std::int64_t a : axes) out.push_back(shape[static_cast<std::size_t>(a)]);
  return out;
}

List joined(List first, const List& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// As a product of matrices: the kept axes of x by the contracted ones, by the kept axes of y.
std::string tensor_product(const List& shape_x, const List& shape_y, const List& axes_x,
                           const List& axes_y, const List& permutation) {
  const List kept_x = other_axes(shape_x, axes_x);
  const List kept_y = other_axes(shape_y, axes_y);
  const List kept = joined(sizes_of(shape_x, kept_x), sizes_of(shape_y, kept_y));
  const std::string matrices = "MatMult(" + reordered("x", shape_x, joined(kept_x, axes_x)) + ", " +
                               reordered("y", shape_y, joined(axes_y, kept_y)) + ", " +
                               std::to_string(product(sizes_of(shape_x, axes_x))) + ", " +
                               std::to_string(product(sizes_of(shape_y, kept_y))) + ")";
  if (permutation.empty()) return matrices;
  if (permutation.size() != kept.size() || !is_permutation(permutation)) {
    throw Error(ErrorKind::dimension, "permute must be a permutation of the " +
                                          std::to_string(kept.size()) +
                                          " axes that are kept, not " + list_text(permutation));
  }
  // Kept axis k becomes axis permutation[k].
  List axes(kept.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    axes[static_cast<std::size_t>(permutation[k])] = static_cast<std::int64_t>(k);
  }
  return reordered(matrices, kept, axes);
}

std::string tensor_dot(const DefinitionInput& in) {
  const std::vector<List> lists = lists_of(in.parameters);
  check_shape("dimsf", lists[0], in.dimensions[0]);
  check_shape("dimsg", lists[1], in.dimensions[1]);
  check_axes("contf", lists[2], lists[0]);
  check_axes("contg", lists[3], lists[1]);
  const List contracted_x = sizes_of(lists[0], lists[2]);
  const List contracted_y = sizes_of(lists[1], lists[3]);
  if (contracted_x != contracted_y) {
    throw Error(ErrorKind::dimension,
                "the axes that are contracted must have equal sizes; they are " +
                    list_text(contracted_x) + " and " + list_text(contracted_y));
  }
  return tensor_product(lists[0], lists[1], lists[2], lists[3], lists[4]);
}

std::string kronecker(const DefinitionInput& in) {
  const std::vector<List> lists = lists_of(in.parameters);
  check_shape("dimsf", lists[0], in.dimensions[0]);
  check_shape("dimsg", lists[1], in.dimensions[1]);
  if (lists[0].size() != lists[1].size()) {
    throw Error(ErrorKind::dimension, "dimsf and dimsg must be equally long, not " +
                                          list_text(lists[0]) + " and " + list_text(lists[1]));
  }
  // The axes of x and y alternate.
  List permutation;
  for (std::int64_t first : {0, 1}) {
    for (std::size_t a = 0; a < lists[0].size(); ++a) {
      permutation.push_back(first + 2 * static_cast<std::int64_t>(a));
    }
  }
  return tensor_product(lists[0], lists[1], {}, {}, permutation);
}

}  // namespace

std::vector<OpDef> matrix_rows() {
  // clang-format off
  return {
      op("MatMult").arguments(2).parameters({"n", "p"}).dimension("dim(x) / n * p")
          .require("n >= 1 && p >= 1", "the sizes of matrices must be at least 1")
          .require("dim(x) % n == 0", "n must divide the dimension of the first matrix")
          .require("dim(y) == n * p", "the second matrix must have n rows and p columns")
          .contraction("n", {{"(k / p) * n + l"}, {"l * p + k % p"}})
          .on_arrays(KERNELOPS_OPAQUE(2, matrix_product(x, dim_x, y, dim_y, out, dim_out)))
          .gradient({"MatMult(g, Transpose(y, n), p, n)",
                     "MatMult(Transpose(x, dim(x) / n), g, dim(x) / n, p)"})
          .r("as.vector(t(matrix(x, ncol = n, byrow = TRUE) %*% matrix(y, nrow = n, byrow = TRUE)))")
          .sample({6, 12}, {3, 4})
          .doc("Product of two matrices; x has n columns, y has n rows and p columns.", "X Y"),
      op("Transpose").parameters({"m"}).dimension("dim(x)")
          .require("m >= 1 && dim(x) % m == 0", "m must divide the dimension")
          .indexing({{"(k % m) * (dim(x) / m) + k / m"}}).gradient({"Transpose(g, dim(x) / m)"})
          .r("as.vector(matrix(x, nrow = m, byrow = TRUE))").sample({6}, {2})
          .doc("Transpose of a matrix of m rows.", "X^T"),
      op("MatVecMult").arguments(2)
          .require("dim(x) % dim(y) == 0",
                   "the dimension of the vector must divide that of the matrix")
          .definition("MatMult(x, y, dim(y), 1)")
          .r("as.vector(matrix(x, ncol = length(y), byrow = TRUE) %*% y)").sample({6, 2})
          .doc("Product of the matrix x and the vector y.", "X y"),
      op("VecMatMult").arguments(2)
          .require("dim(y) % dim(x) == 0",
                   "the dimension of the vector must divide that of the matrix")
          .definition("MatMult(x, y, dim(x), dim(y) / dim(x))")
          .r("as.vector(x %*% matrix(y, nrow = length(x), byrow = TRUE))").sample({2, 6})
          .doc("Product of the row vector x and the matrix y.", "x^T Y"),
      op("TensorProd").arguments(2).definition("MatMult(x, y, 1, dim(y))")
          .r("as.vector(outer(y, x))").sample({2, 3})
          .doc("Tensor product: all products of components, those with the first of x first.",
               "x \\otimes y"),
      op("Permute").parameters({"order[]"}).dimension("dim(x)")
          .require("length(order) == dim(x) && is_permutation(order)",
                   "the list must name each component once, from 0 on")
          .indexing({{"order[k]"}}).gradient({"PermuteT(g, order)"})
          .r("x[order + 1]").sample({3}, {3, 2, 0, 1})
          .doc("The components in another order: component k of the result is component order[k].",
               "x_{\\sigma(k)}"),
      op("PermuteT").parameters({"order[]"}).dimension("dim(x)")
          .require("length(order) == dim(x) && is_permutation(order)",
                   "the list must name each component once, from 0 on")
          .indexing({{"find(order, k)"}}).gradient({"Permute(g, order)"})
          .r("replace(x, order + 1, x)").sample({3}, {3, 2, 0, 1})
          .doc("The inverse of Permute: component k of x becomes component order[k].",
               "x_{\\sigma^{-1}(k)}"),
      op("TensorDot").arguments(2).parameters({"dimsf[]", "dimsg[]", "contf[]", "contg[]", "permute[]?"})
          .define("MatMult of x and y, their axes reordered", tensor_dot)
          .r("{ rows <- function(v, dims) aperm(array(v, rev(dims)));"
             " a <- rows(x, dimsf); b <- rows(y, dimsg);"
             " a <- aperm(a, c(setdiff(seq_along(dimsf), contf + 1), contf + 1));"
             " b <- aperm(b, c(contg + 1, setdiff(seq_along(dimsg), contg + 1)));"
             " n <- prod(dimsf[contf + 1]);"
             " kept <- c(dimsf[setdiff(seq_along(dimsf), contf + 1)],"
             " dimsg[setdiff(seq_along(dimsg), contg + 1)]);"
             " o <- array(matrix(a, ncol = n) %*% matrix(b, nrow = n), kept);"
             " if (length(permute)) o <- aperm(o, order(permute)); as.vector(aperm(o)) }")
          .sample({12, 6}, {3, 2, 3, 2, 2, 3, 2, 1, 1, 1, 0, 3, 2, 0, 1})
          .doc("Contraction of two tensors of sizes dimsf and dimsg over the axes contf and contg, as "
               "tensordot in numpy. The axes that are kept, those of x first, get the places permute.",
               "\\sum_l x_{kl}\\, y_{lm}"),
      op("Kron").arguments(2).parameters({"dimsf[]", "dimsg[]"})
          .define("the tensor product, its axes reordered", kronecker)
          .r("as.vector(aperm(kronecker(aperm(array(x, rev(dimsf))), aperm(array(y, rev(dimsg))))))")
          .sample({6, 4}, {2, 2, 3, 2, 2, 2})
          .doc("Kronecker product of two tensors of sizes dimsf and dimsg.", "x \\otimes y"),
  };
  // clang-format on
}

}  // namespace kernelops
