// The keywords of CUDA for a compiler for the CPU, so that a CUDA program runs without a GPU. The
// threads of a block are contexts that take turns: each runs until it ends or waits for others. Any
// number of threads of the host may launch at the same time.
#ifndef KERNELOPS_TESTS_CUDA_SHIM_H_
#define KERNELOPS_TESTS_CUDA_SHIM_H_

// Without the templates of <cmath>, which take longer to compile than most kernels.
#define _GLIBCXX_INCLUDE_NEXT_C_HEADERS
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#undef _GLIBCXX_INCLUDE_NEXT_C_HEADERS
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define __global__
#define __device__
#define __host__
#define __shared__ static thread_local
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)

struct KernelopsIndex {
  unsigned x, y, z;
};
static thread_local KernelopsIndex threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

namespace kernelops_shim {

/// As the fake driver's.
struct Launch {
  unsigned grid[3];
  unsigned block[3];
  unsigned shared_bytes;
  void** arguments;
};

constexpr size_t kStackBytes = 256 * 1024;
constexpr unsigned kWarp = 32;
/// What memory holds that nobody has written.
constexpr int kFresh = 0xCD;

enum class Waits { to_start, for_nothing, for_block, for_warp, for_ever };

struct Thread {
  ucontext_t context;
  Waits waits;
  unsigned stack;
  unsigned mask;  // of the lanes of its warp that it waits for
  unsigned long long given;
  unsigned long long taken[kWarp];  // what the lanes of the warp gave
};

struct Block {
  ucontext_t scheduler;
  Thread* threads;
  unsigned count;
  unsigned running;
  char* stacks;
  unsigned* free_stacks;
  unsigned free_count;
  char* shared;
  void (*kernel)(void*);
  void* arguments;
};

static thread_local Block* block;

[[noreturn]] inline void fail(const char* text) {
  fprintf(stderr, "%s\n", text);
  abort();
}

inline void* dynamic_shared() { return block->shared; }

inline void pause(Waits waits) {
  Thread& self = block->threads[block->running];
  self.waits = waits;
  swapcontext(&self.context, &block->scheduler);
}

inline void start() {
  block->kernel(block->arguments);
  pause(Waits::for_ever);
}

inline void resume(Block& b, unsigned number) {
  Thread& thread = b.threads[number];
  if (thread.waits == Waits::to_start) {
    thread.stack = b.free_stacks[--b.free_count];
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = b.stacks + thread.stack * kStackBytes;
    thread.context.uc_stack.ss_size = kStackBytes;
    thread.context.uc_link = nullptr;
    makecontext(&thread.context, start, 0);
  }
  thread.waits = Waits::for_nothing;
  b.running = number;
  const unsigned across = number / blockDim.x;
  threadIdx = {number % blockDim.x, across % blockDim.y, across / blockDim.y};
  swapcontext(&b.scheduler, &thread.context);
  // So that kernels without barriers need one stack.
  if (thread.waits == Waits::for_ever) b.free_stacks[b.free_count++] = thread.stack;
}

/// Lets the lanes of a warp go on that wait for each other; false if there are none.
inline bool release_warp(Block& b, unsigned first) {
  const unsigned lanes = b.count - first < kWarp ? b.count - first : kWarp;
  unsigned alive = 0;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    if (b.threads[first + lane].waits != Waits::for_ever) alive |= 1u << lane;
  }
  bool released = false;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    const Thread& thread = b.threads[first + lane];
    if (thread.waits != Waits::for_warp) continue;
    const unsigned group = thread.mask & alive;
    bool together = true;
    unsigned long long given[kWarp];
    memset(given, 0xFF, sizeof given);  // not a number, from lanes that take no part
    for (unsigned other = 0; other < lanes; ++other) {
      if ((group >> other & 1) == 0) continue;
      const Thread& peer = b.threads[first + other];
      together = together && peer.waits == Waits::for_warp && peer.mask == thread.mask;
      given[other] = peer.given;
    }
    if (!together) continue;
    for (unsigned other = 0; other < lanes; ++other) {
      if ((group >> other & 1) == 0) continue;
      memcpy(b.threads[first + other].taken, given, sizeof given);
      b.threads[first + other].waits = Waits::for_nothing;
    }
    released = true;
  }
  return released;
}

