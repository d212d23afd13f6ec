// The door of the engine: everything a host language calls. One Session lives as long as the
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/api/gpus.h"
#include "core/api/inputs.h"
#include "core/api/operator.h"
#include "core/api/settings.h"
#include "core/engine/compiled_backend.h"
#include "core/lower/cost.h"
#include "core/support/error.h"  // IWYU pragma: export
#include "core/support/thread_pool.h"

namespace kernelops {

/// The stages of a formula's way, each as text.
struct Explanation {
  std::vector<std::string> formulas;
  std::string graph;
  std::string simplified;
  std::string program;
  std::string source;
  std::string command;
};

/// An operator with what was made of it so far. A pass has a program and, made where a call has
/// few rows, the transposed one.
struct LoadedOperator {
  // Back end, devices, float32, transposed or with tensor cores, class of few rows.
  using Key = std::tuple<const void*, std::vector<int>, bool, bool, std::int64_t>;

  Operator op;
  std::map<std::size_t, Program> transposed;                            // by number of the pass
  std::vector<std::map<Key, std::shared_ptr<Executable>>> executables;  // of each pass

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
  CudaInstallation find_gpus(const Settings& settings) { return gpus_.find(settings); }

  /// The properties of the devices of the settings, which are started; throws Error(device) if one
  /// cannot be used.
  std::vector<DeviceProperties> start_gpus(const Settings& settings);

  /// Sends a matrix to the first device of the settings; throws Error(device) or Error(memory).
  std::shared_ptr<DeviceArray> to_gpu(const double* values, std::int64_t rows, std::int64_t columns,
                                      const Settings& settings);

  /// Copies such a matrix back to `values`, rows x columns, column-major.
  void from_gpu(const DeviceArray& array, double* values) const { fetch_array(array, values); }

  /// The memory that devices hold, and the way to free what nobody uses.
  std::vector<GpuUse> gpu_uses() const { return gpus_.uses(); }
  void trim_gpus() const { gpus_.trim(); }

  std::size_t clear_cache(const Settings& settings);

 private:
  // A toolchain, a cache directory and the back end on top of them.
  struct Engine {
    std::unique_ptr<KernelCache> cache;
    std::unique_ptr<CompiledBackend> backend;
    ToolchainSearch search;
  };

  Engine& engine(const Settings& settings);
  // The passes of a call, ready to run.
  using Executables = std::vector<std::shared_ptr<Executable>>;
  Executables on_cpu(const Invocation& invocation, const Settings& settings,
                     const InterruptCheck& interrupted);
  Executables on_gpus(const Invocation& invocation, const Settings& settings,
                      const InterruptCheck& interrupted);
  // Cuts the cache down to its size, the first time that something was added.
  void prune_once(const Settings& settings);
  void explain_on_gpu(const Operator& op, const Settings& settings, Explanation* out);
  // What `make` makes; counts its time if a compiler ran.
  template <class Make>
  auto timed(const Make& make, const std::function<std::size_t()>& builds);

  std::map<std::string, std::shared_ptr<LoadedOperator>> operators_;
  std::map<std::string, std::unique_ptr<Engine>> engines_;
  ThreadPool pool_;
  Gpus gpus_;
  std::map<std::string, std::uintmax_t> pruned_;  // directories, and the size they were cut to
  double compile_seconds_ = 0;
};

}  // namespace kernelops
