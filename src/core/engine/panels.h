// Fills the inputs of panels.
#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/backend.h"
#include "core/engine/call.h"
#include "core/engine/selection.h"
#include "core/lower/program.h"

namespace kernelops {

/// Fills inputs of panels [slot][stride] in one precision. Throws Error(unsupported) if a row
/// number would not be exact.
template <class Real>
class PanelFiller {
 public:
  /// `convert` is that of the kernel, if there is one.
  PanelFiller(const Bindings& bindings, const Sizes& sizes, Convert convert = nullptr)
      : bindings_(bindings), sizes_(sizes), convert_(convert) {}

  /// For rows [first, first + count) of all inputs; rows from count up to `padded` repeat the last
  /// one, so that padding is an ordinary value. `count` must be positive.
  void rows(const Panel& panel, std::int64_t first, std::int64_t count, std::int64_t padded,
            std::int64_t stride, Real* target) const;

  /// Component `k` of one input for rows [first, first + count).
  void component(const PanelInput& input, std::int64_t k, std::int64_t first, std::int64_t count,
                 Real* target) const;

  /// For a list of entries of a selection, padded likewise.
  void entries(const Panel& panel, const std::vector<Entry>& entries, std::int64_t padded,
               std::int64_t stride, Real* target) const;

 private:
  void input_rows(const PanelInput& input, std::int64_t first, std::int64_t count,
                  std::int64_t padded, std::int64_t stride, Real* slots) const;
  void row_numbers(Category category, std::int64_t first, std::int64_t count, std::int64_t padded,
                   Real* target) const;

  const Bindings& bindings_;
  const Sizes& sizes_;
  Convert convert_;
};

}  // namespace kernelops
