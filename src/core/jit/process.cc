#include "core/support/small_code.h"

#include "core/jit/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __APPLE__
#include <crt_externs.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <thread>

#include "core/jit/files.h"
#include "core/support/error.h"

#ifndef __APPLE__
extern char** environ;
#endif

namespace kernelops {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kKeptOutput = 64 * 1024;
constexpr int kNotStarted = 127;
constexpr milliseconds kPollInterval{20};
constexpr milliseconds kPatienceAfterTerminate{100};

char** environment() {
#ifdef __APPLE__
  return *_NSGetEnviron();
#else
  return environ;
#endif
}

int status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool finished() { return finished_ || reap(WNOHANG); }
  int status() const { return status_; }

  // Terminates first: compilers remove their temporary files then, which they cannot when killed.
  void end() noexcept {
    if (finished_) return;
    ::kill(-process_, SIGTERM);
    const Clock::time_point deadline = Clock::now() + kPatienceAfterTerminate;
    while (!finished() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(2));
    ::kill(-process_, SIGKILL);
    if (!finished_) reap(0);
  }

 private:
  bool reap(int options) {
    int wait_status = 0;
    pid_t reaped;
    do {
      reaped = ::waitpid(process_, &wait_status, options);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0) return false;
    // Where the host ignores SIGCHLD the system reaps and the status is lost.
    status_ = reaped > 0 ? status_of(wait_status) : kNotStarted;
    return finished_ = true;
  }

  pid_t process_;
  bool finished_ = false;
  int status_ = kNotStarted;
};

void open_pipe(Descriptor& read_end, Descriptor& write_end) {
  int ends[2];
#ifdef __APPLE__
  const int failed = ::pipe(ends);
#else
  const int failed = ::pipe2(ends, O_CLOEXEC);
#endif
  if (failed != 0) {
    throw Error(ErrorKind::internal, "cannot open a pipe: " + system_message(errno));
  }
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
#ifdef __APPLE__
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
#endif
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int spawn(const std::vector<std::string>& command, int output, pid_t* process) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);

  // A group of its own keeps Ctrl-C at the terminal for R, which then stops the group itself.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t usual;
  ::sigemptyset(&none);
  ::sigemptyset(&usual);
  for (const int signal_number : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD}) {
    ::sigaddset(&usual, signal_number);
  }
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const int failure =
      ::posix_spawnp(process, arguments[0], &actions, &attributes, arguments.data(), environment());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return failure;
}

// Reads what is there, at most a full pipe so that a flood cannot hold up the questions for an
// interrupt; false when no more can come.
bool drain(int descriptor, std::string& output) {
  std::array<char, 16384> buffer;
  for (int turn = 0; turn < 8; ++turn) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count == 0) return false;
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    const std::size_t room = kKeptOutput - output.size();
    output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    if (static_cast<std::size_t>(count) < buffer.size()) break;
  }
  return true;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const Interrupted& interrupted) {
  if (command.empty()) throw Error(ErrorKind::internal, "an empty command cannot be run");
  Descriptor read_end;
  Descriptor write_end;
  open_pipe(read_end, write_end);
  pid_t process = 0;
  if (const int failure = spawn(command, write_end.number(), &process); failure != 0) {
    return {kNotStarted, system_message(failure)};
  }
  write_end.reset();
  Child child(process);

  std::string output;
  bool open = true;
  Clock::time_point next_question = Clock::now() + kPollInterval;
  microseconds pause{200};
  for (;;) {
    if (open) {
      pollfd readable = {read_end.number(), POLLIN, 0};
      ::poll(&readable, 1, static_cast<int>(kPollInterval.count()));
      open = drain(read_end.number(), output);
    }
    // A program may leave a server behind that holds the pipe, or close its output and go on: only
    // its own end counts.
    if (child.finished()) break;
    if (!open) {
      std::this_thread::sleep_for(pause);
      pause = std::min<microseconds>(2 * pause, kPollInterval);
    }
    if (Clock::now() >= next_question) {
      if (interrupted && interrupted()) {
        child.end();
        throw Error(ErrorKind::interrupt, "`" + command.front() + "` was stopped by an interrupt");
      }
      next_question = Clock::now() + kPollInterval;
    }
  }
  if (open) drain(read_end.number(), output);
  return {child.status(), std::move(output)};
}

}  // namespace kernelops
