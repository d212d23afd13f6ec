#include "core/support/small_code.h"

#include "core/codegen/cuda_dialect.h"

#include <cmath>

#include "core/codegen/cuda_matrix.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string constant_text(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return number_text(value);
}

}  // namespace

std::string CudaDialect::load(Space space, const std::string& component, int row,
                              int column) const {
  switch (space) {
    case Space::parameter:
      return "load<V>(parameter + " + component + ")";
    case Space::row:
      return "load<V>(row_r" + number(row) + " + " + component + " * stride)";
    case Space::pair:
      return CudaMatrixWriter::load(component, states_.place(column));
    default: {
      const int place = states_.place(column);
      const std::string slot = (place > 0 ? number(place * column_slots_) + " + " : "") + component;
      return shared_ ? "broadcast<V>(column[" + slot + "])"
                     : "broadcast<V>(column[packed_slot(" + component + ") * column_stride])";
    }
  }
}

std::string CudaDialect::constant(double value) const {
  return "broadcast<V>(Real(" + constant_text(value) + "))";
}

}  // namespace kernelops
