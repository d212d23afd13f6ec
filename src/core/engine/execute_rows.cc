#include "core/engine/execute_rows.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/kernel_inputs.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// Panels of this size stay in the second cache.
constexpr std::int64_t kPanelBytes = 256 * 1024;
constexpr std::int64_t kMostRows = 4096;

// Entries of a selection are computed a wave of units at a time, so many units for each thread.
constexpr std::int64_t kUnitsOfThread = 4;
// Slots that are computed in the time of waking a thread.
constexpr std::int64_t kSmallSlots = 200000;

template <class Real>
class RowExecution {
 public:
  RowExecution(const Program& program, const Kernel& kernel, const Bindings& bindings,
               const Sizes& sizes, const OutputView& output, int threads, ThreadPool& pool,
               const InterruptCheck& interrupted)
      : program_(program),
        sizes_(kernel.sizes()),
        bindings_(bindings),
        inputs_(program, kernel, bindings, sizes),
        output_(output),
        threads_(threads),
        pool_(pool),
        interrupted_(interrupted),
        stride_(rows_at_a_time()) {}

  void each_row() {
    check_interrupt();
    double* const out = static_cast<double*>(output_.data);
    const std::int64_t units = divide_up(output_.rows, stride_);
    const int threads = threads_for(output_.rows);
    std::vector<std::unique_ptr<Unit>> spaces(static_cast<std::size_t>(std::max(1, threads)));
    pool_.progress().expect(units);
    pool_.run(
        threads, units,
        [&](std::int64_t unit, int worker) {
          Unit& space = made(spaces[static_cast<std::size_t>(worker)]);
          const std::int64_t first = unit * stride_;
          const std::int64_t count = std::min(stride_, output_.rows - first);
          inputs_.rows(first, count, padded(count), stride_, space.panel(), space.scratch.data());
          for (std::int64_t k = 0; k < output_.dimension; ++k) {
            for (std::int64_t r = 0; r < count; ++r) {
              out[k * output_.rows + first + r] = result(space, k, r);
            }
          }
          pool_.progress().count();
        },
        interrupted_);
  }

  // Entries are computed in parallel, and each component of the result adds them up in their order.
  void each_entry(Category category) {
    check_interrupt();
    double* const out = static_cast<double*>(output_.data);
    std::fill(out, out + output_.rows * output_.dimension, 0.0);
    const ArrayView& selected = bindings_.at(program_.selection);
    const std::int64_t places = selected.rows * selected.dimension;
    const std::int64_t units = divide_up(places, stride_);
    const int threads = threads_for(places);
    const std::int64_t wave = std::min(units, kUnitsOfThread * std::max(1, threads));
    std::vector<std::unique_ptr<Unit>> spaces(static_cast<std::size_t>(wave));
    pool_.progress().expect(units);
    for (std::int64_t first = 0; first < units; first += wave) {
      const std::int64_t count = std::min(wave, units - first);
      pool_.run(
          threads, count,
          [&](std::int64_t unit, int) {
            compute_entries(selected, (first + unit) * stride_,
                            made(spaces[static_cast<std::size_t>(unit)]));
            pool_.progress().count();
          },
          interrupted_);
      pool_.run(
          threads, output_.dimension,
          [&](std::int64_t k, int) {
            for (std::int64_t unit = 0; unit < count; ++unit) {
              add(*spaces[static_cast<std::size_t>(unit)], category, k, out + k * output_.rows);
            }
          },
          interrupted_);
    }
  }

 private:
  // The memory of some rows or entries.
  struct Unit {
    Unit(std::size_t panel_bytes, std::size_t scratch_bytes)
        : rows(panel_bytes), scratch(scratch_bytes) {}

    Real* panel() const { return static_cast<Real*>(rows.data()); }

    AlignedBuffer rows;
    AlignedBuffer scratch;
    std::vector<Entry> entries;
  };

  // The pool asks only after a while.
  void check_interrupt() const {
    if (interrupted_ && interrupted_()) {
      throw Error(ErrorKind::interrupt, "the computation was interrupted");
    }
  }

  Unit& made(std::unique_ptr<Unit>& unit) const {
    if (!unit) {
      unit = std::make_unique<Unit>(bytes(program_.row.slots * stride_),
                                    static_cast<std::size_t>(sizes_.scratch_bytes));
    }
    return *unit;
  }

  std::size_t bytes(std::int64_t count) const {
    return static_cast<std::size_t>(count) * sizeof(Real);
  }

  std::int64_t rows_at_a_time() const {
    const std::int64_t row_bytes =
        std::max<std::int64_t>(1, program_.row.slots) * static_cast<std::int64_t>(sizeof(Real));
    return padded(std::clamp<std::int64_t>(kPanelBytes / row_bytes, 1, kMostRows));
  }

  int threads_for(std::int64_t rows) const {
    return rows * std::max<std::int64_t>(1, program_.row.slots) < kSmallSlots ? 0 : threads_;
  }

  std::int64_t padded(std::int64_t count) const { return round_up(count, sizes_.lanes); }

  // The entries at places [first, first + stride_) of the selection, row after row.
  void compute_entries(const ArrayView& selected, std::int64_t first, Unit& space) const {
    const std::int64_t last = std::min(first + stride_, selected.rows * selected.dimension);
    find_entries(selected, program_.selection->category, first, last, &space.entries);
    if (space.entries.empty()) return;
    const auto count = static_cast<std::int64_t>(space.entries.size());
    inputs_.entries(space.entries, padded(count), stride_, space.panel(), space.scratch.data());
  }

  void add(const Unit& space, Category category, std::int64_t component, double* out) const {
    std::int64_t e = 0;
    for (const Entry& entry : space.entries)
      out[entry.row(category)] += result(space, component, e++);
  }

  double result(const Unit& space, std::int64_t component, std::int64_t row) const {
    return static_cast<double>(space.panel()[(program_.result_slot + component) * stride_ + row]);
  }

  const Program& program_;
  KernelSizes sizes_;
  const Bindings& bindings_;
  KernelInputs<Real> inputs_;
  OutputView output_;
  int threads_;
  ThreadPool& pool_;
  const InterruptCheck& interrupted_;
  std::int64_t stride_;
};

template <class Real>
void run(const Program& program, const Kernel& kernel, const Bindings& bindings, const Sizes& sizes,
         Category category, const OutputView& output, int threads, ThreadPool& pool,
         const InterruptCheck& interrupted) {
  RowExecution<Real> execution(program, kernel, bindings, sizes, output, threads, pool,
                               interrupted);
  if (program.selection == nullptr) {
    execution.each_row();
  } else {
    execution.each_entry(category);
  }
}

}  // namespace

void execute_rows(const Program& program, const Kernel& kernel, const Bindings& bindings,
                  const Sizes& sizes, Category category, const OutputView& output, int threads,
                  ThreadPool& pool, const InterruptCheck& interrupted) {
  KERNELOPS_CHECK(!program.has_pairs() && output.dimension == program.result_dimension);
  if (kernel.sizes().real_bytes == sizeof(float)) {
    run<float>(program, kernel, bindings, sizes, category, output, threads, pool, interrupted);
  } else {
    run<double>(program, kernel, bindings, sizes, category, output, threads, pool, interrupted);
  }
}

}  // namespace kernelops
