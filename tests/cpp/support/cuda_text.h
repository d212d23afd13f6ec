// The kernels of a program as machine code, by NVRTC.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "support/nvrtc.h"

namespace kernelops::testing {

/// The architectures that machine code is tested for, of those the compiler knows.
inline std::vector<int> tested_architectures(const Nvrtc& nvrtc) {
  const std::vector<int> all = nvrtc.architectures();
  std::vector<int> out;
  for (const int each : all) {
    if (each == 75 || each == 80 || each == 90 || each == all.back()) out.push_back(each);
  }
  return out;
}

/// What the assembler says of the kernels of a program in a shape; there must be no warnings.
inline std::vector<KernelReport> compiled(const Nvrtc& nvrtc, const Program& program, bool float32,
                                          int architecture, const CudaShape& shape) {
  std::vector<std::string> options = {std::string("-I") + KERNELOPS_KERNEL_DIR};
  for (const std::string& option : cuda_options(float32)) options.push_back(option);
  std::string log;
  const std::string text = generate_cuda(program, float32, shape).text;
  EXPECT_TRUE(nvrtc.compile(text, architecture, options, &log)) << log.substr(0, 3000);
  EXPECT_EQ(log.find("warning"), std::string::npos) << log.substr(0, 3000);
  return Nvrtc::reports(log);
}

/// In the shape that is chosen for it.
inline std::vector<KernelReport> compiled(const Nvrtc& nvrtc, const Program& program, bool float32,
                                          int architecture) {
  return compiled(nvrtc, program, float32, architecture, choose_cuda_shape(program, float32));
}

/// Of the kernel that meets pairs, in that shape.
inline KernelReport tile_report(const Nvrtc& nvrtc, const Program& program, bool float32,
                                int architecture) {
  for (const KernelReport& each : compiled(nvrtc, program, float32, architecture)) {
    if (each.name == "kernelops_tile") return each;
  }
  ADD_FAILURE() << "no kernel of pairs";
  return {};
}

}  // namespace kernelops::testing
