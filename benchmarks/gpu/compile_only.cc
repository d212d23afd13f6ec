#include "compile_only.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/engine/cuda_backend.h"
#include "core/jit/nvrtc.h"
#include "core/jit/nvrtc_places.h"
#include "machine.h"
#include "statistics.h"

namespace kernelops::benchmark {
namespace {

// What the assembler says of one kernel.
struct KernelReport {
  int registers = 0;
  int stack_bytes = 0;
  int spilled_bytes = 0;
};

int number_before(const std::string& line, const char* words) {
  const std::size_t at = line.find(words);
  if (at == std::string::npos || at == 0) return 0;
  const std::size_t first = line.find_last_not_of("0123456789", at - 1) + 1;
  return std::atoi(line.c_str() + first);
}

KernelReport report_of(const std::string& log, const std::string& kernel) {
  KernelReport out;
  std::istringstream lines(log);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("Compiling entry function") != std::string::npos) {
      inside = line.find("'" + kernel + "'") != std::string::npos;
    }
    if (!inside) continue;
    if (line.find("bytes stack frame") != std::string::npos) {
      out.stack_bytes = number_before(line, " bytes stack frame");
      out.spilled_bytes = number_before(line, " bytes spill stores");
    }
    if (line.find(" registers") != std::string::npos) {
      out.registers = number_before(line, " registers");
    }
  }
  return out;
}

class Compilation {
 public:
  Compilation(const CudaCompiler& compiler, std::string folder)
      : compiler_(compiler), folder_(std::move(folder)) {}

  void compile(CudaSource source, const std::string& kernel, int architecture) {
    source.options.push_back("--ptxas-options=-v");
    const double start = wall_seconds();
    CudaImage image;
    try {
      image = compiler_.compile(source, {architecture, {}});
    } catch (const Error& error) {
      is_fine_ = false;
      std::printf("%-42s sm_%d does not compile\n%s\n", source.name.c_str(), architecture,
                  error.what());
      return;
    }
    const double seconds = wall_seconds() - start;
    const KernelReport report = report_of(image.log, kernel);
    std::printf("%-42s sm_%d %9d %7d %7d %8.0f\n", source.name.c_str(), architecture,
                report.registers, report.stack_bytes, report.spilled_bytes, 1e3 * seconds);
    if (folder_.empty()) return;
    std::string name = source.name;
    for (char& letter : name) letter = letter == ' ' || letter == ',' ? '_' : letter;
    std::ofstream(folder_ + "/" + name + ".sm_" + std::to_string(architecture) + ".cubin",
                  std::ios::binary)
        << image.data;
  }

  bool is_fine() const { return is_fine_; }

 private:
  const CudaCompiler& compiler_;
  std::string folder_;
  bool is_fine_ = true;
};

std::string text_of(const Program& program, bool float32, bool tensor_cores) {
  return generate_cuda(program, float32, choose_cuda_shape(program, float32, tensor_cores)).text;
}

}  // namespace

bool compile_only(const Options& options, const std::vector<int>& architectures,
                  const std::string& filter, const std::string& folder) {
  const NvrtcSearch search =
      search_nvrtc(nvrtc_candidates(nvrtc_places(options.settings.nvrtc)), {});
  if (search.nvrtc == nullptr) {
    std::printf("no NVRTC was found\n");
    for (const std::string& each : search.refused) std::printf("  %s\n", each.c_str());
    return false;
  }
  std::printf("%s, %s\n%-42s %5s %9s %7s %7s %8s\n", search.nvrtc->name().c_str(),
              search.nvrtc->path().c_str(), "text", "", "registers", "stack", "spilled", "ms");
  Compilation compilation(*search.nvrtc, folder);
  for (const int architecture : architectures) {
    for (const CudaSource& each : machine_sources()) {
      compilation.compile(each, each.name == "copy" ? "copy" : "measure", architecture);
    }
    for (const Task& task : all_tasks()) {
      if (std::string(task.name).find(filter) == std::string::npos) continue;
      const Operator op(kernelops::benchmark::text_of(task));
      const Program& program = op.passes().front().program;
      const std::string exact = text_of(program, !task.float64, false);
      const std::string tensor = text_of(program, !task.float64, true);
      CudaSource source{exact, task.name, cuda_options(!task.float64), ""};
      source.options.push_back("-I" + options.settings.kernel_directory);
      compilation.compile(source, "kernelops_tile", architecture);
      if (tensor == exact) continue;
      source.text = tensor;
      source.name += ", tensor cores";
      compilation.compile(source, "kernelops_tile", architecture);
    }
  }
  return compilation.is_fine();
}

}  // namespace kernelops::benchmark
