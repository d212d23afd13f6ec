// Rows: derivatives of the formula x in the variable y. The Jacobian matrix has a row for each
// component of x and a column for each component of y.
#include "core/support/small_code.h"

#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> differential_rows() {
  // clang-format off
  return {
      op("Grad").arguments(3).dimension("dim(y)").differential()
          .require("dim(z) == dim(x) || dim(z) == 1",
                   "the last argument must have the dimension of what is differentiated, or 1")
          .sample({3, 3, 3})
          .doc("Gradient of the formula or reduction x in the variable y, applied to z, which is "
               "shaped like x: the derivative of the scalar product of x and z.",
               "(\\partial_y x)^T z"),
      op("Diff").arguments(3).dimension("dim(x)").differential().forward()
          .require("dim(z) == dim(y)", "the last argument must have the dimension of the variable")
          .sample({3, 3, 3})
          .doc("Derivative of x in the variable y in the direction z, which is shaped like y.",
               "(\\partial_y x) z"),
      op("GradMatrix").arguments(2).dimension("dim(x) * dim(y)").differential()
          .sample({2, 3})
          .doc("Jacobian matrix of x in the variable y, row by row: all derivatives of the first "
               "component of x come first.",
               "\\partial_y x"),
      op("Divergence").arguments(2).dimension("1").differential()
          .require("dim(x) == dim(y)", "the formula must have the dimension of the variable")
          .sample({3, 3})
          .doc("Divergence of x in the variable y: the sum of the derivatives of each component in "
               "itself.",
               "\\sum_k \\partial x_k / \\partial y_k"),
      op("Laplacian").arguments(2).dimension("1").differential()
          .require("dim(x) == 1", "the formula must have dimension 1")
          .sample({1, 3})
          .doc("Laplacian of x in the variable y: the sum of the second derivatives.",
               "\\sum_k \\partial^2 x / \\partial y_k^2"),
      op("TraceOperator").arguments(2).dimension("1").differential()
          .require("dim(x) == dim(y)", "the formula must have the dimension of the variable")
          .sample({3, 3})
          .doc("Trace of the matrix of x, which is linear in the variable y.",
               "\\mathrm{tr}(\\partial_y x)"),
      op("WeightedTrace").arguments(3).dimension("1").differential()
          .require("dim(x) == dim(y)", "the formula must have the dimension of the variable")
          .require("dim(z) == dim(y) || dim(z) == 1",
                   "the weights must have the dimension of the variable, or 1")
          .sample({3, 3, 3})
          .doc("Trace of the matrix of x, which is linear in the variable y, with weights z.",
               "\\sum_k z_k \\partial x_k / \\partial y_k"),
      op("AdjointOperator").arguments(3).dimension("dim(y)").differential()
          .require("dim(z) == dim(x) || dim(z) == 1",
                   "the last argument must have the dimension of the formula, or 1")
          .sample({3, 3, 3})
          .doc("Adjoint of x, which is linear in the variable y, applied to z.",
               "(\\partial_y x)^T z"),
      op("SumLinOperator").arguments(2).dimension("1").differential()
          .sample({2, 3})
          .doc("Sum of the entries of the matrix of x, which is linear in the variable y.",
               "\\sum_{k, l} \\partial x_k / \\partial y_l"),
      op("WeightedSumLin").arguments(4).dimension("1").differential()
          .require("dim(z) == dim(x) || dim(z) == 1",
                   "the left weights must have the dimension of the formula, or 1")
          .require("dim(w) == dim(y) || dim(w) == 1",
                   "the right weights must have the dimension of the variable, or 1")
          .sample({2, 3, 2, 3})
          .doc("Sum of the entries of the matrix of x, which is linear in the variable y, with "
               "weights z of its rows and w of its columns.",
               "z^T (\\partial_y x) w"),
  };
  // clang-format on
}

}  // namespace kernelops
