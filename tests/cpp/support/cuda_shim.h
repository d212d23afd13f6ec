// The keywords of CUDA for a compiler for the CPU, so that a CUDA program runs without a GPU. The
// threads of a block are contexts that take turns: each runs until it ends or waits for the others.
#ifndef KERNELOPS_TESTS_CUDA_SHIM_H_
#define KERNELOPS_TESTS_CUDA_SHIM_H_

#include <math.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __syncthreads kernelops_shim::wait_for_all

struct KernelopsIndex {
  unsigned x, y, z;
};
static KernelopsIndex threadIdx, blockIdx, blockDim, gridDim;

namespace kernelops_shim {

constexpr std::size_t kStackBytes = 256 * 1024;

struct Thread {
  ucontext_t context;
  std::vector<char> stack;
  bool ended = false;
};

static ucontext_t scheduler;
static std::vector<Thread> threads;
static unsigned running;
static void (*kernel)(void*);
static void* arguments;

static void start() {
  kernel(arguments);
  threads[running].ended = true;
  swapcontext(&threads[running].context, &scheduler);
}

static void wait_for_all() { swapcontext(&threads[running].context, &scheduler); }

// What a tensor core adds: products of numbers of 11 bits, with the sum before, all cut off at the
// 24 bits of the largest of them, as is their sum (Fasi, Higham, Mikaitis and Pranesh 2021).
static float added_by_tensor_core(const double* terms, int count) {
  double largest = 0;
  for (int n = 0; n < count; ++n) largest = fmax(largest, fabs(terms[n]));
  if (!(largest < INFINITY) || largest == 0) {
    double sum = 0;
    for (int n = 0; n < count; ++n) sum += terms[n];
    return static_cast<float>(sum);
  }
  const double unit = ldexp(1, ilogb(largest) - 23);
  double sum = 0;
  for (int n = 0; n < count; ++n) sum += trunc(terms[n] / unit);
  const int excess = sum == 0 ? 0 : ilogb(sum) - 23;
  if (excess > 0) sum = ldexp(trunc(ldexp(sum, -excess)), excess);
  return static_cast<float>(sum * unit);
}

struct Factors {
  unsigned a[4], b[2];
};

// In turns, so that what one product reads is still there when the next one is written.
static std::vector<Factors> deposited[2];
static std::vector<unsigned> turns;

static double factor(unsigned bits) {
  const unsigned kept = bits & 0xffffe000u;
  float value;
  __builtin_memcpy(&value, &kept, sizeof(value));
  return value;
}

// mma.m16n8k8 of tf32: all threads of a block must call it, as all those of a warp must.
static void multiply_in_warp(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const unsigned self = running;
  std::vector<Factors>& all = deposited[turns[self]++ % 2];
  for (int n = 0; n < 4; ++n) all[self].a[n] = a[n];
  for (int n = 0; n < 2; ++n) all[self].b[n] = b[n];
  wait_for_all();
  const Factors* const warp = all.data() + self / 32 * 32;
  const unsigned group = self % 32 / 4, member = self % 4;
  for (unsigned e = 0; e < 4; ++e) {
    const unsigned row = group, column = 2 * member + e % 2;
    double terms[9] = {sums[e]};
    for (unsigned k = 0; k < 8; ++k) {
      terms[1 + k] = factor(warp[4 * row + k % 4].a[k / 4 * 2 + e / 2]) *
                     factor(warp[4 * column + k % 4].b[k / 4]);
    }
    sums[e] = added_by_tensor_core(terms, 9);
  }
}

static void run_block() {
  for (std::vector<Factors>& each : deposited) each.resize(threads.size());
  turns.assign(threads.size(), 0);
  for (Thread& each : threads) {
    each.ended = false;
    getcontext(&each.context);
    each.context.uc_stack.ss_sp = each.stack.data();
    each.context.uc_stack.ss_size = each.stack.size();
    each.context.uc_link = nullptr;
    makecontext(&each.context, start, 0);
  }
  for (std::size_t ended = 0; ended < threads.size();) {
    const std::size_t before = ended;
    ended = 0;
    for (running = 0; running < threads.size(); ++running) {
      if (!threads[running].ended) {
        threadIdx.x = running;
        swapcontext(&scheduler, &threads[running].context);
      }
      ended += threads[running].ended;
    }
    // A barrier that only some threads reach is an error on a GPU.
    if (before == 0 && ended != 0 && ended != threads.size()) {
      std::fputs("threads of a block end at different barriers\n", stderr);
      std::abort();
    }
  }
}

}  // namespace kernelops_shim

/// Runs kernel(arguments) in each thread of grid_x * grid_y blocks.
extern "C" void kernelops_shim_launch(int grid_x, int grid_y, int block, void (*kernel)(void*),
                                      void* arguments) {
  using namespace kernelops_shim;
  kernelops_shim::kernel = kernel;
  kernelops_shim::arguments = arguments;
  threads.resize(static_cast<std::size_t>(block));
  for (Thread& each : threads) each.stack.resize(kStackBytes);
  blockDim = {static_cast<unsigned>(block), 1, 1};
  gridDim = {static_cast<unsigned>(grid_x), static_cast<unsigned>(grid_y), 1};
  // Blocks in an order in which nothing that depends on one before would work.
  for (int y = grid_y - 1; y >= 0; --y) {
    for (int x = grid_x - 1; x >= 0; --x) {
      blockIdx = {static_cast<unsigned>(x), static_cast<unsigned>(y), 0};
      run_block();
    }
  }
}

#endif  // KERNELOPS_TESTS_CUDA_SHIM_H_
