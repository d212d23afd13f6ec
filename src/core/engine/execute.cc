#include "core/engine/execute.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/engine/aligned_buffer.h"
#include "core/engine/execute_transposed.h"
#include "core/engine/kernel_inputs.h"
#include "core/engine/outputs.h"
#include "core/engine/partial_states.h"
#include "core/engine/state_lanes.h"
#include "core/support/error.h"
#include "core/support/flush_underflow.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// The memory of one worker: panels of a unit of rows and of a tile of columns.
class Workspace {
 public:
  Workspace(const Program& program, const Plan& plan, const KernelSizes& kernel)
      : rows(bytes_of(plan.rows_per_unit * program.row.slots, kernel.real_bytes)),
        columns(bytes_of(plan.tile_columns * program.column.slots, kernel.real_bytes)),
        packed(bytes_of(plan.shares_columns ? 0 : plan.tile_columns * program.packed_slots,
                        kernel.real_bytes)),
        state(bytes_of(plan.state_stride * kernel.state_slots, kStateBytes)),
        result(bytes_of(plan.state_stride * kernel.result_slots, kStateBytes)),
        scratch(bytes_of(kernel.scratch_bytes, 1)) {}

  AlignedBuffer rows;
  AlignedBuffer columns;
  AlignedBuffer packed;
  AlignedBuffer state;
  AlignedBuffer result;
  AlignedBuffer scratch;
  std::int64_t packed_column = -1;  // the first of the tile in `packed`
};

template <class Real>
class Execution {
 public:
  Execution(const Program& program, const Kernel& kernel, const Bindings& bindings,
            const Sizes& sizes, const std::vector<OutputView>& outputs)
      : program_(program),
        kernel_(kernel),
        sizes_(kernel.sizes()),
        inputs_(program, kernel, bindings, sizes),
        outputs_(outputs),
        flushes_(flushes_underflow(program)),
        plan_(make_plan(program, sizes_, sizes.of(program.rows),
                        vanishes(program) ? 0 : sizes.of(opposite(program.rows)))),
        reduced_rows_(static_cast<double>(sizes.of(opposite(program.rows))) *
                      (program.fold_rows ? static_cast<double>(plan_.rows) : 1)) {}

  void run(int threads, ThreadPool& pool, const InterruptCheck& interrupted) {
    // A result is written by the unit that computes it, unless states meet first.
    const bool partial = plan_.splits > 1 || program_.fold_rows;
    const std::int64_t partial_rows = program_.fold_rows ? sizes_.lanes : plan_.state_stride;
    const auto& all = program_.accumulations;
    const bool continued =
        !program_.fold_rows &&
        std::all_of(all.begin(), all.end(), [](const Accumulation& each) { return each.ranked(); });
    std::unique_ptr<PartialStates> partial_states;
    if (partial) {
      partial_states = std::make_unique<PartialStates>(
          plan_.row_units, plan_.splits, bytes_of(partial_rows * sizes_.state_slots, kStateBytes),
          continued);
    }
    const int workers =
        static_cast<int>(std::min<std::int64_t>({threads, plan_.units(), plan_.threads}));
    std::vector<std::unique_ptr<Workspace>> workspaces(
        static_cast<std::size_t>(std::max(1, workers)));
    const auto workspace = [&](int worker) -> Workspace& {
      auto& place = workspaces[static_cast<std::size_t>(worker)];
      if (!place) place = std::make_unique<Workspace>(program_, plan_, sizes_);
      return *place;
    };
    if (plan_.shares_columns) {
      shared_ = std::make_unique<AlignedBuffer>(
          bytes_of(plan_.columns * program_.packed_slots, sizes_.real_bytes));
      pool.run(
          workers, divide_up(plan_.columns, plan_.tile_columns),
          [&](std::int64_t tile, int worker) {
            const std::int64_t first = tile * plan_.tile_columns;
            pack_tile(first, std::min(plan_.tile_columns, plan_.columns - first), workspace(worker),
                      shared_tile(first));
          },
          interrupted);
    }
    pool.progress().expect(plan_.row_units * divide_up(plan_.columns, plan_.tile_columns));
    pool.run(
        workers, plan_.units(),
        [&](std::int64_t unit, int worker) {
          compute_unit(unit, workspace(worker), partial_states.get(), pool);
        },
        interrupted);
    if (program_.fold_rows) {
      merge_all(*partial_states);
    } else if (partial) {
      merge_splits(*partial_states, pool, workers, interrupted);
    }
  }

