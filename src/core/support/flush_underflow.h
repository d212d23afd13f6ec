// How a thread computes while it runs a kernel.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

namespace kernelops {

/// While it lives, if it is wanted, results of this thread below the smallest normal number (1e-38
/// in float32, 2e-308 in float64) are 0. x86 processors take a hundred times as long for such a
/// result; others compute it at full speed and as it is.
class FlushUnderflow {
 public:
#if defined(__x86_64__) || defined(__i386__)
  explicit FlushUnderflow(bool wanted) : before_(_mm_getcsr()) {
    if (wanted) _mm_setcsr(before_ | _MM_FLUSH_ZERO_ON);
  }
  ~FlushUnderflow() { _mm_setcsr(before_); }
#else
  explicit FlushUnderflow(bool) {}
#endif
  FlushUnderflow(const FlushUnderflow&) = delete;
  FlushUnderflow& operator=(const FlushUnderflow&) = delete;

#if defined(__x86_64__) || defined(__i386__)
 private:
  unsigned before_;
#endif
};

}  // namespace kernelops
