// Makes the compiled functions of a reduction from the struct of functions in inst/kernels that
// generated sources use too: arrays of lanes are cut into vectors, and a state of several
// components becomes the arguments of the struct's functions.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

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

// Reads and writes the components `State` of a state, the first of which is array `offset`.
template <std::size_t offset, class... State>
struct Lanes {
  using Tuple = std::tuple<State...>;

  static Tuple read(void* const* state, std::size_t first, std::size_t filled) {
    return read(state, first, filled, std::index_sequence_for<State...>());
  }
  static void write(void* const* state, std::size_t first, std::size_t filled, const Tuple& lanes) {
    write(state, first, filled, lanes, std::index_sequence_for<State...>());
  }

 private:
  template <std::size_t... P>
  static Tuple read(void* const* state, std::size_t first, std::size_t filled,
                    std::index_sequence<P...>) {
    return {read_lanes<State>(state[offset + P], first, filled)...};
  }
  template <std::size_t... P>
  static void write(void* const* state, std::size_t first, std::size_t filled, const Tuple& lanes,
                    std::index_sequence<P...>) {
    (write_lanes(state[offset + P], first, filled, std::get<P>(lanes)), ...);
  }
};

/// The lane types of a list of components.
template <class... State>
struct Components {};

// Calls finisher number `output` on the state and writes what it returns.
template <class Tuple, class... Finish>
void write_finished(std::size_t output, const Tuple& lanes, double rows, void* out,
                    std::size_t first, std::size_t filled, const Finish&... finish) {
  std::size_t number = 0;
  const auto one = [&](const auto& function) {
    if (number++ != output) return;
    write_lanes(out, first, filled,
                std::apply([&](const auto&... each) { return function(each..., rows); }, lanes));
  };
  (one(finish), ...);
}

/// The code of a plain reduction; `finish` are the functions of its outputs in order.
template <class Code, class... State, class... Finish>
ReductionCode plain_code(const char* name, Components<State...>, std::vector<StateComponent> state,
                         Finish... finish) {
  using All = Lanes<0, State...>;
  ReductionCode out;
  out.name = name;
  out.state = std::move(state);
  out.compiled.update = [](void* const* arrays, std::int64_t, const double* value, const double*,
                           std::int64_t index, std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      auto lanes = All::read(arrays, first, filled);
      const auto values = read_lanes<ValueLanes>(value, first, filled);
      const IndexLanes indices = broadcast<IndexLanes>(index);
      std::apply([&](auto&... each) { Code::update(each..., values, indices); }, lanes);
      All::write(arrays, first, filled, lanes);
    });
  };
  out.compiled.merge = [](void* const* arrays, std::int64_t, void* const* other,
                          std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      auto lanes = All::read(arrays, first, filled);
      const auto others = All::read(other, first, filled);
      std::apply(
          [&](auto&... each) {
            std::apply([&](const auto&... other_each) { Code::merge(each..., other_each...); },
                       others);
          },
          lanes);
      All::write(arrays, first, filled, lanes);
    });
  };
  out.compiled.finish = [finish...](void* const* arrays, std::int64_t, std::size_t output,
                                    double rows, void* result, std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      write_finished(output, All::read(arrays, first, filled), rows, result, first, filled,
                     finish...);
    });
  };
  return out;
}

