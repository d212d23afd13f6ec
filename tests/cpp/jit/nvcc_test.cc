#include "core/jit/nvcc.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/jit/files.h"
#include "core/support/error.h"
#include "support/cuda_compiler.h"

namespace kernelops {
namespace {

using Form = NvrtcFit::Form;
using testing::machine_nvcc;

template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was raised";
  return Error(ErrorKind::internal, "none");
}

// Scripts that say what they are; what they are called with is left in the file "called".
class PretendNvccTest : public ::testing::Test {
 protected:
  std::string program(const std::string& version, const std::string& architectures,
                      const std::string& compilation = "echo image > \"$image\"") {
    const std::string path = root_.path() + "/nvcc-" + version;
    std::ofstream(path) << "#!/bin/sh\ncase \"$1\" in\n  --version) echo 'nvcc: NVIDIA (R) Cuda "
                           "compiler driver'; echo 'Cuda compilation tools, release "
                        << version << ", V" << version
                        << ".88';;\n  --list-gpu-code) printf '" + architectures +
                               "';;\n  *) echo \"$@\" > " + root_.path() +
                               "/called\n    while [ $# -gt 1 ]; do\n      test \"$1\" = -o && "
                               "image=\"$2\"\n      shift\n    done\n    text=\"$1\"\n    " +
                               compilation + ";;\nesac\n";
    EXPECT_EQ(::chmod(path.c_str(), 0700), 0);
    return path;
  }

  std::string called() const { return read_file(root_.path() + "/called").value_or(""); }

