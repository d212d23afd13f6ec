// Rows: B-splines and dynamic time warping, written out step by step.
#include "core/support/small_code.h"

#include "core/ops/table.h"

namespace kernelops {

namespace {

std::string call(const char* name, const std::string& x, std::int64_t a, std::int64_t b) {
  return std::string(name) + "(" + x + ", " + std::to_string(a) + ", " + std::to_string(b) + ")";
}

// The recursion of Cox and de Boor: b<r> holds the splines of order r, one for each component.
std::string b_spline(const DefinitionInput& in) {
  const std::int64_t knots = in.dimensions[0];
  const std::int64_t order = in.parameters[0];
  const auto knots_from = [](std::int64_t first, std::int64_t count) {
    return call("Extract", "x", first, count);
  };
  std::string text = "b0 = Step(y - " + knots_from(0, knots - 1) + ") - Step(y - " +
                     knots_from(1, knots - 1) + ");";
  for (std::int64_t r = 1; r <= order; ++r) {
    const std::int64_t count = knots - 1 - r;
    const std::string lower = "b" + std::to_string(r - 1);
    const std::string rising = "DivideOrZero(y - " + knots_from(0, count) + ", " +
                               knots_from(r, count) + " - " + knots_from(0, count) + ")";
    const std::string falling = "DivideOrZero(" + knots_from(r + 1, count) + " - y, " +
                                knots_from(r + 1, count) + " - " + knots_from(1, count) + ")";
    text += "b" + std::to_string(r) + " = " + rising + " * " + call("Extract", lower, 0, count) +
            " + " + falling + " * " + call("Extract", lower, 1, count) + ";";
  }
  return text + "b" + std::to_string(order);
}

// The recursion over the cells of the alignment, each divided by -gamma, so that the soft minimum
// of the three cells before is a logarithm of a sum of exponentials.
std::string soft_time_warping(const DefinitionInput& in) {
  const auto cell = [](std::int64_t i, std::int64_t j) {
    return "c" + std::to_string(i) + "_" + std::to_string(j);
  };
  std::string text = "scale = Inv(z);";
  for (std::int64_t i = 0; i < in.dimensions[0]; ++i) {
    for (std::int64_t j = 0; j < in.dimensions[1]; ++j) {
      std::string before;
      if (i > 0 && j > 0) {
        before = "LogAddExp(LogAddExp(" + cell(i - 1, j) + ", " + cell(i, j - 1) + "), " +
                 cell(i - 1, j - 1) + ") - ";
      } else if (i > 0 || j > 0) {
        before = (i > 0 ? cell(i - 1, j) : cell(i, j - 1)) + " - ";
      } else {
        before = "-";
      }
      text += cell(i, j) + " = " + before + "Square(Elem(x, " + std::to_string(i) + ") - Elem(y, " +
              std::to_string(j) + ")) * scale;";
    }
  }
  return text + "-(z * " + cell(in.dimensions[0] - 1, in.dimensions[1] - 1) + ")";
}

}  // namespace

std::vector<OpDef> spline_rows() {
  // clang-format off
  return {
      op("BSpline").arguments(2).parameters({"k"})
          .require("dim(y) == 1", "the point must have dimension 1")
          .require("k >= 0", "the order must be at least 0")
          .require("dim(x) >= k + 2", "there must be at least k + 2 knots")
          .define("the recursion of Cox and de Boor", b_spline)
          .r("{ b <- as.numeric(x[-length(x)] <= y & y < x[-1]); q <- function(u, v) ifelse(v == 0, 0,"
             " u / v); for (r in seq_len(k)) { m <- length(x) - 1 - r; i <- seq_len(m);"
             " b <- q(y - x[i], x[i + r] - x[i]) * b[i] +"
             " q(x[i + r + 1] - y, x[i + r + 1] - x[i + 1]) * b[i + 1] }; b }")
          .domains({{-2, 2, Shape::sorted}, {-2, 2}}).sample({7, 1}, {2})
          .doc("The B-splines of order k (degree k) on the sorted knots x, at the point y. A knot "
               "belongs to the interval on its right.",
               "B_{l,k}(y)"),
      op("SoftDTW_SqDist").arguments(3)
          .require("dim(z) == 1", "gamma must have dimension 1")
          .define("the recursion over all pairs of components", soft_time_warping)
          .r("{ R <- matrix(Inf, length(x) + 1, length(y) + 1); R[1, 1] <- 0;"
             " for (i in seq_along(x)) for (j in seq_along(y)) {"
             " b <- c(R[i, j], R[i, j + 1], R[i + 1, j]); m <- min(b);"
             " R[i + 1, j + 1] <- (x[i] - y[j])^2 + m - z * log(sum(exp((m - b) / z))) };"
             " R[length(x) + 1, length(y) + 1] }")
          .domains({{-2, 2}, {-2, 2}, {0.5, 2}}).sample({3, 2, 1})
          .doc("Soft dynamic time warping of the series x and y with squared differences; gamma, which "
               "is z, must be positive.",
               "\\mathrm{dtw}_z(x, y)"),
  };
  // clang-format on
}

}  // namespace kernelops
