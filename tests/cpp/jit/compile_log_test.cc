#include "core/jit/compile_log.h"

#include <gtest/gtest.h>

namespace kernelops {
namespace {

TEST(CompileLogTest, FindsTheFirstErrorInALog) {
  EXPECT_EQ(first_complaint("a note\nk.cu(3): error: expected a \";\"\nk.cu(4): error: more\n"),
            "k.cu(3): error: expected a \";\"");
  EXPECT_EQ(first_complaint("killed\nfor its size"), "killed");
  EXPECT_EQ(first_complaint(""), "it said nothing");
}

}  // namespace
}  // namespace kernelops
