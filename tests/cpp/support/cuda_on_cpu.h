// CUDA text for a compiler for the CPU: with the shim of CUDA's keywords before it, and an entry
// after each kernel.
#pragma once

#include <string>
#include <vector>

namespace kernelops::testing {

/// The text for the CPU. Messages of its compiler name `name` and the lines of `cuda`.
std::string cuda_on_cpu(const std::string& cuda, const std::string& name);

/// The command that compiles such a text to a shared library.
std::vector<std::string> cuda_on_cpu_command(const std::string& compiler,
                                             const std::vector<std::string>& include_directories,
                                             const std::string& source, const std::string& library);

}  // namespace kernelops::testing
