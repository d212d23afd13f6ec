// Every call of the driver fails once while programs start, stream data and run on two devices.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/execute_cuda.h"
#include "core/lower/lower.h"
#include "support/every_driver_call.h"
#include "support/gpu_machine.h"

namespace kernelops {
namespace {

using testing::BoundValues;
using testing::Formulas;
using testing::GpuMachine;
using testing::Random;
using testing::Table;
using testing::Values;

class CudaFailures : public ::testing::Test {
 protected:
  CudaFailures() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    program = lower({f("Sum_Reduction(Exp(-SqDist(x, y)), 0)")});
    Random random(3);
    values = f.values(random, sizes);
    expected = work();
  }

  // Starts two devices, sends a matrix to one of them and computes with little memory.
  std::vector<double> work() {
    const auto driver = machine.devices()[0]->context()->driver_pointer();
    std::vector<std::shared_ptr<GpuDevice>> devices;
    for (const int ordinal : {0, 1}) {
      devices.push_back(std::make_shared<GpuDevice>(driver, ordinal, kMemory));
    }
    const auto executable = machine.backend().executable(program, {true, false}, devices, {});
    const BoundValues bound(values);
    Bindings bindings = bound.bindings;
    ArrayView& view = bindings.at(f.variables[0]);
    const auto array =
        send_array(devices[1], static_cast<const double*>(view.data), view.rows, view.dimension);
    view.device_array = array.get();
    std::vector<Table> out = testing::output_tables(program, sizes);
    const std::vector<OutputView> views = testing::output_views(out);
    executable->run({bindings, sizes, Category::i, views, 2, machine.pool(), {}});
    return out[0].values;
  }

  static constexpr std::size_t kMemory = 24 * 1024;
  const Sizes sizes{300, 900};
  Formulas f;
  Program program;
  Values values;
  GpuMachine machine{2};
  std::vector<double> expected;
};

TEST_F(CudaFailures, EveryFailureIsAnErrorLeaksNothingAndTheNextWorkIsDone) {
  fake::Books before = fake::books();
  const auto is_as_before = [&] {
    const fake::Books now = fake::books();
    return now.device_blocks == before.device_blocks && now.streams == before.streams &&
           now.events == before.events && now.host_blocks == before.host_blocks &&
           now.modules == before.modules && now.contexts == before.contexts &&
           now.current == before.current;
  };
  int errors = 0;
  for (const auto& [name, count] : testing::driver_calls([&] { work(); })) {
    // Of many equal calls some are enough.
    for (int which = 1; which <= count; which += 1 + which / 6) {
      for (const int code : {999, static_cast<int>(kDriverOutOfMemory)}) {
        fake::fail(name, which, code);
        bool failed = false;
        try {
          EXPECT_EQ(work(), expected) << name << " " << which;
        } catch (const Error& error) {
          failed = true;
          ++errors;
          const bool is_memory = code == kDriverOutOfMemory;
          EXPECT_EQ(error.kind(), is_memory ? ErrorKind::memory : ErrorKind::device) << name;
        }
        fake::forget_failures();
        // What cannot be given back is lost, and nobody can be told.
        if (failed) {
          EXPECT_TRUE(is_as_before()) << name << " " << which;
        } else {
          before = fake::books();
        }
        EXPECT_EQ(work(), expected) << "after " << name << " " << which;
        ASSERT_FALSE(HasFailure());
      }
    }
  }
  EXPECT_GT(errors, 100);
}

TEST_F(CudaFailures, LessMemoryThanThereShouldBeIsMadeDoWith) {
  // The pool tries twice before it gives up, then half of the memory is tried.
  fake::fail("cuMemAlloc", 1, kDriverOutOfMemory);
  EXPECT_EQ(work(), expected);
}

TEST_F(CudaFailures, AnInterruptStopsTheWorkAndLeavesAllUsable) {
  const auto executable = machine.executable(program, true, 2);
  const BoundValues bound(values);
  std::vector<Table> out = testing::output_tables(program, sizes);
  const std::vector<OutputView> views = testing::output_views(out);
  for (const std::size_t devices : {1, 2}) {
    const auto some = machine.executable(program, true, devices);
    fake::stay_busy();
    try {
      some->run(
          {bound.bindings, sizes, Category::i, views, 2, machine.pool(), [] { return true; }});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupt);
    }
    EXPECT_EQ(machine.used_bytes(), 0u);
    EXPECT_EQ(work(), expected);
  }
}

TEST_F(CudaFailures, AForkedChildIsRefused) {
  const auto executable = machine.executable(program, true);
  const pid_t child = ::fork();
  if (child == 0) {
    bool refused = false;
    try {
      work();
    } catch (const Error& error) {
      refused = error.kind() == ErrorKind::device &&
                std::string(error.what()).find("in a forked process") != std::string::npos;
    }
    ::_exit(refused ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(work(), expected);
}

}  // namespace
}  // namespace kernelops
