// The K best values of each lane and their rows: a heap for each lane, its worst entry at the root,
// so that a candidate costs one comparison of vectors and an accepted one log2(K) steps. The heaps
// of the lanes follow one another in memory, 2 K words of 8 bytes each.
#ifndef KERNELOPS_KERNELS_RANKS_H_
#define KERNELOPS_KERNELS_RANKS_H_

#include "order.h"
#include "vector.h"

namespace kernelops {

// A value and its row as one number of 128 bits: the larger the worse. Equal values are ordered by
// row, an empty entry is after all others. Integers compare in a fraction of the time, and both
// words at once.
struct RankEntry {
  unsigned long long row;
  long long key;
};

KERNELOPS_INLINE bool worse(const RankEntry& a, const RankEntry& b) {
#if defined(__SIZEOF_INT128__)
  __extension__ typedef __int128 Wide;
  __extension__ typedef unsigned __int128 Bits;
  const Bits of_a = static_cast<Bits>(a.key) << 64 | a.row;
  const Bits of_b = static_cast<Bits>(b.key) << 64 | b.row;
  return static_cast<Wide>(of_b) < static_cast<Wide>(of_a);
#else
  return b.key < a.key || (b.key == a.key && b.row < a.row);
#endif
}

template <class Order>
struct KERNELOPS_HIDDEN RankCode {
  using Best = Order;

  struct Heap {
    RankEntry* entries;
    long long size;
  };

  // The heap of a lane in the states of a component, which begin at slot `slot`.
  KERNELOPS_FUNCTION Heap heap_of(void* state, long long stride, long long slot, long long lane,
                                  long long rank) {
    return {reinterpret_cast<RankEntry*>(static_cast<double*>(state) + slot * stride) + lane * rank,
            rank};
  }

  static constexpr RankEntry kEmpty = {~0ull, static_cast<long long>(~0ull >> 1)};

  // Of a value that is not NaN, which no reduction keeps.
  KERNELOPS_FUNCTION RankEntry entry_of(double value, long long row) {
    // Both zeros are equal.
    const double number = value + 0.0;
    long long bits;
    __builtin_memcpy(&bits, &number, sizeof(bits));
    const long long ascending = flipped(bits);
    return {static_cast<unsigned long long>(row), Order::kSign * ascending};
  }

  KERNELOPS_FUNCTION long long row_of(const RankEntry& entry) {
    return static_cast<long long>(entry.row);
  }

  KERNELOPS_FUNCTION double value_of(const RankEntry& entry) {
    if (row_of(entry) < 0) return Order::kWorst;
    const long long bits = flipped(Order::kSign * entry.key);
    double value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    return value;
  }

  KERNELOPS_FUNCTION void initialise(const Heap& heap) {
    for (long long e = 0; e < heap.size; ++e) heap.entries[e] = kEmpty;
  }

  // Puts `entry` in the place of the root, the worst one, and restores the order.
  KERNELOPS_FUNCTION void replace_worst(const Heap& heap, const RankEntry& entry) {
    if (heap.size <= kMostSorted) {
      insert(heap, entry);
    } else {
      replace_root(heap, heap.size, entry);
    }
  }

  KERNELOPS_FUNCTION void take(const Heap& heap, const RankEntry& entry) {
    if (worse(heap.entries[0], entry)) replace_worst(heap, entry);
  }

  // Writes the entries from best to worst to the slots of the two outputs, where they are wanted.
  KERNELOPS_FUNCTION void finish(void* state, long long stride, long long slot, long long lane,
                                 long long rank, double* values, long long* rows,
                                 long long output_stride) {
    const Heap heap = heap_of(state, stride, slot, lane, rank);
    sort(heap);
    for (long long e = 0; e < rank; ++e) {
      if (values != nullptr) values[e * output_stride] = value_of(heap.entries[e]);
      if (rows != nullptr) rows[e * output_stride] = row_of(heap.entries[e]);
    }
  }

  // What candidates of the lanes of `vectors` vectors must beat; NaN, which nothing fails to beat,
  // while there is room.
  template <class V>
  KERNELOPS_FUNCTION void thresholds(V* least, int vectors, void* state, long long stride,
                                     long long slot, long long lane, long long rank) {
    const RankEntry* root = heap_of(state, stride, slot, lane, rank).entries;
    for (int r = 0; r < vectors; ++r) {
      element_t<V> worst[lanes<V>];
      for (int l = 0; l < lanes<V>; ++l, root += rank) worst[l] = threshold<V>(*root);
      least[r] = load<V>(worst);
    }
  }

