// Compiles the CUDA text of programs to machine code, and tells what the assembler says of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/codegen/cuda.h"
#include "support/nvrtc.h"

namespace kernelops::testing {

/// The architectures that differ most: the oldest supported, those of data centres, the newest.
inline std::vector<int> main_architectures(const Nvrtc& nvrtc) {
  const std::vector<int> all = nvrtc.architectures();
  std::vector<int> out;
  for (const int each : all) {
    if (each == 75 || each == 80 || each == 90 || each == all.back()) out.push_back(each);
  }
  return out;
}

/// Of each kernel of a program.
inline std::vector<KernelReport> kernel_reports(const Nvrtc& nvrtc, const Program& program,
                                                bool float32, const CudaShape& shape,
                                                int architecture) {
  std::vector<std::string> options = {std::string("-I") + KERNELOPS_KERNEL_DIR};
  for (const std::string& option : cuda_options(float32)) options.push_back(option);
  std::string log;
  const std::string text = generate_cuda(program, float32, shape).text;
  EXPECT_TRUE(nvrtc.compile(text, architecture, options, &log)) << log.substr(0, 3000);
  EXPECT_EQ(log.find("warning"), std::string::npos) << log.substr(0, 3000);
  return Nvrtc::reports(log);
}

/// Of the one that meets pairs, in the shape that is chosen for it.
inline KernelReport tile_report(const Nvrtc& nvrtc, const Program& program, bool float32,
                                int architecture) {
  const CudaShape shape = choose_cuda_shape(program, float32);
  for (const KernelReport& each : kernel_reports(nvrtc, program, float32, shape, architecture)) {
    if (each.name == "kernelops_tile") return each;
  }
  ADD_FAILURE() << "no kernel of pairs";
  return {};
}

}  // namespace kernelops::testing
