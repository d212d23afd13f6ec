// Vector types of one to several registers, and the words every generated kernel is written in.
// No system header is included: generated kernels compile in milliseconds.
#ifndef KERNELOPS_KERNELS_VECTOR_H_
#define KERNELOPS_KERNELS_VECTOR_H_

// A vector wider than the target's registers has no settled calling convention, and compilers warn
// wherever one is passed or returned. Nothing here is ever called, only inlined; so must be every
// lambda on vectors, and it must take them by reference: GCC's note about parameters and its
// warning about functions left out of line heed no pragma.
#pragma GCC diagnostic ignored "-Wpsabi"
#define KERNELOPS_ALWAYS_INLINE __attribute__((always_inline))

// Internal linkage: files built for different instruction sets never share a body.
#define KERNELOPS_INLINE static inline KERNELOPS_ALWAYS_INLINE
// Members of an object; functions that need not be inlined; those that are better not, because they
// are rarely called. Other languages want words of their own before all functions (cuda/vector.h).
#define KERNELOPS_METHOD KERNELOPS_ALWAYS_INLINE
#define KERNELOPS_FUNCTION static inline
#define KERNELOPS_RARE __attribute__((noinline)) static
// A CUDA compiler is spared copies of what is long and rarely run.
#define KERNELOPS_CALLED KERNELOPS_INLINE
#define KERNELOPS_HIDDEN __attribute__((visibility("hidden")))
#define KERNELOPS_TEXT(...) #__VA_ARGS__
// Before a loop.
#define KERNELOPS_UNROLL(count) _Pragma(KERNELOPS_TEXT(GCC unroll count))
#define KERNELOPS_ROLLED

namespace kernelops {

#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif

namespace detail {

template <class T, int Bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(Bytes)));
};

template <class T>
struct WithoutReference {
  using type = T;
};
template <class T>
struct WithoutReference<T&> {
  using type = T;
};
template <class T>
struct WithoutReference<T&&> {
  using type = T;
};

template <int Bytes>
struct UnsignedOf;
template <>
struct UnsignedOf<4> {
  using type = __UINT32_TYPE__;
};
template <>
struct UnsignedOf<8> {
  using type = __UINT64_TYPE__;
};

}  // namespace detail

template <class T, int Bytes>
using Vector = typename detail::VectorOf<T, Bytes>::type;

template <class V>
using element_t = typename detail::WithoutReference<decltype(V{}[0])>::type;

// What a comparison of two V yields: signed integers of the same width, all ones where it holds.
template <class V>
using mask_t = decltype(V{} < V{});

// Unsigned integers of the same width, for bit patterns and logical shifts.
template <class V>
using bits_t =
    Vector<typename detail::UnsignedOf<sizeof(element_t<V>)>::type, static_cast<int>(sizeof(V))>;

template <class V>
using half_t = Vector<element_t<V>, static_cast<int>(sizeof(V) / 2)>;

template <class V>
constexpr int lanes = static_cast<int>(sizeof(V) / sizeof(element_t<V>));

template <class V>
constexpr bool is_single = sizeof(element_t<V>) == 4;

template <class V>
KERNELOPS_INLINE V load(const element_t<V>* source) {
  V result;
  __builtin_memcpy(&result, source, sizeof(V));
  return result;
}

template <class V>
KERNELOPS_INLINE void store(element_t<V>* target, const V& value) {
  __builtin_memcpy(target, &value, sizeof(V));
}

// Subtracting +0 keeps every value, -0 included, so compilers reduce this to one broadcast.
template <class V>
KERNELOPS_INLINE V broadcast(element_t<V> value) {
  return value - V{};
}

// A constant in the precision of x: no double enters float code.
template <class V>
KERNELOPS_INLINE V like(const V&, double constant) {
  return broadcast<V>(static_cast<element_t<V>>(constant));
}

template <class To, class From>
KERNELOPS_INLINE To reinterpret(const From& value) {
  static_assert(sizeof(To) == sizeof(From), "reinterpret keeps the size");
  return (To)value;
}

template <class V>
KERNELOPS_INLINE half_t<V> low(const V& value) {
  half_t<V> result;
  __builtin_memcpy(&result, &value, sizeof(result));
  return result;
}

