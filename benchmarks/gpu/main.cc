// What kernels reach on this machine's GPU, against what the hardware allows; every result is
// checked. README.md says how to run it with its peers.
//
//   gpu_benchmark [--quick] [--only=PART] [--scale=1] [--repetitions=5] [--most-seconds=2]
//                 [--device=0] [--nvrtc=PATH] [--results=FOLDER]
//                 [--reference=FILE]
//   gpu_benchmark --compile-only [--architectures=80,90] [--keep=FOLDER] [--only=PART]
//
// --only runs the tasks whose names have that part, --scale shortens everything. The status is not
// 0 if a result is wrong or a task fails.

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "compile_only.h"
#include "core/jit/files.h"
#include "machine.h"
#include "measure.h"
#include "report.h"
#include "statistics.h"

namespace kernelops::benchmark {
namespace {

struct CommandLine {
  Options options;
  std::string filter;
  std::string results = ".";
  std::string keep;
  std::string reference;
  std::vector<int> architectures = {80, 90};
  bool only_compiles = false;
};

std::vector<int> numbers_of(const std::string& text) {
  std::vector<int> out;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) out.push_back(std::atoi(part.c_str()));
  return out;
}

bool read_words(int count, char** words, CommandLine* out) {
  Options& options = out->options;
  for (int k = 1; k < count; ++k) {
    const std::string word = words[k];
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "--quick") {
      options.repetitions = 3;
      options.most_seconds = 0.2;
      options.reference_rows = 8;
    } else if (name == "--only") {
      out->filter = value;
    } else if (name == "--scale") {
      options.scale = std::atof(value.c_str());
    } else if (name == "--repetitions") {
      options.repetitions = std::max(1, std::atoi(value.c_str()));
    } else if (name == "--most-seconds") {
      options.most_seconds = std::atof(value.c_str());
    } else if (name == "--device") {
      options.settings.devices = {std::atoi(value.c_str())};
    } else if (name == "--nvrtc") {
      options.settings.nvrtc = value;
    } else if (name == "--results") {
      out->results = value;
    } else if (name == "--reference") {
      out->reference = value;
    } else if (name == "--keep") {
      out->keep = value;
    } else if (name == "--architectures") {
      out->architectures = numbers_of(value);
    } else if (name == "--compile-only") {
      out->only_compiles = true;
    } else {
      std::fprintf(stderr, "unknown argument: %s\n", word.c_str());
      return false;
    }
  }
  return true;
}

// Fewer points, but never so few that nothing is left to compute.
Task scaled(Task task, double scale) {
  constexpr std::int64_t kFewest = 40;
  const auto less = [&](std::int64_t count) {
    const auto wanted = static_cast<std::int64_t>(static_cast<double>(count) * scale);
    return std::min(count, std::max(kFewest, wanted));
  };
  task.rows = less(task.rows);
  task.columns = less(task.columns);
  return task;
}

bool measure_all(const CommandLine& words) {
  const TemporaryDirectory directory("/tmp/kernelops-benchmark-");
  Options options = words.options;
  options.settings.gpu = true;
  options.settings.threads = host_threads();
  options.settings.cache_directory = directory.path() + "/cache";
  Session session;
  ThreadPool pool;
  const Place place = place_in(words.results);

  Latencies latencies;
  const double start = wall_seconds();
  const DeviceProperties device = session.start_gpus(options.settings).front();
  latencies.start_seconds = wall_seconds() - start;
  const double one = 1;
  const auto used = session.to_gpu(&one, 1, 1, options.settings)->device;
  const MachineReport machine = measure_machine(used, *session.find_gpus(options.settings).compiler,
                                                options.scale, options.repetitions);
  bool is_right = true;
  try {
    latencies.overhead_seconds = measure_overhead(options, session, pool);
  } catch (const Error& error) {
    is_right = false;
    std::printf("10 x 10 points failed: %s\n", error.what());
  }
  report_machine(place, device, machine, latencies);

  const Hardware hardware{machine.clock_hertz, device.processors, machine.bytes_per_second};
  print_head();
  for (const Ceiling& each : machine.ceilings) is_right = is_right && each.failure.empty();
  for (const Task& task : all_tasks()) {
    if (std::string(task.name).find(words.filter) == std::string::npos) continue;
    const TaskReport report = measure_task(scaled(task, options.scale), options, session, pool);
    report_task(place, device.name, hardware, report);
    if (!words.reference.empty()) write_reference(words.reference, report);
    for (const Measurement& each : report.measurements) is_right = is_right && each.is_right();
  }
  std::printf(is_right ? "all results are right\n" : "something failed or is WRONG\n");
  return is_right;
}

}  // namespace
}  // namespace kernelops::benchmark

int main(int count, char** arguments) {
  kernelops::benchmark::CommandLine words;
  words.options.settings.kernel_directory = KERNELOPS_KERNEL_DIR;
  words.options.settings.version = "benchmark";
  if (!kernelops::benchmark::read_words(count, arguments, &words)) return 2;
  try {
    const bool is_fine = words.only_compiles
                             ? kernelops::benchmark::compile_only(
                                   words.options, words.architectures, words.filter, words.keep)
                             : kernelops::benchmark::measure_all(words);
    return is_fine ? 0 : 1;
  } catch (const kernelops::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
