#include "core/codegen/cuda_launch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kernelops {
namespace {

constexpr CudaDevice kLarge = {132, 2048, 65536, 233472};
constexpr std::int64_t kGigabyte = std::int64_t{1} << 30;

constexpr CudaKernelNeeds kNeeds = {1, 48, 0, false};

CudaLaunch plan(std::int64_t rows, std::int64_t columns, std::int64_t most = kGigabyte) {
  return plan_cuda_launch(CudaShape(), rows, columns, kNeeds, kLarge, most);
}

TEST(CudaLaunch, CoversAllRowsAndColumnsOnce) {
  for (const std::int64_t rows : {1, 511, 512, 513, 100000, 10000000}) {
    for (const std::int64_t columns : {1, 63, 64, 65, 5000, 10000000}) {
      const CudaLaunch launch = plan(rows, columns);
      EXPECT_GE(launch.padded_rows, rows);
      EXPECT_LT(launch.padded_rows - rows, CudaShape().block_rows());
      EXPECT_EQ(launch.padded_rows, launch.row_blocks * CudaShape().block_rows());
      EXPECT_GE(launch.parts * launch.part_columns, columns);
      EXPECT_LT((launch.parts - 1) * launch.part_columns, columns);
      EXPECT_EQ(launch.part_columns % CudaShape().tile_columns, 0);
      EXPECT_LE(launch.parts, 65535);
    }
  }
}

TEST(CudaLaunch, FillsTheDeviceWhereRowsAreFew) {
  const CudaLaunch launch = plan(100, 10000000);
  EXPECT_GE(launch.parts * launch.row_blocks, 132 * 10);
  EXPECT_GE(launch.part_columns, 1024);
}

TEST(CudaLaunch, CutsTheColumnsOfManyRowsOnlyToEndTogether) {
  const CudaLaunch launch = plan(1000000, 1000000);
  EXPECT_EQ(launch.row_blocks, 1954);
  EXPECT_LE(launch.parts, 12);
  EXPECT_EQ(plan(100000000, 1000000).parts, 1);
}

TEST(CudaLaunch, KeepsStatesWithinTheirMemory) {
  EXPECT_LE(plan(100, 10000000, 100 * 512 * 8).parts, 100);
  EXPECT_LE(plan(100, 10000000, 100 * 512 * 8).state_bytes, 100 * 512 * 8);
  EXPECT_EQ(plan(100, 10000000, 1).parts, 1);
}

TEST(CudaLaunch, OfNothingIsEmpty) {
  EXPECT_EQ(plan(0, 10).row_blocks, 0);
  EXPECT_EQ(plan(10, 0).parts, 1);
}

TEST(CudaLaunch, LeavesLittleOfTheDeviceEmptyAtTheEnd) {
  const std::int64_t at_a_time = 132 * (65536 / (48 * 128));
  for (const std::int64_t rows : {100000, 200000, 500000, 1000000, 3000000}) {
    const CudaLaunch launch = plan(rows, 100000);
    const std::int64_t blocks = launch.row_blocks * launch.parts;
    const std::int64_t waves = (blocks + at_a_time - 1) / at_a_time;
    EXPECT_GT(static_cast<double>(blocks), 0.93 * static_cast<double>(waves * at_a_time)) << rows;
  }
}

// A part of its own would take many candidates that the one before it would not.
TEST(CudaLaunch, CutsTheColumnsOfRankedReductionsOnlyToFillTheDevice) {
  CudaKernelNeeds ranked = kNeeds;
  ranked.ranked = true;
  const auto parts = [&](std::int64_t rows) {
    return plan_cuda_launch(CudaShape(), rows, 1000000, ranked, kLarge, kGigabyte).parts;
  };
  EXPECT_EQ(parts(1000000), 1);
  EXPECT_GT(parts(1000), 100);
}

TEST(CudaLaunch, KnowsHowManyBlocksSharedMemoryLeavesRoomFor) {
  CudaKernelNeeds needs = kNeeds;
  needs.shared_bytes = 38000;
  const auto filling = [&](const CudaKernelNeeds& some) {
    return plan_cuda_launch(CudaShape(), 100, 1000, some, kLarge, kGigabyte).parts;
  };
  EXPECT_EQ(filling(needs), filling(kNeeds));
  needs.ranked = true;
  const CudaLaunch launch = plan_cuda_launch(CudaShape(), 100, 10000000, needs, kLarge, kGigabyte);
  // Five blocks at a time on each of 132.
  EXPECT_LE(launch.parts, 5 * 132);
}

// At most half of the threads' rows are none, unless there are fewer rows than threads of a warp.
TEST(CudaShape, FitsFewRows) {
  for (const int rows_of_thread : {1, 4, 8}) {
    CudaShape usual;
    usual.rows = rows_of_thread;
    for (const std::int64_t rows : {1, 31, 33, 65, 100, 500, 513, 2000, 5000}) {
      const CudaShape shape = fit_to_rows(usual, few_rows_class(rows));
      const std::int64_t padded =
          plan_cuda_launch(shape, rows, 100000, kNeeds, kLarge, kGigabyte).padded_rows;
      EXPECT_LE(padded, std::max<std::int64_t>(2 * rows, 32)) << rows;
      EXPECT_LE(shape.rows, usual.rows);
      const std::vector<std::int64_t> classes = row_classes();
      EXPECT_EQ(std::count(classes.begin(), classes.end(), few_rows_class(rows)), 1);
    }
    EXPECT_EQ(fit_to_rows(usual, few_rows_class(100000)).threads, usual.threads);
  }
}

}  // namespace
}  // namespace kernelops
