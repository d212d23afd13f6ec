#include "core/engine/pack.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace kernelops {

namespace {

template <class Real>
Real converted(double value) {
  return static_cast<Real>(value);
}

template <class Real>
Real converted(std::int32_t value) {
  return value == kMissingInteger ? std::numeric_limits<Real>::quiet_NaN()
                                  : static_cast<Real>(value);
}

template <class Real, class Source>
void pack_typed(const ArrayView& view, std::int64_t first, std::int64_t count, std::int64_t padded,
                Real* panel, std::int64_t stride, [[maybe_unused]] Convert convert) {
  for (std::int64_t k = 0; k < view.dimension; ++k) {
    const Source* source =
        static_cast<const Source*>(view.data) + k * view.component_stride + first * view.row_stride;
    Real* target = panel + k * stride;
    bool done = false;
    if constexpr (std::is_same_v<Source, double>) {
      done = convert != nullptr && view.row_stride == 1;
      if (done) convert(source, target, count);
    }
    for (std::int64_t r = 0; r < count && !done; ++r) {
      target[r] = converted<Real>(source[r * view.row_stride]);
    }
    std::fill(target + count, target + padded, target[count - 1]);
  }
}

}  // namespace

template <class Real>
Real element_of(const ArrayView& view, std::int64_t row, std::int64_t component) {
  const std::int64_t at = row * view.row_stride + component * view.component_stride;
  if (view.type == ElementType::float64) {
    return converted<Real>(static_cast<const double*>(view.data)[at]);
  }
  return converted<Real>(static_cast<const std::int32_t*>(view.data)[at]);
}

template <class Real>
void pack_rows(const ArrayView& view, std::int64_t first, std::int64_t count, std::int64_t padded,
               Real* panel, std::int64_t stride, Convert convert) {
  if (view.type == ElementType::float64) {
    pack_typed<Real, double>(view, first, count, padded, panel, stride, convert);
  } else {
    pack_typed<Real, std::int32_t>(view, first, count, padded, panel, stride, convert);
  }
}

template <class Real>
void pack_columns(const Real* panel, std::int64_t stride, std::int64_t count,
                  const std::vector<PackedRun>& runs, std::int64_t packed_slots, Real* packed) {
  // A few columns at a time keep the lines that are written in the first cache.
  constexpr std::int64_t kGroup = 16;
  for (std::int64_t first = 0; first < count; first += kGroup) {
    const std::int64_t last = std::min(count, first + kGroup);
    Real* target = packed;
    for (const PackedRun& run : runs) {
      for (std::int64_t slot = run.slot; slot < run.slot + run.count; ++slot, ++target) {
        const Real* source = panel + slot * stride;
        for (std::int64_t j = first; j < last; ++j) target[j * packed_slots] = source[j];
      }
    }
  }
}

template float element_of(const ArrayView&, std::int64_t, std::int64_t);
template double element_of(const ArrayView&, std::int64_t, std::int64_t);
template void pack_rows(const ArrayView&, std::int64_t, std::int64_t, std::int64_t, float*,
                        std::int64_t, Convert);
template void pack_rows(const ArrayView&, std::int64_t, std::int64_t, std::int64_t, double*,
                        std::int64_t, Convert);
template void pack_columns(const float*, std::int64_t, std::int64_t, const std::vector<PackedRun>&,
                           std::int64_t, float*);
template void pack_columns(const double*, std::int64_t, std::int64_t, const std::vector<PackedRun>&,
                           std::int64_t, double*);

}  // namespace kernelops
