#include "core/engine/execute_transposed.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/kernel_inputs.h"
#include "core/engine/outputs.h"
#include "core/engine/plan.h"
#include "core/engine/state_lanes.h"
#include "core/support/flush_underflow.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// Columns that are packed, and whose states are merged, at a time.
constexpr std::int64_t kMergedColumns = 64;

// In states, column j has the lanes from j * lanes on. Every unit of rows has its own; in the end
// they are merged in order, lane by lane.
template <class Real>
class TransposedExecution {
 public:
  TransposedExecution(const Program& program, const Kernel& kernel, const Bindings& bindings,
                      const Sizes& sizes, const std::vector<OutputView>& outputs)
      : program_(program),
        kernel_(kernel),
        sizes_(kernel.sizes()),
        inputs_(program, kernel, bindings, sizes),
        outputs_(outputs),
        flushes_(flushes_underflow(program)),
        plan_(make_transposed_plan(program, sizes_, sizes.of(program.rows),
                                   sizes.of(program.results()))),
        stride_(plan_.columns * sizes_.lanes),
        state_bytes_(bytes_of(stride_ * sizes_.state_slots, kStateBytes)),
        packed_(bytes_of(plan_.columns * program.packed_slots, sizes_.real_bytes)),
        states_(static_cast<std::size_t>(std::max<std::int64_t>(1, plan_.units)) * state_bytes_) {}

  void run(int threads, ThreadPool& pool, const InterruptCheck& interrupted) {
    pack_all_columns();
    const int workers =
        static_cast<int>(std::min<std::int64_t>({threads, plan_.units, plan_.threads}));
    std::vector<std::unique_ptr<Workspace>> spaces(static_cast<std::size_t>(std::max(1, workers)));
    pool.progress().expect(divide_up(plan_.rows, plan_.rows_per_tile));
    pool.run(
        workers, plan_.units,
        [&](std::int64_t unit, int worker) {
          auto& space = spaces[static_cast<std::size_t>(worker)];
          if (!space) space = std::make_unique<Workspace>(*this);
          compute_unit(unit, *space, pool);
        },
        interrupted);
    const std::int64_t groups = divide_up(plan_.columns, kMergedColumns);
    pool.run(
        groups > 1 ? workers : 0, groups,
        [&](std::int64_t group, int) { merge_columns(group * kMergedColumns); }, interrupted);
  }

 private:
  // The memory of one worker: the panel of a tile of rows.
  struct Workspace {
    explicit Workspace(const TransposedExecution& all)
        : rows(bytes_of(all.plan_.rows_per_tile * all.program_.row.slots, all.sizes_.real_bytes)),
          scratch(bytes_of(all.sizes_.scratch_bytes, 1)) {}

    AlignedBuffer rows;
    AlignedBuffer scratch;
  };

  void pack_all_columns() {
    const std::int64_t stride = round_up(std::min(plan_.columns, kMergedColumns), sizes_.lanes);
    const AlignedBuffer panel(bytes_of(stride * program_.column.slots, sizes_.real_bytes));
    const AlignedBuffer scratch(bytes_of(sizes_.scratch_bytes, 1));
    for (std::int64_t first = 0; first < plan_.columns; first += kMergedColumns) {
      inputs_.packed_columns(first, std::min(kMergedColumns, plan_.columns - first), stride,
                             static_cast<Real*>(panel.data()), scratch.data(),
                             static_cast<Real*>(packed_.data()) + first * program_.packed_slots);
    }
  }

  void* state_of(std::int64_t unit) const {
    return states_.at(static_cast<std::size_t>(unit) * state_bytes_);
  }

  void compute_unit(std::int64_t unit, const Workspace& space, ThreadPool& pool) const {
    void* const state = state_of(unit);
    kernel_.initialise(state, stride_, stride_);
    const std::int64_t begin = unit * plan_.rows_per_unit;
    const std::int64_t end = std::min(plan_.rows, begin + plan_.rows_per_unit);
    Real* const rows = static_cast<Real*>(space.rows.data());
    for (std::int64_t first = begin; first < end; first += plan_.rows_per_tile) {
      if (pool.stopping()) return;
      const std::int64_t count = std::min(plan_.rows_per_tile, end - first);
      const std::int64_t padded = round_up(count, sizes_.lanes);
      inputs_.rows(first, count, padded, plan_.rows_per_tile, rows, space.scratch.data());
      const std::int64_t whole = count / sizes_.lanes;
      if (whole > 0) meet(rows, first, whole, state, space);
      const std::int64_t rest = count - whole * sizes_.lanes;
      if (rest > 0) {
        meet_rest(rows + whole * sizes_.lanes, first + whole * sizes_.lanes, rest, state, space);
      }
      pool.progress().count();
    }
  }

