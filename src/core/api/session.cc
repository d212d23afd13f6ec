#include "core/api/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <list>
#include <utility>

#include "core/engine/execute_rows.h"
#include "core/ir/print.h"
#include "core/jit/nvrtc_places.h"
#include "core/lower/lower.h"
#include "core/ops/user_rows.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Formulas remembered before all are forgotten: a bound on memory for programs that make many.
constexpr std::size_t kMostOperators = 1000;
constexpr std::chrono::hours kOldestKernel(24 * 90);

// Texts joined by a character that none of them holds.
std::string key_of(const std::string& first, const std::vector<std::string>& rest) {
  return first + '\x1f' + join(rest, "\x1f");
}

std::string tile_text(TileShape shape) {
  return "tile: " + std::to_string(shape.row_vectors) + " vectors of rows meet " +
         std::to_string(shape.columns) + (shape.columns == 1 ? " column" : " columns") +
         " at a time\n";
}

// Whether the rows of a call are so few that the other side should have the lanes.
bool prefers_transposed(const Backend& backend, const Program& program, bool float32,
                        const Sizes& sizes) {
  return kernelops::prefers_transposed(program, backend.row_block(program, float32),
                                       backend.lanes(float32), sizes.of(program.rows),
                                       sizes.of(opposite(program.rows)));
}

std::string shell_text(const std::vector<std::string>& command) { return join(command, " "); }

}  // namespace

std::shared_ptr<LoadedOperator> Session::load(const OperatorText& text) {
  // A user's operation may have got another meaning.
  const std::string meaning =
      std::to_string(static_cast<int>(text.scheme)) + "," + std::to_string(user_rows_version());
  const std::string key = key_of(key_of(meaning, text.formulas) + '\x1e', text.names) + '\x1e' +
                          join(text.arguments, "\x1f");
  const auto found = operators_.find(key);
  if (found != operators_.end()) return found->second;
  auto made = std::make_shared<LoadedOperator>(LoadedOperator{Operator(text), {}, {}});
  if (operators_.size() >= kMostOperators) operators_.clear();
  operators_.emplace(key, made);
  return made;
}

Invocation Session::prepare(const std::shared_ptr<LoadedOperator>& loaded,
                            const std::vector<Input>& inputs, bool transposed) {
  Invocation out;
  out.loaded = loaded;
  const Operator& op = out.loaded->op;
  out.inputs = check_inputs(op.variables(), inputs, transposed);
  out.sizes = out.inputs.sizes;
  for (const Pass& pass : op.passes()) {
    for (const Panel* panel : {&pass.program.parameters, &pass.program.row, &pass.program.column}) {
      for (const PanelInput& input : panel->inputs) {
        const Expr source = input.picked ? input.source->arguments[0] : input.source;
        if (source->kind != NodeKind::variable) continue;
        out.bindings[source] =
            out.inputs.views[static_cast<std::size_t>(source->variable.position)];
      }
    }
  }
  for (const ResultArray& array : op.arrays()) {
    const Category category = op.categories()[array.formula];
    OutputView output;
    output.rows = out.sizes.of(category);
    output.dimension = array.rank * array.dimension;
    const bool fits = out.sizes.of(opposite(category)) <= std::numeric_limits<int>::max();
    if (array.type == StateType::index && fits) output.type = ElementType::int32;
    out.outputs.push_back(output);
  }
  return out;
}

Session::Engine& Session::engine(const Settings& settings) {
  std::string key = key_of(settings.cache_directory, settings.compilers);
  key = key_of(key_of(key + '\x1e' + settings.cpu, settings.compiler_flags),
               {settings.kernel_directory, settings.version});
  auto& place = engines_[key];
  // A compiler may have been installed since it was last missed.
  if (place == nullptr || !place->search.toolchain) {
    auto made = std::make_unique<Engine>();
    made->cache = std::make_unique<KernelCache>(settings.cache_directory);
    made->search = search_toolchain({settings.compilers, settings.compiler_flags, settings.cpu});
    made->backend = std::make_unique<CompiledBackend>(made->search, *made->cache,
                                                      settings.kernel_directory, settings.version);
    place = std::move(made);
  }
  return *place;
}

const Program& LoadedOperator::program(std::size_t pass, bool is_transposed) {
  if (!is_transposed) return op.passes()[pass].program;
  const auto found = transposed.find(pass);
  if (found != transposed.end()) return found->second;
  return transposed.emplace(pass, lower(op.passes()[pass].nodes, op.text().scheme, true))
      .first->second;
}

