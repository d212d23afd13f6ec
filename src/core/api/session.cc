#include "core/api/session.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/api/pass_results.h"
#include "core/engine/cpu_executable.h"
#include "core/ir/print.h"
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

std::string block_text(const CudaShape& shape) {
  return "blocks: " + std::to_string(shape.threads) + " threads with " +
         std::to_string(shape.rows) + (shape.rows == 1 ? " row" : " rows") + " each meet " +
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

template <class Make>
auto Session::timed(const Make& make, const std::function<std::size_t()>& builds) {
  const std::size_t before = builds();
  const auto start = std::chrono::steady_clock::now();
  auto made = make();
  if (builds() > before) {
    compile_seconds_ +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return made;
}

Session::Executables Session::on_cpu(const Invocation& invocation, const Settings& settings,
                                     const InterruptCheck& interrupted) {
  Engine& engine = this->engine(settings);
  const bool float32 = settings.float32;
  LoadedOperator& loaded = *invocation.loaded;
  Executables out;
  for (std::size_t k = 0; k < loaded.op.passes().size(); ++k) {
    const Program& usual = loaded.op.passes()[k].program;
    const bool transposed =
        usual.has_pairs() && prefers_transposed(*engine.backend, usual, float32, invocation.sizes);
    auto& place = loaded.executables[k][{&engine, {}, float32, transposed, 0}];
    if (place == nullptr) {
      const Program& program = loaded.program(k, transposed);
      place = std::make_shared<CpuExecutable>(
          program, timed([&] { return engine.backend->kernel(program, float32, interrupted); },
                         [&] { return engine.cache->builds(); }));
    }
    out.push_back(place);
  }
  if (engine.cache->builds() > 0) prune_once(settings);
  return out;
}

Session::Executables Session::on_gpus(const Invocation& invocation, const Settings& settings,
                                      const InterruptCheck& interrupted) {
  const std::vector<std::shared_ptr<GpuDevice>> devices = gpus_.devices(settings);
  const CudaBackend& backend = gpus_.backend(settings);
  std::vector<int> ordinals;
  for (const auto& device : devices) ordinals.push_back(device->properties().ordinal);
  LoadedOperator& loaded = *invocation.loaded;
  Executables out;
  for (std::size_t k = 0; k < loaded.op.passes().size(); ++k) {
    const Program& program = loaded.op.passes()[k].program;
    CudaOptions options{settings.float32, settings.tensor_cores};
    if (program.has_pairs()) {
      const auto shares = static_cast<std::int64_t>(devices.size());
      options.row_class = few_rows_class(invocation.sizes.of(program.rows) / shares);
    }
    auto& place = loaded.executables[k][{&backend, ordinals, options.float32, options.tensor_cores,
                                         options.row_class}];
    if (place == nullptr) {
      place = timed([&] { return backend.executable(program, options, devices, interrupted); },
                    [&] { return gpus_.builds(); });
    }
    out.push_back(place);
  }
  if (gpus_.builds() > 0) prune_once(settings);
  return out;
}

void Session::prune_once(const Settings& settings) {
  const auto done = pruned_.find(settings.cache_directory);
  if (done != pruned_.end() && done->second == settings.cache_bytes) return;
  CacheDirectory(settings.cache_directory).prune(settings.cache_bytes, kOldestKernel);
  pruned_[settings.cache_directory] = settings.cache_bytes;
}

namespace {

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
  if (!settings.gpu) refuse_device_arrays(op.variables(), invocation.inputs);
  pool_.progress().start_stage(0, 0);
  invocation.loaded->executables.resize(op.passes().size());
  const Executables ready = settings.gpu ? on_gpus(invocation, settings, interrupted)
                                         : on_cpu(invocation, settings, interrupted);
  const std::vector<double> ends = stage_ends(op, invocation.sizes);
  PassResults results(op, invocation.sizes, invocation.bindings, invocation.outputs);
  for (std::size_t k = 0; k < op.passes().size(); ++k) {
    const Pass& pass = op.passes()[k];
    const std::vector<OutputView> outputs = results.outputs_of(pass);
    pool_.progress().start_stage(k == 0 ? 0 : ends[k - 1], ends[k]);
    ready[k]->run({results.bindings(), invocation.sizes, pass.nodes[0]->category, outputs,
                   settings.threads, pool_, interrupted});
  }
  results.copy();
}

Explanation Session::explain(const Operator& op, const Settings& settings) {
  Explanation out;
  out.formulas = written_formulas(op);
  out.graph = print_graph(op.expanded());
  out.simplified = print_graph(op.results());
  if (settings.gpu) {
    explain_on_gpu(op, settings, &out);
    return out;
  }
  Engine& chosen = engine(settings);
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

void Session::explain_on_gpu(const Operator& op, const Settings& settings, Explanation* out) {
  const CudaBackend& backend = gpus_.backend(settings);
  const CudaTarget target = Gpus::target(*gpus_.devices(settings)[0]);
  const CudaOptions options{settings.float32, settings.tensor_cores};
  for (const Pass& pass : op.passes()) {
    out->program += print_program(pass.program);
    if (pass.program.has_pairs()) {
      out->program += block_text(backend.shape(pass.program, options, target));
    }
    out->source += backend.source(pass.program, options, target);
  }
  out->command = shell_text(backend.command(options, target));
}

BackendStatus Session::status(const Operator& op, const Settings& settings) {
  PairCost cost;
  for (const Pass& pass : op.passes()) add_pair_cost(pass.program, cost);
  const auto all_ready = [&](const auto& is_ready) {
    return std::all_of(op.passes().begin(), op.passes().end(),
                       [&](const Pass& pass) { return is_ready(pass.program); });
  };
  if (!settings.gpu) {
    const CompiledBackend& backend = *engine(settings).backend;
    const bool compiled = all_ready(
        [&](const Program& program) { return backend.is_ready(program, settings.float32); });
    return {backend.name(), compiled, backend.availability().reason, cost};
  }
  try {
    const CudaBackend& backend = gpus_.backend(settings);
    const CudaTarget target = Gpus::target(*gpus_.devices(settings)[0]);
    // For many rows or for few.
    const bool compiled = all_ready([&](const Program& program) {
      const std::vector<std::int64_t> classes = row_classes();
      return std::any_of(classes.begin(), classes.end(), [&](std::int64_t row_class) {
        return backend.is_ready(program, {settings.float32, settings.tensor_cores, row_class},
                                target);
      });
    });
    return {backend.name(), compiled, "", cost};
  } catch (const Error& error) {
    return {"CUDA", false, error.what(), cost};
  }
}

std::vector<DeviceProperties> Session::start_gpus(const Settings& settings) {
  std::vector<DeviceProperties> out;
  for (const auto& device : gpus_.devices(settings)) out.push_back(device->properties());
  return out;
}

std::shared_ptr<DeviceArray> Session::to_gpu(const double* values, std::int64_t rows,
                                             std::int64_t columns, const Settings& settings) {
  return send_array(gpus_.devices(settings)[0], values, rows, columns);
}

SystemReport Session::report(const Settings& settings) {
  const Engine& chosen = engine(settings);
  SystemReport out;
  out.search = chosen.search;
  out.cpu = chosen.search.toolchain ? chosen.search.toolchain->cpu : detect_cpu();
  out.cache = chosen.cache->statistics();
  return out;
}

std::size_t Session::clear_cache(const Settings& settings) {
  return engine(settings).cache->clear();
}

}  // namespace kernelops