 private:
  std::int64_t rows_of_unit(std::int64_t row_unit) const {
    return std::min(plan_.rows_per_unit, plan_.rows - row_unit * plan_.rows_per_unit);
  }

  void compute_unit(std::int64_t unit, Workspace& space, PartialStates* partial_states,
                    ThreadPool& pool) const {
    // Splits of the same rows one after the other, so that the later can continue the earlier.
    const std::int64_t row_unit = unit % plan_.row_units;
    const std::int64_t split = unit / plan_.row_units;
    const std::int64_t first = row_unit * plan_.rows_per_unit;
    const std::int64_t count = rows_of_unit(row_unit);
    const std::int64_t padded = round_up(count, sizes_.row_block);
    const std::int64_t stride = plan_.state_stride;
    PartialStates::State partial{nullptr, 0, true};
    if (partial_states != nullptr) partial = partial_states->take(row_unit, split);
    const bool keeps_state = partial_states != nullptr && !program_.fold_rows;
    void* const state = keeps_state ? partial.memory : space.state.data();

    fill_rows(first, count, space);
    if (partial.fresh) kernel_.initialise(state, stride, padded);
    const std::int64_t end = std::min(plan_.columns, (split + 1) * plan_.columns_per_split);
    for (std::int64_t column = split * plan_.columns_per_split; column < end;
         column += plan_.tile_columns) {
      if (pool.stopping()) return;
      const std::int64_t columns = std::min(plan_.tile_columns, end - column);
      Tile tile{};
      tile.parameters = inputs_.parameters();
      tile.row_stride = plan_.rows_per_panel;
      tile.columns = packed_tile(column, columns, space);
      tile.column_count = columns;
      tile.first_column = column;
      tile.state = state;
      tile.state_stride = stride;
      tile.scratch = space.scratch.data();
      for (std::int64_t row = 0; row < padded; row += plan_.rows_per_panel) {
        tile.rows = panel_of(row, space);
        tile.row_blocks = std::min(plan_.rows_per_panel, padded - row) / sizes_.row_block;
        tile.first_row = row;
        const FlushUnderflow flush(flushes_);
        kernel_.tile(tile);
      }
      pool.progress().count();
    }
    if (program_.fold_rows) fold(state, stride, count, partial.memory);
    if (partial_states != nullptr) {
      partial_states->give_back(row_unit, split, partial);
    } else {
      finish(state, first, count, space.result.data());
    }
  }

  Real* panel_of(std::int64_t row, const Workspace& space) const {
    return static_cast<Real*>(space.rows.data()) + row * program_.row.slots;
  }

  void fill_rows(std::int64_t first, std::int64_t count, const Workspace& space) const {
    const std::int64_t stride = plan_.rows_per_panel;
    for (std::int64_t row = 0; row < count; row += stride) {
      const std::int64_t part = std::min(stride, count - row);
      const std::int64_t padded = round_up(part, sizes_.row_block);
      inputs_.rows(first + row, part, padded, stride, panel_of(row, space), space.scratch.data());
    }
  }

  // The packed columns of a tile: packed before, or now, unless it is that of the unit before, as
  // where one tile holds all columns.
  const void* packed_tile(std::int64_t first, std::int64_t count, Workspace& space) const {
    if (shared_ != nullptr) return shared_tile(first);
    if (space.packed_column != first) pack_tile(first, count, space, space.packed.data());
    space.packed_column = first;
    return space.packed.data();
  }

  void* shared_tile(std::int64_t first) const {
    return shared_->at(bytes_of(first * program_.packed_slots, sizes_.real_bytes));
  }

  void pack_tile(std::int64_t first, std::int64_t count, const Workspace& space,
                 void* packed) const {
    inputs_.packed_columns(first, count, plan_.tile_columns,
                           static_cast<Real*>(space.columns.data()), space.scratch.data(),
                           static_cast<Real*>(packed));
  }

  void finish(void* state, std::int64_t first, std::int64_t count, void* result) const {
    const std::int64_t stride = plan_.state_stride;
    // Whole vectors of one array of numbers go straight to the caller.
    if (program_.outputs.size() == 1 && program_.outputs[0].type == StateType::value &&
        outputs_[0].data != nullptr && count % sizes_.lanes == 0) {
      kernel_.finish(state, stride, count, reduced_rows_,
                     static_cast<double*>(outputs_[0].data) + first, outputs_[0].rows);
      return;
    }
    kernel_.finish(state, stride, round_up(count, sizes_.lanes), reduced_rows_, result, stride);
    write_outputs(program_, result, stride, count, first, outputs_);
  }

