#include "core/engine/compiled_backend.h"

#include <utility>

#include "core/engine/compiled_kernel.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

// Compilers take more than linear time for long functions: 0.4 MB of source cost 21 s with -O2, 5 s
// with -O1.
constexpr std::size_t kLongSource = 100 * 1024;

}  // namespace

CompiledBackend::CompiledBackend(ToolchainSearch search, KernelCache& cache,
                                 std::string kernel_directory, std::string version)
    : search_(std::move(search)),
      cache_(cache),
      kernel_directory_(std::move(kernel_directory)),
      version_(std::move(version)) {}

Availability CompiledBackend::availability() const {
  if (search_.toolchain) return {true, ""};
  return {false, missing_compiler_error(search_).what()};
}

const Toolchain& CompiledBackend::toolchain() const {
  if (!search_.toolchain) throw missing_compiler_error(search_);
  return *search_.toolchain;
}

TileShape CompiledBackend::tile_shape(const Program& program) const {
  return choose_tile_shape(program, toolchain().cpu.vector_registers);
}

CpuTarget CompiledBackend::target(bool float32) const {
  const CpuFeatures& cpu = toolchain().cpu;
  return {float32, cpu.vector_bytes, cpu.vector_registers};
}

std::int64_t CompiledBackend::row_block(const Program& program, bool float32) const {
  return program.transposed ? lanes(float32)
                            : std::int64_t{tile_shape(program).row_vectors} * lanes(float32);
}

int CompiledBackend::lanes(bool float32) const { return target(float32).lanes(); }

KernelSource CompiledBackend::source(const Program& program, bool float32) const {
  return generate_cpu(program, target(float32), tile_shape(program));
}

std::vector<std::string> CompiledBackend::command() const {
  return compile_command(toolchain(), "kernel.cc", kernel_directory_, "kernel.so");
}

KernelRequest CompiledBackend::request(const Program& program, bool float32) const {
  KernelRequest request;
  request.source = source(program, float32).text;
  request.include_directory = kernel_directory_;
  request.toolchain = toolchain();
  if (request.source.size() > kLongSource) request.toolchain.flags.push_back("-O1");
  request.salt = version_ + " abi " + std::to_string(kAbiVersion);
  return request;
}

bool CompiledBackend::is_ready(const Program& program, bool float32) const {
  return search_.toolchain.has_value() && cache_.contains(request(program, float32));
}

std::shared_ptr<Kernel> CompiledBackend::kernel(const Program& program, bool float32,
                                                const std::function<bool()>& interrupted) {
  KernelRequest wanted = request(program, float32);
  wanted.interrupted = interrupted;
  return std::make_shared<CompiledKernel>(cache_.load(wanted));
}

}  // namespace kernelops