/// The code of a weighted reduction.
template <class Code, class... Shared, class... State, class... Finish>
ReductionCode weighted_code(const char* name, Components<Shared...>,
                            std::vector<StateComponent> shared, Components<State...>,
                            std::vector<StateComponent> state, Finish... finish) {
  using Group = Lanes<0, Shared...>;
  using Each = Lanes<sizeof...(Shared), State...>;
  ReductionCode out;
  out.name = name;
  out.shared = std::move(shared);
  out.state = std::move(state);
  out.compiled.update = [](void* const* arrays, std::int64_t, const double* value,
                           const double* weight, std::int64_t index, std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      auto group = Group::read(arrays, first, filled);
      auto lanes = Each::read(arrays, first, filled);
      const auto values = read_lanes<ValueLanes>(value, first, filled);
      const auto weights = read_lanes<ValueLanes>(weight, first, filled);
      const IndexLanes indices = broadcast<IndexLanes>(index);
      const auto step =
          std::apply([&](auto&... each) { return Code::step(each..., values, indices); }, group);
      std::apply([&](auto&... each) { Code::update(each..., step, weights); }, lanes);
      Group::write(arrays, first, filled, group);
      Each::write(arrays, first, filled, lanes);
    });
  };
  out.compiled.merge = [](void* const* arrays, std::int64_t, void* const* other,
                          std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      auto group = Group::read(arrays, first, filled);
      auto lanes = Each::read(arrays, first, filled);
      const auto other_group = Group::read(other, first, filled);
      const auto others = Each::read(other, first, filled);
      const auto step = std::apply(
          [&](auto&... each) {
            return std::apply(
                [&](const auto&... other_each) { return Code::merge_step(each..., other_each...); },
                other_group);
          },
          group);
      std::apply(
          [&](auto&... each) {
            std::apply(
                [&](const auto&... other_each) { Code::merge(each..., step, other_each...); },
                others);
          },
          lanes);
      Group::write(arrays, first, filled, group);
      Each::write(arrays, first, filled, lanes);
    });
  };
  out.compiled.finish = [finish...](void* const* arrays, std::int64_t, std::size_t output,
                                    double rows, void* result, std::size_t count) {
    for_blocks(count, [&](std::size_t first, std::size_t filled) {
      const auto lanes =
          std::tuple_cat(Group::read(arrays, first, filled), Each::read(arrays, first, filled));
      write_finished(output, lanes, rows, result, first, filled, finish...);
    });
  };
  return out;
}

/// The heap of one lane of a state in arrays, `rank` of values and `rank` of rows.
template <class Code>
class LaneHeap {
 public:
  LaneHeap(void* const* arrays, std::int64_t rank, std::size_t lane)
      : arrays_(arrays), lane_(lane), entries_(static_cast<std::size_t>(rank)) {
    for (std::size_t e = 0; e < entries_.size(); ++e) entries_[e] = entry(value(e), row(e));
  }

  void write() {
    for (std::size_t e = 0; e < entries_.size(); ++e) {
      value(e) = Code::value_of(entries_[e]);
      row(e) = Code::row_of(entries_[e]);
    }
  }

  typename Code::Heap heap() {
    return {entries_.data(), static_cast<std::int64_t>(entries_.size())};
  }

 private:
  static RankEntry entry(double value, std::int64_t row) {
    return row < 0 ? Code::kEmpty : Code::entry_of(value, row);
  }
  double& value(std::size_t e) const { return static_cast<double*>(arrays_[e])[lane_]; }
  std::int64_t& row(std::size_t e) const {
    return static_cast<std::int64_t*>(arrays_[entries_.size() + e])[lane_];
  }

  void* const* arrays_;
  std::size_t lane_;
  std::vector<RankEntry> entries_;
};

/// The code of a ranked reduction with outputs of these types.
template <class Code>
ReductionCode ranked_code(const char* name, std::vector<StateType> outputs) {
  using Lane = LaneHeap<Code>;
  ReductionCode out;
  out.name = name;
  out.compiled.update = [](void* const* arrays, std::int64_t rank, const double* value,
                           const double*, std::int64_t index, std::size_t count) {
    for (std::size_t lane = 0; lane < count; ++lane) {
      Lane own(arrays, rank, lane);
      if (!std::isnan(value[lane])) Code::take(own.heap(), Code::entry_of(value[lane], index));
      own.write();
    }
  };
  out.compiled.merge = [](void* const* arrays, std::int64_t rank, void* const* other,
                          std::size_t count) {
    for (std::size_t lane = 0; lane < count; ++lane) {
      Lane own(arrays, rank, lane);
      Code::merge(own.heap(), Lane(other, rank, lane).heap());
      own.write();
    }
  };
  out.compiled.finish = [outputs = std::move(outputs)](void* const* arrays, std::int64_t rank,
                                                       std::size_t output, double, void* result,
                                                       std::size_t count) {
    for (std::size_t lane = 0; lane < count; ++lane) {
      Lane own(arrays, rank, lane);
      const auto heap = own.heap();
      Code::sort(heap);
      for (std::int64_t r = 0; r < rank; ++r) {
        const std::size_t place = static_cast<std::size_t>(r) * count + lane;
        if (outputs[output] == StateType::value) {
          static_cast<double*>(result)[place] = Code::value_of(heap.entries[r]);
        } else {
          static_cast<std::int64_t*>(result)[place] = Code::row_of(heap.entries[r]);
        }
      }
    }
  };
  return out;
}

}  // namespace kernelops::code

/// The function `name` of a reduction's code, for the outputs of its row.
#define KERNELOPS_FINISH(Code, name) \
  [](const auto&... state) { return ::kernelops::Code::name(state...); }