  // Takes in the rows from `row` on, each with one value for each lane from `lane` on, which are
  // `vectors` vectors like those of `least`; or, with a step of 1, one vector of the values of as
  // many rows as it has lanes.
  template <int vectors, int step = 0, class V, class... Vs>
  KERNELOPS_INLINE void update(V* least, long long row, void* state, long long stride,
                               long long slot, long long lane, long long rank, const V& value,
                               const Vs&... more) {
    if (__builtin_expect(!none_better<vectors>(least, value, more...), 0)) {
      // Copies, so that the values themselves can be in registers.
      const V values[] = {value, more...};
      accept<vectors, step>(least, values, row, heap_of(state, stride, slot, lane, rank));
    }
  }

  // Takes in the entries of another heap, the leaves first, which are better than most.
  KERNELOPS_FUNCTION void merge(const Heap& heap, const Heap& other) {
    for (long long e = other.size - 1; e >= 0; --e) take(heap, other.entries[e]);
  }

  KERNELOPS_FUNCTION void merge(void* into, long long into_stride, const void* from,
                                long long from_stride, long long slot, long long lane,
                                long long rank) {
    merge(heap_of(into, into_stride, slot, lane, rank),
          heap_of(const_cast<void*>(from), from_stride, slot, lane, rank));
  }

  // Orders the entries from best to worst; they are no heap any more.
  KERNELOPS_FUNCTION void sort(const Heap& heap) {
    for (long long size = heap.size - 1; size > 0; --size) {
      const RankEntry worst = heap.entries[0];
      replace_root(heap, size, heap.entries[size]);
      heap.entries[size] = worst;
    }
  }

 private:
  // A heap of so few is sorted, from worst to best.
  static constexpr long long kMostSorted = 24;

  // Numbers in the order of their bits as integers, and back.
  KERNELOPS_FUNCTION long long flipped(long long bits) {
    return bits ^ ((bits >> 63) & kEmpty.key);
  }

  KERNELOPS_FUNCTION void insert(const Heap& heap, const RankEntry& entry) {
    long long e = 0;
    for (; e + 1 < heap.size && worse(heap.entries[e + 1], entry); ++e) {
      heap.entries[e] = heap.entries[e + 1];
    }
    heap.entries[e] = entry;
  }

  // Puts `entry` in the place of the root of the first `size` entries: the worse children move up
  // until a leaf is free, where most new entries belong, and `entry` rises from there.
  KERNELOPS_FUNCTION void replace_root(const Heap& heap, long long size, const RankEntry& entry) {
    RankEntry* const entries = heap.entries;
    long long e = 0;
    long long child = 1;
    while (child + 1 < size) {
      child += worse(entries[child + 1], entries[child]);
      entries[e] = entries[child];
      e = child;
      child = 2 * e + 1;
    }
    if (child < size) {
      entries[e] = entries[child];
      e = child;
    }
    while (e > 0) {
      const long long parent = (e - 1) / 2;
      if (!worse(entry, entries[parent])) break;
      entries[e] = entries[parent];
      e = parent;
    }
    entries[e] = entry;
  }

  template <class V>
  KERNELOPS_FUNCTION element_t<V> threshold(const RankEntry& root) {
    return static_cast<element_t<V>>(row_of(root) < 0 ? __builtin_nan("") : value_of(root));
  }

  template <int vectors, class V, class... Vs>
  KERNELOPS_INLINE bool none_better(const V* least, const Vs&... values) {
    NoneBetter<Order, V> all;
    int vector = 0;
    (all.take(values, least[vector++ % vectors]), ...);
    return all.holds();
  }

  template <int vectors, int step, class V, int count>
  KERNELOPS_RARE void accept(V* least, const V (&values)[count], long long row, const Heap& first) {
    for (int c = 0; c < count; c += vectors) {
      accept_row<vectors, step>(least, values + c, row + c / vectors, first);
    }
  }

  template <int vectors, int step, class V>
  KERNELOPS_INLINE void accept_row(V* least, const V* values, long long row, const Heap& first) {
    // The candidates of several vectors at a time: in which vector one is is not to be predicted.
    constexpr int kTogether = 64 / lanes<V>;
    for (int r = 0; r < vectors; r += kTogether) {
      unsigned long long candidates = 0;
      for (int t = 0; t < kTogether && r + t < vectors; ++t) {
        const V& value = values[r + t];
        const auto better = (value == value) & ~Order::not_better(value, least[r + t]);
        candidates |= static_cast<unsigned long long>(lane_bits(better)) << (t * lanes<V>);
      }
      for (; candidates != 0; candidates &= candidates - 1) {
        const int lane = r * lanes<V> + __builtin_ctzll(candidates);
        const Heap heap = {first.entries + lane * first.size, first.size};
        const auto* const scalars = reinterpret_cast<const element_t<V>*>(values);
        replace_worst(heap, entry_of(static_cast<double>(scalars[lane]), row + step * lane));
        V& own = least[lane / lanes<V>];
        own = with_lane(own, lane % lanes<V>, threshold<V>(heap.entries[0]));
      }
    }
  }
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_RANKS_H_
