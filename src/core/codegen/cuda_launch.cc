#include "core/support/small_code.h"

#include "core/codegen/cuda_launch.h"

#include <algorithm>

#include "core/support/rounding.h"

namespace kernelops {

namespace {

// So many blocks for each that runs at a time: the last ones, which leave the device half empty,
// are a small part.
constexpr std::int64_t kWaves = 8;
// A part costs an initialisation and a merge of its states, which fewer columns are not worth.
constexpr std::int64_t kFewestPartColumns = 1024;
constexpr std::int64_t kMostParts = 65535;
constexpr std::int64_t kStateBytes = 8;

// Blocks that a multiprocessor runs at a time; registers are given in groups of 8 to a thread.
std::int64_t resident_blocks(const CudaShape& shape, const CudaKernelNeeds& needs,
                             const CudaDevice& device) {
  constexpr int kMostBlocks = 32;
  // The system takes some for each block.
  constexpr int kReservedBytes = 1024;
  const int by_threads = device.threads_of_multiprocessor / shape.threads;
  const std::int64_t by_registers = device.registers_of_multiprocessor /
                                    (round_up(std::max(1, needs.registers), 8) * shape.threads);
  const int by_memory =
      device.shared_bytes_of_multiprocessor / (needs.shared_bytes + kReservedBytes);
  return std::max<std::int64_t>(
      1, std::min<std::int64_t>({kMostBlocks, by_threads, by_registers, by_memory}));
}

// From `least` parts on, the number with which the last blocks leave the least of the device empty.
std::int64_t fullest_waves(std::int64_t row_blocks, std::int64_t least, std::int64_t most,
                           std::int64_t at_a_time) {
  constexpr std::int64_t kCandidates = 16;
  std::int64_t best = least;
  double best_share = 0;
  for (std::int64_t parts = least; parts <= std::min({most, 2 * least, least + kCandidates});
       ++parts) {
    const std::int64_t blocks = row_blocks * parts;
    const double share =
        static_cast<double>(blocks) /
        static_cast<double>(round_up(std::max<std::int64_t>(1, blocks), at_a_time));
    // A little more is not worth more parts.
    if (share > best_share + 0.01) {
      best = parts;
      best_share = share;
    }
  }
  return best;
}

}  // namespace

CudaLaunch plan_cuda_launch(const CudaShape& shape, std::int64_t rows, std::int64_t columns,
                            const CudaKernelNeeds& needs, const CudaDevice& device,
                            std::int64_t most_state_bytes) {
  CudaLaunch out;
  out.row_blocks = divide_up(rows, shape.block_rows());
  out.padded_rows = out.row_blocks * shape.block_rows();
  const std::int64_t tile = std::max(1, shape.tile_columns);
  const std::int64_t at_a_time = resident_blocks(shape, needs, device) * device.multiprocessors;
  const std::int64_t bytes_of_part =
      std::max<std::int64_t>(1, needs.state_slots * out.padded_rows) * kStateBytes;
  const auto parts_for = [&](std::int64_t blocks) {
    return divide_up(blocks, std::max<std::int64_t>(1, out.row_blocks));
  };
  // Enough to fill the device whatever the parts' length; more only while they are long, and where
  // a part costs little.
  const std::int64_t filling = parts_for(at_a_time);
  const std::int64_t smooth =
      needs.ranked ? 1
                   : std::min(parts_for(kWaves * at_a_time),
                              std::max<std::int64_t>(1, columns / kFewestPartColumns));
  const std::int64_t most =
      std::min({kMostParts, std::max<std::int64_t>(1, divide_up(columns, tile)),
                std::max<std::int64_t>(1, most_state_bytes / bytes_of_part)});
  const std::int64_t least = std::clamp<std::int64_t>(std::max(filling, smooth), 1, most);
  const std::int64_t wanted =
      needs.ranked ? least : fullest_waves(out.row_blocks, least, most, at_a_time);
  out.part_columns = round_up(std::max<std::int64_t>(1, divide_up(columns, wanted)), tile);
  out.parts = std::max<std::int64_t>(1, divide_up(columns, out.part_columns));
  out.state_bytes = out.parts * needs.state_slots * out.padded_rows * kStateBytes;
  return out;
}

}  // namespace kernelops
