// Compiles and runs reductions on this machine, with a cache of its own.
#pragma once

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/compiled_backend.h"
#include "core/engine/execute.h"
#include "core/jit/files.h"
#include "core/lower/lower.h"
#include "core/transform/gradient.h"
#include "core/transform/simplify.h"
#include "support/evaluate.h"

namespace kernelops::testing {

/// Values as float32 kernels see them.
inline Values rounded_to_float(Values values) {
  for (auto& [variable, table] : values) {
    for (double& value : table.values) value = static_cast<double>(static_cast<float>(value));
  }
  return values;
}

/// Row numbers from 0 on and -1 for none, of a result in the host's convention.
inline Table from_host(Table result, Expr reduction) {
  if (reduction->reduction->output != StateType::index) return result;
  for (double& value : result.values) value = std::isnan(value) ? -1 : value - 1;
  return result;
}

class Machine {
 public:
  explicit Machine(const std::string& cpu = "")
      : directory_("/tmp/kernelops-test-"),
        cache_(directory_.path() + "/cache"),
        backend_(search_toolchain({{"c++", "g++", "clang++"}, {}, cpu}), cache_,
                 KERNELOPS_KERNEL_DIR, "test") {}

  CompiledBackend& backend() { return backend_; }
  ThreadPool& pool() { return pool_; }
  std::size_t compiled() const { return cache_.statistics().files; }

  /// Simplifies, lowers, compiles and runs a reduction and those inside it.
  Table run(Graph& graph, Expr root, const Values& values, const Sizes& sizes, bool float32,
            int threads = 1, const InterruptCheck& interrupted = {}) {
    const Expr result = simplify(graph, expand_differentials(graph, root));
    Values known = values;
    for (Expr inner : inner_reductions(result)) {
      known[inner] = run_one(inner, known, sizes, float32, threads, interrupted);
    }
    return from_host(run_one(result, known, sizes, float32, threads, interrupted), result);
  }

  /// One pass; row numbers are in the host's convention.
  Table run_one(Expr reduction, const Values& values, const Sizes& sizes, bool float32, int threads,
                const InterruptCheck& interrupted) {
    const Program program = lower(reduction);
    const std::shared_ptr<Kernel> kernel = backend_.kernel(program, float32, {});
    Bindings bindings;
    for (const auto& [node, table] : values) bindings[node] = table.view();
    Table out(sizes.of(reduction->category), reduction->dimension, -77);
    execute(program, *kernel, bindings, sizes,
            {out.values.data(), ElementType::float64, out.rows, out.dimension}, threads, pool_,
            interrupted);
    return out;
  }

 private:
  TemporaryDirectory directory_;
  KernelCache cache_;
  CompiledBackend backend_;
  ThreadPool pool_;
};

/// Checks a result against the evaluator; row numbers may name another row as good as the best.
inline void expect_result(const Table& actual, Expr reduction, const Values& values,
                          const Sizes& sizes, double tolerance) {
  Evaluator evaluator(values, sizes);
  const Reduced expected = evaluator.reduce(reduction);
  ASSERT_EQ(actual.rows, expected.result.rows);
  ASSERT_EQ(actual.dimension, expected.result.dimension);
  const bool index = reduction->reduction->output == StateType::index;
  for (std::int64_t row = 0; row < actual.rows; ++row) {
    for (std::int64_t k = 0; k < actual.dimension; ++k) {
      const double got = actual.at(row, k);
      const double wanted = expected.result.at(row, k);
      if (!index) {
        ASSERT_TRUE(near(got, wanted, tolerance, expected.magnitude.at(row, k)))
            << "row " << row << ", component " << k;
        continue;
      }
      if (got == wanted) continue;
      ASSERT_GE(got, 0) << "row " << row << ", component " << k;
      const auto value = [&](double other) {
        const auto n = static_cast<std::int64_t>(other);
        const bool rows_are_i = reduction->category == Category::i;
        return evaluator.at(reduction->arguments[0], rows_are_i ? row : n,
                            rows_are_i ? n : row)[static_cast<std::size_t>(k)];
      };
      ASSERT_TRUE(near(value(got), value(wanted), tolerance, expected.magnitude.at(row, k)))
          << "row " << row << ", component " << k;
    }
  }
}

}  // namespace kernelops::testing
