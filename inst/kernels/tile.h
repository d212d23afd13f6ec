// The parts of a CPU kernel that do not depend on its formula: how states in registers reach
// memory.
#ifndef KERNELOPS_KERNELS_TILE_H_
#define KERNELOPS_KERNELS_TILE_H_

#include "math.h"

namespace kernelops {

constexpr double infinity = __builtin_huge_val();

// The vectors of doubles that hold the lanes of one V.
template <class W, class V>
constexpr int wide_parts = lanes<V> / lanes<W>;

// The lanes of part `part` of a vector as doubles, or integers as 64-bit ones.
template <class W, class V>
KERNELOPS_INLINE W widened(const V& value, int part) {
  if constexpr (lanes<W> == lanes<V>) {
    return (W)value;
  } else {
    return __builtin_convertvector(part == 0 ? low(value) : high(value), W);
  }
}

// Row numbers of a tile as numbers among all columns; negative ones mean none and stay.
template <class W, class V>
KERNELOPS_INLINE W widened_index(const V& value, int part, long long first_column) {
  const W index = widened<W>(value, part);
  return select(index < W{}, index, index + broadcast<W>(first_column));
}

// Copies numbers in the precision of V. The inputs come from main memory, mostly: fetching them
// well ahead is faster than what processors do by themselves.
template <class W, class V>
KERNELOPS_INLINE void copy_converted(const double* from, element_t<V>* to, long long count) {
  constexpr long long kAhead = 256;
  constexpr long long kLine = 8;
  long long n = 0;
  for (; n + kLine <= count; n += kLine) {
    __builtin_prefetch(from + n + kAhead);
    for (long long part = 0; part < kLine; part += lanes<W>) {
      const W value = load<W>(from + n + part);
      if constexpr (is_single<V>) {
        store(to + n + part, __builtin_convertvector(value, half_t<V>));
      } else {
        store(to + n + part, value);
      }
    }
  }
  for (; n < count; ++n) to[n] = static_cast<element_t<V>>(from[n]);
}

// 0, 1, 2, ...
template <class I>
KERNELOPS_INLINE I lane_numbers() {
  I out;
  for (int lane = 0; lane < lanes<I>; ++lane) out[lane] = lane;
  return out;
}

// States in memory: component `slot` of the lanes from `row` on.
template <class W>
KERNELOPS_INLINE W load_state(const void* state, long long stride, long long slot, long long row) {
  return load<W>(static_cast<const element_t<W>*>(state) + slot * stride + row);
}

template <class W>
KERNELOPS_INLINE void store_state(void* state, long long stride, long long slot, long long row,
                                  const W& value) {
  store(static_cast<element_t<W>*>(state) + slot * stride + row, value);
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_TILE_H_
