// CUDA text to numbers without a GPU: the fake compiler and the fake driver.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/gpu/device_memory.h"
#include "core/gpu/device_module.h"
#include "core/gpu/staging.h"
#include "core/jit/files.h"
#include "core/jit/nvrtc.h"
#include "support/fake_gpu.h"

namespace kernelops {
namespace {

std::shared_ptr<Nvrtc> fake_nvrtc() {
  return search_nvrtc({{KERNELOPS_FAKE_NVRTC}}, {{90, {13, 0}}}).nvrtc;
}

CudaImage compiled(const std::string& text, int architecture = 90) {
  return fake_nvrtc()->compile({text, "kernel.cu", {"--std=c++17"}, ""}, {architecture, {13, 0}});
}

template <class T>
void launch(const CudaStream& stream, const DeviceFunction& kernel, GridSize grid, GridSize block,
            unsigned shared_bytes, const DeviceBuffer& buffer, T argument) {
  DevicePointer address = buffer.address();
  void* arguments[] = {&address, &argument};
  kernel.launch(stream, grid, block, shared_bytes, arguments);
}

class FakeNvrtcTest : public testing::FakeGpuTest {
 protected:
  // What a kernel of (int* out, int) leaves in `count` numbers that were -1.
  std::vector<int> run(const std::string& text, const std::string& kernel, GridSize grid,
                       GridSize block, unsigned shared_bytes, int argument, std::size_t count) {
    const auto here = context();
    const CudaStream stream(here);
    const auto memory = DeviceMemory::create(here, 1 << 20);
    const DeviceModule module(here, compiled(text).data);
    std::vector<int> out(count);
    const DeviceBuffer buffer = memory->allocate(count * sizeof(int));
    stream.fill(buffer.address(), 0xFF, buffer.bytes());
    launch(stream, module.function(kernel), grid, block, shared_bytes, buffer, argument);
    stream.receive(out.data(), buffer.address(), buffer.bytes());
    stream.wait();
    return out;
  }
};

constexpr char kPlaces[] = R"(
namespace own {
// A comment with a brace: {
constexpr int kThreads = 6;
extern "C" __global__ void __launch_bounds__(kThreads) places(int* __restrict__ out, const int add) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  out[y * gridDim.x * blockDim.x + x] = 100 * y + x + add;
}
}  // namespace own
)";

TEST_F(FakeNvrtcTest, RunsAllThreadsOfAllBlocks) {
  const std::vector<int> out = run(kPlaces, "places", {2, 3}, {3, 2}, 0, 7, 36);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 6; ++x)
      EXPECT_EQ(out[static_cast<std::size_t>(6 * y + x)], 100 * y + x + 7);
  }
}

TEST_F(FakeNvrtcTest, RefusesLaunchesThatADeviceRefuses) {
  EXPECT_THROW(run(kPlaces, "places", {1}, {7}, 0, 0, 36), Error) << "bound to 6 threads";
  EXPECT_EQ(fake::books().complaint, "a launch with more threads than its kernel is bound to");
  EXPECT_THROW(run(kPlaces, "places", {1}, {6}, 60000, 0, 36), Error);
  EXPECT_EQ(fake::books().complaint, "a launch with more shared memory than its kernel may have");
  EXPECT_THROW(run(kPlaces, "places", {1, 65536}, {6}, 0, 0, 36), Error);
  pretend({});
}

// Turns the numbers of a block round through shared memory, of both kinds.
TEST_F(FakeNvrtcTest, ThreadsOfABlockShareMemory) {
  const std::vector<int> out = run(R"(
extern "C" __global__ void turn(int* out, int add) {
  extern __shared__ __align__(16) int turned[];
  __shared__ int sum[1];
  const int n = threadIdx.x;
  if (n == 0) sum[0] = 0;
  turned[blockDim.x - 1 - n] = n;
  __syncthreads();
  sum[0] += n;
  __syncthreads();
  out[blockIdx.x * blockDim.x + n] = turned[n] + 1000 * sum[0] + add;
})",
                                   "turn", {2}, {40}, 160, 1, 80);
  for (int n = 0; n < 80; ++n) {
    EXPECT_EQ(out[static_cast<std::size_t>(n)], 39 - n % 40 + 780000 + 1);
  }
}

