// The door of the engine: everything a host language calls. One Session lives as long as the
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/api/inputs.h"
#include "core/api/operator.h"
#include "core/engine/compiled_backend.h"
#include "core/gpu/installation.h"
#include "core/lower/cost.h"
#include "core/support/error.h"  // IWYU pragma: export
#include "core/support/thread_pool.h"

namespace kernelops {

/// What the host's options say.
struct Settings {
  bool float32 = false;
  bool refuses_missing = true;
  int threads = 1;
  std::vector<std::string> compilers;  // candidates in order
  std::vector<std::string> compiler_flags;
  std::string cpu;  // a name of CpuFeatures, or empty
  std::string cache_directory;
  std::string kernel_directory;  // the headers of inst/kernels
  std::string version;           // of the package
  // The size on disk that compiled kernels are cut down to.
  std::uintmax_t cache_bytes = std::numeric_limits<std::uintmax_t>::max();
  std::string nvrtc;  // the library or its directory, or empty
};

/// The stages of a formula's way, each as text.
struct Explanation {
  std::vector<std::string> formulas;
  std::string graph;
  std::string simplified;
  std::string program;
  std::string source;
  std::string command;
};

/// An operator with the kernels made for it so far. A pass has a program and, made where a call has
/// few rows, the transposed one.
struct LoadedOperator {
  using KernelKey = std::tuple<const void*, bool, bool>;  // engine, float32, transposed

  Operator op;
  std::map<std::size_t, Program> transposed;                          // by number of the pass
  std::vector<std::map<KernelKey, std::shared_ptr<Kernel>>> kernels;  // of each pass

  const Program& program(std::size_t pass, bool is_transposed);
};

/// A checked call, ready to run.
struct Invocation {
  std::shared_ptr<LoadedOperator> loaded;
  CheckedInputs inputs;
  Bindings bindings;
  Sizes sizes;
  std::vector<OutputView> outputs;  // for each array of the operator; the host allocates `data`
};

/// Who would run an operator.
struct BackendStatus {
  std::string backend;
  bool compiled;       // no compiler would be needed
  std::string reason;  // why it cannot run, or nothing
  PairCost cost;       // of all passes
};

/// What the machine offers.
struct SystemReport {
  ToolchainSearch search;
  CpuFeatures cpu;
  CacheStatistics cache;
};

class Session {
 public:
  /// The operator of formulas; kept, so that the second call costs a look-up.
  std::shared_ptr<LoadedOperator> load(const OperatorText& text);

  /// Checks inputs and says what the outputs will be.
  Invocation prepare(const OperatorText& text, const std::vector<Input>& inputs, bool transposed) {
    return prepare(load(text), inputs, transposed);
  }
  Invocation prepare(const std::shared_ptr<LoadedOperator>& loaded,
                     const std::vector<Input>& inputs, bool transposed);

  /// Throws Error(argument) if settings refuse missing values and an input of a prepared call has
  /// one. NaN is none.
  void check_missing(const Invocation& invocation, const Settings& settings,
                     const InterruptCheck& interrupted);

  /// Computes a prepared call into its outputs. Compiles what is not compiled yet.
  void run(const Invocation& invocation, const Settings& settings,
           const InterruptCheck& interrupted);

  /// How much of the running call is done, from 0 to 1; for `interrupted` to ask. It is 0 while
  /// kernels are compiled.
  double progress() { return pool_.progress().fraction(); }

  /// The time that all compilations of this session took.
  double compile_seconds() const { return compile_seconds_; }

  Explanation explain(const Operator& op, const Settings& settings);
  BackendStatus status(const Operator& op, const Settings& settings);
  SystemReport report(const Settings& settings);

  /// What there is for work on GPUs. The first call, or the first such work, starts the driver.
  CudaInstallation find_gpus(const Settings& settings);

  std::size_t clear_cache(const Settings& settings);

 private:
  // A toolchain, a cache directory and the back end on top of them.
  struct Engine {
    std::unique_ptr<KernelCache> cache;
    std::unique_ptr<CompiledBackend> backend;
    ToolchainSearch search;
    std::optional<std::uintmax_t> pruned;  // the size that the cache was cut down to
  };

  Engine& engine(const Settings& settings);
  // A pass as a call runs it.
  struct Runnable {
    const Program& program;
    std::shared_ptr<Kernel> kernel;
  };
  std::vector<Runnable> runnable(const Invocation& invocation, const Settings& settings,
                                 const InterruptCheck& interrupted);
  std::shared_ptr<Kernel> make_kernel(Engine& engine, const Program& program, bool float32,
                                      const InterruptCheck& interrupted);

  std::map<std::string, std::shared_ptr<LoadedOperator>> operators_;
  std::map<std::string, std::unique_ptr<Engine>> engines_;
  ThreadPool pool_;
  std::shared_ptr<CudaDriver> driver_;
  double compile_seconds_ = 0;
};

}  // namespace kernelops
