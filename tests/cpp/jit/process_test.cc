#include "core/jit/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/jit/files.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

using Clock = std::chrono::steady_clock;

ProcessResult run_shell(const std::string& script, const Interrupted& interrupted = {}) {
  return run_process({"/bin/sh", "-c", script}, interrupted);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double seconds_until_interrupted(const std::string& script) {
  const Clock::time_point start = Clock::now();
  const auto after_a_moment = [start] { return seconds_since(start) > 0.05; };
  try {
    run_shell(script, after_a_moment);
    ADD_FAILURE() << "the program was not interrupted: " << script;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupt);
    EXPECT_NE(std::string(error.what()).find("/bin/sh"), std::string::npos);
  }
  return seconds_since(start);
}

int open_descriptors() {
  int count = 0;
  for (int number = 0; number < 256; ++number) count += ::fcntl(number, F_GETFD) != -1;
  return count;
}

TEST(Process, ReturnsStandardOutputAndErrorTogether) {
  const ProcessResult result = run_shell("echo one; echo two >&2; echo three");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "one\ntwo\nthree\n");
}

TEST(Process, PassesArgumentsWithoutAShell) {
  EXPECT_EQ(run_process({"printf", "%s|", "a b", "$HOME", "*"}).output, "a b|$HOME|*|");
}

TEST(Process, ReturnsTheExitCode) { EXPECT_EQ(run_shell("exit 42").status, 42); }

TEST(Process, ReturnsTheSignalThatEndedTheProgram) {
  EXPECT_EQ(run_shell("kill -9 $$").status, 128 + SIGKILL);
}

TEST(Process, ReportsAProgramThatDoesNotExist) {
  const ProcessResult result = run_process({"/nonexistent/program"});
  EXPECT_EQ(result.status, 127);
  EXPECT_EQ(result.output, "No such file or directory");
}

TEST(Process, ReadsNothingFromStandardInput) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-process-");
  const std::string file = directory.path() + "/input";
  ASSERT_EQ(write_new_file(file, "typed\n"), 0);
  const Descriptor input(::open(file.c_str(), O_RDONLY));
  const Descriptor usual(::dup(STDIN_FILENO));
  ASSERT_EQ(::dup2(input.number(), STDIN_FILENO), STDIN_FILENO);
  EXPECT_EQ(run_shell("cat; echo end").output, "end\n");
  ::dup2(usual.number(), STDIN_FILENO);
}

TEST(Process, KeepsTheFirst64KiBOfALargeOutput) {
  const ProcessResult result = run_shell("echo start; head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output.size(), 64u * 1024);
  EXPECT_EQ(result.output.substr(0, 7), "start\nx");
}

TEST(Process, StopsAnInterruptedProgramWithin300Milliseconds) {
  EXPECT_LT(seconds_until_interrupted("sleep 10"), 0.3);
}

TEST(Process, StopsAProgramThatIgnoresTermination) {
  EXPECT_LT(seconds_until_interrupted("trap '' TERM; while :; do sleep 1; done"), 0.3);
}

TEST(Process, LetsAnInterruptedProgramRemoveItsFiles) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-process-");
  const std::string file = directory.path() + "/temporary";
  seconds_until_interrupted("trap 'rm " + file + "; exit' TERM; echo > " + file +
                            "; while :; do sleep 0.01; done");
  EXPECT_FALSE(read_file(file).has_value());
}

TEST(Process, StopsAProgramThatFloodsItsOutput) {
  EXPECT_LT(seconds_until_interrupted("yes"), 0.3);
}

TEST(Process, StopsAProgramThatClosedItsOutput) {
  EXPECT_LT(seconds_until_interrupted("exec >/dev/null 2>&1; sleep 10"), 0.3);
}

TEST(Process, StopsWhatTheProgramStarted) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-process-");
  const std::string file = directory.path() + "/late";
  seconds_until_interrupted("trap '' TERM; (sleep 0.5; echo > " + file + ") & wait");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_FALSE(read_file(file).has_value());
}

TEST(Process, DoesNotWaitForAServerThatKeepsTheOutputOpen) {
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(run_shell("sleep 2 & echo started").output, "started\n");
  EXPECT_LT(seconds_since(start), 1.0);
}

TEST(Process, LeavesNoDescriptorOpen) {
  const int before = open_descriptors();
  run_shell("true");
  run_process({"/nonexistent/program"});
  seconds_until_interrupted("sleep 10");
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Process, PassesNoDescriptorOfItsOwnToTheProgram) {
  const ProcessResult result =
      run_shell("for n in 3 4 5 6 7 8 9; do (: <&$n) 2>/dev/null && echo $n; done; true");
  std::string inherited;
  for (int number = 3; number < 10; ++number) {
    if (::fcntl(number, F_GETFD) == 0) inherited += std::to_string(number) + "\n";
  }
  EXPECT_EQ(result.output, inherited);
}

TEST(Process, EndsTheProgramWhenTheQuestionThrows) {
  const Clock::time_point start = Clock::now();
  EXPECT_THROW(run_shell("sleep 10", []() -> bool { throw std::runtime_error("stop"); }),
               std::runtime_error);
  EXPECT_LT(seconds_since(start), 0.5);
}

}  // namespace
}  // namespace kernelops
