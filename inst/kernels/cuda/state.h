// The parts of a CUDA kernel that do not depend on its formula.
#ifndef KERNELOPS_KERNELS_CUDA_STATE_H_
#define KERNELOPS_KERNELS_CUDA_STATE_H_

namespace kernelops {

// Where the states of a thread's rows are: from row `first_row` on, slots `state_stride` apart.
struct StatePlace {
  double* state;
  long long state_stride;
  int first_row;
  long long first_column;  // of the columns at hand, among all
};

KERNELOPS_INLINE int smaller_size(int a, int b) { return a < b ? a : b; }

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_CUDA_STATE_H_
