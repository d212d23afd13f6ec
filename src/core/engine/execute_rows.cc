#include "core/engine/execute_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/panels.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// Panels of this size stay in the second cache.
constexpr std::int64_t kPanelBytes = 256 * 1024;
constexpr std::int64_t kMostRows = 4096;

template <class Real>
class RowExecution {
 public:
  RowExecution(const Program& program, const Kernel& kernel, const Bindings& bindings,
               const Sizes& sizes, const OutputView& output, const InterruptCheck& interrupted)
      : program_(program),
        kernel_(kernel),
        sizes_(kernel.sizes()),
        bindings_(bindings),
        filler_(bindings, sizes, kernel.convert()),
        output_(output),
        interrupted_(interrupted),
        stride_(rows_at_a_time()),
        parameters_(bytes(program.parameters.slots * sizes_.lanes)),
        rows_(bytes(program.row.slots * stride_)),
        scratch_(static_cast<std::size_t>(sizes_.scratch_bytes)) {
    filler_.rows(program.parameters, 0, 1, sizes_.lanes, sizes_.lanes,
                 static_cast<Real*>(parameters_.data()));
    kernel_.parameter_section(parameters_.data(), scratch_.data());
  }

  void each_row() {
    double* const out = static_cast<double*>(output_.data);
    for (std::int64_t first = 0; first < output_.rows; first += stride_) {
      check_interrupt();
      const std::int64_t count = std::min(stride_, output_.rows - first);
      filler_.rows(program_.row, first, count, padded(count), stride_, panel());
      compute(count);
      for (std::int64_t k = 0; k < output_.dimension; ++k) {
        for (std::int64_t r = 0; r < count; ++r) out[k * output_.rows + first + r] = result(k, r);
      }
    }
  }

  void each_entry(Category category) {
    double* const out = static_cast<double*>(output_.data);
    std::fill(out, out + output_.rows * output_.dimension, 0.0);
    const ArrayView& selected = bindings_.at(program_.selection);
    const bool by_i = program_.selection->category == Category::i;
    std::vector<Entry> entries;
    const auto add = [&] {
      if (entries.empty()) return;
      check_interrupt();
      const auto count = static_cast<std::int64_t>(entries.size());
      filler_.entries(program_.row, entries, padded(count), stride_, panel());
      compute(count);
      for (std::int64_t k = 0; k < output_.dimension; ++k) {
        for (std::int64_t e = 0; e < count; ++e) {
          const std::int64_t row = entries[static_cast<std::size_t>(e)].row(category);
          out[k * output_.rows + row] += result(k, e);
        }
      }
      entries.clear();
    };
    for (std::int64_t row = 0; row < selected.rows; ++row) {
      for (std::int64_t c = 0; c < selected.dimension; ++c) {
        // Row numbers count from 1; NaN is none.
        const double number = static_cast<const double*>(
            selected.data)[row * selected.row_stride + c * selected.component_stride];
        if (std::isnan(number)) continue;
        const auto other = static_cast<std::int64_t>(number) - 1;
        entries.push_back(by_i ? Entry{row, other, c} : Entry{other, row, c});
        if (static_cast<std::int64_t>(entries.size()) == stride_) add();
      }
    }
    add();
  }

 private:
  std::size_t bytes(std::int64_t count) const {
    return static_cast<std::size_t>(count) * sizeof(Real);
  }

  std::int64_t rows_at_a_time() const {
    const std::int64_t row_bytes =
        std::max<std::int64_t>(1, program_.row.slots) * static_cast<std::int64_t>(sizeof(Real));
    return padded(std::clamp<std::int64_t>(kPanelBytes / row_bytes, 1, kMostRows));
  }

  std::int64_t padded(std::int64_t count) const { return round_up(count, sizes_.lanes); }

  Real* panel() const { return static_cast<Real*>(rows_.data()); }

  double result(std::int64_t component, std::int64_t row) const {
    return static_cast<double>(panel()[(program_.result_slot + component) * stride_ + row]);
  }

  void compute(std::int64_t count) const {
    kernel_.row_section(parameters_.data(), rows_.data(), stride_, padded(count), scratch_.data());
  }

  void check_interrupt() const {
    if (interrupted_ && interrupted_()) {
      throw Error(ErrorKind::interrupt, "the computation was interrupted");
    }
  }

  const Program& program_;
  const Kernel& kernel_;
  KernelSizes sizes_;
  const Bindings& bindings_;
  PanelFiller<Real> filler_;
  OutputView output_;
  const InterruptCheck& interrupted_;
  std::int64_t stride_;
  AlignedBuffer parameters_;
  AlignedBuffer rows_;
  AlignedBuffer scratch_;
};

template <class Real>
void run(const Program& program, const Kernel& kernel, const Bindings& bindings, const Sizes& sizes,
         Category category, const OutputView& output, const InterruptCheck& interrupted) {
  RowExecution<Real> execution(program, kernel, bindings, sizes, output, interrupted);
  if (program.selection == nullptr) {
    execution.each_row();
  } else {
    execution.each_entry(category);
  }
}

}  // namespace

void execute_rows(const Program& program, const Kernel& kernel, const Bindings& bindings,
                  const Sizes& sizes, Category category, const OutputView& output,
                  const InterruptCheck& interrupted) {
  KERNELOPS_CHECK(!program.has_pairs() && output.dimension == program.result_dimension);
  if (kernel.sizes().real_bytes == sizeof(float)) {
    run<float>(program, kernel, bindings, sizes, category, output, interrupted);
  } else {
    run<double>(program, kernel, bindings, sizes, category, output, interrupted);
  }
}

}  // namespace kernelops