  void meet(const Real* rows, std::int64_t first, std::int64_t vectors, void* state,
            const Workspace& space) const {
    Tile tile{};
    tile.parameters = inputs_.parameters();
    tile.rows = rows;
    tile.row_stride = plan_.rows_per_tile;
    tile.row_blocks = vectors;
    tile.columns = packed_.data();
    tile.column_count = plan_.columns;
    tile.first_column = first;
    tile.state = state;
    tile.state_stride = stride_;
    tile.scratch = space.scratch.data();
    const FlushUnderflow flush(flushes_);
    kernel_.tile(tile);
  }

  // The last rows do not fill a vector: of its states only theirs are kept.
  void meet_rest(const Real* rows, std::int64_t first, std::int64_t count, void* state,
                 const Workspace& space) const {
    const AlignedBuffer all(state_bytes_);
    const AlignedBuffer kept(state_bytes_);
    kernel_.initialise(all.data(), stride_, stride_);
    kernel_.initialise(kept.data(), stride_, stride_);
    meet(rows, first, 1, all.data(), space);
    for (std::int64_t column = 0; column < plan_.columns; ++column) {
      for (std::int64_t lane = column * sizes_.lanes; lane < column * sizes_.lanes + count;
           ++lane) {
        copy_lane(program_, all.data(), stride_, lane, kept.data(), stride_, lane);
      }
    }
    kernel_.merge(state, stride_, kept.data(), stride_, stride_);
  }

  // Merges the states of the columns from `first` on and writes their results.
  void merge_columns(std::int64_t first) const {
    const std::int64_t lanes = sizes_.lanes;
    const std::int64_t count = std::min(kMergedColumns, plan_.columns - first);
    const std::int64_t padded = round_up(count, lanes);
    const std::size_t bytes = bytes_of(padded * sizes_.state_slots, kStateBytes);
    const AlignedBuffer total(bytes);
    const AlignedBuffer lane_states(bytes);
    const AlignedBuffer result(bytes_of(padded * sizes_.result_slots, kStateBytes));
    kernel_.initialise(total.data(), padded, padded);
    kernel_.initialise(lane_states.data(), padded, padded);
    for (std::int64_t unit = 0; unit < plan_.units; ++unit) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        for (std::int64_t column = 0; column < count; ++column) {
          copy_lane(program_, state_of(unit), stride_, (first + column) * lanes + lane,
                    lane_states.data(), padded, column);
        }
        kernel_.merge(total.data(), padded, lane_states.data(), padded, padded);
      }
    }
    kernel_.finish(total.data(), padded, padded, static_cast<double>(plan_.rows), result.data(),
                   padded);
    write_outputs(program_, result.data(), padded, count, first, outputs_);
  }

  const Program& program_;
  const Kernel& kernel_;
  KernelSizes sizes_;
  KernelInputs<Real> inputs_;
  const std::vector<OutputView>& outputs_;
  const bool flushes_;
  TransposedPlan plan_;
  std::int64_t stride_;
  std::size_t state_bytes_;
  AlignedBuffer packed_;
  AlignedBuffer states_;
};

}  // namespace

void execute_transposed(const Program& program, const Kernel& kernel, const Bindings& bindings,
                        const Sizes& sizes, const std::vector<OutputView>& outputs, int threads,
                        ThreadPool& pool, const InterruptCheck& interrupted) {
  if (kernel.sizes().real_bytes == sizeof(float)) {
    TransposedExecution<float>(program, kernel, bindings, sizes, outputs)
        .run(threads, pool, interrupted);
  } else {
    TransposedExecution<double>(program, kernel, bindings, sizes, outputs)
        .run(threads, pool, interrupted);
  }
}

}  // namespace kernelops
