#include "core/jit/nvrtc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "core/jit/files.h"
#include "core/jit/process.h"
#include "core/jit/toolchain.h"
#include "core/support/error.h"
#include "support/cuda_compiler.h"

namespace kernelops {
namespace {

using Form = NvrtcFit::Form;
using testing::machine_nvrtc;

const std::vector<int> kKnown = {75, 80, 86, 90, 100};

TEST(NvrtcFitTest, MakesMachineCodeForDevicesItKnows) {
  const NvrtcFit fit = nvrtc_fit({12, 8}, kKnown, {90, {12, 8}});
  EXPECT_EQ(fit.form, Form::machine_code);
  EXPECT_EQ(fit.architecture, 90);
  // Also for an older driver of the same major version, and where no driver is known.
  EXPECT_EQ(nvrtc_fit({12, 8}, kKnown, {90, {12, 0}}).form, Form::machine_code);
  EXPECT_EQ(nvrtc_fit({12, 8}, kKnown, {90, {}}).form, Form::machine_code);
}

TEST(NvrtcFitTest, MakesPtxOfTheNewestThatIsNotNewerThanTheDevice) {
  const NvrtcFit newer = nvrtc_fit({12, 8}, kKnown, {121, {13, 0}});
  EXPECT_EQ(newer.form, Form::ptx);
  EXPECT_EQ(newer.architecture, 100);
  EXPECT_EQ(nvrtc_fit({12, 8}, kKnown, {89, {13, 0}}).architecture, 86);
}

TEST(NvrtcFitTest, RefusesInOneSentenceWithBothVersions) {
  const auto refusal = [](CudaVersion version, const CudaTarget& target) {
    const NvrtcFit fit = nvrtc_fit(version, kKnown, target);
    EXPECT_EQ(fit.form, Form::nothing);
    return fit.refusal;
  };
  EXPECT_EQ(refusal({10, 2}, {90, {12, 4}}),
            "NVRTC 10.2 is too old for a device of compute capability 9.0: NVRTC 11.2 or newer is "
            "needed");
  EXPECT_EQ(refusal({13, 0}, {61, {13, 0}}),
            "NVRTC 13.0 is too new for a device of compute capability 6.1: the oldest it knows is "
            "7.5");
  EXPECT_EQ(refusal({13, 0}, {90, {12, 4}}),
            "NVRTC 13.0 is too new for the driver, which supports CUDA up to 12.4");
  EXPECT_EQ(refusal({12, 8}, {89, {12, 4}}),
            "NVRTC 12.8 does not know a device of compute capability 8.9, and its PTX is too new "
            "for the driver, which supports CUDA up to 12.4");
}

TEST(NvrtcTest, RefusesWrongPathsWithTheReason) {
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-nvrtc-");
  const std::string text = directory.path() + "/libnvrtc.so";
  ASSERT_EQ(write_new_file(text, "not a library"), 0);
  const NvrtcSearch search =
      search_nvrtc({{"/no/such/libnvrtc.so", "option"}, {text}, {"libm.so.6"}}, {{90, {13, 0}}});
  EXPECT_EQ(search.nvrtc, nullptr);
  ASSERT_EQ(search.refused.size(), 3u);
  EXPECT_EQ(search.refused[0], "/no/such/libnvrtc.so (option): there is no such file");
  EXPECT_EQ(search.refused[1].find(text + ": "), 0u);
  EXPECT_EQ(search.refused[2].find("libm.so.6: lacks the functions `nvrtcVersion`, "), 0u);
}

// Libraries that only say what they are.
class PretendNvrtcTest : public ::testing::Test {
 protected:
  std::string library(CudaVersion version, const std::vector<int>& architectures,
                      const std::string& first_step = "") {
    std::string numbers;
    for (int architecture : architectures) numbers += std::to_string(architecture) + ",";
    std::string source = "#include <dlfcn.h>\nextern \"C\" {\nconst int known[] = {" + numbers +
                         "};\nint nvrtcVersion(int* major, int* minor) {\n  *major = " +
                         std::to_string(version.major) +
                         ";\n  *minor = " + std::to_string(version.minor) +
                         ";\n  return 0;\n}\n"
                         "int nvrtcGetNumSupportedArchs(int* count) {\n" +
                         first_step +
                         "  *count = sizeof(known) / sizeof(int);\n  return 0;\n}\n"
                         "int nvrtcGetSupportedArchs(int* out) {\n"
                         "  for (int k : known) *out++ = k;\n  return 0;\n}\n"
                         "const char* nvrtcGetErrorString(int) { return \"A FAILURE\"; }\n";
    for (const char* name : {"nvrtcCreateProgram", "nvrtcDestroyProgram", "nvrtcCompileProgram",
                             "nvrtcGetPTXSize", "nvrtcGetPTX", "nvrtcGetCUBINSize", "nvrtcGetCUBIN",
                             "nvrtcGetProgramLogSize", "nvrtcGetProgramLog"}) {
      source += std::string("int ") + name + "() { return 0; }\n";
    }
    return compiled("nvrtc-" + version_text(version) + ".so", source + "}\n");
  }

