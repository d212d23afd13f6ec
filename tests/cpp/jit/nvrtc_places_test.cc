#include "core/jit/nvrtc_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/jit/files.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;

class NvrtcPlacesTest : public ::testing::Test {
 protected:
  NvrtcPlacesTest() {
    places_.python = at("python");
    places_.toolkits = at("toolkits");
  }

  std::string at(const std::string& path) const { return directory_.path() + "/" + path; }

  std::string library(const std::string& path) {
    fs::create_directories(fs::path(at(path)).parent_path());
    EXPECT_EQ(write_new_file(at(path), ""), 0);
    return at(path);
  }

  // The candidates before the names for the loader's path, without this test's directory.
  std::vector<std::string> found() const {
    std::vector<std::string> paths;
    for (const LibraryCandidate& candidate : nvrtc_candidates(places_)) {
      if (candidate.path.find('/') == std::string::npos) continue;
      paths.push_back(fs::path(candidate.path).lexically_relative(directory_.path()).string());
    }
    return paths;
  }

  TemporaryDirectory directory_{::testing::TempDir() + "kernelops-places-"};
  NvrtcPlaces places_;
};

using Paths = std::vector<std::string>;

TEST_F(NvrtcPlacesTest, AsksTheLoaderWhereNothingElseIsKnown) {
  std::vector<std::string> names;
  for (const LibraryCandidate& candidate : nvrtc_candidates(places_)) {
    names.push_back(candidate.path);
    EXPECT_EQ(candidate.origin, "");
  }
  EXPECT_EQ(names, (Paths{"libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2",
                          "libnvrtc.so.11.1", "libnvrtc.so.11.0"}));
}

TEST_F(NvrtcPlacesTest, WhatTheUserNamedIsTheOnlyCandidate) {
  library("home/lib64/libnvrtc.so");
  library("chosen/libnvrtc.so.12");
  places_.option = at("no-such-file.so");
  places_.environment = {{"CUDA_HOME", at("home")}, {"KERNELOPS_NVRTC", at("chosen")}};
  std::vector<LibraryCandidate> candidates = nvrtc_candidates(places_);
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0].path, at("no-such-file.so"));
  EXPECT_EQ(candidates[0].origin, "option");
  places_.option.clear();
  candidates = nvrtc_candidates(places_);
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0].path, at("chosen/libnvrtc.so.12"));
  EXPECT_EQ(candidates[0].origin, "KERNELOPS_NVRTC");
}

TEST_F(NvrtcPlacesTest, VariablesThatNameAToolkitComeFirstEvenIfTheyAreWrong) {
  library("path/targets/x86_64-linux/lib/libnvrtc.so.13");
  library("toolkits/cuda/lib64/libnvrtc.so");
  places_.environment = {{"CUDA_PATH", at("path")}, {"CUDA_HOME", at("missing")}};
  EXPECT_EQ(found(), (Paths{"missing", "path/targets/x86_64-linux/lib/libnvrtc.so.13",
                            "toolkits/cuda/lib64/libnvrtc.so"}));
  EXPECT_EQ(nvrtc_candidates(places_)[0].origin, "CUDA_HOME");
}

TEST_F(NvrtcPlacesTest, NamesTheLibraryThatANamedDirectoryLacks) {
  fs::create_directories(at("empty"));
  places_.option = at("empty");
  EXPECT_EQ(found(), Paths{"empty/libnvrtc.so"});
}

TEST_F(NvrtcPlacesTest, KnowsTheLayoutsOfCondaAndPip) {
  library("conda/lib/libnvrtc.so.12");
  library("conda/targets/x86_64-linux/lib/libnvrtc.so.12");
  library("venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
  library("venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13");
  library("venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9");
  library("user/.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.11.2");
  library("python/python3.11/dist-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
  places_.environment = {
      {"CONDA_PREFIX", at("conda")}, {"VIRTUAL_ENV", at("venv")}, {"HOME", at("user")}};
  EXPECT_EQ(found(),
            (Paths{"conda/lib/libnvrtc.so.12", "conda/targets/x86_64-linux/lib/libnvrtc.so.12",
                   "venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
                   "venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13",
                   "user/.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.11.2",
                   "python/python3.11/dist-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12"}));
}

TEST_F(NvrtcPlacesTest, ToolkitsComeNewestFirstAndNoFileTwice) {
  library("toolkits/cuda-9.2/lib64/libnvrtc.so.9.2");
  library("toolkits/cuda-12.4/lib64/libnvrtc.so.12");
  fs::create_symlink("libnvrtc.so.12", at("toolkits/cuda-12.4/lib64/libnvrtc.so"));
  fs::create_directory_symlink("lib64", at("toolkits/cuda-12.4/lib"));
  library("toolkits/cuda-12.4/lib64/libnvrtc.alt.so.12");
  library("toolkits/cuda-12.4/lib64/libnvrtc-builtins.so.12.4");
  EXPECT_EQ(found(), (Paths{"toolkits/cuda-12.4/lib64/libnvrtc.so",
                            "toolkits/cuda-9.2/lib64/libnvrtc.so.9.2"}));
  fs::create_directory_symlink("cuda-9.2", at("toolkits/cuda"));
  EXPECT_EQ(found().front(), "toolkits/cuda/lib64/libnvrtc.so.9.2");
}

TEST_F(NvrtcPlacesTest, ReadsTheEnvironmentOfTheProcess) {
  ::setenv("KERNELOPS_NVRTC", "/named/library", 1);
  const NvrtcPlaces places = nvrtc_places("/an/option");
  ::unsetenv("KERNELOPS_NVRTC");
  EXPECT_EQ(places.option, "/an/option");
  EXPECT_EQ(places.environment.at("KERNELOPS_NVRTC"), "/named/library");
  EXPECT_EQ(nvrtc_places("").environment.count("KERNELOPS_NVRTC"), 0u);
}

TEST_F(NvrtcPlacesTest, FindsTheProgramInToolkitsAndOnThePath) {
  const auto programs = [&] {
    Paths paths;
    for (const LibraryCandidate& candidate : nvcc_candidates(places_)) {
      paths.push_back(candidate.origin + " " +
                      fs::path(candidate.path).lexically_relative(directory_.path()).string());
    }
    return paths;
  };
  EXPECT_EQ(programs(), Paths{});
  library("home/bin/nvcc");
  library("toolkits/cuda-12.4/bin/nvcc");
  library("toolkits/cuda-9.2/bin/nvcc");
  library("toolkits/cuda-13.0/lib/libnvrtc.so");
  library("path/nvcc");
  places_.environment["CUDA_HOME"] = at("home");
  places_.environment["PATH"] = at("none") + "::" + at("path") + ":" + at("home/bin");
  EXPECT_EQ(programs(), (Paths{"CUDA_HOME home/bin/nvcc", " toolkits/cuda-12.4/bin/nvcc",
                               " toolkits/cuda-9.2/bin/nvcc", "PATH path/nvcc"}));
  places_.environment["KERNELOPS_NVCC"] = at("home");
  EXPECT_EQ(programs(), Paths{"KERNELOPS_NVCC home/bin/nvcc"});
  places_.environment["KERNELOPS_NVCC"] = at("none");
  EXPECT_EQ(programs(), Paths{"KERNELOPS_NVCC none"});
}

}  // namespace
}  // namespace kernelops
