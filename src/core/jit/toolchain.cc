#include "core/support/small_code.h"

#include "core/jit/toolchain.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>
#include <string_view>
#include <system_error>

#include "core/jit/process.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kVersionPatience{20};

// Exceptions and RTTI are off because kernels need no C++ run-time library, and linking without it
// saves a tenth (g++) to a quarter (clang++) of the whole compilation. Infinities, NaN and signed
// zeros keep their meaning under these flags.
const std::vector<std::string>& base_flags() {
  static const std::vector<std::string> flags = {
      "-O2",
      "-std=c++17",
      "-fPIC",
      "-shared",
      "-pipe",
      "-fno-exceptions",
      "-fno-rtti",
      "-fno-math-errno",
      "-fno-trapping-math",
      "-ffp-contract=fast",
      "-Wno-psabi",
#ifndef __APPLE__
      "-nodefaultlibs",
#endif
  };
  return flags;
}

// GCC writes chains of dependent instructions one after the other unless it schedules before it
// gives out registers: float64 exponentials gain a sixth. Clang has no such flag and no such need.
std::vector<std::string> flags_of_compiler(const std::string& version) {
  if (version.find("clang") != std::string::npos) return {};
  return {"-fschedule-insns", "-fsched-pressure"};
}

const std::vector<std::string>& libraries() {
#ifdef __APPLE__
  static const std::vector<std::string> names = {};
#else
  static const std::vector<std::string> names = {"-lm", "-lc"};
#endif
  return names;
}

std::vector<std::string> split_on_spaces(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> result;
  for (std::string word; words >> word;) result.push_back(word);
  return result;
}

bool is_executable_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

// A path, or why there is none.
struct Located {
  std::string path;
  std::string refusal;
};

Located locate(const std::string& program) {
  std::error_code problem;
  if (program.find('/') != std::string::npos) {
    if (!fs::exists(program, problem)) return {"", "there is no such file"};
    if (!is_executable_file(program)) return {"", "is not an executable file"};
    return {fs::absolute(program, problem).string(), ""};
  }
  const char* search_path = std::getenv("PATH");
  std::istringstream directories(search_path == nullptr ? "" : search_path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    const fs::path path = fs::path(directory.empty() ? "." : directory) / program;
    if (is_executable_file(path)) return {fs::absolute(path, problem).string(), ""};
  }
  return {"", "is not on the PATH"};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The version, or why there is none.
struct Version {
  std::string line;
  std::string refusal;
};

Version ask_version(std::vector<std::string> command) {
  command.push_back("--version");
  const auto deadline = std::chrono::steady_clock::now() + kVersionPatience;
  const auto too_late = [deadline] { return std::chrono::steady_clock::now() > deadline; };
  ProcessResult answer;
  try {
    answer = run_process(command, too_late);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupt) throw;
    return {"", "did not answer --version in time"};
  }
  const std::string line = first_line(answer.output);
  if (answer.status != 0) {
    return {"", "--version failed with status " + std::to_string(answer.status) +
                    (line.empty() ? "" : " (" + line + ")")};
  }
  if (line.empty()) return {"", "--version printed nothing"};
  return {line, ""};
}

// Remembers answers by command and time of change, so that a compiler upgraded in place is asked
// again; refusals are not remembered, as the user may mend their cause.
Version version_of(const std::vector<std::string>& command) {
  static std::mutex mutex;
  static std::map<std::pair<std::vector<std::string>, fs::file_time_type>, std::string> known;
  std::error_code ignored;
  const auto key = std::make_pair(command, fs::last_write_time(command.front(), ignored));
  const std::lock_guard<std::mutex> lock(mutex);
  if (const auto found = known.find(key); found != known.end()) return {found->second, ""};
  Version version = ask_version(command);
  if (version.refusal.empty()) known.emplace(key, version.line);
  return version;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

void append(std::vector<std::string>& target, const std::vector<std::string>& source) {
  target.insert(target.end(), source.begin(), source.end());
}

}  // namespace

ToolchainSearch search_toolchain(const ToolchainRequest& request) {
  const CpuFeatures cpu = request.cpu.empty() ? detect_cpu() : cpu_features_named(request.cpu);
  ToolchainSearch search;
  for (const std::string& candidate : request.candidates) {
    std::vector<std::string> words = split_on_spaces(candidate);
    if (words.empty()) {
      search.refused.push_back("(an empty name): names no program");
      continue;
    }
    const Located located = locate(words.front());
    if (!located.refusal.empty()) {
      search.refused.push_back(candidate + ": " + located.refusal);
      continue;
    }
    words.front() = located.path;
    const Version version = version_of(words);
    if (!version.refusal.empty()) {
      search.refused.push_back(candidate + ": " + version.refusal);
      continue;
    }
    std::vector<std::string> flags(words.begin() + 1, words.end());
    append(flags, base_flags());
    append(flags, flags_of_compiler(version.line));
    append(flags, cpu.flags);
    append(flags, request.extra_flags);
    std::error_code ignored;
    search.toolchain = Toolchain{located.path, version.line, flags, cpu,
                                 fs::canonical(located.path, ignored).string()};
    break;
  }
  return search;
}

Error missing_compiler_error(const ToolchainSearch& search) {
  const std::string tried =
      search.refused.empty() ? "\n  (no candidate was given)" : join_lines(search.refused);
  return Error(ErrorKind::compile,
               "no usable C++ compiler was found; tried:" + tried +
                   "\nInstall one: Debian/Ubuntu: apt install g++; Fedora: dnf install gcc-c++; "
                   "macOS: xcode-select --install; Windows: Rtools",
               {{"refused", tried}});
}

Toolchain find_toolchain(const ToolchainRequest& request) {
  ToolchainSearch search = search_toolchain(request);
  if (!search.toolchain) throw missing_compiler_error(search);
  return *search.toolchain;
}

std::vector<std::string> compile_command(const Toolchain& toolchain, const std::string& source_path,
                                         const std::string& include_directory,
                                         const std::string& library_path) {
  std::vector<std::string> command = {toolchain.compiler};
  append(command, toolchain.flags);
  if (!include_directory.empty()) command.push_back("-I" + include_directory);
  append(command, {"-o", library_path, source_path});
  append(command, libraries());
  return command;
}

}  // namespace kernelops
