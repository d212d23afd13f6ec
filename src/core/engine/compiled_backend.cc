#include "core/engine/compiled_backend.h"

#include <utility>

#include "core/codegen/cpu.h"
#include "core/support/error.h"

namespace kernelops {

namespace {

class CompiledKernel : public Kernel {
 public:
  explicit CompiledKernel(std::shared_ptr<Module> module)
      : module_(std::move(module)),
        descriptor_(*static_cast<const KernelDescriptor*>(module_->symbol("kernelops_kernel"))) {
    if (descriptor_.abi_version != kAbiVersion) {
      throw Error(ErrorKind::load, "a compiled kernel has interface version " +
                                       std::to_string(descriptor_.abi_version) +
                                       ", but this package has " + std::to_string(kAbiVersion));
    }
  }

  KernelSizes sizes() const override {
    return {descriptor_.real_bytes, descriptor_.lanes, descriptor_.row_block,
            descriptor_.state_slots, descriptor_.scratch_bytes};
  }
  void parameter_section(void* panel) const override {
    descriptor_.parameter_section(panel, panel, descriptor_.lanes, descriptor_.lanes);
  }
  void row_section(const void* parameters, void* panel, Size stride, Size count) const override {
    descriptor_.row_section(parameters, panel, stride, count);
  }
  void column_section(const void* parameters, void* panel, Size stride, Size count) const override {
    descriptor_.column_section(parameters, panel, stride, count);
  }
  void initialise(void* state, Size stride, Size count) const override {
    descriptor_.initialise(state, stride, count);
  }
  void tile(const Tile& tile) const override { descriptor_.tile(&tile); }
  void merge(void* into, Size into_stride, const void* from, Size from_stride,
             Size count) const override {
    descriptor_.merge(into, into_stride, from, from_stride, count);
  }
  void finish(const void* state, Size stride, Size count, void* output,
              Size output_stride) const override {
    descriptor_.finish(state, stride, count, output, output_stride);
  }

 private:
  std::shared_ptr<Module> module_;
  const KernelDescriptor& descriptor_;
};

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

KernelSource CompiledBackend::source(const Program& program, bool float32) const {
  const CpuFeatures& cpu = toolchain().cpu;
  return generate_cpu(program, {float32, cpu.vector_bytes}, tile_shape(program));
}

std::vector<std::string> CompiledBackend::command() const {
  return compile_command(toolchain(), "kernel.cc", kernel_directory_, "kernel.so");
}

KernelRequest CompiledBackend::request(const Program& program, bool float32) const {
  KernelRequest request;
  request.source = source(program, float32).text;
  request.include_directory = kernel_directory_;
  request.toolchain = toolchain();
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
