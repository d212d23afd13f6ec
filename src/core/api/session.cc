#include "core/api/session.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "core/ir/print.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Formulas remembered before all are forgotten: a bound on memory for programs that make many.
constexpr std::size_t kMostOperators = 1000;
constexpr std::uintmax_t kLargestCache = std::uintmax_t{512} << 20;
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

std::string shell_text(const std::vector<std::string>& command) { return join(command, " "); }

}  // namespace

std::shared_ptr<LoadedOperator> Session::load(const std::string& formula,
                                              const std::vector<std::string>& arguments) {
  const std::string key = key_of(formula, arguments);
  const auto found = operators_.find(key);
  if (found != operators_.end()) return found->second;
  auto made = std::make_shared<LoadedOperator>(LoadedOperator{Operator(formula, arguments), {}});
  if (operators_.size() >= kMostOperators) operators_.clear();
  operators_.emplace(key, made);
  return made;
}

Invocation Session::prepare(const std::string& formula, const std::vector<std::string>& arguments,
                            const std::vector<Input>& inputs, bool transposed) {
  Invocation out;
  out.loaded = load(formula, arguments);
  const Operator& op = out.loaded->op;
  const CheckedInputs checked = check_inputs(op.variables(), inputs, transposed);
  out.sizes = checked.sizes;
  for (const Pass& pass : op.passes()) {
    for (const Panel* panel : {&pass.program.parameters, &pass.program.row, &pass.program.column}) {
      for (const PanelInput& input : panel->inputs) {
        if (input.source->kind != NodeKind::variable) continue;
        out.bindings[input.source] =
            checked.views[static_cast<std::size_t>(input.source->variable.position)];
      }
    }
  }
  const Expr result = op.result();
  out.output.rows = out.sizes.of(result->category);
  out.output.dimension = result->dimension;
  const bool fits = out.sizes.of(opposite(result->category)) <= std::numeric_limits<int>::max();
  if (result->reduction->output == StateType::index && fits) out.output.type = ElementType::int32;
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

const std::vector<std::shared_ptr<Kernel>>& Session::kernels(Engine& engine, LoadedOperator& loaded,
                                                             bool float32,
                                                             const InterruptCheck& interrupted) {
  const LoadedOperator::KernelKey key(&engine, float32);
  const auto found = loaded.kernels.find(key);
  if (found != loaded.kernels.end()) return found->second;
  std::vector<std::shared_ptr<Kernel>> made;
  for (const Pass& pass : loaded.op.passes()) {
    made.push_back(engine.backend->kernel(pass.program, float32, interrupted));
  }
  if (engine.cache->builds() > 0 && !pruned_) {
    engine.cache->prune(kLargestCache, kOldestKernel);
    pruned_ = true;
  }
  return loaded.kernels.emplace(key, std::move(made)).first->second;
}

void Session::run(const Invocation& invocation, const Settings& settings,
                  const InterruptCheck& interrupted) {
  const Operator& op = invocation.loaded->op;
  const auto& ready = kernels(engine(settings), *invocation.loaded, settings.float32, interrupted);
  Bindings bindings = invocation.bindings;
  std::vector<std::vector<double>> inner_results;
  for (std::size_t k = 0; k < op.passes().size(); ++k) {
    const Pass& pass = op.passes()[k];
    OutputView output = invocation.output;
    if (pass.reduction != op.result()) {
      output.rows = invocation.sizes.of(pass.reduction->category);
      output.dimension = pass.reduction->dimension;
      output.type = ElementType::float64;
      inner_results.emplace_back(static_cast<std::size_t>(output.rows * output.dimension));
      output.data = inner_results.back().data();
      bindings[pass.reduction] = {output.data, ElementType::float64, output.rows, output.dimension,
                                  1,           output.rows};
    }
    execute(pass.program, *ready[k], bindings, invocation.sizes, output, settings.threads, pool_,
            interrupted);
  }
}

Explanation Session::explain(const Operator& op, const Settings& settings) {
  Engine& chosen = engine(settings);
  Explanation out;
  out.formula = written_formula(op);
  out.graph = print_graph({op.expanded()});
  out.simplified = print_graph({op.result()});
  const bool has_compiler = chosen.search.toolchain.has_value();
  for (const Pass& pass : op.passes()) {
    out.program += print_program(pass.program);
    if (!has_compiler) continue;
    out.program += tile_text(chosen.backend->tile_shape(pass.program));
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
  return {backend.name(), compiled, backend.availability().reason};
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
