// The back end that generates C++ text and uses the machine's compiler.
#pragma once

#include <string>
#include <vector>

#include "core/codegen/cpu.h"
#include "core/codegen/kernel_source.h"
#include "core/engine/backend.h"
#include "core/jit/kernel_cache.h"
#include "core/jit/toolchain.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// Compiles kernels and keeps them in a KernelCache, which must outlive it.
class CompiledBackend : public Backend {
 public:
  /// `kernel_directory` holds the headers of inst/kernels; `version` enters the cache key.
  CompiledBackend(ToolchainSearch search, KernelCache& cache, std::string kernel_directory,
                  std::string version);

  std::string name() const override { return "compiled C++"; }
  Availability availability() const override;
  std::int64_t row_block(const Program& program, bool float32) const override;
  int lanes(bool float32) const override;
  bool is_ready(const Program& program, bool float32) const override;
  std::shared_ptr<Kernel> kernel(const Program& program, bool float32,
                                 const std::function<bool()>& interrupted) override;

  /// The tile shape, the generated source and the command that compiles it, for explanations.
  TileShape tile_shape(const Program& program) const;
  KernelSource source(const Program& program, bool float32) const;
  std::vector<std::string> command() const;

 private:
  const Toolchain& toolchain() const;
  CpuTarget target(bool float32) const;
  KernelRequest request(const Program& program, bool float32) const;

  ToolchainSearch search_;
  KernelCache& cache_;
  std::string kernel_directory_;
  std::string version_;
};

}  // namespace kernelops