TEST_F(FakeNvrtcTest, LanesOfAWarpExchangeValues) {
  const std::vector<int> out = run(R"(
extern "C" __global__ void exchange(int* out, int add) {
  const int n = threadIdx.x;
  double sum = n;
  for (int bits = 16; bits > 0; bits /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, bits);
  int* const own = out + 6 * n;
  own[0] = static_cast<int>(sum);
  own[1] = __shfl_sync(0xFFFFFFFFu, n, 5);
  own[2] = __shfl_down_sync(0xFFFFFFFFu, n, 3, 8);
  own[3] = static_cast<int>(__ballot_sync(0xFFFFFFFFu, n % 8 == 0));
  own[4] = __any_sync(0xFFFFFFFFu, n == 40);
  own[5] = -1;
  if (n % 2 == 0) own[5] = __shfl_sync(0x55555555u, n, 2);
  __syncwarp();
})",
                                   "exchange", {1}, {64}, 0, 0, 6 * 64);
  for (int n = 0; n < 64; ++n) {
    SCOPED_TRACE(n);
    const int* own = &out[static_cast<std::size_t>(6 * n)];
    const int warp = n / 32 * 32;
    EXPECT_EQ(own[0], 32 * warp + 496);
    EXPECT_EQ(own[1], warp + 5);
    EXPECT_EQ(own[2], n % 8 + 3 < 8 ? n + 3 : n);
    EXPECT_EQ(own[3], 0x01010101);
    EXPECT_EQ(own[4], n >= 32);
    EXPECT_EQ(own[5], n % 2 == 0 ? warp + 2 : -1);
  }
}

TEST_F(FakeNvrtcTest, ABarrierThatOnlySomeReachEndsTheProcess) {
  // A forked process could not use the driver.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  constexpr char kText[] = R"(
extern "C" __global__ void stuck(int* out, int add) {
  if (threadIdx.x < 2) __syncthreads();
  out[threadIdx.x] = add;
})";
  EXPECT_DEATH(run(kText, "stuck", {1}, {4}, 0, 0, 4), "threads of a block end at different");
}

TEST_F(FakeNvrtcTest, WhatDoesNotCompileIsAnErrorWithTheLog) {
  try {
    compiled("extern \"C\" __global__ void wrong() {\n  nonsense = 1;\n}\n");
    FAIL() << "nonsense was compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_NE(std::string(error.what()).find("NVRTC_ERROR_COMPILATION: kernel.cu(2): error: "),
              std::string::npos)
        << error.what();
    EXPECT_NE(error.data().at("log").find("1 error detected in the compilation of \"kernel.cu\"."),
              std::string::npos);
  }
  const CudaSource strange = {"", "kernel.cu", {"--strange"}, ""};
  EXPECT_THROW(fake_nvrtc()->compile(strange, {90, {13, 0}}), Error);
}

TEST_F(FakeNvrtcTest, MakesPtxForADeviceThatItDoesNotKnow) {
  EXPECT_EQ(compiled(kPlaces, 90).form, NvrtcFit::Form::machine_code);
  const CudaImage image = compiled(kPlaces, 130);
  EXPECT_EQ(image.form, NvrtcFit::Form::ptx);
  EXPECT_EQ(DeviceModule(context(), image.data).function("places").resources().most_threads, 6);
}

TEST_F(FakeNvrtcTest, KeepsWhatItHasCompiled) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-nvrtc-");
  ::setenv("KERNELOPS_FAKE_NVRTC_CACHE", directory.path().c_str(), 1);
  const std::string first = compiled(kPlaces).data;
  ::setenv("KERNELOPS_FAKE_NVRTC_COMPILER", "", 1);
  EXPECT_EQ(compiled(kPlaces).data, first);
  ::setenv("KERNELOPS_FAKE_NVRTC_COMPILER", "no-such-compiler", 1);
  EXPECT_THROW(compiled(kPlaces), Error);
  ::unsetenv("KERNELOPS_FAKE_NVRTC_COMPILER");
  ::unsetenv("KERNELOPS_FAKE_NVRTC_CACHE");
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    files += file.is_regular_file();
  }
  EXPECT_EQ(files, 1u);
}

// Each device waits inside its kernel for the kernel of the other.
TEST_F(FakeNvrtcTest, DevicesWorkAtTheSameTime) {
  pretend({2});
  const std::string image = compiled(R"(
extern "C" __global__ void meet(int* out, int* places) {
  volatile int* const mine = places;
  mine[out[0]] = 1;
  while (mine[1 - out[0]] == 0) {
  }
  __syncthreads();
  out[0] += 10;
})")
                                .data;
  int places[2] = {0, 0};
  std::vector<int> results(2);
  const auto work = [&](int ordinal) {
    const auto here = context(ordinal);
    const CudaStream stream(here);
    const DeviceModule module(here, image);
    const DeviceBuffer buffer = DeviceMemory::create(here, 1024)->allocate(sizeof(int));
    stream.send(buffer.address(), &ordinal, sizeof(int));
    launch(stream, module.function("meet"), {}, {}, 0, buffer, &places[0]);
    stream.receive(&results[static_cast<std::size_t>(ordinal)], buffer.address(), sizeof(int));
    stream.wait();
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_EQ(results, (std::vector<int>{10, 11}));
}

constexpr char kAdd[] = R"(
extern "C" __global__ void add(int* out, int number) { out[threadIdx.x] += number; }
)";

class AsynchronousTest : public FakeNvrtcTest {
 protected:
  AsynchronousTest() {
    fake::Machine machine;
    machine.devices = 2;
    machine.asynchronous = true;
    pretend(machine);
  }
};