  std::string compiled(const std::string& name, const std::string& source) {
    const std::string path = directory_.path() + "/" + name;
    EXPECT_EQ(write_new_file(path + ".cc", source), 0);
    const Toolchain toolchain =
        find_toolchain({{"c++", "g++", "clang++"}, {"-Wl,-soname," + name}, ""});
    EXPECT_EQ(run_process(compile_command(toolchain, path + ".cc", "", path)).status, 0);
    return path;
  }

  TemporaryDirectory directory_{::testing::TempDir() + "kernelops-pretend-"};
};

TEST_F(PretendNvrtcTest, FindsTheLibraryThatLiesBesideIt) {
  const std::string path = library({12, 3}, {80},
                                   "  if (dlopen(\"libnvrtc-builtins.so.12.3\", RTLD_NOW) == "
                                   "nullptr) return 7;\n");
  const NvrtcSearch without = search_nvrtc({{path}}, {});
  EXPECT_EQ(without.nvrtc, nullptr);
  ASSERT_EQ(without.refused.size(), 1u);
  EXPECT_EQ(without.refused[0],
            path + ": NVRTC 12.3 failed: nvrtcGetNumSupportedArchs said A FAILURE");
  compiled("libnvrtc-builtins.so.12.3", "extern \"C\" const int builtins = 1;\n");
  EXPECT_NE(search_nvrtc({{path}}, {}).nvrtc, nullptr);
}

TEST_F(PretendNvrtcTest, IsChosenByWhatItCanDo) {
  const std::string ancient = library({10, 1}, {70});
  const std::string old = library({11, 4}, {75, 80});
  const std::string fresh = library({12, 8}, {75, 80, 90});
  const CudaTarget hopper{90, {13, 0}};
  const NvrtcSearch search = search_nvrtc({{ancient}, {old}, {fresh}}, {hopper});
  ASSERT_NE(search.nvrtc, nullptr);
  EXPECT_EQ(search.nvrtc->path(), fresh);
  ASSERT_EQ(search.refused.size(), 1u);
  EXPECT_EQ(search.refused[0],
            ancient +
                ": NVRTC 10.1 is too old for a device of compute capability 9.0: NVRTC 11.2 or "
                "newer is needed");
  // PTX will do where nothing better is there.
  EXPECT_EQ(search_nvrtc({{ancient}, {old}}, {hopper}).nvrtc->path(), old);
  // The worst of several devices counts.
  EXPECT_EQ(search_nvrtc({{old}, {fresh}}, {{80, {13, 0}}, hopper}).nvrtc->path(), fresh);
  EXPECT_EQ(search_nvrtc({{old}, {fresh}}, {{80, {13, 0}}}).nvrtc->path(), old);
  EXPECT_EQ(search_nvrtc({{fresh}}, {hopper, {61, {13, 0}}}).nvrtc, nullptr);
}

constexpr char kKernel[] =
    "extern \"C\" __global__ void twice(float* x, int n) {\n"
    "  const int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
    "  if (i < n) x[i] = 2 * x[i] + expf(x[i]);\n"
    "}\n";

TEST(NvrtcTest, CompilesToMachineCodeWithoutADevice) {
  KERNELOPS_NEEDS_NVRTC();
  const Nvrtc& nvrtc = *machine_nvrtc();
  EXPECT_EQ(nvrtc.path().front(), '/');
  std::vector<int> wanted = {75, 80, 90, nvrtc.architectures().back()};
  for (int architecture : wanted) {
    const auto& known = nvrtc.architectures();
    if (!std::binary_search(known.begin(), known.end(), architecture)) continue;
    const CudaImage image =
        nvrtc.compile({kKernel, "twice.cu", {"--std=c++17"}, ""}, {architecture, {}});
    EXPECT_EQ(image.form, Form::machine_code);
    EXPECT_EQ(image.architecture, architecture);
    EXPECT_EQ(image.data.substr(0, 4), "\177ELF") << architecture;
    EXPECT_NE(image.data.find("twice"), std::string::npos);
  }
}

TEST(NvrtcTest, CompilesToPtxForADeviceNewerThanItKnows) {
  KERNELOPS_NEEDS_NVRTC();
  const Nvrtc& nvrtc = *machine_nvrtc();
  const CudaImage image = nvrtc.compile({kKernel, "twice.cu", {}, ""}, {990, {}});
  EXPECT_EQ(image.form, Form::ptx);
  EXPECT_EQ(image.architecture, nvrtc.architectures().back());
  EXPECT_NE(image.data.find(".target sm_" + std::to_string(image.architecture)), std::string::npos);
  EXPECT_NE(image.data.find(".entry twice"), std::string::npos);
}

TEST(NvrtcTest, ReportsWhatDoesNotCompileAndKeepsIt) {
  KERNELOPS_NEEDS_NVRTC();
  const TemporaryDirectory directory(::testing::TempDir() + "kernelops-nvrtc-");
  const std::string kept = directory.path() + "/failed.cu";
  const std::string text = "extern \"C\" __global__ void f(float* x) {\n  x[0] = 1 }\n";
  for (int turn = 0; turn < 2; ++turn) {
    try {
      machine_nvrtc()->compile({text, "broken.cu", {"--std=c++17"}, kept}, {80, {}});
      FAIL() << "a broken text was compiled";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::compile);
      EXPECT_NE(error.data().at("log").find("broken.cu(2): error"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("broken.cu(2): error"), std::string::npos);
      EXPECT_NE(error.data().at("command").find("--std=c++17"), std::string::npos);
      EXPECT_EQ(error.data().at("source"), kept);
      EXPECT_EQ(read_file(kept), text);
    }
  }
  try {
    machine_nvrtc()->compile({kKernel, "twice.cu", {"--no-such-option"}, ""}, {80, {}});
    FAIL() << "an unknown option was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_EQ(error.data().at("source"), "");
  }
}

TEST(NvrtcTest, RefusesToCompileForADeviceItCannotServe) {
  KERNELOPS_NEEDS_NVRTC();
  try {
    machine_nvrtc()->compile({kKernel, "twice.cu", {}, ""}, {30, {}});
    FAIL() << "a device of 2012 was served";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_NE(std::string(error.what()).find("too new for a device of compute capability 3.0"),
              std::string::npos);
  }
}

TEST(NvrtcTest, StopsWhenInterrupted) {
  KERNELOPS_NEEDS_NVRTC();
  if (machine_nvrtc()->version() < CudaVersion{13, 0}) GTEST_SKIP() << "it may not stop";
  CudaSource source{kKernel, "twice.cu", {}, ""};
  const auto raised = [&] {
    try {
      machine_nvrtc()->compile(source, {80, {}});
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  source.interrupted = [] { return true; };
  EXPECT_EQ(raised(), ErrorKind::interrupt);
  source.interrupted = []() -> bool { throw Error(ErrorKind::memory, "no memory"); };
  EXPECT_EQ(raised(), ErrorKind::memory);
  int questions = 0;
  source.interrupted = [&] { return ++questions < 0; };
  EXPECT_FALSE(machine_nvrtc()->compile(source, {80, {}}).data.empty());
  EXPECT_GT(questions, 0);
}

TEST(NvrtcTest, CompilesInSeveralThreadsAtOnce) {
  KERNELOPS_NEEDS_NVRTC();
  std::vector<std::string> images(4);
  std::vector<std::thread> threads;
  for (std::string& image : images) {
    threads.emplace_back([&image] {
      image = machine_nvrtc()->compile({kKernel, "twice.cu", {}, ""}, {80, {}}).data;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& image : images) EXPECT_EQ(image, images.front());
  EXPECT_FALSE(images.front().empty());
}

}  // namespace
}  // namespace kernelops
