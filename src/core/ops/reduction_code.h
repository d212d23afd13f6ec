// One writing of a reduction's code, two uses, as in ops/code.h: statements over the state's
// components become a text and compiled functions over arrays of lanes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "core/ir/reduction_def.h"
#include "core/ops/code.h"

namespace kernelops::code {

using ValueLanes = Vector<double, kLaneBytes>;
using IndexLanes = mask_t<ValueLanes>;
constexpr std::size_t kStateLanes = kLaneBytes / sizeof(double);

// Lanes [first, first + filled) of an array, the rest zero.
template <class V>
V read_lanes(const void* array, std::size_t first, std::size_t filled) {
  element_t<V> buffer[kStateLanes] = {};
  for (std::size_t lane = 0; lane < filled; ++lane) {
    buffer[lane] = static_cast<const element_t<V>*>(array)[first + lane];
  }
  return load<V>(buffer);
}

template <class V>
void write_lanes(void* array, std::size_t first, std::size_t filled, V value) {
  element_t<V> buffer[kStateLanes];
  store(buffer, value);
  for (std::size_t lane = 0; lane < filled; ++lane) {
    static_cast<element_t<V>*>(array)[first + lane] = buffer[lane];
  }
}

// Calls block(first, filled) for each vector of lanes.
template <class Block>
void for_blocks(std::size_t count, Block block) {
  for (std::size_t first = 0; first < count; first += kStateLanes) {
    block(first, count - first < kStateLanes ? count - first : kStateLanes);
  }
}

// `State` lists the lane types of the components in order.
template <class... State>
struct ReductionBodies {
  using Places = std::index_sequence_for<State...>;

  template <std::size_t... P>
  static std::tuple<State...> read(const void* const* state, std::size_t first, std::size_t filled,
                                   std::index_sequence<P...>) {
    return {read_lanes<State>(state[P], first, filled)...};
  }

  template <std::size_t... P>
  static void write(void* const* state, std::size_t first, std::size_t filled,
                    const std::tuple<State...>& lanes, std::index_sequence<P...>) {
    (write_lanes(state[P], first, filled, std::get<P>(lanes)), ...);
  }

  template <class Function>
  static ReductionCode<UpdateFunction> update(const char* text, Function function) {
    return {text, [function](void* const* state, const double* value, std::int64_t index,
                             std::size_t count) {
              for_blocks(count, [&](std::size_t first, std::size_t filled) {
                auto lanes = read(state, first, filled, Places());
                const auto values = read_lanes<ValueLanes>(value, first, filled);
                const IndexLanes indices = broadcast<IndexLanes>(index);
                std::apply([&](auto&... each) { function(each..., values, indices); }, lanes);
                write(state, first, filled, lanes, Places());
              });
            }};
  }

  template <class Function>
  static ReductionCode<MergeFunction> merge(const char* text, Function function) {
    return {text, [function](void* const* state, const void* const* other, std::size_t count) {
              for_blocks(count, [&](std::size_t first, std::size_t filled) {
                auto lanes = read(state, first, filled, Places());
                const auto others = read(other, first, filled, Places());
                std::apply(
                    [&](auto&... each) {
                      std::apply(
                          [&](const auto&... other_each) { function(each..., other_each...); },
                          others);
                    },
                    lanes);
                write(state, first, filled, lanes, Places());
              });
            }};
  }

  template <class Function>
  static ReductionCode<FinishFunction> finish(const char* text, Function function) {
    return {text, [function](const void* const* state, void* out, std::size_t count) {
              for_blocks(count, [&](std::size_t first, std::size_t filled) {
                const auto lanes = read(state, first, filled, Places());
                write_lanes(out, first, filled, std::apply(function, lanes));
              });
            }};
  }
};

using OneValue = ReductionBodies<ValueLanes>;
using TwoValues = ReductionBodies<ValueLanes, ValueLanes>;
using ValueAndIndex = ReductionBodies<ValueLanes, IndexLanes>;

}  // namespace kernelops::code

/// Code of a reduction whose state is the component a; statements may change a.
#define KERNELOPS_UPDATE1(a, ...)      \
  ::kernelops::code::OneValue::update( \
      #__VA_ARGS__,                    \
      [](auto& a, [[maybe_unused]] auto value, [[maybe_unused]] auto index) { __VA_ARGS__ })
#define KERNELOPS_MERGE1(a, ...) \
  ::kernelops::code::OneValue::merge(#__VA_ARGS__, [](auto& a, auto other_##a) { __VA_ARGS__ })
#define KERNELOPS_FINISH1(a, ...) \
  ::kernelops::code::OneValue::finish(#__VA_ARGS__, [](auto a) { return __VA_ARGS__; })

/// The same for a state of two components, of the lane types of `Bodies`.
#define KERNELOPS_UPDATE2(Bodies, a, b, ...) \
  ::kernelops::code::Bodies::update(         \
      #__VA_ARGS__, [](auto& a, auto& b, auto value, [[maybe_unused]] auto index) { __VA_ARGS__ })
#define KERNELOPS_MERGE2(Bodies, a, b, ...) \
  ::kernelops::code::Bodies::merge(         \
      #__VA_ARGS__, [](auto& a, auto& b, auto other_##a, auto other_##b) { __VA_ARGS__ })
#define KERNELOPS_FINISH2(Bodies, a, b, ...) \
  ::kernelops::code::Bodies::finish(         \
      #__VA_ARGS__, []([[maybe_unused]] auto a, [[maybe_unused]] auto b) { return __VA_ARGS__; })
