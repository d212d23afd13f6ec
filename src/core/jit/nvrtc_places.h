// Where NVIDIA's compilers may be: what the user says, Python environments, toolkits, the paths of
// the loader and of programs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/jit/dynamic_library.h"

namespace kernelops {

/// All that the candidates depend on besides the files that are there.
struct NvrtcPlaces {
  std::string option;                              // a library or its directory; may be empty
  std::map<std::string, std::string> environment;  // of the variables in nvrtc_variables()
  std::string python = "/usr/local/lib";           // a system-wide prefix of Python packages
  std::string toolkits = "/usr/local";             // holds cuda, cuda-13.0, ...
};

/// The environment variables that say where a compiler may be.
const std::vector<std::string>& nvrtc_variables();

/// The places of this process: its environment and the usual directories.
NvrtcPlaces nvrtc_places(const std::string& option);

/// Libraries to try, best first, no file twice. What the user named, by the option or else by
/// KERNELOPS_NVRTC, is the only one even if it does not exist: another would be a surprise.
std::vector<LibraryCandidate> nvrtc_candidates(const NvrtcPlaces& places);

/// Programs to try, likewise, with KERNELOPS_NVCC for what the user named.
std::vector<LibraryCandidate> nvcc_candidates(const NvrtcPlaces& places);

}  // namespace kernelops
