// All that generated CUDA programs are written in. No header of a system is included: NVRTC has
// none. What differs from the CPU comes first and keeps its counterpart out.
#ifndef KERNELOPS_KERNELS_CUDA_WORDS_H_
#define KERNELOPS_KERNELS_CUDA_WORDS_H_

// clang-format off
#include "cuda/vector.h"
#include "cuda/instructions.h"
#include "cuda/functions.h"
#include "cuda/state.h"
#include "cuda/matrix.h"
#include "tile.h"
#include "vocabulary.h"
#include "cuda/rank_lists.h"
// clang-format on

#endif  // KERNELOPS_KERNELS_CUDA_WORDS_H_
