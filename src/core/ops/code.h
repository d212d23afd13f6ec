// One writing of an operation's code, two uses: the macros below turn tokens into a text for
// generated sources (C++ and CUDA) and into compiled functions for the interpreter, constant
// folding and tests. The tokens use the vocabulary of inst/kernels/math.h on the values x, y, z.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/ir/op_def.h"
#include "core/ir/reduction_def.h"
#include "kernels/comparison.h"  // IWYU pragma: keep; the vocabulary
#include "kernels/components.h"  // IWYU pragma: keep; the vocabulary
#include "kernels/math.h"        // IWYU pragma: keep; the vocabulary
#include "kernels/vector.h"      // IWYU pragma: keep; vector types

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

template <class Function>
ElementwiseCode unary_with_two_parameters_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t* parameters,
                                auto* out, std::size_t count) {
    for_lanes<1>(arguments, out, count,
                 [&](const auto* v) { return function(v[0], parameters[0], parameters[1]); });
  };
  return {text, lanes, lanes};
}

template <class Function>
ElementwiseCode ternary_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t*, auto* out,
                                std::size_t count) {
    for_lanes<3>(arguments, out, count, [&](const auto* v) { return function(v[0], v[1], v[2]); });
  };
  return {text, lanes, lanes};
}

// Calls `function` on arrays of whole vectors, one group of lanes at a time.
template <std::size_t Arguments, class Function>
OpaqueCode opaque_code(const char* text, Function function) {
  const auto lanes = [function](const auto* const* arguments, const std::int64_t* dimensions,
                                auto* out, std::int64_t out_dimension, std::size_t count) {
    using T = std::remove_reference_t<decltype(*out)>;
    using V = Vector<T, kLaneBytes>;
    constexpr std::size_t width = kLaneBytes / sizeof(T);
    std::vector<V> values[3];
    long dims[3] = {};
    for (std::size_t a = 0; a < Arguments; ++a) {
      dims[a] = static_cast<long>(dimensions[a]);
      values[a].resize(static_cast<std::size_t>(dimensions[a]));
    }
    std::vector<V> results(static_cast<std::size_t>(out_dimension));
    for (std::size_t first = 0; first < count; first += width) {
      const std::size_t filled = count - first < width ? count - first : width;
      for (std::size_t a = 0; a < Arguments; ++a) {
        for (std::size_t k = 0; k < values[a].size(); ++k) {
          for (std::size_t lane = 0; lane < width; ++lane) {
            values[a][k][lane] = arguments[a][k * count + first + (lane < filled ? lane : 0)];
          }
        }
      }
      function(values[0].data(), values[1].data(), values[2].data(), dims[0], dims[1], dims[2],
               results.data(), static_cast<long>(out_dimension));
      for (std::size_t k = 0; k < results.size(); ++k) {
        for (std::size_t lane = 0; lane < filled; ++lane) {
          out[k * count + first + lane] = results[k][lane];
        }
      }
    }
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
/// Code of an operation of x with two integer parameters; of x, y and z.
#define KERNELOPS_UNARY_WITH_TWO(first, second, ...) \
  ::kernelops::code::unary_with_two_parameters_code( \
      #__VA_ARGS__, [](auto x, long first, long second) { return __VA_ARGS__; })
#define KERNELOPS_TERNARY(...) \
  ::kernelops::code::ternary_code(#__VA_ARGS__, [](auto x, auto y, auto z) { return __VA_ARGS__; })

/// Code of an opaque operation of `count` arguments: a call over the names of OpaqueCode.
#define KERNELOPS_OPAQUE(count, ...)                                                               \
  ::kernelops::code::opaque_code<count>(                                                           \
      #__VA_ARGS__,                                                                                \
      []([[maybe_unused]] const auto* x, [[maybe_unused]] const auto* y,                           \
         [[maybe_unused]] const auto* z, [[maybe_unused]] long dim_x, [[maybe_unused]] long dim_y, \
         [[maybe_unused]] long dim_z, [[maybe_unused]] auto* out,                                  \
         [[maybe_unused]] long dim_out) { __VA_ARGS__; })