  // Merges the states of all rows into lane 0 of `into`, a buffer of one group of lanes.
  void fold(void* state, std::int64_t stride, std::int64_t count, void* into) const {
    const std::int64_t lanes = sizes_.lanes;
    kernel_.initialise(into, lanes, lanes);
    const std::int64_t whole = count / lanes * lanes;
    // No ranked reduction has both sides reduced: lanes are words of each slot.
    for (std::int64_t row = 0; row < whole; row += lanes) {
      kernel_.merge(into, lanes, static_cast<char*>(state) + bytes_of(row, kStateBytes), stride,
                    lanes);
    }
    AlignedBuffer single(bytes_of(lanes * sizes_.state_slots, kStateBytes));
    const auto merge_lane = [&](const void* from, std::int64_t from_stride, std::int64_t lane) {
      kernel_.initialise(single.data(), lanes, lanes);
      copy_lane(program_, from, from_stride, lane, single.data(), lanes, 0);
      kernel_.merge(into, lanes, single.data(), lanes, lanes);
    };
    for (std::int64_t row = whole; row < count; ++row) merge_lane(state, stride, row);
    AlignedBuffer all(bytes_of(lanes * sizes_.state_slots, kStateBytes));
    std::copy_n(static_cast<const char*>(into), bytes_of(lanes * sizes_.state_slots, kStateBytes),
                static_cast<char*>(all.data()));
    for (std::int64_t lane = 1; lane < lanes; ++lane) merge_lane(all.data(), lanes, lane);
  }

  void merge_splits(const PartialStates& states, ThreadPool& pool, int threads,
                    const InterruptCheck& interrupted) const {
    const std::int64_t stride = plan_.state_stride;
    pool.run(
        threads, plan_.row_units,
        [&](std::int64_t row_unit, int) {
          const std::vector<void*> parts = states.all(row_unit);
          const std::int64_t count = rows_of_unit(row_unit);
          for (std::size_t n = 1; n < parts.size(); ++n) {
            kernel_.merge(parts[0], stride, parts[n], stride, round_up(count, sizes_.lanes));
          }
          AlignedBuffer result(bytes_of(stride * sizes_.result_slots, kStateBytes));
          finish(parts[0], row_unit * plan_.rows_per_unit, count, result.data());
        },
        interrupted);
  }

  void merge_all(const PartialStates& states) const {
    const std::int64_t lanes = sizes_.lanes;
    AlignedBuffer total(bytes_of(lanes * sizes_.state_slots, kStateBytes));
    AlignedBuffer result(bytes_of(lanes * sizes_.result_slots, kStateBytes));
    kernel_.initialise(total.data(), lanes, lanes);
    for (std::int64_t row_unit = 0; row_unit < plan_.row_units; ++row_unit) {
      for (void* const state : states.all(row_unit)) {
        kernel_.merge(total.data(), lanes, state, lanes, lanes);
      }
    }
    kernel_.finish(total.data(), lanes, lanes, reduced_rows_, result.data(), lanes);
    write_outputs(program_, result.data(), lanes, 1, 0, outputs_);
  }

  const Program& program_;
  const Kernel& kernel_;
  KernelSizes sizes_;
  KernelInputs<Real> inputs_;
  const std::vector<OutputView>& outputs_;
  const bool flushes_;
  Plan plan_;
  std::unique_ptr<AlignedBuffer> shared_;  // all packed columns
  double reduced_rows_;
};

}  // namespace

void execute(const Program& program, const Kernel& kernel, const Bindings& bindings,
             const Sizes& sizes, const std::vector<OutputView>& outputs, int threads,
             ThreadPool& pool, const InterruptCheck& interrupted) {
  KERNELOPS_CHECK(program.has_pairs() && outputs.size() == program.outputs.size());
  if (program.transposed) {
    execute_transposed(program, kernel, bindings, sizes, outputs, threads, pool, interrupted);
    return;
  }
  if (kernel.sizes().real_bytes == sizeof(float)) {
    Execution<float>(program, kernel, bindings, sizes, outputs).run(threads, pool, interrupted);
  } else {
    Execution<double>(program, kernel, bindings, sizes, outputs).run(threads, pool, interrupted);
  }
}

}  // namespace kernelops
