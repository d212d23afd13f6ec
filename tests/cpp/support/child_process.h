// Runs part of a test in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>

namespace kernelops::testing {

/// Starts `body` in a child process.
inline pid_t start_child(const std::function<bool()>& body) {
  const pid_t process = ::fork();
  if (process != 0) return process;
  bool succeeded = false;
  try {
    succeeded = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(succeeded ? 0 : 1);
}

/// Waits for a child; true if its body returned true.
inline bool child_succeeded(pid_t process) {
  int status = 0;
  return ::waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace kernelops::testing
