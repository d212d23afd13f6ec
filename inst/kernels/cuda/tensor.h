// Scalar products of float on tensor cores with the accuracy of float. Those multiply numbers of 11
// bits (TF32), so each factor is split in a large and a small part and three products are added:
// small * large, large * small, large * large (3xTF32; Ootomo and Yokota 2022). Tensor cores round
// towards zero when they add, so their sums are short and added up by ordinary additions. Squared
// distances are |x - c|^2 + |y - c|^2 - 2 (x - c) (y - c) with a centre c near the block's rows.
//
// Error of a scalar product over D components, to first order: the parts leave out 2 * 2^-24 of
// each factor and small * small, together 8 * 2^-24 of each product; adding 8 products and a sum
// leaves out less than 10 * 2^-23 of what is added, twice in a chunk of 16, the corrections being
// 2^-11 of that; adding the chunks D / 16 * 2^-24. So it is below
//   (49 + D / 16) 2^-24 sum |x_k y_k|.
// Of a squared distance: twice that of the product, which is at most half of |x - c|^2 + |y - c|^2;
// 4 * 2^-24 of that for the rounding of the differences, (17 + D / 16) for the squares, 3 for the
// last additions. So it is below
//   (73 + D / 8) 2^-24 (|x - c|^2 + |y - c|^2).
// These are worst cases; most errors are one or two 2^-24 of the same.
#ifndef KERNELOPS_KERNELS_CUDA_TENSOR_H_
#define KERNELOPS_KERNELS_CUDA_TENSOR_H_

#include "cuda/matrix.h"
#include "cuda/state.h"

