#include "core/gpu/context.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/fake_gpu.h"

namespace kernelops {
namespace {

class ContextTest : public testing::FakeGpuTest {};

TEST_F(ContextTest, IsRetainedAsLongAsItLivesAndCurrentOnlyDuringACall) {
  {
    const auto one = context();
    const auto two = context();
    EXPECT_EQ(fake::books().contexts, 2);
    std::size_t free_bytes = 0;
    std::size_t total = 0;
    one->call(one->functions().cuMemGetInfo, "asking", &free_bytes, &total);
    EXPECT_EQ(total, fake::Machine().memory_bytes);
    EXPECT_EQ(fake::books().current, 0);
    EXPECT_EQ(one->device().name, "Pretend GPU 0");
  }
  EXPECT_TRUE(fake::books().is_empty());
}

TEST_F(ContextTest, ServesAnyThread) {
  const auto one = context();
  std::size_t total = 0;
  std::thread([&] {
    std::size_t free_bytes = 0;
    one->call(one->functions().cuMemGetInfo, "asking", &free_bytes, &total);
    EXPECT_EQ(fake::books().current, 0);
  }).join();
  EXPECT_EQ(total, fake::Machine().memory_bytes);
}

TEST_F(ContextTest, ErrorsNameTheDevice) {
  pretend({2, 90, 1000, 13000});
  const auto second = context(1);
  try {
    second->call(second->functions().cuModuleUnload, "unloading a kernel", nullptr);
    FAIL() << "nothing was unloaded";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "unloading a kernel on GPU 1 (Pretend GPU 1) failed: cuModuleUnload said "
              "CUDA_ERROR_INVALID_HANDLE (as the fake driver was told)");
  }
  EXPECT_EQ(fake::books().current, 0);
  fake::reset();
}

}  // namespace
}  // namespace kernelops
