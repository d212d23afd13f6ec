// The K best of the rows of a thread while it meets columns, so that its heaps in memory (ranks.h)
// are touched rarely: what a candidate must beat is always in a register, and values of several
// columns and rows share one branch. Columns come in their order and are numbered from the first of
// a launch. Two classes with the same words: sorted lists in registers for few, and candidates that
// wait in memory of the thread for many.
#ifndef KERNELOPS_KERNELS_CUDA_RANK_LISTS_H_
#define KERNELOPS_KERNELS_CUDA_RANK_LISTS_H_

namespace kernelops {

// What both have: thresholds and heaps of `rows` rows, `row_step` rows apart.
template <class Code, class V, int rows, int row_step, int rank>
class RankThresholds {
 protected:
  using Order = typename Code::Best;

  KERNELOPS_METHOD RankThresholds(const StatePlace& place, long long slot)
      : place_(place), slot_(slot) {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) reload(r);
  }

  KERNELOPS_METHOD typename Code::Heap heap(int r) const {
    return Code::heap_of(place_.state, place_.state_stride, slot_, place_.first_row + r * row_step,
                         rank);
  }

  // What candidates must beat by what is in the heap.
  KERNELOPS_METHOD void reload(int r) {
    Code::thresholds(&least_[r], 1, place_.state, place_.state_stride, slot_,
                     place_.first_row + r * row_step, rank);
  }

  // Neither is NaN, which only values that are kept can be.
  KERNELOPS_METHOD bool is_better(int r, const V& value) const {
    return any((value == value) & ~Order::not_better(value, least_[r]));
  }

  template <class... Vs>
  KERNELOPS_METHOD bool none_better(const Vs&... values) const {
    NoneBetter<Order, V> all;
    int vector = 0;
    (all.take(values, least_[vector++ % rows]), ...);
    return all.holds();
  }

  // Calls take(r, value, column) for the values that are better than their row's worst. The columns
  // are a loop, and shifted down in it, so that what takes them is written once for a row and
  // nothing is indexed.
  template <int count, class Take>
  KERNELOPS_METHOD void for_better(V (&values)[count], int column, const Take& take) {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) {
      bool some = false;
      KERNELOPS_UNROLL(count)
      for (int c = r; c < count; c += rows) some |= is_better(r, values[c]);
      if (!some) continue;
      KERNELOPS_UNROLL(1)
      for (int c = 0; c < count / rows; ++c) {
        const V value = values[r];
        KERNELOPS_UNROLL(count)
        for (int other = r; other + rows < count; other += rows) {
          values[other] = values[other + rows];
        }
        if (is_better(r, value)) take(r, value, column + c);
      }
    }
  }

  // Takes a candidate into the heap.
  KERNELOPS_METHOD void take(int r, element_t<V> value, int column) const {
    Code::take(heap(r), Code::entry_of(static_cast<double>(value), place_.first_column + column));
  }

  const StatePlace place_;  // its columns are those of the launch
  long long slot_;
  V least_[rows];
};

// Sorted lists, from best to worst; places without an entry are NaN. They are merged into the heaps
// at the end.
template <class Code, class V, int rows, int row_step, int rank>
class RankLists : RankThresholds<Code, V, rows, row_step, rank> {
  using Base = RankThresholds<Code, V, rows, row_step, rank>;
  using typename Base::Order;

 public:
  struct Waiting {};

