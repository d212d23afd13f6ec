// Takes the place of vector.h for CUDA: there one thread is one lane, so a vector has one element.
// The words are the same, and so are the headers written in them.
#ifndef KERNELOPS_KERNELS_VECTOR_H_
#define KERNELOPS_KERNELS_VECTOR_H_

#include "cuda/builtins.h"

#define KERNELOPS_ALWAYS_INLINE
#define KERNELOPS_METHOD __device__ __forceinline__
#define KERNELOPS_INLINE static __device__ __forceinline__
#define KERNELOPS_FUNCTION static __device__
// Arrays that are passed to a function that is not inlined leave the registers.
#define KERNELOPS_RARE static __device__ __forceinline__
#define KERNELOPS_CALLED static __device__ __noinline__
#define KERNELOPS_HIDDEN
#define KERNELOPS_TEXT(...) #__VA_ARGS__
#define KERNELOPS_UNROLL(count) _Pragma(KERNELOPS_TEXT(unroll count))
// Loops over what is in memory: written out, compilers would take it for registers.
#define KERNELOPS_ROLLED KERNELOPS_UNROLL(1)

namespace kernelops {

// Nothing is ever cut in halves.
constexpr int kRegisterBytes = 64;

// What a comparison yields.
struct Mask {
  bool set;

  Mask() = default;
  KERNELOPS_METHOD Mask(bool holds) : set(holds) {}
  KERNELOPS_METHOD bool operator[](int) const { return set; }
  KERNELOPS_METHOD friend Mask operator&(Mask a, Mask b) { return a.set && b.set; }
  KERNELOPS_METHOD friend Mask operator|(Mask a, Mask b) { return a.set || b.set; }
  KERNELOPS_METHOD friend Mask operator^(Mask a, Mask b) { return a.set != b.set; }
  KERNELOPS_METHOD friend Mask operator~(Mask a) { return !a.set; }
  KERNELOPS_METHOD Mask& operator&=(Mask a) { return *this = *this & a; }
  KERNELOPS_METHOD Mask& operator|=(Mask a) { return *this = *this | a; }
};

// One number. Numbers are taken where one of these is expected, as vector types of compilers do.
template <class T>
struct Lane {
  T value;

  Lane() = default;
  KERNELOPS_METHOD Lane(T number) : value(number) {}
  template <class U>
  KERNELOPS_METHOD explicit Lane(const Lane<U>& other) : value(static_cast<T>(other.value)) {}

  KERNELOPS_METHOD T& operator[](int) { return value; }
  KERNELOPS_METHOD const T& operator[](int) const { return value; }

  KERNELOPS_METHOD friend Lane operator+(Lane a, Lane b) { return a.value + b.value; }
  KERNELOPS_METHOD friend Lane operator-(Lane a, Lane b) { return a.value - b.value; }
  KERNELOPS_METHOD friend Lane operator*(Lane a, Lane b) { return a.value * b.value; }
  KERNELOPS_METHOD friend Lane operator/(Lane a, Lane b) { return a.value / b.value; }
  KERNELOPS_METHOD friend Lane operator-(Lane a) { return -a.value; }
  KERNELOPS_METHOD friend Lane operator&(Lane a, Lane b) { return a.value & b.value; }
  KERNELOPS_METHOD friend Lane operator|(Lane a, Lane b) { return a.value | b.value; }
  KERNELOPS_METHOD friend Lane operator^(Lane a, Lane b) { return a.value ^ b.value; }
  KERNELOPS_METHOD friend Lane operator~(Lane a) { return ~a.value; }
  KERNELOPS_METHOD friend Lane operator<<(Lane a, int n) { return a.value << n; }
  KERNELOPS_METHOD friend Lane operator>>(Lane a, int n) { return a.value >> n; }
  KERNELOPS_METHOD friend Mask operator==(Lane a, Lane b) { return a.value == b.value; }
  KERNELOPS_METHOD friend Mask operator!=(Lane a, Lane b) { return a.value != b.value; }
  KERNELOPS_METHOD friend Mask operator<(Lane a, Lane b) { return a.value < b.value; }
  KERNELOPS_METHOD friend Mask operator<=(Lane a, Lane b) { return a.value <= b.value; }
  KERNELOPS_METHOD friend Mask operator>(Lane a, Lane b) { return a.value > b.value; }
  KERNELOPS_METHOD friend Mask operator>=(Lane a, Lane b) { return a.value >= b.value; }
};

namespace detail {

template <class V>
struct LaneTypes;
template <>
struct LaneTypes<Mask> {
  using Element = bool;
};
template <class T>
struct LaneTypes<Lane<T>> {
  using Element = T;
};

template <int bytes>
struct UnsignedOf;
template <>
struct UnsignedOf<4> {
  using type = unsigned;
};
template <>
struct UnsignedOf<8> {
  using type = unsigned long long;
};

}  // namespace detail

template <class T, int Bytes>
using Vector = Lane<T>;

template <class V>
using element_t = typename detail::LaneTypes<V>::Element;

template <class V>
using mask_t = Mask;

template <class V>
using bits_t = Lane<typename detail::UnsignedOf<static_cast<int>(sizeof(V))>::type>;

template <class V>
using half_t = V;

template <class V>
constexpr int lanes = 1;

template <class V>
constexpr bool is_single = sizeof(V) == 4;

template <class V>
KERNELOPS_INLINE V load(const element_t<V>* source) {
  return *source;
}

template <class V>
KERNELOPS_INLINE void store(element_t<V>* target, const V& value) {
  *target = value.value;
}

template <class V>
KERNELOPS_INLINE V broadcast(element_t<V> value) {
  return value;
}

// A constant in the precision of x: no double enters float code.
template <class V>
KERNELOPS_INLINE V like(const V&, double constant) {
  return static_cast<element_t<V>>(constant);
}

namespace detail {

// Masks and bits: all ones where the mask holds.
template <class To>
struct Reinterpret {
  template <class T>
  KERNELOPS_INLINE To of(const Lane<T>& value) {
    static_assert(sizeof(To) == sizeof(T), "reinterpret keeps the size");
    return __builtin_bit_cast(element_t<To>, value.value);
  }
  KERNELOPS_INLINE To of(Mask mask) {
    using Bits = element_t<bits_t<To>>;
    return __builtin_bit_cast(element_t<To>, mask.set ? ~Bits{} : Bits{});
  }
};
template <>
struct Reinterpret<Mask> {
  template <class V>
  KERNELOPS_INLINE Mask of(const V& value) {
    return Reinterpret<bits_t<V>>::of(value).value != 0;
  }
};

}  // namespace detail

template <class To, class From>
KERNELOPS_INLINE To reinterpret(const From& value) {
  return detail::Reinterpret<To>::of(value);
}

// function(x) of floats, computed in double and rounded.
template <class V, class F>
KERNELOPS_INLINE V in_double(const V& x, const F& function) {
  return V(function(Lane<double>(x)));
}

template <class V>
KERNELOPS_INLINE V select(Mask mask, const V& chosen, const V& otherwise) {
  return mask.set ? chosen : otherwise;
}

KERNELOPS_INLINE bool any(Mask mask) { return mask.set; }

KERNELOPS_INLINE unsigned lane_bits(Mask mask) { return mask.set ? 1u : 0u; }

template <class V>
KERNELOPS_INLINE V with_lane(const V&, int, element_t<V> value) {
  return value;
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_VECTOR_H_
