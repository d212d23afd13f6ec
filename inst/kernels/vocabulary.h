// All that the rows of the tables are written in.
#ifndef KERNELOPS_KERNELS_VOCABULARY_H_
#define KERNELOPS_KERNELS_VOCABULARY_H_

#include "comparison.h"
#include "components.h"
#include "math.h"
#include "ranks.h"
#include "reductions.h"
#include "scalar.h"

#endif  // KERNELOPS_KERNELS_VOCABULARY_H_
