// The yardsticks, each in both precisions, with its slots: instructions on the two multiplying
// ports per vector of pairs, from which README.md derives the limit (zero: no limit is claimed).

#ifndef KERNELOPS_BENCHMARKS_CPU_KERNELS_H_
#define KERNELOPS_BENCHMARKS_CPU_KERNELS_H_

#include "problem.h"

namespace yardstick {

struct Yardstick {
  Kernel float32, float64;
  double slots32, slots64;
};

// formulas.cc
extern const Yardstick kGaussian1, kGaussian2, kGaussian3, kGradient, kLaplacian,
    kMaternThreeHalves, kMaternFiveHalves, kAbsoluteDifferences, kWeighted, kProduct, kWave;
// dimensions.cc
extern const Yardstick kGaussian10, kGaussian100, kGaussian784, kGaussian1000;
// products.cc
extern const Yardstick kWide3, kWide100, kAttention;
// nearest.cc
extern const Yardstick kNearest3, kNearest10, kNearest100, kCentres;
// extremes.cc
extern const Yardstick kLogSumExp, kOneRow, kOneColumn;

}  // namespace yardstick

#endif  // KERNELOPS_BENCHMARKS_CPU_KERNELS_H_
