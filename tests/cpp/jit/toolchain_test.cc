#include "core/jit/toolchain.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "core/jit/files.h"
#include "core/jit/process.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

class ToolchainTest : public ::testing::Test {
 protected:
  std::string program(const std::string& name, const std::string& body, mode_t mode = 0700) {
    const std::string path = directory_.path() + "/" + name;
    EXPECT_EQ(write_new_file(path, "#!/bin/sh\n" + body + "\n"), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  std::string refusal(const std::string& candidate) {
    const ToolchainSearch search = search_toolchain({{candidate}, {}, ""});
    EXPECT_FALSE(search.toolchain.has_value()) << candidate;
    return search.refused.size() == 1 ? search.refused.front() : "";
  }

  TemporaryDirectory directory_{::testing::TempDir() + "kernelops-toolchain-"};
};

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::count(words.begin(), words.end(), word) > 0;
}

TEST_F(ToolchainTest, FindsACompilerOnThePath) {
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  EXPECT_EQ(toolchain.compiler.front(), '/');
  EXPECT_EQ(toolchain.real_path, std::filesystem::canonical(toolchain.compiler).string());
  EXPECT_FALSE(toolchain.version.empty());
  EXPECT_EQ(toolchain.version.find('\n'), std::string::npos);
}

TEST_F(ToolchainTest, NeverAllowsFastMathOrAMachineOfItsOwnChoice) {
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  for (const char* flag : {"-ffast-math", "-Ofast", "-ffinite-math-only", "-march=native"}) {
    EXPECT_FALSE(has(toolchain.flags, flag)) << flag;
  }
}

TEST_F(ToolchainTest, TakesTheFirstUsableCandidateAndSaysWhyOthersWereRefused) {
  const std::string good = program("good", "echo good compiler 1.0");
  const std::string later = program("later", "echo later compiler 1.0");
  const ToolchainSearch search =
      search_toolchain({{"", "no-such-compiler", good, later}, {"-DEXTRA"}, "generic"});
  ASSERT_TRUE(search.toolchain.has_value());
  EXPECT_EQ(search.toolchain->compiler, good);
  EXPECT_EQ(search.toolchain->version, "good compiler 1.0");
  EXPECT_EQ(search.toolchain->flags.back(), "-DEXTRA");
  EXPECT_EQ(search.toolchain->cpu.name, "generic");
  EXPECT_EQ(search.refused, (std::vector<std::string>{"(an empty name): names no program",
                                                      "no-such-compiler: is not on the PATH"}));
}

TEST_F(ToolchainTest, RefusesAPathThatDoesNotExist) {
  EXPECT_EQ(refusal("/nonexistent/g++"), "/nonexistent/g++: there is no such file");
}

TEST_F(ToolchainTest, RefusesAFileThatCannotBeExecuted) {
  const std::string path = program("text", "echo no", 0600);
  EXPECT_EQ(refusal(path), path + ": is not an executable file");
  EXPECT_EQ(refusal(directory_.path()), directory_.path() + ": is not an executable file");
}

TEST_F(ToolchainTest, RefusesACompilerThatFailsAndQuotesIt) {
  const std::string path = program("failing", "echo licence expired >&2; exit 3");
  EXPECT_EQ(refusal(path), path + ": --version failed with status 3 (licence expired)");
}

TEST_F(ToolchainTest, RefusesACompilerWithoutAVersion) {
  const std::string path = program("silent", "exit 0");
  EXPECT_EQ(refusal(path), path + ": --version printed nothing");
}

TEST_F(ToolchainTest, KeepsTheArgumentsOfACandidateBeforeItsOwnFlags) {
  const std::string wrapper = program("wrapper", "echo \"$@\"");
  const Toolchain toolchain = find_toolchain({{wrapper + " g++  -std=gnu++17"}, {}, ""});
  EXPECT_EQ(toolchain.compiler, wrapper);
  EXPECT_EQ(toolchain.version, "g++ -std=gnu++17 --version");
  const std::vector<std::string> command =
      compile_command(toolchain, "a b.cc", "/headers", "kernel.so");
  EXPECT_EQ(command[0], wrapper);
  EXPECT_EQ(command[1], "g++");
  EXPECT_EQ(command[2], "-std=gnu++17");
  EXPECT_TRUE(has(command, "-I/headers"));
  EXPECT_TRUE(has(command, "a b.cc"));
}

TEST_F(ToolchainTest, RunsAWrapperUnderTheNameItWasFoundBy) {
  const std::string wrapper = program("wrapper", "basename \"$0\"");
  std::filesystem::create_symlink(wrapper, directory_.path() + "/g++");
  const Toolchain toolchain = find_toolchain({{directory_.path() + "/g++"}, {}, ""});
  EXPECT_EQ(toolchain.version, "g++");
  EXPECT_EQ(toolchain.real_path, std::filesystem::canonical(wrapper).string());
}

TEST_F(ToolchainTest, AsksACompilerForItsVersionOnce) {
  const std::string count = directory_.path() + "/count";
  const std::string path = program("counting", "echo asked >> " + count + "; echo version 1");
  for (int search = 0; search < 3; ++search) find_toolchain({{path}, {}, ""});
  EXPECT_EQ(read_file(count), "asked\n");
}

TEST_F(ToolchainTest, AsksARefusedCompilerAgain) {
  const std::string path = program("mended", "test -e " + directory_.path() + "/ok && echo 1");
  refusal(path);
  ASSERT_EQ(write_new_file(directory_.path() + "/ok", ""), 0);
  EXPECT_EQ(find_toolchain({{path}, {}, ""}).version, "1");
}

TEST_F(ToolchainTest, SaysWhatToInstallWhenNothingIsFound) {
  try {
    find_toolchain({{"no-such-compiler", "/nonexistent/g++"}, {}, ""});
    FAIL() << "a compiler was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_EQ(std::string(error.what()),
              "no usable C++ compiler was found; tried:\n"
              "  no-such-compiler: is not on the PATH\n"
              "  /nonexistent/g++: there is no such file\n"
              "Install one: Debian/Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: "
              "xcode-select --install; Windows: Rtools");
  }
}

TEST_F(ToolchainTest, CompilesVectorCodeThatKeepsInfinitiesAndNan) {
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {"-Wall", "-Werror"}, ""});
  const std::string source = directory_.path() + "/kernel.cc";
  const std::string library = directory_.path() + "/kernel.so";
  ASSERT_EQ(write_new_file(source,
                           "typedef double v __attribute__((vector_size(64)));\n"
                           "extern \"C\" void f(v* x) { *x = *x == *x ? *x * 2.0 : v{}; }\n"
                           "extern \"C\" double g(double x) { return __builtin_sin(x); }\n"),
            0);
  const ProcessResult result = run_process(compile_command(toolchain, source, "", library));
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_EQ(result.output, "");
}

}  // namespace
}  // namespace kernelops
