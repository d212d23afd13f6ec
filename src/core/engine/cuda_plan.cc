#include "core/engine/cuda_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/engine/aligned_buffer.h"
#include "core/lower/cost.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {
namespace {

// Kernels reach between a fourth and nine tenths of what their instructions allow.
constexpr double kSecondsOfLaunch = 0.03;
// What is left of the memory for the rounding of the pool and for parameters.
constexpr double kUsedShare = 0.85;
// Rows and columns of a launch are counted in 32 bits.
constexpr std::int64_t kMostCount = std::int64_t{1} << 30;
// A step with fewer columns would not be worth its launches.
constexpr std::int64_t kFewestStepColumns = 1024;

// Instructions for numbers of float64 that a multiprocessor starts in a cycle: those of data
// centers have half as many units as for float32, others two.
double double_rate(int architecture) {
  const bool is_full = architecture == 60 || architecture == 70 || architecture == 80 ||
                       architecture == 90 || architecture == 100 || architecture == 103;
  return is_full ? 64 : 2;
}

struct Bytes {
  std::int64_t of_row;    // besides its states
  std::int64_t of_state;  // of one part of a row
  std::int64_t of_column;
};

[[noreturn]] void refuse(std::int64_t needed, std::int64_t available) {
  throw Error(ErrorKind::memory,
              "the GPU's memory is too small: " + std::to_string(needed) +
                  " bytes are needed for the least work at a time, " + std::to_string(available) +
                  " may be used\n  hint: a larger option gpu_memory, or backend = \"cpu\"",
              {{"requested", std::to_string(needed)}, {"available", std::to_string(available)}});
}

}  // namespace

std::int64_t CudaPlan::chunks() const {
  return std::max<std::int64_t>(1, divide_up(rows, rows_of_chunk));
}

std::int64_t CudaPlan::steps() const { return divide_up(columns, columns_of_step); }

std::int64_t pairs_of_launch(const Program& program, std::int64_t real_bytes,
                             const DeviceProperties& device) {
  constexpr double kSingleRate = 128;
  // Where the driver does not know the clock.
  constexpr int kUsualKilohertz = 1500000;
  const double rate = real_bytes == 4 ? kSingleRate : double_rate(device.architecture);
  const double instructions =
      rate * device.processors * 1e3 *
      (device.clock_kilohertz > 0 ? device.clock_kilohertz : kUsualKilohertz);
  const double pairs = kSecondsOfLaunch * instructions / std::max(1.0, instruction_count(program));
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(pairs, 1e18)));
}

CudaPlan make_cuda_plan(const Program& program, const CudaPlanRequest& request) {
  CudaPlan plan;
  plan.rows = request.rows;
  plan.columns = request.columns;
  const Bytes bytes{program.row.slots * request.real_bytes + program.result_slots() * kStateBytes,
                    program.state_slots() * kStateBytes,
                    std::max<std::int64_t>(1, program.column.slots) * request.real_bytes};
  const std::int64_t block = request.shape.block_rows();
  const std::int64_t tile = std::max(1, request.shape.tile_columns);
  const std::int64_t padded_rows = round_up(std::max<std::int64_t>(1, plan.rows), block);
  const std::int64_t row_bytes = bytes.of_row + bytes.of_state;
  const auto usable =
      static_cast<std::int64_t>(kUsedShare * static_cast<double>(request.memory_bytes));

  // As many columns as a launch may meet, with as many rows as there are.
  const std::int64_t most_pairs = pairs_of_launch(program, request.real_bytes, request.device);
  const std::int64_t fewest = round_up(kFewestStepColumns, tile);
  const std::int64_t few_rows = std::min(plan.rows, std::max(block, most_pairs / fewest));
  const std::int64_t timely = std::clamp(most_pairs / std::max<std::int64_t>(1, few_rows), fewest,
                                         kMostCount / tile * tile);
  const std::int64_t all_columns = round_up(std::max<std::int64_t>(1, plan.columns), tile);
  plan.columns_of_step = std::min(all_columns, timely / tile * tile);
  plan.resident_steps = plan.steps();

  const std::int64_t least_rows = std::min(padded_rows, block);
  const std::int64_t column_bytes = plan.resident_steps * plan.columns_of_step * bytes.of_column;
  std::int64_t room = usable - column_bytes;
  const std::int64_t half_of_rows = std::min(padded_rows * row_bytes, usable / 2);
  if (room < half_of_rows) {
    // Columns come again for each chunk of rows, the next step while one is computed.
    plan.columns_of_step =
        std::clamp(usable / 4 / bytes.of_column / tile * tile, tile, plan.columns_of_step);
    plan.resident_steps = std::min<std::int64_t>(2, plan.steps());
    room = usable - plan.resident_steps * plan.columns_of_step * bytes.of_column;
  }
  if (room < least_rows * row_bytes) {
    const std::int64_t needed =
        least_rows * row_bytes + plan.resident_steps * plan.columns_of_step * bytes.of_column;
    refuse(static_cast<std::int64_t>(std::ceil(static_cast<double>(needed) / kUsedShare)),
           request.memory_bytes);
  }
  const std::int64_t fitting = room / std::max<std::int64_t>(1, row_bytes) / block * block;
  const std::int64_t timely_rows =
      std::max(block, most_pairs / plan.columns_of_step / block * block);
  plan.rows_of_chunk = std::min({padded_rows, std::max(block, fitting),
                                 std::max(block, kMostCount / block * block), timely_rows});
  plan.part_state_bytes = room - plan.rows_of_chunk * bytes.of_row;
  return plan;
}

}  // namespace kernelops
