// The K best values of each lane and their rows: a heap for each lane, its worst entry at the root,
// so that a candidate costs one comparison of vectors and an accepted one log2(K) steps. Entries
// are ordered by value, then by row; an empty entry has row -1 and is worse than any. The heap of
// lane l has its entry e at values[e * stride + l] and rows[e * stride + l], 8 bytes each.
#ifndef KERNELOPS_KERNELS_RANKS_H_
#define KERNELOPS_KERNELS_RANKS_H_

#include "order.h"
#include "vector.h"

namespace kernelops {

template <class Order>
struct RankCode {
  struct Entry {
    double value;
    long long row;
  };

  struct Heap {
    double* values;
    long long* rows;
    long long stride;
    long long size;

    Entry at(long long e) const { return {values[e * stride], rows[e * stride]}; }
    void set(long long e, const Entry& entry) const {
      values[e * stride] = entry.value;
      rows[e * stride] = entry.row;
    }
  };

  static void initialise(const Heap& heap) {
    for (long long e = 0; e < heap.size; ++e) heap.set(e, {Order::kWorst, -1});
  }

  static bool worse(const Entry& a, const Entry& b) {
    if (a.row < 0 || b.row < 0) return a.row < 0 && b.row >= 0;
    return Order::better(b.value, a.value) || (a.value == b.value && a.row > b.row);
  }

  // Puts `entry` at the root of the first `size` entries and restores the order.
  static void sift(const Heap& heap, long long size, const Entry& entry) {
    long long e = 0;
    for (;;) {
      long long child = 2 * e + 1;
      if (child >= size) break;
      if (child + 1 < size && worse(heap.at(child + 1), heap.at(child))) ++child;
      if (!worse(heap.at(child), entry)) break;
      heap.set(e, heap.at(child));
      e = child;
    }
    heap.set(e, entry);
  }

  // Whether the heap took the entry in.
  static bool take(const Heap& heap, const Entry& entry) {
    if (entry.row < 0 || entry.value != entry.value || !worse(heap.at(0), entry)) return false;
    sift(heap, heap.size, entry);
    return true;
  }

  // Writes the entries from best to worst to the slots of the two outputs, where they are wanted.
  static void finish(void* state, long long stride, long long slot, long long lane, long long rank,
                     double* values, long long* rows, long long output_stride) {
    const Heap heap = heap_of(state, stride, slot, lane, rank);
    sort(heap);
    for (long long e = 0; e < rank; ++e) {
      if (values != nullptr) values[e * output_stride] = heap.at(e).value;
      if (rows != nullptr) rows[e * output_stride] = heap.at(e).row;
    }
  }

  static Heap heap_of(void* state, long long stride, long long slot, long long lane,
                      long long rank) {
    double* values = static_cast<double*>(state) + slot * stride + lane;
    return {values, reinterpret_cast<long long*>(values) + rank * stride, stride, rank};
  }

  // What a candidate of each lane must beat; NaN, which nothing fails to beat, while there is room.
  template <class V>
  static V threshold(void* state, long long stride, long long slot, long long lane,
                     long long rank) {
    V out;
    for (int l = 0; l < lanes<V>; ++l) {
      out[l] = threshold_of<element_t<V>>(heap_of(state, stride, slot, lane + l, rank));
    }
    return out;
  }

  template <class T>
  static T threshold_of(const Heap& heap) {
    return static_cast<T>(heap.at(0).row < 0 ? __builtin_nan("") : heap.at(0).value);
  }

  // Takes in one value for each lane from `lane` on; lane l belongs to row number row + l * step.
  template <class V>
  KERNELOPS_INLINE void update(V& least, const V& value, long long row, void* state,
                               long long stride, long long slot, long long lane, long long rank,
                               long long step = 0) {
    const auto candidate = ~not_better(value, least);
    if (__builtin_expect(any(candidate), 0)) {
      accept(least, value, row, state, stride, slot, lane, rank, step);
    }
  }

  template <class V>
  __attribute__((noinline)) static void accept(V& least, const V& value, long long row, void* state,
                                               long long stride, long long slot, long long lane,
                                               long long rank, long long step) {
    for (int l = 0; l < lanes<V>; ++l) {
      const Heap heap = heap_of(state, stride, slot, lane + l, rank);
      if (take(heap, {static_cast<double>(value[l]), row + l * step})) {
        least[l] = threshold_of<element_t<V>>(heap);
      }
    }
  }

  // Takes in the entries of another heap.
  static void merge(const Heap& heap, const Heap& other) {
    for (long long e = 0; e < other.size; ++e) take(heap, other.at(e));
  }

  static void merge(void* into, long long into_stride, const void* from, long long from_stride,
                    long long slot, long long lane, long long rank) {
    merge(heap_of(into, into_stride, slot, lane, rank),
          heap_of(const_cast<void*>(from), from_stride, slot, lane, rank));
  }

  // Orders the entries from best to worst; they are no heap any more.
  static void sort(const Heap& heap) {
    for (long long size = heap.size - 1; size > 0; --size) {
      const Entry worst = heap.at(0);
      const Entry last = heap.at(size);
      sift(heap, size, last);
      heap.set(size, worst);
    }
  }

 private:
  template <class V>
  KERNELOPS_INLINE auto not_better(const V& value, const V& least) {
    return Order::better(least, value) | (value == least);
  }
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_RANKS_H_
