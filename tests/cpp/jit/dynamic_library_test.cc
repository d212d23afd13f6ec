#include "core/jit/dynamic_library.h"

#include <gtest/gtest.h>

#include <string>

#include "core/jit/files.h"

namespace kernelops {
namespace {

// The mathematics library, which every machine has under this name.
#ifdef __APPLE__
constexpr char kLibrary[] = "libSystem.dylib";
#else
constexpr char kLibrary[] = "libm.so.6";
#endif

std::string accept(const DynamicLibrary&) { return ""; }

class DynamicLibraryTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_{::testing::TempDir() + "kernelops-library-"};
};

TEST_F(DynamicLibraryTest, GivesAddressesAndTheFileTheyLieIn) {
  std::string reason;
  const auto library = DynamicLibrary::open(kLibrary, Unloading::yes, &reason);
  ASSERT_NE(library, nullptr) << reason;
  void* const cosine = library->find("cos");
  ASSERT_NE(cosine, nullptr);
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(cosine)(0), 1);
  EXPECT_EQ(library->file_of(cosine).front(), '/');
  EXPECT_EQ(library->find("no_such_function", &reason), nullptr);
  EXPECT_NE(reason, "");
}

TEST_F(DynamicLibraryTest, TakesTheFirstThatWorksAndSaysWhyOthersWereRefused) {
  const std::string text = directory_.path() + "/text.so";
  ASSERT_EQ(write_new_file(text, "not a library"), 0);
  const std::string missing = directory_.path() + "/missing.so";
  const LibrarySearch search = open_first(
      {{"", "option"}, {missing, "CUDA_HOME"}, {text, ""}, {kLibrary, ""}, {text, ""}}, accept);
  ASSERT_NE(search.library, nullptr);
  EXPECT_EQ(search.library->path(), kLibrary);
  ASSERT_EQ(search.refused.size(), 3u);
  EXPECT_EQ(search.refused[0], "(an empty name) (option): names no file");
  EXPECT_EQ(search.refused[1], missing + " (CUDA_HOME): there is no such file");
  EXPECT_EQ(search.refused[2].find(text + ": "), 0u);
  EXPECT_EQ(search.refused[2].find(text, 1), std::string::npos) << "the path is said twice";
}

TEST_F(DynamicLibraryTest, RefusesWhatDoesNotPassTheCheck) {
  const LibrarySearch search = open_first({{kLibrary, ""}}, [](const DynamicLibrary& library) {
    return missing_functions(library, {"cos", "first_missing", "second_missing"});
  });
  EXPECT_EQ(search.library, nullptr);
  ASSERT_EQ(search.refused.size(), 1u);
  EXPECT_EQ(search.refused[0],
            std::string(kLibrary) + ": lacks the functions `first_missing` and `second_missing`");
}

}  // namespace
}  // namespace kernelops
