#include "core/gpu/device_memory.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/fake_gpu.h"

namespace kernelops {
namespace {

constexpr std::size_t kMega = 1000 * 1000;

class DeviceMemoryTest : public testing::FakeGpuTest {};

TEST_F(DeviceMemoryTest, HandsOutWhatWasGivenBack) {
  const auto memory = DeviceMemory::create(context(), kMega);
  DevicePointer first = 0;
  {
    const DeviceBuffer buffer = memory->allocate(10000);
    first = buffer.address();
    EXPECT_EQ(buffer.bytes(), 10000u);
    EXPECT_GE(memory->statistics().used_bytes, 10000u);
    EXPECT_LE(memory->statistics().used_bytes, 11250u);
  }
  EXPECT_EQ(memory->statistics().used_bytes, 0u);
  EXPECT_GE(memory->statistics().cached_bytes, 10000u);
  const DeviceBuffer nearly_the_same = memory->allocate(9990);
  EXPECT_EQ(nearly_the_same.address(), first);
  // A small request does not take a large block.
  EXPECT_EQ(memory->statistics().allocations, 1u);
  DeviceBuffer large = memory->allocate(500000);
  large.reset();
  const DeviceBuffer small = memory->allocate(100);
  EXPECT_EQ(memory->statistics().allocations, 3u);
  EXPECT_EQ(memory->statistics().requests, 4u);
}

TEST_F(DeviceMemoryTest, BuffersMove) {
  const auto memory = DeviceMemory::create(context(), kMega);
  DeviceBuffer first = memory->allocate(100);
  const DevicePointer address = first.address();
  DeviceBuffer second = std::move(first);
  EXPECT_EQ(second.address(), address);
  EXPECT_EQ(first.address(), 0u);
  second = memory->allocate(200);
  EXPECT_NE(second.address(), address);
  second = DeviceBuffer();
  EXPECT_EQ(memory->statistics().used_bytes, 0u);
}

TEST_F(DeviceMemoryTest, FreesWhatItKeepsBeforeItsCapIsPassed) {
  const auto memory = DeviceMemory::create(context(), kMega);
  { const DeviceBuffer buffer = memory->allocate(600000); }
  const DeviceBuffer buffer = memory->allocate(100000);
  EXPECT_GT(memory->statistics().cached_bytes, 0u);
  const DeviceBuffer whole = memory->allocate(kMega - memory->statistics().used_bytes);
  EXPECT_EQ(memory->statistics().used_bytes, kMega);
  EXPECT_EQ(memory->statistics().cached_bytes, 0u);
  EXPECT_EQ(fake::books().device_bytes, kMega);
  try {
    memory->allocate(1);
    FAIL() << "the cap was passed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::memory);
    EXPECT_EQ(error.data().at("requested"), "1");
    EXPECT_EQ(error.data().at("used"), "1000000");
    EXPECT_EQ(error.data().at("cap"), "1000000");
    EXPECT_EQ(std::string(error.what()),
              "there is no room for 1 byte on GPU 0 (Pretend GPU 0): 1 MB of 1 MB that kernelops "
              "may use are in use, and the device has 1.1 GB for all programs");
  }
}

TEST_F(DeviceMemoryTest, WritesRoundSizesAsTheyAreRead) {
  const auto memory = DeviceMemory::create(context(), 10 * kMega);
  try {
    memory->allocate(20 * kMega);
    FAIL() << "the cap was passed";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what())
                  .find("there is no room for 20 MB on GPU 0 (Pretend GPU 0): "
                        "0 bytes of 10 MB that"),
              0u);
  }
}

TEST_F(DeviceMemoryTest, TriesOnceMoreAfterItHasFreedWhatItKeeps) {
  pretend({1, 90, kMega, 13000});
  const auto memory = DeviceMemory::create(context(), 100 * kMega);
  { const DeviceBuffer buffer = memory->allocate(600000); }
  const DeviceBuffer buffer = memory->allocate(900000);
  EXPECT_EQ(memory->statistics().cached_bytes, 0u);
  EXPECT_EQ(fake::calls("cuMemAlloc"), 3);
  EXPECT_THROW(memory->allocate(500000), Error);
  EXPECT_EQ(fake::calls("cuMemAlloc"), 5);
}

TEST_F(DeviceMemoryTest, AsksForNoMoreThanNeededWhereTheDeviceIsNearlyFull) {
  const auto memory = DeviceMemory::create(context(), 10001);
  EXPECT_EQ(memory->allocate(10001).bytes(), 10001u);
}

TEST_F(DeviceMemoryTest, TrimsOnRequestAndWhenTheCapSinks) {
  const auto memory = DeviceMemory::create(context(), kMega);
  const DeviceBuffer stays = memory->allocate(1024);
  { const DeviceBuffer buffer = memory->allocate(1 << 16); }
  { const DeviceBuffer buffer = memory->allocate(1 << 17); }
  memory->set_cap(100000);
  EXPECT_EQ(memory->statistics().cached_bytes, 1u << 16);
  memory->trim();
  EXPECT_EQ(memory->statistics().cached_bytes, 0u);
  EXPECT_EQ(fake::books().device_blocks, 1);
  memory->set_cap(100);
  EXPECT_THROW(memory->allocate(1), Error);
  EXPECT_EQ(memory->available(), 0u);
}

TEST_F(DeviceMemoryTest, KnowsWhatCouldBeAllocated) {
  pretend({1, 90, kMega, 13000});
  const auto memory = DeviceMemory::create(context(), 900000);
  EXPECT_EQ(memory->available(), 900000u);
  DeviceBuffer buffer = memory->allocate(1 << 16);
  EXPECT_EQ(memory->available(), 900000u - (1u << 16));
  buffer.reset();
  EXPECT_EQ(memory->available(), 900000u) << "what is kept is not lost";
  memory->set_cap(10 * kMega);
  EXPECT_EQ(memory->available(), kMega);
}

TEST_F(DeviceMemoryTest, TenThousandRequestsLeaveMemoryFlat) {
  const auto memory = DeviceMemory::create(context(), 100 * kMega);
  unsigned random = 1;
  std::vector<DeviceBuffer> alive(8);
  std::size_t after_thousand = 0;
  for (int k = 0; k < 10000; ++k) {
    random = random * 1664525u + 1013904223u;
    alive[k % alive.size()] = memory->allocate(1 + random % 100000);
    if (k == 1000) after_thousand = fake::books().device_bytes;
  }
  EXPECT_LE(fake::books().device_bytes, after_thousand + after_thousand / 4);
  EXPECT_LT(memory->statistics().allocations, 200u);
  EXPECT_EQ(memory->statistics().requests, 10000u);
  alive.clear();
  memory->trim();
  EXPECT_EQ(fake::books().device_blocks, 0);
}

TEST_F(DeviceMemoryTest, ServesSeveralThreads) {
  const auto memory = DeviceMemory::create(context(), 100 * kMega);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&memory, t] {
      for (int k = 0; k < 500; ++k) {
        const DeviceBuffer buffer = memory->allocate(static_cast<std::size_t>(1000 * t + k + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory->statistics().used_bytes, 0u);
  memory->trim();
  EXPECT_EQ(fake::books().device_blocks, 0);
}

}  // namespace
}  // namespace kernelops
