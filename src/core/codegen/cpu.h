// Program to C++ text: lanes of a vector register are consecutive rows.
#pragma once

#include "core/codegen/kernel_source.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// The real type and the vector width a kernel is written for.
struct CpuTarget {
  bool float32 = false;
  int vector_bytes = 16;
  int vector_registers = 16;

  int lanes() const { return vector_bytes / (float32 ? 4 : 8); }
};

/// The kernel of a program, a translation unit that includes only the headers of inst/kernels and
/// defines `kernelops_kernel` (inst/kernels/abi.h).
KernelSource generate_cpu(const Program& program, const CpuTarget& target, TileShape shape);

}  // namespace kernelops
