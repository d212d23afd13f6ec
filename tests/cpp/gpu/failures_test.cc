// Every call of the driver fails once, in a piece of work that uses all of core/gpu.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "core/gpu/context.h"
#include "core/gpu/device_memory.h"
#include "core/gpu/device_module.h"
#include "core/gpu/staging.h"
#include "core/gpu/stream.h"
#include "support/every_driver_call.h"
#include "support/fake_gpu.h"

namespace kernelops {
namespace {

constexpr int kUnknown = 999;
constexpr int kIllegalAddress = 700;

void add_one(const fake::Launch& launch) {
  auto* x = static_cast<int*>(fake::memory(*static_cast<DevicePointer*>(launch.arguments[0])));
  for (unsigned i = 0; i < launch.grid[0] * launch.block[0]; ++i) ++x[i];
}

class FailuresTest : public testing::FakeGpuTest {
 protected:
  FailuresTest() { pretend({}); }

  void pretend(const fake::Machine& machine) {
    FakeGpuTest::pretend(machine);
    fake::add_kernel("add_one", add_one);
  }

  // Adds one to 0, 1, ..., 9 on the device in every way there is; the sum of the results.
  int work() {
    const auto here = context();
    const auto memory = DeviceMemory::create(here, 1 << 20);
    const CudaStream stream(here);
    const CudaStream other(here);
    const DeviceModule module(here, fake::kImage);
    const DeviceFunction kernel = module.function("add_one");
    kernel.allow_shared_bytes(1000 * kernel.resources().registers);
    Staging staging(here, 8, 2);
    CudaEvent start(here);
    CudaEvent end(here);

    const DeviceBuffer buffer = memory->allocate(10 * sizeof(int));
    { const DeviceBuffer unused = memory->allocate(memory->available() / 2); }
    stream.fill(buffer.address(), 0, buffer.bytes());
    start.record(stream);
    staging.send(stream, buffer.address(), buffer.bytes(),
                 [](void* chunk, std::size_t offset, std::size_t bytes) {
                   for (std::size_t k = 0; k < bytes / sizeof(int); ++k) {
                     static_cast<int*>(chunk)[k] = static_cast<int>(offset / sizeof(int) + k);
                   }
                 });
    DevicePointer address = buffer.address();
    void* arguments[] = {&address};
    kernel.launch(stream, {2}, {5}, 0, arguments);
    end.record(stream);
    other.wait_for(end);
    other.wait([] { return false; });
    end.wait();
    int sum = 0;
    if (end.is_done() && end.seconds_since(start) > 0) {
      staging.receive(stream, buffer.address(), buffer.bytes(),
                      [&](const void* chunk, std::size_t, std::size_t bytes) {
                        for (std::size_t k = 0; k < bytes / sizeof(int); ++k) {
                          sum += static_cast<const int*>(chunk)[k];
                        }
                      });
    }
    memory->trim();
    return sum;
  }

  std::map<std::string, int> calls_of_work() {
    return testing::driver_calls([&] { EXPECT_EQ(work(), 55); });
  }
};

TEST_F(FailuresTest, TheWorkCallsEverythingThatWorkCalls) {
  std::map<std::string, int> calls = calls_of_work();
  for (const auto& [name, count] : calls) {
    const bool is_question = name == "cuInit" || name == "cuDriverGetVersion" ||
                             name == "cuDeviceGetCount" || name == "cuGetErrorName" ||
                             name == "cuGetErrorString";
    EXPECT_EQ(count > 0, !is_question) << name;
  }
  EXPECT_TRUE(fake::books().is_empty());
}

TEST_F(FailuresTest, EveryFailureIsAnErrorLeaksNothingAndTheNextWorkIsDone) {
  int errors = 0;
  for (const auto& [name, count] : calls_of_work()) {
    for (int which = 1; which <= count; ++which) {
      fake::fail(name, which, kUnknown);
      bool failed = false;
      try {
        EXPECT_EQ(work(), 55) << name << " " << which;
      } catch (const Error& error) {
        failed = true;
        ++errors;
        EXPECT_EQ(error.kind(), ErrorKind::device);
        EXPECT_EQ(error.data().at("call"), name) << which;
        EXPECT_EQ(error.data().at("code"), "CUDA_ERROR_UNKNOWN");
      }
      // A push that fails unheard is one before something was given back.
      const bool is_silent = testing::gives_back(name) || (name == "cuCtxPushCurrent" && !failed);
      EXPECT_EQ(failed, !is_silent) << name << " " << which;
      if (failed) {
        EXPECT_TRUE(fake::books().is_empty()) << name << " " << which;
      } else {
        pretend({});
      }
      EXPECT_EQ(work(), 55) << "after " << name << " " << which;
      EXPECT_TRUE(fake::books().is_empty()) << name << " " << which;
    }
  }
  EXPECT_GT(errors, 60);
}

TEST_F(FailuresTest, FullMemoryIsAnErrorOfItsOwnKind) {
  // The pool tries twice: the first failure alone is mended.
  fake::fail("cuMemAlloc", 1, kDriverOutOfMemory);
  EXPECT_EQ(work(), 55);
  for (const char* name : {"cuDevicePrimaryCtxRetain", "cuMemHostAlloc", "cuModuleLoadData",
                           "cuStreamCreate", "cuLaunchKernel"}) {
    fake::fail(name, 1, kDriverOutOfMemory);
    try {
      work();
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::memory) << name;
    }
    EXPECT_TRUE(fake::books().is_empty()) << name;
  }
  EXPECT_EQ(work(), 55);
}

TEST_F(FailuresTest, AFailureThatLastsIsToldEachTime) {
  fake::fail("cuLaunchKernel", 1, kIllegalAddress, true);
  for (int turn = 0; turn < 2; ++turn) {
    try {
      work();
      FAIL() << "a broken device has worked";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::device);
      EXPECT_EQ(error.data().at("lasting"), "TRUE");
    }
  }
}

TEST_F(FailuresTest, AForkedChildIsRefusedAndLeavesTheParentsWorkAlone) {
  auto here = context();
  auto memory = DeviceMemory::create(here, 1 << 20);
  auto stream = std::make_unique<CudaStream>(here);
  DeviceBuffer buffer = memory->allocate(1000);
  const pid_t child = ::fork();
  if (child == 0) {
    int refusals = 0;
    const auto count = [&](const auto& use) {
      try {
        use();
      } catch (const Error& error) {
        const std::string text = error.what();
        refusals += error.kind() == ErrorKind::device &&
                    text.find("in a forked process") != std::string::npos;
      }
    };
    count([&] { memory->allocate(1000); });
    count([&] { stream->wait(); });
    count([&] { stream->fill(buffer.address(), 0, 10); });
    count([&] { context(); });
    count([&] { memory->available(); });
    const int before = fake::calls("cuMemFree") + fake::calls("cuStreamDestroy");
    buffer.reset();
    memory.reset();
    stream.reset();
    here.reset();
    const int after = fake::calls("cuMemFree") + fake::calls("cuStreamDestroy");
    ::_exit(refusals == 5 && after == before ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  stream->fill(buffer.address(), 0, 10);
}

TEST_F(FailuresTest, AThousandPiecesOfWorkLeaveNothingBehind) {
  for (int k = 0; k < 1000; ++k) ASSERT_EQ(work(), 55);
  EXPECT_TRUE(fake::books().is_empty());
}

}  // namespace
}  // namespace kernelops
