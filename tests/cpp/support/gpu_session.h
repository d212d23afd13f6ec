// A session on pretended GPUs: the fake driver runs what the fake NVRTC has compiled.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "core/jit/files.h"
#include "fake_driver/fake_driver.h"
#include "support/session.h"

namespace kernelops::testing {

/// Leads all searches for a driver and an NVRTC to the fake ones, as long as it lives.
class GpuEnvironment {
 public:
  GpuEnvironment() {
    set("KERNELOPS_LIBCUDA", KERNELOPS_FAKE_DRIVER);
    set("KERNELOPS_NVRTC", KERNELOPS_FAKE_NVRTC);
    // The processes of a run of all tests may share what they compile.
    if (std::getenv(kCache) == nullptr) set(kCache, images_.path());
    pretend(asynchronous());
  }
  /// Whoever used the GPUs has given everything back by now.
  ~GpuEnvironment() {
    const fake::Books books = fake::books();
    EXPECT_EQ(books.complaint, "");
    EXPECT_TRUE(books.is_empty());
    fake::reset();
    for (const auto& [name, value] : old_) {
      value.has_value() ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }
  GpuEnvironment(const GpuEnvironment&) = delete;
  GpuEnvironment& operator=(const GpuEnvironment&) = delete;

  /// A machine on which work is done late; see fake::Machine.
  static fake::Machine asynchronous(int devices = 1) {
    fake::Machine out;
    out.devices = devices;
    out.asynchronous = true;
    return out;
  }

  /// Starts anew on another machine; nobody may be using the old one.
  static void pretend(const fake::Machine& machine) { fake::reset(machine); }

 private:
  static constexpr char kCache[] = "KERNELOPS_FAKE_NVRTC_CACHE";

  void set(const std::string& name, const std::string& value) {
    const char* before = std::getenv(name.c_str());
    old_[name] = before == nullptr ? std::nullopt : std::optional<std::string>(before);
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  std::map<std::string, std::optional<std::string>> old_;
  TemporaryDirectory images_{"/tmp/kernelops-images-"};
};

/// The session ends before the books are checked.
class GpuSessionFixture : protected GpuEnvironment, public SessionFixture {};

}  // namespace kernelops::testing
