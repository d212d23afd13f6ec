// Comparisons, truth values and choices on whole vectors. A truth value is 1 or 0; any number but 0
// is true. Vectors wider than the target's registers are cut first, as in math.h.
#ifndef KERNELOPS_KERNELS_COMPARISON_H_
#define KERNELOPS_KERNELS_COMPARISON_H_

#include "vector.h"

namespace kernelops {

namespace detail {

struct IsEqual {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return x == y;
  }
};
struct IsNotEqual {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return x != y;
  }
};
struct IsLess {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return x < y;
  }
};
struct IsLessOrEqual {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return x <= y;
  }
};
struct AreBothTrue {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return (x != V{}) & (y != V{});
  }
};
struct IsOneTrue {
  template <class V>
  KERNELOPS_INLINE auto holds(const V& x, const V& y) {
    return (x != V{}) | (y != V{});
  }
};

template <class Test, class V>
KERNELOPS_INLINE V truth(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(truth<Test>(low(x), low(y)), truth<Test>(high(x), high(y)));
  } else {
    return select(Test::holds(x, y), like(x, 1), V{});
  }
}

}  // namespace detail

template <class V>
KERNELOPS_INLINE V equal(const V& x, const V& y) {
  return detail::truth<detail::IsEqual>(x, y);
}

template <class V>
KERNELOPS_INLINE V not_equal(const V& x, const V& y) {
  return detail::truth<detail::IsNotEqual>(x, y);
}

template <class V>
KERNELOPS_INLINE V less(const V& x, const V& y) {
  return detail::truth<detail::IsLess>(x, y);
}

template <class V>
KERNELOPS_INLINE V less_or_equal(const V& x, const V& y) {
  return detail::truth<detail::IsLessOrEqual>(x, y);
}

template <class V>
KERNELOPS_INLINE V logical_and(const V& x, const V& y) {
  return detail::truth<detail::AreBothTrue>(x, y);
}

template <class V>
KERNELOPS_INLINE V logical_or(const V& x, const V& y) {
  return detail::truth<detail::IsOneTrue>(x, y);
}

template <class V>
KERNELOPS_INLINE V logical_not(const V& x) {
  return equal(x, V{});
}

// x where c >= 0, otherwise y, also where c is NaN.
template <class V>
KERNELOPS_INLINE V if_else(const V& c, const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(if_else(low(c), low(x), low(y)), if_else(high(c), high(x), high(y)));
  } else {
    return select(c >= V{}, x, y);
  }
}

// a where x < a, otherwise b where x > b, otherwise x.
template <class V>
KERNELOPS_INLINE V clamp(const V& x, const V& a, const V& b) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(clamp(low(x), low(a), low(b)), clamp(high(x), high(a), high(b)));
  } else {
    return select(x < a, a, select(x > b, b, x));
  }
}

// The larger and the smaller of two; the first on ties, NaN if one is.
template <class V>
KERNELOPS_INLINE V larger(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(larger(low(x), low(y)), larger(high(x), high(y)));
  } else {
    return select((x < y) | (y != y), y, x);
  }
}

template <class V>
KERNELOPS_INLINE V smaller(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(smaller(low(x), low(y)), smaller(high(x), high(y)));
  } else {
    return select((y < x) | (y != y), y, x);
  }
}

// 0 where x < 0, otherwise x.
template <class V>
KERNELOPS_INLINE V positive_part(const V& x) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(positive_part(low(x)), positive_part(high(x)));
  } else {
    return select(x < V{}, V{}, x);
  }
}

// x / y, and 0 where y is 0.
template <class V>
KERNELOPS_INLINE V divide_or_zero(const V& x, const V& y) {
  if constexpr (sizeof(V) > kRegisterBytes) {
    return join(divide_or_zero(low(x), low(y)), divide_or_zero(high(x), high(y)));
  } else {
    return select(y == V{}, V{}, x / y);
  }
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_COMPARISON_H_
