#include "core/gpu/driver.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "core/support/error.h"
#include "fake_driver/fake_driver.h"

namespace kernelops {
namespace {

DriverSearch fake_search() { return search_driver({{KERNELOPS_FAKE_DRIVER}}); }

class DriverTest : public ::testing::Test {
 protected:
  DriverTest() { fake::reset(); }
  ~DriverTest() override { fake::reset(); }
};

TEST_F(DriverTest, TellsOfTheDevicesWithoutUsingThem) {
  fake::reset({2, 121, 5000, 12040});
  const DriverSearch search = fake_search();
  ASSERT_NE(search.driver, nullptr);
  EXPECT_EQ(search.refused, std::vector<std::string>{});
  const CudaDriver& driver = *search.driver;
  EXPECT_EQ(version_text(driver.version()), "12.4");
  EXPECT_EQ(driver.path(), KERNELOPS_FAKE_DRIVER);
  ASSERT_EQ(driver.device_count(), 2);
  const DeviceProperties device = driver.device(1);
  EXPECT_EQ(device.ordinal, 1);
  EXPECT_EQ(device.name, "Pretend GPU 1");
  EXPECT_EQ(device.architecture, 121);
  EXPECT_EQ(device.memory_bytes, 5000u);
  EXPECT_EQ(device.processors, fake::Machine().processors);
  EXPECT_EQ(device.shared_bytes_per_block, 232448);
  EXPECT_EQ(fake::calls("cuDevicePrimaryCtxRetain"), 0);
  EXPECT_TRUE(fake::books().is_empty());
}

TEST_F(DriverTest, SaysWhyEachCandidateWasRefused) {
  fake::reset({0, 90, 0, 13000});
  const DriverSearch search = search_driver(
      {{"/no/such/libcuda.so.1", "KERNELOPS_LIBCUDA"}, {"libm.so.6"}, {KERNELOPS_FAKE_DRIVER}});
  EXPECT_EQ(search.driver, nullptr);
  ASSERT_EQ(search.refused.size(), 3u);
  EXPECT_EQ(search.refused[0], "/no/such/libcuda.so.1 (KERNELOPS_LIBCUDA): there is no such file");
  EXPECT_EQ(
      search.refused[1],
      "libm.so.6: lacks the functions `cuInit`, `cuDriverGetVersion`, `cuGetErrorName` and 35 "
      "more");
  EXPECT_EQ(search.refused[2],
            std::string(KERNELOPS_FAKE_DRIVER) +
                ": starting the GPU driver failed: cuInit said CUDA_ERROR_NO_DEVICE (as the fake "
                "driver was told)");
}

TEST_F(DriverTest, LooksOnlyWhereTheUserSays) {
  ::setenv("KERNELOPS_LIBCUDA", "/named/libcuda.so", 1);
  const std::vector<LibraryCandidate> candidates = driver_candidates();
  ::unsetenv("KERNELOPS_LIBCUDA");
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates.front().path, "/named/libcuda.so");
  EXPECT_EQ(driver_candidates().front().path, "libcuda.so.1");
}

TEST_F(DriverTest, ClassesErrorsAndNamesTheCall) {
  const auto driver = fake_search().driver;
  try {
    driver->device(7);
    FAIL() << "there is no eighth GPU";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::device);
    EXPECT_EQ(error.data().at("call"), "cuDeviceGet");
    EXPECT_EQ(error.data().at("code"), "CUDA_ERROR_INVALID_DEVICE");
    EXPECT_EQ(error.data().at("doing"), "asking for GPU 7");
    EXPECT_EQ(error.data().at("lasting"), "FALSE");
  }
  EXPECT_EQ(driver->error(2, "cuMemAlloc", "allocating").kind(), ErrorKind::memory);
  EXPECT_STREQ(driver->error(2, "cuMemAlloc", "allocating").what(),
               "allocating failed: cuMemAlloc said CUDA_ERROR_OUT_OF_MEMORY (out of memory)");
  const Error lasting = driver->error(700, "cuStreamSynchronize", "waiting");
  EXPECT_EQ(lasting.kind(), ErrorKind::device);
  EXPECT_EQ(lasting.data().at("lasting"), "TRUE");
  EXPECT_NE(std::string(lasting.what()).find("start a new one"), std::string::npos);
  EXPECT_STREQ(driver->error(12345, "cuInit", "starting").what(),
               "starting failed: cuInit said error 12345");
}

TEST_F(DriverTest, EveryFailureOfAQuestionIsAnErrorAndTheNextQuestionIsAnswered) {
  for (const char* function : {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
                               "cuDeviceGetAttribute", "cuDeviceTotalMem"}) {
    const auto driver = fake_search().driver;
    fake::fail(function, 1, 999);
    try {
      driver->device_count();
      driver->device(0);
      FAIL() << function;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::device);
      EXPECT_EQ(error.data().at("call"), function);
    }
    EXPECT_EQ(driver->device(0).name, "Pretend GPU 0");
  }
  for (const char* function : {"cuInit", "cuDriverGetVersion"}) {
    fake::fail(function, 1, 999);
    const DriverSearch search = fake_search();
    EXPECT_EQ(search.driver, nullptr);
    EXPECT_NE(search.refused.front().find(function), std::string::npos);
    EXPECT_NE(fake_search().driver, nullptr);
  }
}

// Runs in a child of this process; the child's status is what `body` returns.
template <typename Body>
int in_a_fork(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST_F(DriverTest, AForkedChildIsToldThatItCannotUseTheGpu) {
  const auto driver = fake_search().driver;
  EXPECT_EQ(in_a_fork([&] {
              try {
                driver->device_count();
                return 1;
              } catch (const Error& error) {
                if (error.kind() != ErrorKind::device) return 2;
                const std::string text = error.what();
                return text.find("in a forked process") != std::string::npos ? 0 : 3;
              }
            }),
            0);
  // The driver itself refuses a second start.
  EXPECT_EQ(in_a_fork([] { return fake_search().driver == nullptr ? 0 : 1; }), 0);
  EXPECT_EQ(driver->device_count(), 1);
}

}  // namespace
}  // namespace kernelops
