// Runs a program and waits for it. No shell is involved, nothing is inherited but the environment,
// and the child is always reaped.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kernelops {

/// What a finished program left.
struct ProcessResult {
  int status;          // exit code; 128 + signal; 127 when it could not be started
  std::string output;  // stdout and stderr together, the first 64 KiB
};

/// Asked about every 20 ms while a program runs; true stops the program.
using Interrupted = std::function<bool()>;

/// Runs `command` (program and arguments) to its end, or throws Error(interrupt) after ending it
/// with everything it started.
ProcessResult run_process(const std::vector<std::string>& command,
                          const Interrupted& interrupted = {});

}  // namespace kernelops
