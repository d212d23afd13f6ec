#include "core/support/flush_underflow.h"

#include <gtest/gtest.h>

namespace kernelops {
namespace {

double tiny_product() {
  const volatile double small = 1e-300;
  return small * 1e-10;
}

TEST(FlushUnderflow, LastsAsLongAsItLivesAndOnlyWhereItIsWanted) {
  EXPECT_GT(tiny_product(), 0);
  {
    const FlushUnderflow unwanted(false);
    EXPECT_GT(tiny_product(), 0);
#if defined(__x86_64__)
    const FlushUnderflow wanted(true);
    EXPECT_EQ(tiny_product(), 0);
#endif
  }
  EXPECT_GT(tiny_product(), 0);
}

}  // namespace
}  // namespace kernelops
