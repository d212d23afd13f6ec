// Operations on all components of a vector at once, for opaque rows: arrays of V, one for each
// component. NaN is skipped by comparisons, ties go to the lowest component.
#ifndef KERNELOPS_KERNELS_COMPONENTS_H_
#define KERNELOPS_KERNELS_COMPONENTS_H_

#include "math.h"
#include "order.h"

namespace kernelops {

// The number of the lane's best component, counted from 0.
template <class Order, class V>
KERNELOPS_INLINE V best_component(const V* x, long dim) {
  V best = x[0];
  V at = {};
  for (long k = 1; k < dim; ++k) {
    const auto better = Order::better(x[k], best) | ((best != best) & (x[k] == x[k]));
    best = select(better, x[k], best);
    at = select(better, like(best, static_cast<double>(k)), at);
  }
  return at;
}

// The lane's best component.
template <class Order, class V>
KERNELOPS_INLINE V best_value(const V* x, long dim) {
  V best = x[0];
  for (long k = 1; k < dim; ++k) {
    best = select(Order::better(x[k], best) | (best != best), x[k], best);
  }
  return best;
}

// 1 at component number `at`, rounded to the nearest, and 0 elsewhere; all 0 if there is none.
template <class V>
KERNELOPS_INLINE void one_hot(const V& at, V* out, long dim) {
  const V nearest = floor(at + like(at, 0.5));
  for (long k = 0; k < dim; ++k) {
    out[k] = select(nearest == like(at, static_cast<double>(k)), like(at, 1), V{});
  }
}

// Component number `at` of each lane, rounded to the nearest; NaN where there is none.
template <class V>
KERNELOPS_INLINE V gather(const V* x, long dim, const V& at) {
  const V nearest = floor(at + like(at, 0.5));
  V out = like(at, __builtin_nan(""));
  for (int lane = 0; lane < lanes<V>; ++lane) {
    const element_t<V> number = nearest[lane];
    if (number >= 0 && number < static_cast<element_t<V>>(dim)) {
      out[lane] = x[static_cast<long>(number)][lane];
    }
  }
  return out;
}

// The components of the entry number `entry` of a selection with dim_x entries for a row, of which
// dim_out consecutive groups belong to the components of the formula: all 0 but one.
template <class V>
KERNELOPS_INLINE void select_entry(const V* x, long dim_x, const V& entry, V* out, long dim_out) {
  const long rank = dim_x / dim_out;
  for (long d = 0; d < dim_out; ++d) {
    out[d] = V{};
    for (long r = 0; r < rank; ++r) {
      const long e = d * rank + r;
      out[d] = select(entry == like(entry, static_cast<double>(e)), x[e], out[d]);
    }
  }
}

// The transpose of select_entry.
template <class V>
KERNELOPS_INLINE void place_entry(const V* x, long dim_x, const V& entry, V* out, long dim_out) {
  const long rank = dim_out / dim_x;
  for (long e = 0; e < dim_out; ++e) {
    out[e] = select(entry == like(entry, static_cast<double>(e)), x[e / rank], V{});
  }
}

// The product of two matrices stored row by row: their sizes follow from the numbers of components.
template <class V>
KERNELOPS_INLINE void matrix_product(const V* x, long dim_x, const V* y, long dim_y, V* out,
                                     long dim_out) {
  long inner = 1;
  while (inner * inner * dim_out < dim_x * dim_y) ++inner;
  const long rows = dim_x / inner;
  const long columns = dim_y / inner;
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < columns; ++j) {
      V sum = x[i * inner] * y[j];
      for (long l = 1; l < inner; ++l) sum = sum + x[i * inner + l] * y[l * columns + j];
      out[i * columns + j] = sum;
    }
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_COMPONENTS_H_
