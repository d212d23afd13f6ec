// Sums over long inner indices of a tile of pairs, as in a product of two matrices: some components
// at a time of the block's rows and of the tile's columns are in shared memory, and a thread has
// the sums of a few rows with a few columns in registers.
#ifndef KERNELOPS_KERNELS_CUDA_MATRIX_H_
#define KERNELOPS_KERNELS_CUDA_MATRIX_H_

#include "cuda/vector.h"

namespace kernelops {

// The number of the thread in its block, read anew wherever it is used: registers are too few to
// keep what is computed from it.
KERNELOPS_INLINE int thread_anew() {
#if defined(__CUDACC__)
  int out;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(out));
  return out;
#else
  return static_cast<int>(threadIdx.x);
#endif
}

// Numbers in 16 bytes, what one instruction loads or copies.
template <class Real>
constexpr int kQuad = 16 / static_cast<int>(sizeof(Real));

// Copies bytes to shared memory, where they are after `finish_copies`.
template <int bytes, class Real>
KERNELOPS_INLINE void copy_to_shared(Real* target, const Real* source) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2;"
               :
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(target))), "l"(source),
                 "n"(bytes));
#elif defined(__CUDACC__)
  if constexpr (bytes == 16) {
    *reinterpret_cast<uint4*>(target) = *reinterpret_cast<const uint4*>(source);
  } else {
    *target = *source;
  }
#else
  for (int n = 0; n < bytes / static_cast<int>(sizeof(Real)); ++n) target[n] = source[n];
#endif
}

// Waits for the copies of this thread.
KERNELOPS_INLINE void finish_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_all;" : : : "memory");
#endif
}

// Copies slots, `stride` apart, of `width` rows of a panel (from `source` on, of `count` that there
// are) to shared memory as [slot][pitch], `chunk` slots at a time. Rows after the last one repeat
// it. Where the panel allows it, 16 bytes are copied at a time.
template <int threads, int width, int pitch, int chunk, class Real>
class PanelCopy {
 public:
  KERNELOPS_METHOD PanelCopy(const Real* source, long long stride, int count)
      : from_(source),
        stride_(stride),
        step_(chunk * stride),
        last_(count - 1),
        whole_(count >= width && stride % kQuad<Real> == 0 &&
               reinterpret_cast<unsigned long long>(source) % 16 == 0) {
    // Then it is where the thread's own copies begin.
    if (whole_) from_ += Share<kQuad<Real>>::first() * stride + Share<kQuad<Real>>::place();
  }

  // Begins to copy the next chunk, or what there is of it.
  KERNELOPS_METHOD void next(Real* target, int slots) {
    if (whole_) {
      copy<kQuad<Real>>(target + Share<kQuad<Real>>::place(), from_, slots);
    } else {
      for (int place = Share<1>::place(); place < width; place += Share<1>::kAcross) {
        const int row = place < last_ ? place : last_;
        copy<1>(target + place, from_ + row + Share<1>::first() * stride_, slots);
      }
    }
    from_ += step_;
  }

 private:
  // How threads share the copies of `group` numbers each: so many side by side, each in every
  // kDown-th slot.
  template <int group>
  struct Share {
    static constexpr int kGroups = width / group;
    static constexpr int kAcross = kGroups < threads ? kGroups : threads;
    static constexpr int kDown = threads / kAcross;
    static_assert(width % group == 0 && threads % kAcross == 0 && (group == 1 || kDown >= 1),
                  "threads share the copies evenly");
    KERNELOPS_METHOD static int first() { return thread_anew() / kAcross; }
    KERNELOPS_METHOD static int place() { return thread_anew() % kAcross * group; }
  };

  template <int group>
  KERNELOPS_METHOD void copy(Real* target, const Real* from, int slots) {
    constexpr int kDown = Share<group>::kDown;
    const int first = Share<group>::first();
    target += first * pitch;
    KERNELOPS_UNROLL(8)
    for (int k = 0; k < chunk; k += kDown) {
      // Known beforehand for whole chunks.
      if (k + kDown > slots && k + first >= slots) break;
      copy_to_shared<group* static_cast<int>(sizeof(Real))>(target + k * pitch, from);
      from += kDown * stride_;
    }
  }

  const Real* from_;
  long long stride_;
  long long step_;
  int last_;
  bool whole_;
};

// Where number `n` of the rows (or columns) of a thread is among those of its block: groups of 16
// bytes, those of neighbouring threads side by side.
template <int threads, class Real>
static constexpr __device__ int of_block(int n) {
  return n / kQuad<Real> * (threads * kQuad<Real>)+n % kQuad<Real>;
}

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_CUDA_MATRIX_H_