std::shared_ptr<Kernel> Session::make_kernel(Engine& engine, const Program& program, bool float32,
                                             const InterruptCheck& interrupted) {
  const std::size_t builds = engine.cache->builds();
  const auto start = std::chrono::steady_clock::now();
  std::shared_ptr<Kernel> kernel = engine.backend->kernel(program, float32, interrupted);
  if (engine.cache->builds() > builds) {
    compile_seconds_ +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return kernel;
}

std::vector<Session::Runnable> Session::runnable(const Invocation& invocation,
                                                 const Settings& settings,
                                                 const InterruptCheck& interrupted) {
  Engine& engine = this->engine(settings);
  const bool float32 = settings.float32;
  LoadedOperator& loaded = *invocation.loaded;
  loaded.kernels.resize(loaded.op.passes().size());
  std::vector<Runnable> out;
  for (std::size_t k = 0; k < loaded.op.passes().size(); ++k) {
    const Program& usual = loaded.op.passes()[k].program;
    const bool transposed =
        usual.has_pairs() && prefers_transposed(*engine.backend, usual, float32, invocation.sizes);
    const Program& program = loaded.program(k, transposed);
    std::shared_ptr<Kernel>& kernel = loaded.kernels[k][{&engine, float32, transposed}];
    if (kernel == nullptr) kernel = make_kernel(engine, program, float32, interrupted);
    out.push_back({program, kernel});
  }
  if (engine.cache->builds() > 0 && engine.pruned != settings.cache_bytes) {
    engine.cache->prune(settings.cache_bytes, kOldestKernel);
    engine.pruned = settings.cache_bytes;
  }
  return out;
}

namespace {

// Where the results of one call go: to the caller's arrays, and to arrays of our own where a later
// pass needs them.
class Results {
 public:
  explicit Results(const Invocation& invocation)
      : invocation_(invocation), op_(invocation.loaded->op), bindings(invocation.bindings) {}

  // The outputs of a reduction.
  std::vector<OutputView> outputs_of(Expr reduction) {
    const ReductionDef& row = *reduction->reduction;
    const std::int64_t rows = invocation_.sizes.of(reduction->category);
    double* inner = nullptr;
    if (op_.is_inner(reduction)) {
      inner_.emplace_back(static_cast<std::size_t>(rows * reduction->dimension));
      inner = inner_.back().data();
      bindings[reduction] = {inner, ElementType::float64, rows, reduction->dimension, 1, rows};
    }
    std::vector<OutputView> out;
    for (std::size_t k = 0; k < row.outputs.size(); ++k) {
      OutputView output{nullptr, ElementType::float64, rows, output_dimension(reduction, k)};
      // What the reduction's node stands for in formulas: its values, or else its row numbers.
      if (inner != nullptr && (row.outputs[k].type == StateType::index) == row.is_index()) {
        output.data = inner;
        inner += rows * output.dimension;
      }
      deliver(reduction, k, &output);
      out.push_back(output);
    }
    return out;
  }

  OutputView output_of(Expr formula) {
    OutputView output;
    deliver(formula, 0, &output);
    return output;
  }

  void copy() const {
    for (const auto& [from, to] : copies_) copy_output(from, to);
  }

 private:
  // Takes the caller's array if `output` has no place yet; further arrays are copied afterwards.
  void deliver(Expr node, std::size_t number, OutputView* output) {
    for (std::size_t a = 0; a < op_.arrays().size(); ++a) {
      const ResultArray& array = op_.arrays()[a];
      if (op_.results()[array.formula] != node || array.output != number) continue;
      if (output->data == nullptr) {
        *output = invocation_.outputs[a];
      } else {
        copies_.emplace_back(*output, invocation_.outputs[a]);
      }
    }
  }

  static void copy_output(const OutputView& from, const OutputView& to) {
    const std::int64_t count = to.rows * to.dimension;
    if (from.type == to.type) {
      const std::size_t size = from.type == ElementType::float64 ? sizeof(double) : sizeof(int);
      std::memcpy(to.data, from.data, static_cast<std::size_t>(count) * size);
      return;
    }
    const double* source = static_cast<const double*>(from.data);
    for (std::int64_t n = 0; n < count; ++n) {
      static_cast<std::int32_t*>(to.data)[n] =
          std::isnan(source[n]) ? kMissingInteger : static_cast<std::int32_t>(source[n]);
    }
  }

  const Invocation& invocation_;
  const Operator& op_;
  std::list<std::vector<double>> inner_;
  std::vector<std::pair<OutputView, OutputView>> copies_;

 public:
  Bindings bindings;
};

// The part of all work that is done after each pass.
std::vector<double> stage_ends(const Operator& op, const Sizes& sizes) {
  std::vector<double> ends;
  double total = 0;
  for (const Pass& pass : op.passes()) {
    if (op.passes().size() == 1) return {1};
    const Program& program = pass.program;
    const auto rows = static_cast<double>(sizes.of(program.rows));
    const auto columns =
        program.has_pairs() ? static_cast<double>(sizes.of(opposite(program.rows))) : 1;
    total += 1 + rows * columns * instruction_count(program);
    ends.push_back(total);
  }
  for (double& end : ends) end /= total;
  return ends;
}

}  // namespace

void Session::check_missing(const Invocation& invocation, const Settings& settings,
                            const InterruptCheck& interrupted) {
  if (!settings.refuses_missing) return;
  refuse_missing(invocation.loaded->op.variables(), invocation.inputs, settings.threads, pool_,
                 interrupted);
}

void Session::run(const Invocation& invocation, const Settings& settings,
                  const InterruptCheck& interrupted) {
  const Operator& op = invocation.loaded->op;
  pool_.progress().start_stage(0, 0);
  const std::vector<Runnable> ready = runnable(invocation, settings, interrupted);
  const std::vector<double> ends = stage_ends(op, invocation.sizes);
  Results results(invocation);
  for (std::size_t k = 0; k < op.passes().size(); ++k) {
    const Pass& pass = op.passes()[k];
    std::vector<OutputView> outputs;
    for (Expr node : pass.nodes) {
      if (node->kind != NodeKind::reduction) {
        outputs.push_back(results.output_of(node));
        continue;
      }
      for (const OutputView& output : results.outputs_of(node)) outputs.push_back(output);
    }
    const auto& [program, kernel] = ready[k];
    pool_.progress().start_stage(k == 0 ? 0 : ends[k - 1], ends[k]);
    if (program.has_pairs()) {
      execute(program, *kernel, results.bindings, invocation.sizes, outputs, settings.threads,
              pool_, interrupted);
    } else {
      execute_rows(program, *kernel, results.bindings, invocation.sizes, pass.nodes[0]->category,
                   outputs[0], settings.threads, pool_, interrupted);
    }
  }
  results.copy();
}

Explanation Session::explain(const Operator& op, const Settings& settings) {
  Engine& chosen = engine(settings);
  Explanation out;
  out.formulas = written_formulas(op);
  out.graph = print_graph(op.expanded());
  out.simplified = print_graph(op.results());
  const bool has_compiler = chosen.search.toolchain.has_value();
  for (const Pass& pass : op.passes()) {
    out.program += print_program(pass.program);
    if (!has_compiler) continue;
    if (pass.program.has_pairs()) {
      out.program += tile_text(chosen.backend->tile_shape(pass.program));
    }
    out.source += chosen.backend->source(pass.program, settings.float32).text;
  }
  out.command =
      has_compiler ? shell_text(chosen.backend->command()) : chosen.backend->availability().reason;
  return out;
}

BackendStatus Session::status(const Operator& op, const Settings& settings) {
  const CompiledBackend& backend = *engine(settings).backend;
  const bool compiled = std::all_of(op.passes().begin(), op.passes().end(), [&](const Pass& pass) {
    return backend.is_ready(pass.program, settings.float32);
  });
  PairCost cost;
  for (const Pass& pass : op.passes()) add_pair_cost(pass.program, cost);
  return {backend.name(), compiled, backend.availability().reason, cost};
}

SystemReport Session::report(const Settings& settings) {
  const Engine& chosen = engine(settings);
  SystemReport out;
  out.search = chosen.search;
  out.cpu = chosen.search.toolchain ? chosen.search.toolchain->cpu : detect_cpu();
  out.cache = chosen.cache->statistics();
  return out;
}

CudaInstallation Session::find_gpus(const Settings& settings) {
  const NvrtcPlaces places = nvrtc_places(settings.nvrtc);
  CudaInstallation found =
      find_cuda(driver_, {driver_candidates(), nvrtc_candidates(places), nvcc_candidates(places)});
  driver_ = found.driver.driver;
  return found;
}

std::size_t Session::clear_cache(const Settings& settings) {
  return engine(settings).cache->clear();
}

}  // namespace kernelops
