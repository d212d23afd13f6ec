#include "core/gpu/installation.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fake_driver/fake_driver.h"
#include "support/cuda_compiler.h"

namespace kernelops {
namespace {

class InstallationTest : public ::testing::Test {
 protected:
  ~InstallationTest() override { fake::reset(); }

  std::vector<LibraryCandidate> drivers_ = {{KERNELOPS_FAKE_DRIVER}};
};

TEST_F(InstallationTest, SaysWhatIsMissing) {
  fake::reset();
  EXPECT_EQ(find_cuda(nullptr, {{{"/no/such/driver"}}}).reason,
            "no usable NVIDIA driver was found");
  EXPECT_EQ(find_cuda(nullptr, {drivers_}).reason, "no usable NVRTC or nvcc was found");
  fake::fail("cuDeviceGetName", 1, 999);
  const CudaInstallation broken = find_cuda(nullptr, {drivers_});
  EXPECT_NE(broken.reason.find("cuDeviceGetName"), std::string::npos);
  EXPECT_TRUE(broken.devices.empty());
}

TEST_F(InstallationTest, TakesACompilerThatServesTheDevices) {
  KERNELOPS_NEEDS_NVRTC();
  const std::vector<LibraryCandidate> compilers = {{testing::machine_nvrtc()->path()}};
  const int newest = testing::machine_nvrtc()->architectures().back();
  const int version = 1000 * testing::machine_nvrtc()->version().major + 990;
  fake::reset({2, newest, 1000, version});
  const CudaInstallation good = find_cuda(nullptr, {drivers_, compilers});
  EXPECT_EQ(good.reason, "");
  EXPECT_EQ(good.devices.size(), 2u);
  ASSERT_NE(good.nvrtc.nvrtc, nullptr);
  EXPECT_EQ(good.nvrtc.nvrtc->fit(target_of(*good.driver.driver, good.devices[0])).form,
            NvrtcFit::Form::machine_code);

  fake::reset({1, 30, 1000, version});
  const CudaInstallation old = find_cuda(nullptr, {drivers_, compilers});
  EXPECT_EQ(old.reason, "no usable NVRTC or nvcc was found");
  ASSERT_EQ(old.nvrtc.refused.size(), 1u);
  EXPECT_NE(old.nvrtc.refused[0].find("too new for a device of compute capability 3.0"),
            std::string::npos);
}

TEST_F(InstallationTest, TakesNvccWhereThereIsNoNvrtc) {
  KERNELOPS_NEEDS_NVCC();
  const std::string nvcc = testing::machine_nvcc()->path();
  const int newest = testing::machine_nvcc()->architectures().back();
  fake::reset({1, newest, 1000, 1000 * testing::machine_nvcc()->version().major + 990});
  const CudaInstallation found =
      find_cuda(nullptr, {drivers_, {{"/no/such/nvrtc"}}, {{"/no/such/nvcc"}, {nvcc}}});
  EXPECT_EQ(found.reason, "");
  ASSERT_NE(found.compiler, nullptr);
  EXPECT_EQ(found.compiler->path(), nvcc);
  EXPECT_EQ(found.nvrtc.refused.size(), 1u);
  EXPECT_EQ(found.nvcc.refused.size(), 1u);
  if (testing::machine_nvrtc() == nullptr) return;
  const CudaInstallation both =
      find_cuda(nullptr, {drivers_, {{testing::machine_nvrtc()->path()}}, {{nvcc}}});
  EXPECT_EQ(both.compiler, both.nvrtc.nvrtc);
  EXPECT_EQ(both.nvcc.nvcc, nullptr);
}

TEST_F(InstallationTest, StartsADriverOnce) {
  fake::reset();
  const CudaInstallation first = find_cuda(nullptr, {drivers_});
  const CudaInstallation second = find_cuda(first.driver.driver, {drivers_});
  EXPECT_EQ(second.driver.driver, first.driver.driver);
  EXPECT_EQ(fake::calls("cuInit"), 1);
  EXPECT_EQ(fake::calls("cuDevicePrimaryCtxRetain"), 0);
}

TEST_F(InstallationTest, SaysInAForkedChildThatTheParentHasTheDriver) {
  fake::reset();
  const CudaInstallation parent = find_cuda(nullptr, {drivers_});
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string reason = find_cuda(parent.driver.driver, {drivers_}).reason;
    ::_exit(reason.find("in a forked process") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace kernelops
