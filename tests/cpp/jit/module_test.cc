#include "core/jit/module.h"

#include <gtest/gtest.h>

#include "core/jit/files.h"
#include "core/jit/process.h"
#include "core/jit/toolchain.h"
#include "core/support/error.h"

namespace kernelops {
namespace {

class ModuleTest : public ::testing::Test {
 protected:
  std::string library() {
    const std::string source = directory_.path() + "/kernel.cc";
    const std::string path = directory_.path() + "/kernel.so";
    EXPECT_EQ(write_new_file(source, "extern \"C\" int answer() { return 42; }\n"), 0);
    const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
    EXPECT_EQ(run_process(compile_command(toolchain, source, "", path)).status, 0);
    return path;
  }

  TemporaryDirectory directory_{::testing::TempDir() + "kernelops-module-"};
};

TEST_F(ModuleTest, GivesTheAddressOfASymbol) {
  const Module module(library());
  EXPECT_EQ(reinterpret_cast<int (*)()>(module.symbol("answer"))(), 42);
}

TEST_F(ModuleTest, NamesLibraryAndSymbolWhenTheSymbolIsMissing) {
  const std::string path = library();
  const Module module(path);
  try {
    module.symbol("question");
    FAIL() << "a missing symbol was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::load);
    EXPECT_EQ(error.data().at("library"), path);
    EXPECT_EQ(error.data().at("symbol"), "question");
    EXPECT_NE(error.data().at("system_message"), "");
  }
}

TEST_F(ModuleTest, QuotesTheSystemWhenAFileIsNoLibrary) {
  const std::string path = directory_.path() + "/text.so";
  ASSERT_EQ(write_new_file(path, "not a library"), 0);
  try {
    const Module module(path);
    FAIL() << "a text was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::load);
    EXPECT_EQ(error.data().at("library"), path);
    EXPECT_NE(std::string(error.what()).find(error.data().at("system_message")), std::string::npos);
  }
}

}  // namespace
}  // namespace kernelops
