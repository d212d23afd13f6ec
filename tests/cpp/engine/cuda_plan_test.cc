#include "core/engine/cuda_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "core/engine/aligned_buffer.h"
#include "core/lower/lower.h"
#include "core/support/error.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

constexpr std::int64_t kGigabyte = std::int64_t{1} << 30;

Program program_of(const std::string& text, std::int64_t dimension) {
  testing::Formulas f;
  f.variable("x", Category::i, dimension);
  f.variable("y", Category::j, dimension);
  return lower({f(text)});
}

CudaPlanRequest request_for(const Program& program, std::int64_t rows, std::int64_t columns,
                            std::int64_t memory, bool float32 = true) {
  CudaPlanRequest out;
  out.rows = rows;
  out.columns = columns;
  out.real_bytes = float32 ? 4 : 8;
  out.shape = choose_cuda_shape(program, float32);
  out.device.processors = 132;
  out.device.clock_kilohertz = 1980000;
  out.device.architecture = 90;
  out.memory_bytes = memory;
  return out;
}

// The least that a plan needs in memory at a time.
std::int64_t bytes_of_plan(const Program& program, const CudaPlanRequest& request,
                           const CudaPlan& plan) {
  return plan.rows_of_chunk * (program.row.slots * request.real_bytes +
                               (program.result_slots() + program.state_slots()) * kStateBytes) +
         plan.resident_steps * plan.columns_of_step * program.column.slots * request.real_bytes;
}

TEST(CudaPlan, CoversAllPairsAndStaysWithinTheMemory) {
  for (const std::int64_t dimension : {1, 3, 100}) {
    for (const char* text : {"Sum_Reduction(Exp(-SqDist(x, y)), 0)", "Sum_Reduction(x - y, 1)",
                             "KMin_ArgKMin_Reduction(SqDist(x, y), 100, 0)"}) {
      const Program program = program_of(text, dimension);
      for (const std::int64_t rows : {1, 513, 100000, 100000000}) {
        for (const std::int64_t columns : {1, 65, 100000, 100000000}) {
          for (const std::int64_t memory : {kGigabyte / 64, kGigabyte, 100 * kGigabyte}) {
            const CudaPlanRequest request = request_for(program, rows, columns, memory);
            const CudaPlan plan = make_cuda_plan(program, request);
            EXPECT_GE(plan.chunks() * plan.rows_of_chunk, rows);
            EXPECT_GE(plan.steps() * plan.columns_of_step, columns);
            EXPECT_EQ(plan.rows_of_chunk % request.shape.block_rows(), 0);
            EXPECT_EQ(plan.columns_of_step % std::max(1, request.shape.tile_columns), 0);
            EXPECT_LE(plan.resident_steps, plan.steps());
            EXPECT_LE(bytes_of_plan(program, request, plan), memory);
            EXPECT_GE(plan.part_state_bytes,
                      plan.rows_of_chunk * program.state_slots() * kStateBytes);
          }
        }
      }
    }
  }
}

TEST(CudaPlan, TakesAllAtOnceWhereItFitsAndIsQuick) {
  const Program program = program_of("Sum_Reduction(Exp(-SqDist(x, y)), 0)", 3);
  const CudaPlan plan =
      make_cuda_plan(program, request_for(program, 20000, 30000, 100 * kGigabyte));
  EXPECT_EQ(plan.chunks(), 1);
  EXPECT_EQ(plan.steps(), 1);
}

TEST(CudaPlan, ALaunchIsOverInATenthOfASecond) {
  const Program program = program_of("Sum_Reduction(Exp(-SqDist(x, y)), 0)", 3);
  for (const std::int64_t rows : {1000, 1000000, 1000000000}) {
    const CudaPlanRequest request = request_for(program, rows, 1000000000, 100 * kGigabyte);
    const CudaPlan plan = make_cuda_plan(program, request);
    const double pairs = static_cast<double>(std::min(rows, plan.rows_of_chunk)) *
                         static_cast<double>(plan.columns_of_step);
    // At half of what the instructions allow.
    constexpr double kPairsOfTenth = 0.5 * 0.1 * 132 * 1.98e9 * 128 / 10;
    EXPECT_LT(pairs, kPairsOfTenth) << rows;
    EXPECT_GT(pairs, kPairsOfTenth / 100) << rows;
  }
}

TEST(CudaPlan, ColumnsThatDoNotFitComeAgainForEachChunkOfRows) {
  const Program program = program_of("Sum_Reduction(Exp(-SqDist(x, y)), 0)", 3);
  const CudaPlan plan =
      make_cuda_plan(program, request_for(program, 10000000, 10000000, kGigabyte / 64));
  EXPECT_FALSE(plan.keeps_columns());
  EXPECT_EQ(plan.resident_steps, 2);
  EXPECT_GT(plan.chunks(), 1);
}

TEST(CudaPlan, TooLittleMemoryIsAnErrorOfItsKind) {
  const Program program = program_of("KMin_Reduction(SqDist(x, y), 1000, 0)", 100);
  try {
    make_cuda_plan(program, request_for(program, 1000, 1000, 100000));
    FAIL() << "a plan without memory";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::memory);
    EXPECT_GT(std::stoll(error.data().at("requested")), 100000);
  }
}

TEST(CudaPlan, NoRowsOrColumnsAreNoWork) {
  const Program program = program_of("Sum_Reduction(SqDist(x, y), 0)", 3);
  EXPECT_EQ(make_cuda_plan(program, request_for(program, 10, 0, kGigabyte)).steps(), 0);
  EXPECT_EQ(make_cuda_plan(program, request_for(program, 0, 10, kGigabyte)).chunks(), 1);
}

}  // namespace
}  // namespace kernelops