TEST_F(AsynchronousTest, NothingHappensBeforeSomebodyWaits) {
  const auto here = context();
  const CudaStream stream(here);
  const CudaStream other(here);
  const DeviceModule module(here, compiled(kAdd).data);
  const auto memory = DeviceMemory::create(here, 4096);
  const DeviceBuffer buffer = memory->allocate(sizeof(int));
  PinnedBuffer pinned(here, sizeof(int));
  int& number = *static_cast<int*>(pinned.data());

  number = 1;
  stream.send(buffer.address(), &number, sizeof(int));
  launch(stream, module.function("add"), {}, {}, 0, buffer, 40);
  // The chunk is used again too early.
  number = 2;
  CudaEvent sent(here);
  sent.record(stream);
  EXPECT_FALSE(sent.is_done());
  EXPECT_TRUE(sent.is_done());
  other.receive(&number, buffer.address(), sizeof(int));
  EXPECT_EQ(number, 2) << "the copy is still to come";
  other.wait();
  EXPECT_EQ(number, 42);

  // Memory that is not pinned is read at once.
  int plain = 5;
  stream.send(buffer.address(), &plain, sizeof(int));
  plain = 6;
  stream.receive(&plain, buffer.address(), sizeof(int));
  EXPECT_EQ(plain, 5);
}

TEST_F(AsynchronousTest, StreamsAreOrderedByMarksAlone) {
  const auto here = context();
  const CudaStream first(here);
  const CudaStream second(here);
  const DeviceModule module(here, compiled(kAdd).data);
  const auto memory = DeviceMemory::create(here, 4096);
  const DeviceBuffer buffer = memory->allocate(sizeof(int));
  for (const bool ordered : {false, true}) {
    int number = -7;
    first.fill(buffer.address(), 0, sizeof(int));
    first.wait();
    launch(first, module.function("add"), {}, {}, 0, buffer, 3);
    CudaEvent added(here);
    added.record(first);
    if (ordered) second.wait_for(added);
    second.receive(&number, buffer.address(), sizeof(int));
    EXPECT_EQ(number, ordered ? 3 : 0);
    first.wait();
  }
}

TEST_F(AsynchronousTest, MemoryOfAnotherDeviceIsOutOfReach) {
  const auto here = context(0);
  const auto there = context(1);
  const CudaStream stream(here);
  const DeviceModule module(here, compiled(kAdd).data);
  const DeviceBuffer buffer = DeviceMemory::create(there, 4096)->allocate(sizeof(int));
  EXPECT_THROW(launch(stream, module.function("add"), {}, {}, 0, buffer, 3), Error);
  EXPECT_EQ(fake::books().complaint, "a kernel is given memory of another device");
  EXPECT_THROW(stream.fill(buffer.address(), 0, sizeof(int)), Error);
  fake::reset();
}

TEST_F(AsynchronousTest, ThreadsMayWaitForEachOthersStreams) {
  const auto here = context();
  const DeviceModule module(here, compiled(kAdd).data);
  const auto memory = DeviceMemory::create(here, 4096);
  const CudaStream streams[2] = {CudaStream(here), CudaStream(here)};
  const DeviceBuffer buffer = memory->allocate(sizeof(int));
  constexpr int kTurns = 300;
  const DeviceFunction add = module.function("add");
  streams[0].fill(buffer.address(), 0, sizeof(int));
  CudaEvent mark(here);
  mark.record(streams[0]);
  for (int turn = 0; turn < kTurns; ++turn) {
    streams[(turn + 1) % 2].wait_for(mark);
    launch(streams[(turn + 1) % 2], add, {}, {}, 0, buffer, 1);
    mark.record(streams[(turn + 1) % 2]);
  }
  std::thread other([&] { streams[1].wait([] { return false; }); });
  streams[0].wait([] { return false; });
  other.join();
  int number = 0;
  streams[0].receive(&number, buffer.address(), sizeof(int));
  EXPECT_EQ(number, kTurns);
}

TEST(FakeDriverTest, TheEnvironmentPlansFailures) {
  fake::reset();
  const auto driver = search_driver({{KERNELOPS_FAKE_DRIVER}}).driver;
  const auto here = std::make_shared<CudaContext>(driver, 0);
  const auto fails = [&](const char* plan) {
    ::setenv("KERNELOPS_FAKE_FAIL", plan, 1);
    std::string out;
    for (int k = 0; k < 4; ++k) {
      try {
        const CudaEvent event(here);
        out += "+";
      } catch (const Error& error) {
        out += error.kind() == ErrorKind::memory ? "m" : "d";
      }
    }
    return out;
  };
  EXPECT_EQ(fails("cuEventCreate:3:2"), "++m+");
  EXPECT_EQ(fails("cuStreamCreate:1:2,cuEventCreate:2:700:lasting"), "+ddd");
  EXPECT_EQ(fails(""), "++++");
  ::unsetenv("KERNELOPS_FAKE_FAIL");
}

}  // namespace
}  // namespace kernelops