inline void run_block(Block& b) {
  for (unsigned k = 0; k < b.count; ++k) b.threads[k].waits = Waits::to_start;
  for (;;) {
    unsigned ended = 0, at_barrier = 0;
    for (unsigned k = 0; k < b.count; ++k) {
      const Waits waits = b.threads[k].waits;
      if (waits == Waits::to_start || waits == Waits::for_nothing) resume(b, k);
      ended += b.threads[k].waits == Waits::for_ever;
      at_barrier += b.threads[k].waits == Waits::for_block;
    }
    if (ended == b.count) return;
    if (at_barrier + ended == b.count) {
      // A barrier that only some threads reach is an error on a GPU.
      if (ended > 0) fail("threads of a block end at different barriers");
      for (unsigned k = 0; k < b.count; ++k) b.threads[k].waits = Waits::for_nothing;
      continue;
    }
    bool released = false;
    for (unsigned k = 0; k < b.count; k += kWarp) released = release_warp(b, k) || released;
    if (!released) fail("threads of a block wait at different barriers");
  }
}

/// Runs kernel(arguments) in each thread of all blocks.
inline void run(const Launch& launch, void (*kernel)(void*), void* arguments) {
  Block b;
  b.count = launch.block[0] * launch.block[1] * launch.block[2];
  b.threads = static_cast<Thread*>(malloc(b.count * sizeof(Thread)));
  b.free_stacks = static_cast<unsigned*>(malloc(b.count * sizeof(unsigned)));
  b.free_count = b.count;
  for (unsigned k = 0; k < b.count; ++k) b.free_stacks[k] = k;
  b.stacks = static_cast<char*>(mmap(nullptr, b.count * kStackBytes, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (b.stacks == MAP_FAILED) fail("there is no memory for the threads of a block");
  b.shared = static_cast<char*>(aligned_alloc(128, (launch.shared_bytes / 128 + 1) * 128));
  b.kernel = kernel;
  b.arguments = arguments;
  block = &b;
  blockDim = {launch.block[0], launch.block[1], launch.block[2]};
  gridDim = {launch.grid[0], launch.grid[1], launch.grid[2]};
  // Blocks in an order in which nothing that depends on one before would work.
  for (unsigned z = launch.grid[2]; z-- > 0;) {
    for (unsigned y = launch.grid[1]; y-- > 0;) {
      for (unsigned x = launch.grid[0]; x-- > 0;) {
        blockIdx = {x, y, z};
        memset(b.shared, kFresh, launch.shared_bytes);
        run_block(b);
      }
    }
  }
  block = nullptr;
  free(b.shared);
  munmap(b.stacks, b.count * kStackBytes);
  free(b.free_stacks);
  free(b.threads);
}

/// What the lanes of the warp named by `mask` give, once all of them are here.
inline const unsigned long long* exchange(unsigned mask, unsigned long long given) {
  Thread& self = block->threads[block->running];
  if ((mask >> (block->running % kWarp) & 1) == 0) fail("a lane waits for others, not for itself");
  self.mask = mask;
  self.given = given;
  pause(Waits::for_warp);
  return self.taken;
}

inline int lane() { return static_cast<int>(block->running % kWarp); }

template <class T>
T shuffle(unsigned mask, const T& value, int from) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "values of 4 or 8 bytes are exchanged");
  unsigned long long bits = 0;
  memcpy(&bits, &value, sizeof value);
  T out;
  memcpy(&out, exchange(mask, bits) + from, sizeof out);
  return out;
}

