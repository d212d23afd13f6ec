// The entries of a selection (ir/graph.h).
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/engine/array_view.h"
#include "core/ir/graph.h"

namespace kernelops {

/// An entry of a selection: the rows of its pair, and its number among those of its row.
struct Entry {
  std::int64_t i;
  std::int64_t j;
  std::int64_t number;

  std::int64_t row(Category category) const {
    return category == Category::i ? i : category == Category::j ? j : 0;
  }
};

/// The entries at places [first, last) of row numbers that are indexed by `category`, row after
/// row. Row numbers count from 1; NaN is none.
inline void find_entries(const ArrayView& selected, Category category, std::int64_t first,
                         std::int64_t last, std::vector<Entry>* entries) {
  entries->clear();
  for (std::int64_t place = first; place < last; ++place) {
    const std::int64_t row = place / selected.dimension;
    const std::int64_t c = place % selected.dimension;
    const double number = static_cast<const double*>(
        selected.data)[row * selected.row_stride + c * selected.component_stride];
    if (std::isnan(number)) continue;
    const auto other = static_cast<std::int64_t>(number) - 1;
    entries->push_back(category == Category::i ? Entry{row, other, c} : Entry{other, row, c});
  }
}

}  // namespace kernelops
