#include "support/gpu_session.h"

#include <gtest/gtest.h>

namespace kernelops {
namespace {

class GpuSessionTest : public testing::GpuSessionFixture {};

TEST_F(GpuSessionTest, FindsGpusAndTheirCompiler) {
  pretend(asynchronous(2));
  const CudaInstallation found = session.find_gpus(settings);
  EXPECT_EQ(found.reason, "");
  EXPECT_EQ(found.devices.size(), 2u);
  ASSERT_NE(found.nvrtc.nvrtc, nullptr);
  EXPECT_EQ(found.nvrtc.nvrtc->path(), KERNELOPS_FAKE_NVRTC);
}

}  // namespace
}  // namespace kernelops