// What a tensor core adds: products of numbers of 11 bits, with the sum before, all cut off at the
// 24 bits of the largest of them, as is their sum (Fasi, Higham, Mikaitis and Pranesh 2021).
inline float added_by_tensor_core(const double* terms, int count) {
  double largest = 0;
  for (int n = 0; n < count; ++n) largest = fmax(largest, fabs(terms[n]));
  double sum = 0;
  if (!(largest < INFINITY) || largest == 0) {
    for (int n = 0; n < count; ++n) sum += terms[n];
    return static_cast<float>(sum);
  }
  const double unit = ldexp(1, ilogb(largest) - 23);
  for (int n = 0; n < count; ++n) sum += trunc(terms[n] / unit);
  const int excess = sum == 0 ? 0 : ilogb(sum) - 23;
  if (excess > 0) sum = ldexp(trunc(ldexp(sum, -excess)), excess);
  return static_cast<float>(sum * unit);
}

// Two factors that a lane gives at once, as a tensor core reads them.
inline double factor(unsigned long long pair, unsigned number) {
  const unsigned kept = static_cast<unsigned>(pair >> (32 * number)) & 0xffffe000u;
  float value;
  memcpy(&value, &kept, sizeof(value));
  return value;
}

/// mma.m16n8k8 of tf32; all threads of a warp must call it.
inline void multiply_in_warp(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const auto given_by_all = [](unsigned long long(&all)[kWarp], unsigned low, unsigned high) {
    memcpy(all, exchange(0xFFFFFFFFu, static_cast<unsigned long long>(high) << 32 | low),
           sizeof all);
  };
  // Of the columns k and k + 4, rows `group` and `group` + 8; and of b.
  unsigned long long near[kWarp], far[kWarp], other[kWarp];
  given_by_all(near, a[0], a[1]);
  given_by_all(far, a[2], a[3]);
  given_by_all(other, b[0], b[1]);
  const unsigned self = static_cast<unsigned>(lane());
  const unsigned row = self / 4;
  for (unsigned e = 0; e < 4; ++e) {
    const unsigned column = 2 * (self % 4) + e % 2;
    double terms[9] = {sums[e]};
    for (unsigned k = 0; k < 8; ++k) {
      const unsigned long long(&of_a)[kWarp] = k < 4 ? near : far;
      terms[1 + k] =
          factor(of_a[4 * row + k % 4], e / 2) * factor(other[4 * column + k % 4], k / 4);
    }
    sums[e] = added_by_tensor_core(terms, 9);
  }
}

}  // namespace kernelops_shim

static inline void __syncthreads() { kernelops_shim::pause(kernelops_shim::Waits::for_block); }
static inline void __syncwarp(unsigned mask = 0xFFFFFFFFu) { kernelops_shim::exchange(mask, 0); }

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = warpSize) {
  const int group = kernelops_shim::lane() / width * width;
  return kernelops_shim::shuffle(mask, value, group + (source & (width - 1)));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize) {
  const int lane = kernelops_shim::lane(), from = lane - static_cast<int>(delta);
  return kernelops_shim::shuffle(mask, value, from < lane / width * width ? lane : from);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize) {
  const int lane = kernelops_shim::lane(), from = lane + static_cast<int>(delta);
  return kernelops_shim::shuffle(mask, value, from >= lane / width * width + width ? lane : from);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = warpSize) {
  const int lane = kernelops_shim::lane(), from = lane ^ bits;
  return kernelops_shim::shuffle(mask, value, from >= lane / width * width + width ? lane : from);
}

static inline unsigned __ballot_sync(unsigned mask, int holds) {
  const unsigned long long* all = kernelops_shim::exchange(mask, holds != 0);
  unsigned out = 0;
  for (unsigned lane = 0; lane < kernelops_shim::kWarp; ++lane) {
    if (mask >> lane & 1) out |= static_cast<unsigned>(all[lane] == 1) << lane;
  }
  return out;
}
static inline int __any_sync(unsigned mask, int holds) { return __ballot_sync(mask, holds) != 0; }
static inline int __all_sync(unsigned mask, int holds) { return __ballot_sync(mask, !holds) == 0; }

static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
static inline int __ffs(int bits) { return __builtin_ffs(bits); }
static inline int __clz(int bits) {
  return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits));
}

#include "support/cuda_shim_entry.h"

#endif  // KERNELOPS_TESTS_CUDA_SHIM_H_
