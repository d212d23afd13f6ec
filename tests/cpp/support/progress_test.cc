#include "core/support/progress.h"

#include <gtest/gtest.h>

#include "core/support/thread_pool.h"

namespace kernelops {
namespace {

TEST(Progress, IsThePartOfTheStepsThatIsDone) {
  Progress progress;
  progress.start_stage(0, 1);
  EXPECT_EQ(progress.fraction(), 0);
  progress.expect(4);
  EXPECT_EQ(progress.fraction(), 0);
  progress.count();
  EXPECT_EQ(progress.fraction(), 0.25);
  progress.count(3);
  EXPECT_EQ(progress.fraction(), 1);
  progress.count();
  EXPECT_EQ(progress.fraction(), 1) << "never more than all";
}

TEST(Progress, StagesFollowEachOther) {
  Progress progress;
  progress.start_stage(0, 0.5);
  progress.expect(2);
  progress.count(2);
  EXPECT_EQ(progress.fraction(), 0.5);
  progress.start_stage(0.5, 1);
  EXPECT_EQ(progress.fraction(), 0.5) << "nothing is known of its steps";
  progress.expect(2);
  progress.count();
  EXPECT_EQ(progress.fraction(), 0.75);
}

TEST(Progress, WorkersCountEveryStep) {
  ThreadPool pool;
  pool.progress().start_stage(0, 1);
  pool.progress().expect(4000);
  pool.run(4, 3000, [&](std::int64_t, int) { pool.progress().count(); }, {});
  EXPECT_EQ(pool.progress().fraction(), 0.75);
}

}  // namespace
}  // namespace kernelops
