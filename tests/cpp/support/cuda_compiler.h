// The CUDA compilers of this machine, for tests that compile.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/jit/nvcc.h"
#include "core/jit/nvrtc.h"
#include "core/jit/nvrtc_places.h"

namespace kernelops::testing {

/// The first NVRTC found, or nothing.
inline std::shared_ptr<Nvrtc> machine_nvrtc() {
  static const std::shared_ptr<Nvrtc> found =
      search_nvrtc(nvrtc_candidates(nvrtc_places("")), {}).nvrtc;
  return found;
}

/// The first nvcc found, or nothing.
inline std::shared_ptr<Nvcc> machine_nvcc() {
  static const std::shared_ptr<Nvcc> found =
      search_nvcc(nvcc_candidates(nvrtc_places("")), {}).nvcc;
  return found;
}

/// Skips a test, with the reason, where there is no nvcc.
#define KERNELOPS_NEEDS_NVCC()                               \
  if (::kernelops::testing::machine_nvcc() == nullptr) {     \
    GTEST_SKIP() << "no nvcc was found: set KERNELOPS_NVCC"; \
  }

/// Skips a test, with the reason, where there is no NVRTC.
#define KERNELOPS_NEEDS_NVRTC()                                \
  if (::kernelops::testing::machine_nvrtc() == nullptr) {      \
    GTEST_SKIP() << "no NVRTC was found: set KERNELOPS_NVRTC"; \
  }

}  // namespace kernelops::testing