template <class V>
KERNELOPS_INLINE half_t<V> high(const V& value) {
  half_t<V> result;
  __builtin_memcpy(&result, reinterpret_cast<const char*>(&value) + sizeof(result), sizeof(result));
  return result;
}

template <class H>
KERNELOPS_INLINE Vector<element_t<H>, static_cast<int>(2 * sizeof(H))> join(const H& lower,
                                                                            const H& upper) {
  Vector<element_t<H>, static_cast<int>(2 * sizeof(H))> result;
  __builtin_memcpy(&result, &lower, sizeof(H));
  __builtin_memcpy(reinterpret_cast<char*>(&result) + sizeof(H), &upper, sizeof(H));
  return result;
}

// function(x) of floats, computed on vectors of double and rounded.
template <class V, class F>
KERNELOPS_INLINE V in_double(const V& x, const F& function) {
  using Wide = Vector<double, static_cast<int>(sizeof(V))>;
  const Wide lower = function(__builtin_convertvector(low(x), Wide));
  const Wide upper = function(__builtin_convertvector(high(x), Wide));
  return join(__builtin_convertvector(lower, half_t<V>), __builtin_convertvector(upper, half_t<V>));
}

// Lane by lane: chosen where the mask holds, otherwise elsewhere.
template <class M, class V>
KERNELOPS_INLINE V select(const M& mask, const V& chosen, const V& otherwise) {
  static_assert(lanes<M> == lanes<V>, "a mask has the lanes of what it selects");
  return mask ? chosen : otherwise;
}

// True if the mask holds in some lane. One or two instructions, for rare branches.
template <class M>
KERNELOPS_INLINE bool any(const M& mask) {
  if constexpr (sizeof(M) > kRegisterBytes) {
    return any(low(mask) | high(mask));
  } else {
#if defined(__AVX512F__)
    if constexpr (sizeof(M) == 64) {
      unsigned short set;
      __asm__("vptestmd %1, %1, %0" : "=k"(set) : "v"(mask));
      return set != 0;
    }
#endif
#if defined(__AVX__)
    if constexpr (sizeof(M) <= 32) {
      bool set;
      __asm__("vptest %1, %1" : "=@ccnz"(set) : "x"(mask));
      return set;
    }
#elif defined(__SSE2__)
    int set;
    __asm__("pmovmskb %1, %0" : "=r"(set) : "x"(mask));
    return set != 0;
#else
    auto words = (Vector<__UINT64_TYPE__, sizeof(M)>)mask;
    __UINT64_TYPE__ set = 0;
    for (int k = 0; k < static_cast<int>(sizeof(M) / 8); ++k) set |= words[k];
    return set != 0;
#endif
  }
}

// One bit for each lane where the mask holds, lane 0 the lowest.
template <class M>
KERNELOPS_INLINE unsigned lane_bits(const M& mask) {
  unsigned bits = 0;
#if defined(__AVX512F__)
  if constexpr (sizeof(M) == 64) {
    unsigned short set;
    if constexpr (sizeof(element_t<M>) == 4) {
      __asm__("vptestmd %1, %1, %0" : "=k"(set) : "v"(mask));
    } else {
      __asm__("vptestmq %1, %1, %0" : "=k"(set) : "v"(mask));
    }
    return set;
  }
#endif
#if defined(__AVX__)
  if constexpr (sizeof(M) == 32) {
    if constexpr (sizeof(element_t<M>) == 4) {
      __asm__("vmovmskps %1, %0" : "=r"(bits) : "x"(mask));
    } else {
      __asm__("vmovmskpd %1, %0" : "=r"(bits) : "x"(mask));
    }
    return bits;
  }
#endif
  for (int l = 0; l < lanes<M>; ++l) bits |= (mask[l] != 0 ? 1u : 0u) << l;
  return bits;
}

// The vector with `value` in one lane, in registers: a lane stored alone is slow to load again.
template <class V>
KERNELOPS_INLINE V with_lane(const V& vector, int lane, element_t<V> value) {
  mask_t<V> number = {};
  for (int l = 0; l < lanes<V>; ++l) number[l] = l;
  const mask_t<V> chosen = number == broadcast<mask_t<V>>(static_cast<element_t<mask_t<V>>>(lane));
  return select(chosen, broadcast<V>(value), vector);
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_VECTOR_H_
