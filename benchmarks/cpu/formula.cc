// Times any formula through the engine alone, without R.
//
//   formula [--float32] [--threads=1] [--rows=20000] [--columns=20000] [--repetitions=5]
//           [--source] [--keep=DIRECTORY] FORMULA ARGUMENT...
//   formula --float32 'Sum_Reduction(Exp(-SqDist(x,y))*b,0)' 'x=Vi(3)' 'y=Vj(3)' 'b=Vj(1)'
//
// Prints Gpairs/s by wall clock and by the time of the threads (which other jobs on the machine
// disturb less), median and best. --source prints the generated source and the compiler's command
// instead; --keep leaves the compiled kernel in a directory (mode 0700) for objdump.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "core/api/session.h"
#include "core/jit/files.h"

namespace kernelops {
namespace {

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Options {
  Settings settings;
  std::int64_t rows = 20000;
  std::int64_t columns = 20000;
  int repetitions = 5;
  bool source = false;
  std::string keep;
  OperatorText text;
};

Options read_options(int count, char** words) {
  Options out;
  out.settings.compilers = {"c++", "g++", "clang++"};
  out.settings.kernel_directory = KERNELOPS_KERNEL_DIR;
  out.settings.version = "benchmark";
  for (int k = 1; k < count; ++k) {
    const std::string word = words[k];
    const auto value = [&](const char* name) -> const char* {
      const std::string prefix = std::string("--") + name + "=";
      return word.rfind(prefix, 0) == 0 ? words[k] + prefix.size() : nullptr;
    };
    if (word == "--float32") {
      out.settings.float32 = true;
    } else if (word == "--source") {
      out.source = true;
    } else if (const char* text = value("threads")) {
      out.settings.threads = std::atoi(text);
    } else if (const char* text = value("rows")) {
      out.rows = std::atoll(text);
    } else if (const char* text = value("columns")) {
      out.columns = std::atoll(text);
    } else if (const char* text = value("repetitions")) {
      out.repetitions = std::atoi(text);
    } else if (const char* text = value("cpu")) {
      out.settings.cpu = text;
    } else if (const char* text = value("keep")) {
      out.keep = text;
    } else if (out.text.formulas.empty()) {
      out.text.formulas = {word};
      out.text.names = {""};
    } else {
      out.text.arguments.push_back(word);
    }
  }
  return out;
}

int run(Options options) {
  const TemporaryDirectory directory("/tmp/kernelops-benchmark-");
  options.settings.cache_directory =
      options.keep.empty() ? directory.path() + "/cache" : options.keep;
  Session session;
  const auto loaded = session.load(options.text);
  if (options.source) {
    const Explanation all = session.explain(loaded->op, options.settings);
    std::printf("%s\n%s\n%s\n", all.program.c_str(), all.source.c_str(), all.command.c_str());
    return 0;
  }
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0.1, 1);
  std::vector<std::vector<double>> data;
  std::vector<Input> inputs;
  for (const Variable& variable : loaded->op.variables()) {
    Input input;
    input.is_numeric = true;
    input.type = "double";
    input.is_matrix = true;
    input.rows = variable.category == Category::i   ? options.rows
                 : variable.category == Category::j ? options.columns
                                                    : 1;
    input.columns = variable.dimension;
    data.emplace_back(static_cast<std::size_t>(input.rows * input.columns));
    for (double& each : data.back()) each = uniform(random);
    input.data = data.back().data();
    inputs.push_back(input);
  }
  Invocation call = session.prepare(options.text, inputs, false);
  std::vector<std::vector<double>> results;
  for (OutputView& output : call.outputs) {
    results.emplace_back(static_cast<std::size_t>(output.rows * output.dimension));
    output.data = results.back().data();
  }
  const double begin = wall_seconds();
  session.run(call, options.settings, {});
  const double first = wall_seconds() - begin;
  const double pairs =
      1e-9 * static_cast<double>(options.rows) * static_cast<double>(options.columns);
  std::vector<double> by_wall;
  std::vector<double> by_thread;
  for (int k = 0; k < options.repetitions; ++k) {
    const double wall = wall_seconds();
    const double thread = thread_seconds();
    session.run(call, options.settings, {});
    by_wall.push_back(pairs / (wall_seconds() - wall));
    by_thread.push_back(pairs / (thread_seconds() - thread));
  }
  std::printf("wall %.4f best %.4f | thread %.4f best %.4f Gpairs/s | first call %.3f s\n",
              median(by_wall), *std::max_element(by_wall.begin(), by_wall.end()), median(by_thread),
              *std::max_element(by_thread.begin(), by_thread.end()), first);
  return 0;
}

}  // namespace
}  // namespace kernelops

int main(int count, char** words) {
  try {
    return kernelops::run(kernelops::read_options(count, words));
  } catch (const kernelops::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
