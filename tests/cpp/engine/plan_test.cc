#include "core/engine/plan.h"

#include <gtest/gtest.h>

#include "core/lower/lower.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

struct Case {
  Program program;
  KernelSizes kernel;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const std::int64_t dimension : {1, 3, 100, 4000}) {
    testing::Formulas f;
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    for (const char* text :
         {"Sum_Reduction(SqDist(x, y), 0)", "Sum_Reduction(x - y, 1)", "Sum_Reduction(x - y, 2)",
          "ArgMin_Reduction(x * y, 0)", "KMin_ArgKMin_Reduction(SqDist(x, y), 1000, 0)"}) {
      Program program = lower({f(text)});
      const std::int64_t states = program.state_slots();
      const std::int64_t results = program.result_slots();
      out.push_back({program, {4, 16, 64, states, results}});
      out.push_back({program, {8, 2, 2, states, results}});
    }
  }
  return out;
}

const std::vector<std::int64_t> kSizes = {1,    2,     15,     16,      17,      100,
                                          1023, 10000, 123457, 1000000, 10000000};

TEST(Plan, UnitsCoverAllPairsOnce) {
  for (const Case& each : cases()) {
    for (const std::int64_t rows : kSizes) {
      for (const std::int64_t columns : kSizes) {
        const Plan plan = make_plan(each.program, each.kernel, rows, columns);
        ASSERT_GE(plan.row_units, 1);
        ASSERT_GE(plan.splits, 1);
        // The last unit and the last split are not empty, and reach the end.
        ASSERT_GE(plan.row_units * plan.rows_per_unit, rows);
        ASSERT_LT((plan.row_units - 1) * plan.rows_per_unit, rows);
        ASSERT_GE(plan.splits * plan.columns_per_split, columns);
        ASSERT_LT((plan.splits - 1) * plan.columns_per_split, columns);
      }
    }
  }
}

TEST(Plan, OfATransposedProgramCoversAllRowsOnce) {
  for (const Case& each : cases()) {
    for (const std::int64_t rows : kSizes) {
      for (const std::int64_t columns : {1, 5, 63, 1000}) {
        const TransposedPlan plan = make_transposed_plan(each.program, each.kernel, rows, columns);
        ASSERT_GE(plan.units, 1);
        ASSERT_GE(plan.units * plan.rows_per_unit, rows);
        ASSERT_LT((plan.units - 1) * plan.rows_per_unit, rows);
        ASSERT_EQ(plan.rows_per_tile % each.kernel.lanes, 0);
        ASSERT_EQ(plan.rows_per_unit % plan.rows_per_tile, 0);
      }
    }
  }
}

TEST(Plan, TransposesWhereRowsAreFewAndPairsMany) {
  const Program program = cases()[5].program;
  const auto prefers = [&](std::int64_t rows, std::int64_t columns) {
    return prefers_transposed(program, 128, 16, rows, columns);
  };
  EXPECT_TRUE(prefers(1, 10000000));
  EXPECT_TRUE(prefers(63, 10000000));
  EXPECT_TRUE(prefers(130, 10000000));
  EXPECT_FALSE(prefers(128, 10000000));
  EXPECT_FALSE(prefers(100000, 10000000));
  EXPECT_FALSE(prefers(1, 1000));
  EXPECT_FALSE(prefers(0, 1000));
  EXPECT_FALSE(prefers(1, 0));
}

TEST(Plan, KeepsToTheBlocksOfTheKernel) {
  for (const Case& each : cases()) {
    for (const std::int64_t rows : kSizes) {
      const Plan plan = make_plan(each.program, each.kernel, rows, 100000);
      EXPECT_EQ(plan.rows_per_unit % each.kernel.row_block, 0);
      EXPECT_EQ(plan.tile_columns % each.kernel.lanes, 0);
      EXPECT_EQ(plan.columns_per_split % plan.tile_columns, 0);
      EXPECT_GT(plan.tile_columns, 0);
    }
  }
}

TEST(Plan, WithoutRowsThereAreNoUnits) {
  for (const Case& each : cases()) {
    EXPECT_EQ(make_plan(each.program, each.kernel, 0, 1000).units(), 0);
    EXPECT_EQ(make_plan(each.program, each.kernel, 0, 0).units(), 0);
  }
}

TEST(Plan, WithoutColumnsEveryRowIsStillFinished) {
  for (const Case& each : cases()) {
    const Plan plan = make_plan(each.program, each.kernel, 1000, 0);
    EXPECT_GE(plan.row_units * plan.rows_per_unit, 1000);
    EXPECT_EQ(plan.splits, 1);
  }
}

TEST(Plan, MemoryIsBoundedByTheRows) {
  constexpr std::int64_t kFixed = std::int64_t{300} << 20;
  for (const Case& each : cases()) {
    for (const std::int64_t rows : kSizes) {
      for (const std::int64_t columns : kSizes) {
        const Plan plan = make_plan(each.program, each.kernel, rows, columns);
        const std::int64_t kept = each.program.fold_rows ? each.kernel.lanes : plan.rows_per_unit;
        const std::int64_t partial = plan.splits > 1 || each.program.fold_rows
                                         ? plan.units() * kept * each.kernel.state_slots * 8
                                         : 0;
        const std::int64_t worker =
            plan.rows_per_unit * (each.program.row.slots * each.kernel.real_bytes +
                                  (each.kernel.state_slots + each.kernel.result_slots) * 8) +
            plan.tile_columns * (each.program.column.slots + each.program.packed_slots) *
                each.kernel.real_bytes;
        EXPECT_LE(partial + worker, kFixed + 2 * rows * each.kernel.state_slots * 8)
            << rows << " x " << columns;
      }
    }
  }
}

TEST(Plan, FewRowsAreSplitOverColumns) {
  const Case each = cases()[2];  // dimension 1
  EXPECT_GT(make_plan(each.program, each.kernel, 1, 1000000).splits, 8);
  EXPECT_GE(make_plan(each.program, each.kernel, 1000000, 1000000).units(), 32);
}

TEST(Plan, OnlyLittleWorkIsSmall) {
  for (const Case& each : cases()) {
    EXPECT_TRUE(make_plan(each.program, each.kernel, 1, 1).threads == 0);
    EXPECT_GT(make_plan(each.program, each.kernel, 100000, 100000).threads, 16);
  }
}

}  // namespace
}  // namespace kernelops
