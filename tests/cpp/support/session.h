// A session with settings for this machine, and calls of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/api/session.h"
#include "core/jit/files.h"
#include "support/formulas.h"

namespace kernelops::testing {

class SessionFixture : public ::testing::Test {
 protected:
  SessionFixture() {
    settings.compilers = {"c++", "g++", "clang++"};
    settings.cache_directory = directory.path() + "/cache";
    settings.kernel_directory = KERNELOPS_KERNEL_DIR;
    settings.version = "test";
  }

  static Input input(const Table& table, const std::string& name = "") {
    return {name,
            "double",
            true,
            ElementType::float64,
            true,
            table.rows,
            table.dimension,
            table.values.data()};
  }

  static OperatorText text(const std::string& formula, const std::vector<std::string>& arguments) {
    return {{formula}, {""}, arguments};
  }

  // Every array of the formulas' results.
  std::vector<std::vector<double>> call_all(const OperatorText& text,
                                            const std::vector<Input>& inputs) {
    Invocation invocation = session.prepare(text, inputs, false);
    std::vector<std::vector<double>> out;
    std::vector<std::vector<std::int32_t>> rows(invocation.outputs.size());
    for (std::size_t n = 0; n < invocation.outputs.size(); ++n) {
      OutputView& output = invocation.outputs[n];
      const auto size = static_cast<std::size_t>(output.rows * output.dimension);
      out.emplace_back(size, -77);
      rows[n].assign(size, -77);
      output.data = out.back().data();
      if (output.type == ElementType::int32) output.data = rows[n].data();
    }
    session.run(invocation, settings, {});
    for (std::size_t n = 0; n < out.size(); ++n) {
      if (invocation.outputs[n].type == ElementType::int32) {
        std::copy(rows[n].begin(), rows[n].end(), out[n].begin());
      }
    }
    return out;
  }

  std::vector<double> call(const std::string& formula, const std::vector<std::string>& arguments,
                           const std::vector<Input>& inputs) {
    return call_all(text(formula, arguments), inputs)[0];
  }

  TemporaryDirectory directory{"/tmp/kernelops-test-"};
  Settings settings;
  Session session;
};

}  // namespace kernelops::testing