namespace kernelops {

// Components that tensor cores add before others do.
constexpr int kTensorChunk = 16;
// What one instruction takes: 16 rows, 8 columns, 8 components.
constexpr int kTensorStep = 8;
// In a chunk, from one component of rows to the next, and from one pair of components of columns, 4
// apart, to the next: the loads of a warp meet different banks.
constexpr int tensor_row_pitch(int rows) { return rows + 8; }
constexpr int tensor_column_pitch(int columns) { return columns + 2; }

// sums += a * b for all threads of a warp together, 16 rows with 8 columns; the lowest 13 bits of
// the factors do not count. With g and t the thread's place, by fours, in its warp, it has the sums
// of rows g and g + 8 with columns 2 t and 2 t + 1, and of the factors the same rows, column g and
// components t and t + 4.
KERNELOPS_INLINE void tensor_multiply(float (&sums)[4], const unsigned (&a)[4],
                                      const unsigned (&b)[2]) {
#if defined(__CUDACC__)
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  kernelops_shim::multiply_in_warp(sums, a, b);
#endif
}

// A number as the sum of two of 11 bits, as bits; what is missing is at most 2^-23 of it.
struct TensorParts {
  unsigned large, small;
};

// Of two components of a column, 4 apart: what a thread wants of them together.
struct alignas(16) TensorPair {
  unsigned large[2], small[2];
};

KERNELOPS_INLINE TensorParts tensor_parts(float value) {
  TensorParts out;
  // Rounded to the nearest; NaN has a small part that is one.
  out.large = (__builtin_bit_cast(unsigned, value) + 0x1000u) & 0xffffe000u;
  out.small = __builtin_bit_cast(unsigned, value - __builtin_bit_cast(float, out.large));
  return out;
}

// Takes the centre from a chunk of columns, of which there are `slots` components of
// [component][columns], and stores them for tensor cores. The sum of the squares of what the thread
// had: it has every so many components of one column.
template <int threads, int columns, bool centred>
KERNELOPS_INLINE float store_tensor_columns(float* chunk, const float* from, const float* centre,
                                            int slots) {
  constexpr int kDown = threads / columns;
  const int thread = thread_anew();
  const int column = thread % columns;
  const int first = thread / columns;
  TensorPair* const target = reinterpret_cast<TensorPair*>(chunk) + column;
  float square = 0;
  KERNELOPS_UNROLL(kTensorChunk / kDown)
  for (int own = 0; own < kTensorChunk; own += kDown) {
    if (own / 4 % 2 != 0) continue;
    TensorPair pair;
    KERNELOPS_UNROLL(2)
    for (int half = 0; half < 2; ++half) {
      const int k = own + first + 4 * half;
      // Components that there are none of add nothing.
      float value = k < slots ? from[k * columns + column] : 0.0f;
      if (centred) value -= centre[k];
      if (centred) square += value * value;
      const TensorParts parts = tensor_parts(value);
      pair.large[half] = parts.large;
      pair.small[half] = parts.small;
    }
    target[(own / 8 * 4 + own % 4 + first) * tensor_column_pitch(columns)] = pair;
  }
  return square;
}

// The sums of the squares of whole columns, of those of the threads. They are there after the next
// barrier.
template <int threads, int columns>
KERNELOPS_INLINE void share_tensor_squares(float* squares, float square) {
  const int thread = thread_anew();
  squares[thread] = square;
  __syncthreads();
  if (thread >= columns) return;
  KERNELOPS_UNROLL(threads / columns)
  for (int n = columns; n < threads; n += columns) square += squares[thread + n];
  squares[thread] = square;
}

// Adds the products of a chunk, 32 rows of each warp with `columns` columns.
template <int threads, int columns, bool centred>
KERNELOPS_INLINE void add_tensor_products(float (&sums)[2][columns / 8][4], const float* chunk,
                                          const float* centre) {
  constexpr int kRowPitch = tensor_row_pitch(threads);
  constexpr int kColumnPitch = tensor_column_pitch(columns);
  const int thread = thread_anew();
  const int group = thread % 32 / 4, member = thread % 4;
  const float* const rows = chunk + thread / 32 * 32 + group;
  const TensorPair* const others =
      reinterpret_cast<const TensorPair*>(chunk + kTensorChunk * kRowPitch) + group +
      member * kColumnPitch;
  constexpr int kSteps = kTensorChunk / kTensorStep;
  unsigned large[kSteps][2][4], small[kSteps][2][4];
  KERNELOPS_UNROLL(kSteps)
  for (int step = 0; step < kSteps; ++step) {
    KERNELOPS_UNROLL(2)
    for (int half = 0; half < 2; ++half) {
      const int k = kTensorStep * step + 4 * half + member;
      const float shift = centred ? centre[k] : 0.0f;
      KERNELOPS_UNROLL(4)
      for (int part = 0; part < 4; ++part) {
        const float value = rows[k * kRowPitch + 8 * part];
        const TensorParts parts = tensor_parts(centred ? value - shift : value);
        large[step][part / 2][2 * half + part % 2] = parts.large;
        small[step][part / 2][2 * half + part % 2] = parts.small;
      }
    }
  }
  KERNELOPS_UNROLL(columns / 8)
  for (int n = 0; n < columns / 8; ++n) {
    TensorPair pairs[kSteps];
    KERNELOPS_UNROLL(kSteps)
    for (int step = 0; step < kSteps; ++step) pairs[step] = others[4 * step * kColumnPitch + 8 * n];
    KERNELOPS_UNROLL(2)
    for (int m = 0; m < 2; ++m) {
      float products[4] = {};
      // The corrections first: what is added to them is rounded on their scale.
      KERNELOPS_UNROLL(kSteps)
      for (int step = 0; step < kSteps; ++step) {
        tensor_multiply(products, small[step][m], pairs[step].large);
        tensor_multiply(products, large[step][m], pairs[step].small);
      }
      KERNELOPS_UNROLL(kSteps)
      for (int step = 0; step < kSteps; ++step) {
        tensor_multiply(products, large[step][m], pairs[step].large);
      }
      KERNELOPS_UNROLL(4)
      for (int e = 0; e < 4; ++e) sums[m][n][e] += products[e];
    }
  }
}

// Stores the products as [row][stride].
template <int columns, int stride>
KERNELOPS_INLINE void store_tensor_products(float* target, const float (&sums)[2][columns / 8][4]) {
  const int thread = thread_anew();
  target += (thread / 32 * 32 + thread % 32 / 4) * stride + thread % 4 * 2;
  KERNELOPS_UNROLL(2)
  for (int m = 0; m < 2; ++m) {
    KERNELOPS_UNROLL(columns / 8)
    for (int n = 0; n < columns / 8; ++n) {
      KERNELOPS_UNROLL(4)
      for (int e = 0; e < 4; ++e) {
        target[(16 * m + e / 2 * 8) * stride + 8 * n + e % 2] = sums[m][n][e];
      }
    }
  }
}

// Clears `count` numbers in shared memory.
template <int threads>
KERNELOPS_INLINE void clear_shared(float* target, int count) {
  for (int n = thread_anew(); n < count; n += threads) target[n] = 0;
}

// A component of the centre: the median of the first, a middle and the last row of a block, so that
// neither an outlier nor a missing value among them spoils the others.
template <int width>
KERNELOPS_INLINE float tensor_centre(const float* component, int count) {
  const float first = component[0];
  const float middle = component[smaller_size(width / 2, count - 1)];
  const float last = component[smaller_size(width, count) - 1];
  const float median = ::fmaxf(::fminf(first, middle), ::fminf(::fmaxf(first, middle), last));
  return ::fabsf(median) <= 3e38f ? median : 0.0f;
}

// The sum of the squares of `count` components from their centre.
KERNELOPS_INLINE float tensor_square(const float* components, long long stride, const float* centre,
                                     int count) {
  float out = 0;
  for (int k = 0; k < count; ++k) {
    const float difference = components[k * stride] - centre[k];
    out += difference * difference;
  }
  return out;
}

KERNELOPS_INLINE float tensor_distance(float square, float square_of_other, float product) {
  const float out = ::fmaf(-2.0f, product, square + square_of_other);
#if defined(__CUDACC__)
  // One instruction that keeps NaN.
  float positive;
  asm("max.NaN.f32 %0, %1, 0f00000000;" : "=f"(positive) : "f"(out));
  return positive;
#else
  return out < 0 ? 0.0f : out;
#endif
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_CUDA_TENSOR_H_
