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
#define __launch_bounds__(threads)
#define __syncthreads kernelops_shim::wait_for_all
// A warp of one thread: what kernels ask their warps must not change what comes out.
#define __any_sync(threads, holds) (holds)

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

static void run_block() {
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
