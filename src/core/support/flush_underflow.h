// How threads compute while they run kernels.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

namespace kernelops {

/// While it lives, results of this thread below the smallest normal number (1e-38 in float32,
/// 2e-308 in float64) are 0. x86 processors take a hundred times as long for such a result, which
/// an exponential of a large distance often is; others compute it at full speed and as it is.
class FlushUnderflow {
 public:
#if defined(__x86_64__) || defined(__i386__)
  FlushUnderflow() : before_(_mm_getcsr()) { _mm_setcsr(before_ | _MM_FLUSH_ZERO_ON); }
  ~FlushUnderflow() { _mm_setcsr(before_); }
#else
  FlushUnderflow() {}
#endif
  FlushUnderflow(const FlushUnderflow&) = delete;
  FlushUnderflow& operator=(const FlushUnderflow&) = delete;

 private:
#if defined(__x86_64__) || defined(__i386__)
  unsigned before_;
#endif
};

}  // namespace kernelops
