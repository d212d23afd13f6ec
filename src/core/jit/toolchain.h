// Finds a C++ compiler and says how to call it. Everything that decides what a compiler makes of a
// source is in Toolchain, so that it can be part of a kernel's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/jit/cpu_features.h"
#include "core/support/error.h"

namespace kernelops {

/// A usable compiler with its flags.
struct Toolchain {
  std::string compiler;            // absolute path as it was found: wrappers act on their name
  std::string version;             // first line of --version
  std::vector<std::string> flags;  // begin with the arguments of the candidate
  CpuFeatures cpu;
  std::string real_path;  // the file behind `compiler`
};

/// What to look for.
struct ToolchainRequest {
  std::vector<std::string> candidates;  // best first; names or paths, arguments after spaces
  std::vector<std::string> extra_flags;
  std::string cpu;  // a name of CpuFeatures, or empty for the running machine's best
};

/// What was found, and why each candidate before it was refused ("candidate: reason").
struct ToolchainSearch {
  std::optional<Toolchain> toolchain;
  std::vector<std::string> refused;
};

/// Tries the candidates in their order; a compiler is asked for its version once per process.
ToolchainSearch search_toolchain(const ToolchainRequest& request);

/// The Error(compile) of a search that found nothing: all refusals, and what to install.
Error missing_compiler_error(const ToolchainSearch& search);

/// Like search_toolchain, but throws missing_compiler_error.
Toolchain find_toolchain(const ToolchainRequest& request);

/// The command that makes the shared library `library_path` of one source file; an empty
/// `include_directory` is left out.
std::vector<std::string> compile_command(const Toolchain& toolchain, const std::string& source_path,
                                         const std::string& include_directory,
                                         const std::string& library_path);

}  // namespace kernelops
