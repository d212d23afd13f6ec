#include "core/jit/cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/support/error.h"

namespace kernelops {
namespace {

TEST(CpuFeatures, DetectsASetThatCanAlsoBeNamed) {
  const CpuFeatures detected = detect_cpu();
  const CpuFeatures named = cpu_features_named(detected.name);
  EXPECT_EQ(named.flags, detected.flags);
  EXPECT_EQ(named.vector_bytes, detected.vector_bytes);
  EXPECT_GE(detected.vector_bytes, 16);
}

TEST(CpuFeatures, AlwaysHasTheGenericSetWithoutFlags) {
  const CpuFeatures generic = cpu_features_named("generic");
  EXPECT_EQ(generic.vector_bytes, 16);
  EXPECT_EQ(generic.vector_registers, 16);
  EXPECT_TRUE(generic.flags.empty());
}

TEST(CpuFeatures, NamesEveryInstructionSetToTheCompiler) {
  const CpuFeatures cpu = detect_cpu();
  EXPECT_EQ(std::count(cpu.flags.begin(), cpu.flags.end(), "-march=native"), 0);
  const bool wide = cpu.name == "avx512" || cpu.name == "avx2";
  EXPECT_EQ(std::count(cpu.flags.begin(), cpu.flags.end(), "-mfma"), wide ? 1 : 0);
}

TEST(CpuFeatures, RefusesAnUnknownNameAndListsTheKnownOnes) {
  try {
    cpu_features_named("avx1024");
    FAIL() << "avx1024 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::argument);
    EXPECT_EQ(std::string(error.what()),
              "`avx1024` is no known set of CPU instructions; known are: avx512, avx2, sse2, neon, "
              "generic");
  }
}

TEST(CpuFeatures, RefusesASetThatTheMachineLacks) {
#if defined(__aarch64__)
  const std::string foreign = "sse2";
#else
  const std::string foreign = "neon";
#endif
  try {
    cpu_features_named(foreign);
    FAIL() << foreign << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::argument);
    EXPECT_NE(std::string(error.what()).find("this machine has no `" + foreign + "`"),
              std::string::npos);
    EXPECT_EQ(error.data().at("actual"), foreign);
  }
}

}  // namespace
}  // namespace kernelops
