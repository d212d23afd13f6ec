#include "core/gpu/stream.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/gpu/device_memory.h"
#include "support/fake_gpu.h"

namespace kernelops {
namespace {

class StreamTest : public testing::FakeGpuTest {};

TEST_F(StreamTest, CopiesAndFills) {
  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 1000);
  const DeviceBuffer buffer = memory->allocate(8);
  const std::vector<unsigned char> sent = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<unsigned char> received(8);
  stream.send(buffer.address(), sent.data(), 8);
  stream.fill(buffer.address() + 2, 9, 3);
  stream.fill(buffer.address(), 0, 0);
  stream.receive(received.data(), buffer.address(), 8);
  stream.wait();
  EXPECT_EQ(received, (std::vector<unsigned char>{1, 2, 9, 9, 9, 6, 7, 8}));
}

TEST_F(StreamTest, EventsMarkAndMeasure) {
  const auto here = context();
  const CudaStream first(here);
  const CudaStream second(here);
  CudaEvent start(here);
  CudaEvent end(here);
  start.record(first);
  second.wait_for(start);
  end.record(second);
  end.wait();
  EXPECT_TRUE(end.is_done());
  EXPECT_NEAR(end.seconds_since(start), 0.001, 1e-9);
  EXPECT_EQ(fake::books().events, 2);
  EXPECT_EQ(fake::books().streams, 2);
}

TEST_F(StreamTest, IsNotDoneWhileTheDeviceWorks) {
  const auto here = context();
  const CudaStream stream(here);
  const CudaEvent event(here);
  fake::stay_busy();
  EXPECT_FALSE(stream.is_done());
  EXPECT_FALSE(event.is_done());
  event.wait();
  EXPECT_TRUE(stream.is_done());
  EXPECT_TRUE(event.is_done());
}

TEST_F(StreamTest, AnInterruptIsToldAfterTheWorkHasEnded) {
  const auto here = context();
  const CudaStream stream(here);
  fake::stay_busy();
  int questions = 0;
  try {
    stream.wait([&] { return ++questions == 2; });
    FAIL() << "an interrupt was overheard";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupt);
  }
  EXPECT_EQ(questions, 2);
  EXPECT_EQ(fake::calls("cuStreamSynchronize"), 1);
  EXPECT_TRUE(stream.is_done());
}

TEST_F(StreamTest, AsksNobodyWhereThereIsNothingToWaitFor) {
  const auto here = context();
  const CudaStream stream(here);
  stream.wait([]() -> bool { throw 1; });
  EXPECT_EQ(fake::calls("cuStreamSynchronize"), 1);
}

}  // namespace
}  // namespace kernelops
