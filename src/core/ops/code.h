// One writing of an operation's code, two uses: the macros below turn tokens into a text for
// generated sources (C++ and CUDA) and into compiled functions for the interpreter, constant
// folding and tests. The tokens use the vocabulary of inst/kernels/math.h on the values x, y, z.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/ir/op_def.h"
#include "core/ir/reduction_def.h"
#include "kernels/math.h"    // IWYU pragma: keep; the vocabulary
#include "kernels/vector.h"  // IWYU pragma: keep; vector types

namespace kernelops::code {

// The width every target has.
constexpr int kLaneBytes = 16;

// Calls `function` on whole vectors of lanes, the last one padded with its own first lanes.
template <std::size_t Arguments, class T, class Function>
void for_lanes(const T* const* arguments, T* out, std::size_t count, Function function) {
  using V = Vector<T, kLaneBytes>;
  constexpr std::size_t width = kLaneBytes / sizeof(T);
  for (std::size_t first = 0; first < count; first += width) {
    const std::size_t filled = count - first < width ? count - first : width;
    T buffer[Arguments][width];
    V values[Arguments];
    for (std::size_t a = 0; a < Arguments; ++a) {
      for (std::size_t lane = 0; lane < width; ++lane) {
        buffer[a][lane] = arguments[a][first + (lane < filled ? lane : 0)];
      }
      values[a] = load<V>(buffer[a]);
    }
    T result[width];
    store(result, function(values));
    for (std::size_t lane = 0; lane < filled; ++lane) out[first + lane] = result[lane];
  }
}

template <class Function>
ElementwiseCode unary_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t*, auto* out,
                                std::size_t count) {
    for_lanes<1>(arguments, out, count, [&](const auto* v) { return function(v[0]); });
  };
  return {text, lanes, lanes};
}

template <class Function>
ElementwiseCode unary_with_parameter_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t* parameters,
                                auto* out, std::size_t count) {
    for_lanes<1>(arguments, out, count,
                 [&](const auto* v) { return function(v[0], parameters[0]); });
  };
  return {text, lanes, lanes};
}

template <class Function>
ElementwiseCode binary_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t*, auto* out,
                                std::size_t count) {
    for_lanes<2>(arguments, out, count, [&](const auto* v) { return function(v[0], v[1]); });
  };
  return {text, lanes, lanes};
}

}  // namespace kernelops::code

/// Code of an operation of x; of x with the integer parameter named first; of x and y.
#define KERNELOPS_UNARY(...) \
  ::kernelops::code::unary_code(#__VA_ARGS__, [](auto x) { return __VA_ARGS__; })
#define KERNELOPS_UNARY_WITH(parameter, ...)                 \
  ::kernelops::code::unary_with_parameter_code(#__VA_ARGS__, \
                                               [](auto x, long parameter) { return __VA_ARGS__; })
#define KERNELOPS_BINARY(...) \
  ::kernelops::code::binary_code(#__VA_ARGS__, [](auto x, auto y) { return __VA_ARGS__; })
