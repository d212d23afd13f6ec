// Whoever runs programs, for tests that do not care who it is.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "core/engine/execute.h"
#include "core/lower/program.h"
#include "support/evaluate.h"

namespace kernelops::testing {

/// Values as float32 kernels see them.
inline Values rounded_to_float(Values values) {
  for (auto& [variable, table] : values) {
    for (double& value : table.values) value = static_cast<double>(static_cast<float>(value));
  }
  return values;
}

/// Row numbers from 0 on and -1 for none, of those in the host's convention; and the reverse.
inline Table from_host(Table result) {
  for (double& value : result.values) value = std::isnan(value) ? -1 : value - 1;
  return result;
}
inline Table to_host(Table result) {
  for (double& value : result.values) value = value < 0 ? std::nan("") : value + 1;
  return result;
}

/// Inputs as the engine wants them.
struct BoundValues {
  Values tables;
  Bindings bindings;

  explicit BoundValues(const Values& values) : tables(values) {
    for (auto& [node, table] : tables) {
      const bool is_index = node->kind == NodeKind::reduction && node->reduction->is_index();
      if (is_index) table = to_host(table);
      bindings[node] = table.view();
    }
  }
};

/// Makes programs runnable in one precision. Row numbers in values and results count from 0, -1 is
/// none.
struct Executor {
  using Pairs = std::function<std::vector<Table>(const Values&, const Sizes&)>;
  using Rows = std::function<Table(Category, const Values&, const Sizes&)>;

  /// For a program of pairs, and for one without. What is made keeps a reference to the program.
  std::function<Pairs(const Program& program, bool float32)> pairs;
  std::function<Rows(const Program& program, bool float32)> rows;
};

/// The outputs of a program of pairs, from a function of the engine that fills them.
inline std::vector<Table> fill_pairs(
    const Program& program, const Values& values, const Sizes& sizes,
    const std::function<void(const Bindings&, const std::vector<OutputView>&)>& execute) {
  const BoundValues bound(values);
  std::vector<Table> out;
  std::vector<OutputView> views;
  for (const ProgramOutput& output : program.outputs) {
    const std::int64_t rows = program.fold_rows ? 1 : sizes.of(program.results());
    out.emplace_back(rows, output.dimension, -77);
  }
  for (Table& table : out) {
    views.push_back({table.values.data(), ElementType::float64, table.rows, table.dimension});
  }
  execute(bound.bindings, views);
  for (std::size_t n = 0; n < out.size(); ++n) {
    if (program.outputs[n].type == StateType::index) out[n] = from_host(out[n]);
  }
  return out;
}

/// The result of a program without pairs, indexed by `category`.
inline Table fill_rows(const Program& program, Category category, const Values& values,
                       const Sizes& sizes,
                       const std::function<void(const Bindings&, const OutputView&)>& execute) {
  const BoundValues bound(values);
  Table out(sizes.of(category), program.result_dimension, -77);
  execute(bound.bindings, {out.values.data(), ElementType::float64, out.rows, out.dimension});
  return out;
}

/// Runs programs of one precision on fixed sizes, as passes.h asks it to.
class ExecutorRunner {
 public:
  ExecutorRunner(const Executor& executor, const Sizes& sizes, bool float32)
      : executor_(executor), sizes_(sizes), float32_(float32) {}

  std::vector<Table> pairs(const Program& program, const Values& values) const {
    return executor_.pairs(program, float32_)(values, sizes_);
  }
  Table rows(const Program& program, Category category, const Values& values) const {
    return executor_.rows(program, float32_)(category, values, sizes_);
  }

 private:
  const Executor& executor_;
  Sizes sizes_;
  bool float32_;
};

}  // namespace kernelops::testing
