// What the compiler makes of the tasks' texts, where there is no device.
#pragma once

#include <string>
#include <vector>

#include "measure.h"

namespace kernelops::benchmark {

/// Compiles all texts for some architectures and prints registers and spills of the kernels that
/// meet pairs. Images go to `folder`, if it is not empty. False if a text does not compile.
bool compile_only(const Options& options, const std::vector<int>& architectures,
                  const std::string& filter, const std::string& folder);

}  // namespace kernelops::benchmark
