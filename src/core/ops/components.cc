// Rows: operations on all components at once, which are numbered from 0. Their code is in
// inst/kernels/components.h.
#include "core/support/small_code.h"

#include "core/ops/code.h"
#include "core/ops/table.h"

namespace kernelops {

std::vector<OpDef> component_rows() {
  // clang-format off
  return {
      op("Max").dimension("1")
          .opaque(KERNELOPS_OPAQUE(1, out[0] = best_value<Largest>(x, dim_x)))
          .gradient({"OneHot(ArgMax(x), dim(x)) * g"})
          .r("max(x)")
          .doc("Largest component; NaN is skipped. On ties the derivative is that of the first.",
               "\\max_k x_k"),
      op("Min").dimension("1")
          .opaque(KERNELOPS_OPAQUE(1, out[0] = best_value<Smallest>(x, dim_x)))
          .gradient({"OneHot(ArgMin(x), dim(x)) * g"})
          .r("min(x)")
          .doc("Smallest component; NaN is skipped. On ties the derivative is that of the first.",
               "\\min_k x_k"),
      op("ArgMax").dimension("1")
          .opaque(KERNELOPS_OPAQUE(1, out[0] = best_component<Largest>(x, dim_x)))
          .gradient({"0"}).r("which.max(x) - 1")
          .doc("Number of the largest component, counted from 0, the first one on ties; NaN is "
               "skipped.",
               "\\arg\\max_k x_k"),
      op("ArgMin").dimension("1")
          .opaque(KERNELOPS_OPAQUE(1, out[0] = best_component<Smallest>(x, dim_x)))
          .gradient({"0"}).r("which.min(x) - 1")
          .doc("Number of the smallest component, counted from 0, the first one on ties; NaN is "
               "skipped.",
               "\\arg\\min_k x_k"),
      op("OneHot").parameters({"n"}).dimension("n")
          .require("dim(x) == 1", "the argument must have dimension 1")
          .require("n >= 1", "the dimension of the result must be at least 1")
          .opaque(KERNELOPS_OPAQUE(1, one_hot(x[0], out, dim_out)))
          .gradient({"0"}).r("as.numeric(seq_len(n) - 1 == floor(x + 0.5))")
          .domain(-1, 4, Shape::whole).sample({1}, {4})
          .doc("1 at component x, counted from 0 and rounded, and 0 elsewhere; all 0 if there is no "
               "such component.",
               "e_x"),
      op("Gather").arguments(2).dimension("1")
          .require("dim(y) == 1", "the component's number must have dimension 1")
          .opaque(KERNELOPS_OPAQUE(2, out[0] = gather(x, dim_x, y[0])))
          .gradient({"OneHot(y, dim(x)) * g", "0"})
          .r("if (y > -0.5 && y < length(x) - 0.5) x[floor(y + 0.5) + 1] else NaN")
          .domains({{-2, 2}, {0, 4, Shape::whole}}).sample({5, 1})
          .doc("Component y of x, counted from 0 and rounded; NaN if there is no such component.",
               "x_y"),
      op("SelectEntry").arguments(2).parameters({"n"}).dimension("n").internal().picks()
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
