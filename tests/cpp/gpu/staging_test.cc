#include "core/gpu/staging.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "core/gpu/device_memory.h"
#include "support/fake_gpu.h"

namespace kernelops {
namespace {

class StagingTest : public testing::FakeGpuTest {};

TEST_F(StagingTest, SendsAndReceivesAnyNumberOfChunks) {
  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 100000);
  Staging staging(here, 16, 3);
  for (std::size_t count : {0u, 1u, 15u, 16u, 17u, 48u, 49u, 1000u}) {
    std::vector<unsigned char> sent(count);
    std::iota(sent.begin(), sent.end(), static_cast<unsigned char>(count));
    std::vector<unsigned char> received(count);
    const DeviceBuffer buffer = memory->allocate(count);
    staging.send(stream, buffer.address(), count,
                 [&](void* chunk, std::size_t offset, std::size_t bytes) {
                   std::memcpy(chunk, sent.data() + offset, bytes);
                 });
    staging.receive(stream, buffer.address(), count,
                    [&](const void* chunk, std::size_t offset, std::size_t bytes) {
                      std::memcpy(received.data() + offset, chunk, bytes);
                    });
    EXPECT_EQ(received, sent) << count;
  }
  EXPECT_EQ(fake::books().host_blocks, 3);
  EXPECT_EQ(fake::books().events, 3);
}

TEST_F(StagingTest, TakesNothingBeforeItIsUsed) {
  const Staging staging(context(), 1 << 20, 4);
  EXPECT_EQ(fake::books().host_blocks, 0);
}

TEST_F(StagingTest, WaitsForAChunkBeforeItIsUsedAgain) {
  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 100000);
  Staging staging(here, 10, 2);
  const DeviceBuffer buffer = memory->allocate(50);
  const auto nothing = [](void*, std::size_t, std::size_t) {};
  staging.send(stream, buffer.address(), 20, nothing);
  EXPECT_EQ(fake::calls("cuEventSynchronize"), 0);
  staging.send(stream, buffer.address(), 30, nothing);
  EXPECT_EQ(fake::calls("cuEventSynchronize"), 3);
}

TEST_F(StagingTest, AnErrorOfTheCallerLeavesItUsable) {
  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 100000);
  Staging staging(here, 10, 2);
  const DeviceBuffer buffer = memory->allocate(50);
  EXPECT_THROW(staging.send(stream, buffer.address(), 50,
                            [](void*, std::size_t offset, std::size_t) {
                              if (offset == 30) throw Error(ErrorKind::interrupt, "stop");
                            }),
               Error);
  EXPECT_EQ(fake::calls("cuStreamSynchronize"), 1) << "chunks may have been on their way";
  std::size_t received = 0;
  staging.receive(stream, buffer.address(), 50,
                  [&](const void*, std::size_t, std::size_t bytes) { received += bytes; });
  EXPECT_EQ(received, 50u);
}

}  // namespace
}  // namespace kernelops