  TemporaryDirectory root_{::testing::TempDir() + "kernelops-nvcc-"};
};

TEST_F(PretendNvccTest, SaysItsVersionAndWhatItKnows) {
  const Nvcc nvcc(program("12.4", "sm_90\\nsm_75\\nsm_90a\\nsm_120f\\ncompute_99\\n"));
  EXPECT_EQ(nvcc.name(), "nvcc 12.4");
  EXPECT_EQ(nvcc.architectures(), (std::vector<int>{75, 90}));
  EXPECT_EQ(nvcc.fit({90, {}}).form, Form::machine_code);
  EXPECT_EQ(nvcc.fit({100, {13, 0}}).form, Form::ptx);
}

TEST_F(PretendNvccTest, IsChosenByWhatItCanDo) {
  const std::string ancient = program("10.1", "sm_70\\n");
  const std::string old = program("11.4", "sm_75\\nsm_80\\n");
  const std::string fresh = program("12.8", "sm_75\\nsm_80\\nsm_90\\n");
  const std::string silent = root_.path() + "/silent";
  std::ofstream(silent) << "#!/bin/sh\nexit 0\n";
  ASSERT_EQ(::chmod(silent.c_str(), 0700), 0);
  const NvccSearch search = search_nvcc(
      {{"/no/such/nvcc", "KERNELOPS_NVCC"}, {silent}, {ancient}, {old}, {fresh}}, {{90, {13, 0}}});
  ASSERT_NE(search.nvcc, nullptr);
  EXPECT_EQ(search.nvcc->path(), fresh);
  ASSERT_EQ(search.refused.size(), 3u);
  EXPECT_EQ(search.refused[0],
            "/no/such/nvcc (KERNELOPS_NVCC): `--version` failed with status 127: No such file or "
            "directory");
  EXPECT_EQ(search.refused[1], silent + ": it does not say its version");
  EXPECT_EQ(search.refused[2], ancient +
                                   ": nvcc 10.1 is too old for a device of compute capability "
                                   "9.0: nvcc 11.2 or newer is needed");
  EXPECT_EQ(search_nvcc({{old}}, {{90, {13, 0}}}).nvcc->path(), old) << "PTX will do";
  EXPECT_EQ(search_nvcc({{fresh}}, {{61, {13, 0}}}).nvcc, nullptr);
  EXPECT_EQ(search_nvcc({{ancient}}, {}).nvcc, nullptr);
}

TEST_F(PretendNvccTest, TakesTheOptionsOfNvrtc) {
  const Nvcc nvcc(program("12.8", "sm_80\\n"));
  const CudaSource source{"text",
                          "kernel.cu",
                          {"--std=c++17", "--device-as-default-execution-space", "-I/headers"},
                          ""};
  const CudaImage code = nvcc.compile(source, {80, {}});
  EXPECT_EQ(code.data, "image\n");
  EXPECT_EQ(called().rfind("--cubin --gpu-architecture=sm_80 --allow-unsupported-compiler "
                           "--std=c++17 --compiler-options=-iquote --compiler-options=/headers -o ",
                           0),
            0u)
      << called();
  const CudaImage ptx = nvcc.compile(source, {90, {}});
  EXPECT_EQ(ptx.data, std::string("image\n\0", 7));
  EXPECT_EQ(ptx.form, Form::ptx);
  EXPECT_EQ(called().rfind("--ptx --gpu-architecture=compute_80 ", 0), 0u) << called();
}

TEST_F(PretendNvccTest, ReportsFailuresAndKeepsTheText) {
  const std::string kept = root_.path() + "/failed.cu";
  const Nvcc broken(
      program("12.8", "sm_80\\n", "cat \"$text\"; echo; echo 'kernel.cu(1): error: no'; exit 2"));
  const Error error = error_of([&] { broken.compile({"text", "kernel.cu", {}, kept}, {80, {}}); });
  EXPECT_EQ(error.kind(), ErrorKind::compile);
  EXPECT_NE(std::string(error.what()).find("status 2: kernel.cu(1): error: no"), std::string::npos);
  EXPECT_EQ(error.data().at("log"), "text\nkernel.cu(1): error: no\n");
  EXPECT_EQ(error.data().at("source"), kept);
  EXPECT_EQ(read_file(kept), "text");
  const Nvcc forgetful(program("12.9", "sm_80\\n", "true"));
  EXPECT_STREQ(error_of([&] {
                 forgetful.compile({"text", "kernel.cu", {}, ""}, {80, {}});
               }).what(),
               "nvcc 12.9 succeeded but left no image");
  EXPECT_NE(std::string(error_of([&] {
                          forgetful.compile({"text", "kernel.cu", {}, ""}, {35, {}});
                        }).what())
                .find("too new for a device of compute capability 3.5"),
            std::string::npos);
}

TEST_F(PretendNvccTest, StopsWhenInterrupted) {
  const Nvcc slow(program("12.8", "sm_80\\n", "sleep 10"));
  CudaSource source{"text", "kernel.cu", {}, ""};
  source.interrupted = [] { return true; };
  EXPECT_EQ(error_of([&] { slow.compile(source, {80, {}}); }).kind(), ErrorKind::interrupt);
}

constexpr char kKernel[] =
    "#include \"factor.h\"\n"
    "extern \"C\" __global__ void scale(float* x) { x[threadIdx.x] *= expf(FACTOR); }\n";

TEST(NvccTest, CompilesToMachineCodeOrPtx) {
  KERNELOPS_NEEDS_NVCC();
  const TemporaryDirectory headers(::testing::TempDir() + "kernelops-nvcc-");
  ASSERT_EQ(write_new_file(headers.path() + "/factor.h", "#define FACTOR 2.0f\n"), 0);
  // Must not take the place of the host's.
  ASSERT_EQ(write_new_file(headers.path() + "/math.h", "#error ours\n"), 0);
  const CudaSource source{kKernel, "kernel.cu", {"--std=c++17", "-I" + headers.path()}, ""};
  const Nvcc& nvcc = *machine_nvcc();
  const int oldest = nvcc.architectures().front();
  const CudaImage code = nvcc.compile(source, {oldest, {}});
  EXPECT_EQ(code.form, Form::machine_code);
  EXPECT_EQ(code.data.substr(0, 4), "\177ELF");
  EXPECT_NE(code.data.find("scale"), std::string::npos);
  const CudaImage ptx = nvcc.compile(source, {990, {}});
  EXPECT_EQ(ptx.form, Form::ptx);
  EXPECT_NE(ptx.data.find(".entry scale"), std::string::npos);
  const Error error = error_of([&] {
    nvcc.compile({"broken", "kernel.cu", {}, ""}, {oldest, {}});
  });
  EXPECT_NE(error.data().at("log").find("kernel.cu(1): error"), std::string::npos);
}

}  // namespace
}  // namespace kernelops
