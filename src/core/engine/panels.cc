#include "core/engine/panels.h"

#include <algorithm>
#include <limits>

#include "core/engine/pack.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

template <class Real>
void check_exact(std::int64_t largest) {
  if (largest <= std::int64_t{1} << std::numeric_limits<Real>::digits) return;
  throw Error(ErrorKind::unsupported,
              "row numbers up to " + std::to_string(largest) +
                  " are not exact in this precision\n  hint: compute in float64");
}

}  // namespace

template <class Real>
void PanelFiller<Real>::row_numbers(Category category, std::int64_t first, std::int64_t count,
                                    std::int64_t padded, Real* target) const {
  check_exact<Real>(sizes_.of(category));
  for (std::int64_t r = 0; r < count; ++r) target[r] = static_cast<Real>(first + r + 1);
  std::fill(target + count, target + padded, target[count - 1]);
}

template <class Real>
void PanelFiller<Real>::input_rows(const PanelInput& input, std::int64_t first, std::int64_t count,
                                   std::int64_t padded, std::int64_t stride, Real* slots) const {
  switch (input.source->kind) {
    case NodeKind::row_number:
      row_numbers(input.source->category, first, count, padded, slots);
      break;
    case NodeKind::row_count:
      check_exact<Real>(sizes_.of(input.source->category));
      std::fill(slots, slots + padded, static_cast<Real>(sizes_.of(input.source->category)));
      break;
    default:
      pack_rows(bindings_.at(input.source), first, count, padded, slots, stride, convert_);
  }
}

template <class Real>
void PanelFiller<Real>::rows(const Panel& panel, std::int64_t first, std::int64_t count,
                             std::int64_t padded, std::int64_t stride, Real* target) const {
  for (const PanelInput& input : panel.inputs) {
    input_rows(input, first, count, padded, stride, target + input.slot * stride);
  }
}

template <class Real>
void PanelFiller<Real>::component(const PanelInput& input, std::int64_t k, std::int64_t first,
                                  std::int64_t count, Real* target) const {
  const auto found = bindings_.find(input.source);
  if (found == bindings_.end()) {
    input_rows(input, first, count, count, count, target);
  } else {
    pack_rows(component_of(found->second, k), first, count, count, target, count, convert_);
  }
}

template <class Real>
void PanelFiller<Real>::entries(const Panel& panel, const std::vector<Entry>& entries,
                                std::int64_t padded, std::int64_t stride, Real* target) const {
  const auto count = static_cast<std::int64_t>(entries.size());
  for (const PanelInput& input : panel.inputs) {
    const Expr source = input.picked ? input.source->arguments[0] : input.source;
    for (std::int64_t k = 0; k < input.dimension; ++k) {
      Real* const slots = target + (input.slot + k) * stride;
      for (std::int64_t e = 0; e < count; ++e) {
        const Entry& entry = entries[static_cast<std::size_t>(e)];
        if (source->kind == NodeKind::row_number) {
          slots[e] = static_cast<Real>(entry.row(source->category) + 1);
        } else if (source->kind == NodeKind::entry_number) {
          slots[e] = static_cast<Real>(entry.number);
        } else {
          const ArrayView& view = bindings_.at(source);
          const std::int64_t row = entry.row(source->category);
          // Of a picked input only the component that the entry belongs to is not 0.
          const std::int64_t rank = source->dimension / input.dimension;
          slots[e] = !input.picked              ? element_of<Real>(view, row, k)
                     : entry.number / rank == k ? element_of<Real>(view, row, entry.number)
                                                : Real{0};
        }
      }
      std::fill(slots + count, slots + padded, slots[count - 1]);
    }
    if (source->kind == NodeKind::row_number) check_exact<Real>(sizes_.of(source->category));
  }
}

template class PanelFiller<float>;
template class PanelFiller<double>;

}  // namespace kernelops
