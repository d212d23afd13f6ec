#include "core/codegen/cuda_dialect.h"

#include <cmath>

#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string constant_text(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return number_text(value);
}

}  // namespace

std::string CudaDialect::constant(double value) const {
  return "broadcast<V>(Real(" + constant_text(value) + "))";
}

}  // namespace kernelops