  KERNELOPS_METHOD RankLists(const StatePlace& place, long long slot, Waiting*)
      : Base(place, slot) {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) {
      KERNELOPS_UNROLL(rank)
      for (int e = 0; e < rank; ++e) {
        values_[r][e] = like(V{}, __builtin_nan(""));
        columns_[r][e] = 0;
      }
    }
  }

  // The values of some columns from `column` on, each with one of every row.
  template <class... Vs>
  KERNELOPS_METHOD void update(int column, const Vs&... values) {
    if (__builtin_expect(!Base::none_better(values...), 0)) {
      V all[] = {values...};
      Base::for_better(all, column,
                       [this](int r, const V& value, int number) { insert(r, value, number); });
    }
  }

  KERNELOPS_METHOD void settle() {}

  KERNELOPS_METHOD void finish() {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) {
      KERNELOPS_UNROLL(1)
      for (int e = 0; e < rank; ++e) {
        const V value = values_[r][0];
        if (!any(value == value)) break;
        Base::take(r, value[0], columns_[r][0]);
        KERNELOPS_UNROLL(rank)
        for (int other = 0; other + 1 < rank; ++other) {
          values_[r][other] = values_[r][other + 1];
          columns_[r][other] = columns_[r][other + 1];
        }
        values_[r][rank - 1] = like(V{}, __builtin_nan(""));
      }
    }
  }

 private:
  KERNELOPS_METHOD void insert(int r, const V& value, int column) {
    V* const values = values_[r];
    int* const columns = columns_[r];
    bool here = comes_before(value, values[rank - 1]);
    KERNELOPS_UNROLL(rank)
    for (int e = rank - 1; e > 0; --e) {
      const bool above = comes_before(value, values[e - 1]);
      // Both choices are made always: branches would cost more.
      const V best = select(here, value, values[e]);
      const int at = here ? column : columns[e];
      values[e] = select(above, values[e - 1], best);
      columns[e] = above ? columns[e - 1] : at;
      here = above;
    }
    values[0] = here ? value : values[0];
    columns[0] = here ? column : columns[0];
    // While there is room, only those in the heap must be beaten.
    const V worst = values[rank - 1];
    Base::least_[r] = select(worst == worst, worst, Base::least_[r]);
  }

  KERNELOPS_METHOD static bool comes_before(const V& value, const V& other) {
    return any(~Order::not_better(value, other));
  }

  V values_[rows][rank];
  int columns_[rows][rank];
};

// Candidates wait until some thread of a warp has many of them. Then all of them are merged into
// the heaps side by side, where otherwise every thread would wait for every other one's.
template <class Code, class V, int rows, int row_step, int rank>
class RankCandidates : RankThresholds<Code, V, rows, row_step, rank> {
  using Base = RankThresholds<Code, V, rows, row_step, rank>;
  static constexpr int kRoom = 16;

 public:
  struct Waiting {
    element_t<V> values[rows][kRoom];
    int columns[rows][kRoom];
  };

  KERNELOPS_METHOD RankCandidates(const StatePlace& place, long long slot, Waiting* waiting)
      : Base(place, slot), waiting_(waiting) {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) count_[r] = 0;
  }

  template <class... Vs>
  KERNELOPS_METHOD void update(int column, const Vs&... values) {
    if (__builtin_expect(!Base::none_better(values...), 0)) {
      V all[] = {values...};
      Base::for_better(all, column, [this](int r, const V& value, int number) {
        waiting_->values[r][count_[r]] = value[0];
        waiting_->columns[r][count_[r]] = number;
        if (++count_[r] == kRoom) merge(r);
      });
    }
  }

  // To be called by all threads of a warp. What comes of it does not depend on when it is.
  KERNELOPS_METHOD void settle() {
    bool crowded = false;
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) crowded |= count_[r] > kRoom / 4;
    if (__any_sync(~0u, crowded)) finish();
  }

  KERNELOPS_METHOD void finish() {
    KERNELOPS_UNROLL(rows)
    for (int r = 0; r < rows; ++r) merge(r);
  }

 private:
  KERNELOPS_METHOD void merge(int r) {
    KERNELOPS_UNROLL(1)
    for (int n = 0; n < count_[r]; ++n) {
      Base::take(r, waiting_->values[r][n], waiting_->columns[r][n]);
    }
    count_[r] = 0;
    Base::reload(r);
  }

  Waiting* waiting_;
  int count_[rows];
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_CUDA_RANK_LISTS_H_
