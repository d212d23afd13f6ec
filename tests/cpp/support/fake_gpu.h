// A context on the fake driver, and a test that all was given back to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/gpu/context.h"
#include "core/gpu/driver.h"
#include "core/support/error.h"
#include "fake_driver/fake_driver.h"

namespace kernelops::testing {

/// Tests on one pretended machine after the other.
class FakeGpuTest : public ::testing::Test {
 protected:
  FakeGpuTest() { pretend({}); }
  ~FakeGpuTest() override {
    EXPECT_EQ(fake::books().complaint, "");
    fake::reset();
  }

  /// Starts the driver anew.
  void pretend(const fake::Machine& machine) {
    fake::reset(machine);
    driver_ = search_driver({{KERNELOPS_FAKE_DRIVER}}).driver;
  }

  std::shared_ptr<CudaContext> context(int ordinal = 0) const {
    return std::make_shared<CudaContext>(driver_, ordinal);
  }

  std::shared_ptr<CudaDriver> driver_;
};

}  // namespace kernelops::testing
