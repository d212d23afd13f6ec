#include "core/gpu/device_module.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/gpu/device_memory.h"
#include "core/jit/files.h"
#include "core/jit/process.h"
#include "core/jit/toolchain.h"
#include "support/fake_gpu.h"

namespace kernelops {
namespace {

// x[i] *= factor for each thread.
void scale(const fake::Launch& launch) {
  auto* x = static_cast<float*>(fake::memory(*static_cast<DevicePointer*>(launch.arguments[0])));
  const float factor = *static_cast<float*>(launch.arguments[1]);
  for (unsigned i = 0; i < launch.grid[0] * launch.block[0]; ++i) x[i] *= factor;
}

class DeviceModuleTest : public testing::FakeGpuTest {};

TEST_F(DeviceModuleTest, RunsAKernel) {
  fake::add_kernel("scale", scale);
  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 4096);
  const DeviceModule module(here, fake::kImage);
  const DeviceFunction kernel = module.function("scale");
  EXPECT_EQ(kernel.resources().registers, 64);
  EXPECT_EQ(kernel.resources().local_bytes, 0);
  EXPECT_EQ(kernel.resources().most_threads, 1024);
  kernel.allow_shared_bytes(100000);

  std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const DeviceBuffer buffer = memory->allocate(sizeof(float) * x.size());
  stream.send(buffer.address(), x.data(), buffer.bytes());
  DevicePointer address = buffer.address();
  float factor = 3;
  void* arguments[] = {&address, &factor};
  kernel.launch(stream, {2}, {3}, 0, arguments);
  stream.receive(x.data(), buffer.address(), buffer.bytes());
  stream.wait();
  EXPECT_EQ(x, (std::vector<float>{3, 6, 9, 12, 15, 18}));
}

TEST_F(DeviceModuleTest, RunsALibraryAsAnImage) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-image-");
  const std::string source = directory.path() + "/kernel.cc";
  const std::string library = directory.path() + "/kernel.so";
  ASSERT_EQ(write_new_file(source,
                           "struct Launch { unsigned grid[3], block[3], shared; void** arguments; "
                           "};\nextern \"C\" void answer(const Launch& launch) {\n"
                           "  **static_cast<int**>(launch.arguments[0]) = 42;\n}\n"),
            0);
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  ASSERT_EQ(run_process(compile_command(toolchain, source, "", library)).status, 0);

  const auto here = context();
  const CudaStream stream(here);
  const auto memory = DeviceMemory::create(here, 4096);
  const DeviceModule module(here, *read_file(library));
  const DeviceBuffer buffer = memory->allocate(sizeof(int));
  DevicePointer address = buffer.address();
  void* arguments[] = {&address};
  module.function("answer").launch(stream, {}, {}, 0, arguments);
  int answer = 0;
  stream.receive(&answer, buffer.address(), sizeof answer);
  stream.wait();
  EXPECT_EQ(answer, 42);
}

TEST_F(DeviceModuleTest, NamesAKernelThatIsMissingAndRefusesWhatIsNoImage) {
  const auto here = context();
  const DeviceModule module(here, fake::kImage);
  try {
    module.function("missing");
    FAIL() << "a missing kernel was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::device);
    EXPECT_NE(std::string(error.what()).find("looking for the kernel `missing` on GPU 0"),
              std::string::npos);
  }
  EXPECT_THROW(DeviceModule(here, "no image"), Error);
  EXPECT_EQ(fake::books().modules, 1);
}

}  // namespace
}  // namespace kernelops
