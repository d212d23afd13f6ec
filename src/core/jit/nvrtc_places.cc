#include "core/support/small_code.h"

#include "core/jit/nvrtc_places.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

namespace kernelops {
namespace {

namespace fs = std::filesystem;

constexpr char kLibrary[] = "libnvrtc.so";
constexpr char kProgram[] = "nvcc";

// The numbers in a name, to sort "cuda-9.2" before "cuda-12.4".
std::vector<long> numbers_in(const std::string& name) {
  std::vector<long> numbers;
  for (std::size_t at = 0; at < name.size();) {
    if (std::isdigit(static_cast<unsigned char>(name[at])) == 0) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0) ++at;
    numbers.push_back(std::strtol(name.substr(begin, at - begin).c_str(), nullptr, 10));
  }
  return numbers;
}

// What a directory holds with names that begin like this; names without a number, which mean the
// installation's own choice, come first, then the newest.
std::vector<std::string> entries(const fs::path& directory, const std::string& prefix) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator entry(directory, problem);
       !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    if (name.rfind(prefix, 0) == 0) names.push_back(name);
  }
  std::sort(names.begin(), names.end(), [](const std::string& left, const std::string& right) {
    const std::vector<long> first = numbers_in(left);
    const std::vector<long> second = numbers_in(right);
    if (first.empty() != second.empty()) return first.empty();
    return std::make_pair(second, left) < std::make_pair(first, right);
  });
  return names;
}

class Candidates {
 public:
  explicit Candidates(const NvrtcPlaces& places) : places_(places) {}

  // A library, or a directory as the user would name it: of the library or of a toolkit.
  void add_place(const std::string& path, const std::string& origin) {
    if (path.empty()) return;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return add(path, origin);
    const std::size_t before = list_.size();
    add_directory(path, origin);
    add_toolkit(path, origin);
    if (list_.size() == before) list_.push_back({(fs::path(path) / kLibrary).string(), origin});
  }

  void add_toolkit(const fs::path& root, const std::string& origin) {
    for (const char* folder : {"lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib",
                               "targets/aarch64-linux/lib"}) {
      add_directory(root / folder, origin);
    }
  }

  // Packages installed by pip under `prefix`, the folder that holds python3.x.
  void add_pip(const fs::path& prefix, const std::string& origin) {
    for (const std::string& python : entries(prefix, "python3")) {
      for (const char* packages : {"site-packages", "dist-packages"}) {
        const fs::path nvidia = prefix / python / packages / "nvidia";
        for (const std::string& bundle : entries(nvidia, "cu")) {
          add_directory(nvidia / bundle / "lib", origin);
        }
      }
    }
  }

  // The program of a toolkit or of a directory of programs, if it is there.
  void add_program(const fs::path& root, const std::string& origin) {
    std::error_code ignored;
    for (const fs::path& path : {root / "bin" / kProgram, root / kProgram}) {
      if (!root.empty() && fs::exists(path, ignored)) return add(path.string(), origin);
    }
  }

  // What the user named: the program, or a toolkit even if it has none.
  void add_named_program(const std::string& path, const std::string& origin) {
    std::error_code ignored;
    if (path.empty()) return;
    if (fs::is_directory(path, ignored)) add_program(path, origin);
    if (list_.empty()) list_.push_back({path, origin});
  }

  void add_programs_of_toolkits(const fs::path& directory) {
    for (const std::string& toolkit : entries(directory, "cuda")) {
      add_program(directory / toolkit, "");
    }
  }

  void add_toolkits(const fs::path& directory) {
    for (const std::string& toolkit : entries(directory, "cuda")) {
      add_toolkit(directory / toolkit, "");
    }
  }

  void add(const std::string& path, const std::string& origin) {
    std::error_code problem;
    const fs::path real = fs::canonical(path, problem);
    if (!seen_.insert(problem ? path : real.string()).second) return;
    list_.push_back({path, origin});
  }

  std::string variable(const std::string& name) const {
    const auto found = places_.environment.find(name);
    return found == places_.environment.end() ? "" : found->second;
  }

  bool is_empty() const { return list_.empty(); }

  std::vector<LibraryCandidate> list() && { return std::move(list_); }

 private:
  void add_directory(const fs::path& directory, const std::string& origin) {
    for (const std::string& name : entries(directory, kLibrary)) {
      add((directory / name).string(), origin);
    }
  }

  const NvrtcPlaces& places_;
  std::vector<LibraryCandidate> list_;
  std::set<std::string> seen_;
};

}  // namespace

const std::vector<std::string>& nvrtc_variables() {
  static const std::vector<std::string> names = {
      "KERNELOPS_NVRTC", "KERNELOPS_NVCC", "CUDA_HOME", "CUDA_PATH",
      "CONDA_PREFIX",    "VIRTUAL_ENV",    "HOME",      "PATH"};
  return names;
}

NvrtcPlaces nvrtc_places(const std::string& option) {
  NvrtcPlaces places;
  places.option = option;
  for (const std::string& name : nvrtc_variables()) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') places.environment[name] = value;
  }
  return places;
}

std::vector<LibraryCandidate> nvrtc_candidates(const NvrtcPlaces& places) {
  Candidates out(places);
  out.add_place(places.option, "option");
  if (places.option.empty()) out.add_place(out.variable("KERNELOPS_NVRTC"), "KERNELOPS_NVRTC");
  if (!out.is_empty()) return std::move(out).list();
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) out.add_place(out.variable(name), name);
  if (const std::string conda = out.variable("CONDA_PREFIX"); !conda.empty()) {
    out.add_toolkit(conda, "CONDA_PREFIX");
    out.add_pip(fs::path(conda) / "lib", "CONDA_PREFIX");
  }
  if (const std::string python = out.variable("VIRTUAL_ENV"); !python.empty()) {
    out.add_pip(fs::path(python) / "lib", "VIRTUAL_ENV");
  }
  out.add_toolkits(places.toolkits);
  for (const char* version : {"", ".13", ".12", ".11.2", ".11.1", ".11.0"}) {
    out.add(std::string(kLibrary) + version, "");
  }
  if (const std::string home = out.variable("HOME"); !home.empty()) {
    out.add_pip(fs::path(home) / ".local/lib", "pip");
  }
  out.add_pip(places.python, "pip");
  return std::move(out).list();
}

std::vector<LibraryCandidate> nvcc_candidates(const NvrtcPlaces& places) {
  Candidates out(places);
  out.add_named_program(out.variable("KERNELOPS_NVCC"), "KERNELOPS_NVCC");
  if (!out.is_empty()) return std::move(out).list();
  for (const char* name : {"CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX"}) {
    out.add_program(out.variable(name), name);
  }
  out.add_programs_of_toolkits(places.toolkits);
  std::istringstream path(out.variable("PATH"));
  for (std::string directory; std::getline(path, directory, ':');) {
    out.add_program(directory, "PATH");
  }
  return std::move(out).list();
}

}  // namespace kernelops
