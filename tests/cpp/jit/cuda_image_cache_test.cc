#include "core/jit/cuda_image_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/jit/files.h"
#include "core/jit/kernel_cache.h"
#include "core/support/error.h"
#include "support/child_process.h"
#include "support/cuda_compiler.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using testing::child_succeeded;
using testing::start_child;

// Its images say what they were made of; a text that begins with "broken" does not compile.
class PretendCompiler : public CudaCompiler {
 public:
  std::string name() const override { return family + " " + version_text(version()); }
  const std::string& path() const override { return path_; }
  CudaVersion version() const override { return {13, 0}; }

  NvrtcFit fit(const CudaTarget& target) const override {
    if (target.architecture < 50) return {NvrtcFit::Form::nothing, 0, "the device is too old"};
    if (target.architecture > 90) return {NvrtcFit::Form::ptx, 90, ""};
    return {NvrtcFit::Form::machine_code, target.architecture, ""};
  }

  CudaImage compile(const CudaSource& source, const CudaTarget& target) const override {
    const NvrtcFit chosen = fit(target);
    if (chosen.form == NvrtcFit::Form::nothing) throw cuda_refusal_error(*this, chosen.refusal);
    if (source.interrupted && source.interrupted()) throw Error(ErrorKind::interrupt, "stopped");
    if (source.text.rfind("broken", 0) == 0) {
      throw cuda_failure_error(*this, source, {"A FAILURE", "pretend", "kernel.cu(1): error: no"});
    }
    CudaImage image{prefix + source.text, chosen.form, chosen.architecture, ""};
    for (const std::string& option : source.options) image.data += "|" + option;
    image.data += "|" + architecture_option(chosen);
    image.data.push_back('\0');
    return image;
  }

  std::string family = "Pretend";
  std::string prefix;

 private:
  std::string path_ = "/pretend";
};

class CudaImageCacheTest : public ::testing::Test {
 protected:
  static CudaImageRequest request(const std::string& text) {
    return {text, "", {"--std=c++17"}, {90, {}}, "1", {}};
  }

  static std::string image_of(const std::string& text) {
    return text + "|--std=c++17|--gpu-architecture=sm_90" + std::string(1, '\0');
  }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::string only_file() const {
    const std::vector<std::string> names = entries();
    EXPECT_EQ(names.size(), 1u);
    return names.empty() ? "" : directory_ + "/" + names.front();
  }

  std::string header(const std::string& name, const std::string& content) {
    fs::create_directory(root_.path() + "/headers");
    std::ofstream(root_.path() + "/headers/" + name, std::ios::binary) << content;
    return root_.path() + "/headers";
  }

  TemporaryDirectory root_{::testing::TempDir() + "kernelops-images-"};
  std::string directory_ = root_.path() + "/a/b";
  PretendCompiler compiler_;
};

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

TEST_F(CudaImageCacheTest, GivesWhatTheCompilerMadeByteForByte) {
  CudaImageCache cache(directory_);
  EXPECT_FALSE(cache.contains(compiler_, request("text")));
  EXPECT_EQ(cache.load(compiler_, request("text")), image_of("text"));
  EXPECT_TRUE(cache.contains(compiler_, request("text")));
  EXPECT_EQ(cache.load(compiler_, request("text")), image_of("text"));
  EXPECT_EQ(cache.builds(), 1u);
  EXPECT_EQ(fs::path(only_file()).extension(), ".cubin");
}

TEST_F(CudaImageCacheTest, FindsAnImageOfAnEarlierCacheAndWritesNothing) {
  CudaImageCache(directory_).load(compiler_, request("text"));
  const auto before = std::make_pair(entries(), fs::last_write_time(directory_));
  CudaImageCache later(directory_);
  EXPECT_EQ(later.load(compiler_, request("text")), image_of("text"));
  EXPECT_EQ(later.builds(), 0u);
  EXPECT_EQ(std::make_pair(entries(), fs::last_write_time(directory_)), before);
}

TEST_F(CudaImageCacheTest, KeepsPtxUnderItsOwnName) {
  CudaImageCache cache(directory_);
  CudaImageRequest wanted = request("text");
  wanted.target = {120, {}};
  EXPECT_NE(cache.load(compiler_, wanted).find("compute_90"), std::string::npos);
  EXPECT_EQ(fs::path(only_file()).extension(), ".ptx");
  EXPECT_TRUE(cache.contains(compiler_, wanted));
}

TEST_F(CudaImageCacheTest, RebuildsABadFile) {
  CudaImageCache(directory_).load(compiler_, request("text"));
  const std::string file = only_file();
  const std::string good = read_file(file).value();
  std::string flipped = good;
  flipped[2] ^= 1;
  for (const std::string& bad : {flipped, good.substr(0, 3), std::string(), good + "x"}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bad;
    CudaImageCache later(directory_);
    EXPECT_FALSE(later.contains(compiler_, request("text")));
    EXPECT_EQ(later.load(compiler_, request("text")), image_of("text"));
    EXPECT_EQ(later.builds(), 1u);
    EXPECT_EQ(read_file(only_file()), good);
  }
}

TEST_F(CudaImageCacheTest, DoesNotFollowALinkInPlaceOfAnImage) {
  CudaImageCache(directory_).load(compiler_, request("text"));
  const std::string file = only_file();
  const std::string elsewhere = root_.path() + "/elsewhere";
  fs::rename(file, elsewhere);
  fs::create_symlink(elsewhere, file);
  EXPECT_FALSE(CudaImageCache(directory_).contains(compiler_, request("text")));
  EXPECT_TRUE(fs::exists(elsewhere));
}

TEST_F(CudaImageCacheTest, GivesEveryIngredientItsPartOfTheKey) {
  const CudaImageCache cache(directory_);
  CudaImageRequest base = request("text");
  base.include_directory = header("words.h", "one");
  std::set<std::string> keys = {cache.key(compiler_, base)};
  const auto differs = [&](const std::function<void(CudaImageRequest&)>& change) {
    CudaImageRequest changed = base;
    change(changed);
    return keys.insert(cache.key(compiler_, changed)).second;
  };
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.text = "text "; }));
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.salt = "2"; }));
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.options.push_back("--fmad=true"); }));
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.options = {"--std=c++20"}; }));
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.target.architecture = 80; }));
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.target.architecture = 100; })) << "PTX of 90";
  EXPECT_TRUE(differs([](CudaImageRequest& r) { r.include_directory = ""; }));
  EXPECT_FALSE(differs([](CudaImageRequest& r) { r.interrupted = [] { return false; }; }));
  EXPECT_FALSE(differs([](CudaImageRequest& r) { r.target.driver = {13, 1}; }));
  header("words.h", "three");
  EXPECT_TRUE(differs([](CudaImageRequest&) {}));
  header("more.h", "");
  EXPECT_TRUE(differs([](CudaImageRequest&) {}));
  compiler_.family = "Other";
  EXPECT_TRUE(differs([](CudaImageRequest&) {}));
}

TEST_F(CudaImageCacheTest, KeepsTheKeyWhenTheHeadersMove) {
  const CudaImageCache cache(directory_);
  CudaImageRequest wanted = request("text");
  wanted.include_directory = header("words.h", "one");
  const std::string before = cache.key(compiler_, wanted);
  fs::rename(wanted.include_directory, root_.path() + "/moved");
  wanted.include_directory = root_.path() + "/moved";
  EXPECT_EQ(cache.key(compiler_, wanted), before);
}

TEST_F(CudaImageCacheTest, TellsTheCompilerWhereTheHeadersAre) {
  CudaImageCache cache(directory_);
  CudaImageRequest wanted = request("text");
  wanted.include_directory = header("words.h", "");
  EXPECT_NE(cache.load(compiler_, wanted).find("|-I" + wanted.include_directory),
            std::string::npos);
  wanted.include_directory = root_.path() + "/missing";
  EXPECT_EQ(error_of([&] { cache.load(compiler_, wanted); }).kind(), ErrorKind::argument);
}

TEST_F(CudaImageCacheTest, KeepsATextThatDoesNotCompile) {
  CudaImageCache cache(directory_);
  for (int turn = 0; turn < 2; ++turn) {
    const Error error = error_of([&] { cache.load(compiler_, request("broken text")); });
    EXPECT_EQ(error.kind(), ErrorKind::compile);
    EXPECT_NE(std::string(error.what()).find("A FAILURE: kernel.cu(1): error: no"),
              std::string::npos);
    EXPECT_EQ(error.data().at("source"), only_file());
    EXPECT_EQ(read_file(only_file()), "broken text");
    EXPECT_EQ(fs::path(only_file()).extension(), ".cu");
  }
}

TEST_F(CudaImageCacheTest, SaysWhyADeviceIsNotServed) {
  CudaImageCache cache(directory_);
  CudaImageRequest wanted = request("text");
  wanted.target.architecture = 35;
  EXPECT_FALSE(cache.contains(compiler_, wanted));
  EXPECT_STREQ(error_of([&] { cache.load(compiler_, wanted); }).what(), "the device is too old");
  EXPECT_TRUE(entries().empty());
}

TEST_F(CudaImageCacheTest, LeavesNothingBehindWhenTheDiskIsFull) {
  CudaImageCache cache(directory_);
  for (const std::string text : {"text", "broken"}) {
    EXPECT_TRUE(child_succeeded(start_child([&] {
      // A limit of zero bytes per file behaves like a full disk.
      const rlimit none = {0, 0};
      std::signal(SIGXFSZ, SIG_IGN);
      ::setrlimit(RLIMIT_FSIZE, &none);
      const Error error = error_of([&] { cache.load(compiler_, request(text)); });
      return error.kind() == ErrorKind::compile &&
             (text == "text" ? error.data().count("reason") == 1
                             : error.data().at("source").empty());
    })));
    EXPECT_TRUE(entries().empty()) << text;
  }
}

TEST_F(CudaImageCacheTest, LeavesNothingBehindWhenItMayNotWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write anywhere";
  CudaImageCache cache(directory_);
  ASSERT_EQ(::chmod(directory_.c_str(), 0500), 0);
  EXPECT_EQ(error_of([&] { cache.load(compiler_, request("text")); }).kind(), ErrorKind::compile);
  EXPECT_TRUE(entries().empty());
  ASSERT_EQ(::chmod(directory_.c_str(), 0700), 0);
  EXPECT_EQ(cache.load(compiler_, request("text")), image_of("text"));
}

TEST_F(CudaImageCacheTest, LeavesNothingBehindWhenInterrupted) {
  CudaImageCache cache(directory_);
  CudaImageRequest wanted = request("text");
  wanted.interrupted = [] { return true; };
  EXPECT_EQ(error_of([&] { cache.load(compiler_, wanted); }).kind(), ErrorKind::interrupt);
  EXPECT_TRUE(entries().empty());
}

TEST_F(CudaImageCacheTest, ChecksTheDirectoryBeforeItReads) {
  CudaImageCache cache(directory_);
  cache.load(compiler_, request("text"));
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  EXPECT_EQ(error_of([&] { cache.load(compiler_, request("text")); }).kind(), ErrorKind::argument);
  EXPECT_EQ(error_of([&] { const CudaImageCache other(directory_); }).kind(), ErrorKind::argument);
}

TEST_F(CudaImageCacheTest, CreatesADeletedDirectoryAgain) {
  CudaImageCache cache(directory_);
  fs::remove_all(root_.path() + "/a");
  EXPECT_EQ(cache.load(compiler_, request("text")), image_of("text"));
}

TEST_F(CudaImageCacheTest, CanBeSharedByProcessesThatBuildAtTheSameTime) {
  std::vector<pid_t> children;
  for (int number = 0; number < 8; ++number) {
    children.push_back(start_child([&] {
      CudaImageCache cache(directory_);
      bool right = true;
      for (int turn = 0; turn < 20; ++turn) {
        const std::string own = "own " + std::to_string(100 * number + turn);
        const std::string common = "common " + std::to_string(turn);
        right = right && cache.load(compiler_, request(own)) == image_of(own) &&
                cache.load(compiler_, request(common)) == image_of(common);
      }
      return right;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  for (const std::string& name : entries()) {
    EXPECT_EQ(fs::path(name).extension(), ".cubin") << name << " was left";
  }
  EXPECT_EQ(entries().size(), 180u);
}

TEST_F(CudaImageCacheTest, TakesOneOfSeveralBuildsThatDiffer) {
  // Compilers need not give the same bytes twice, and processes may build at the same time.
  CudaImageCache(directory_).load(compiler_, request("text"));
  const std::string first = only_file();
  fs::rename(first, root_.path() + "/aside");
  compiler_.prefix = "another ";
  CudaImageCache(directory_).load(compiler_, request("text"));
  fs::rename(root_.path() + "/aside", first);
  EXPECT_EQ(entries().size(), 2u);
  CudaImageCache cache(directory_);
  EXPECT_EQ(cache.load(compiler_, request("text")),
            CudaImageCache(directory_).load(compiler_, request("text")));
  EXPECT_EQ(cache.builds(), 0u);
}

TEST_F(CudaImageCacheTest, BuildsOnceForManyThreads) {
  CudaImageCache cache(directory_);
  std::vector<std::string> images(6);
  std::vector<std::thread> threads;
  for (auto& image : images) {
    threads.emplace_back([&] { image = cache.load(compiler_, request("text")); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& image : images) EXPECT_EQ(image, image_of("text"));
  EXPECT_EQ(cache.builds(), 1u);
}

// The kernels of the CPU have the same directory; what counts and cleans it up sees both.
TEST_F(CudaImageCacheTest, IsCountedClearedAndPrunedWithTheKernels) {
  CudaImageCache images(directory_);
  KernelCache kernels(directory_);
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  kernels.load({"extern \"C\" int value() { return 1; }\n", "", toolchain, "1", {}});
  images.load(compiler_, request("text"));
  CudaImageRequest ptx = request("text");
  ptx.target = {120, {}};
  images.load(compiler_, ptx);
  std::uintmax_t bytes = 0;
  for (const std::string& name : entries()) bytes += fs::file_size(directory_ + "/" + name);
  EXPECT_EQ(kernels.statistics().files, 3u);
  EXPECT_EQ(kernels.statistics().bytes, bytes);

  for (const std::string& name : entries()) {
    if (fs::path(name).extension() == ".ptx") {
      fs::last_write_time(directory_ + "/" + name, fs::file_time_type::clock::now() - hours(9));
    }
  }
  kernels.prune(UINTMAX_MAX, hours(5));
  EXPECT_FALSE(images.contains(compiler_, ptx));
  EXPECT_TRUE(images.contains(compiler_, request("text")));

  error_of([&] { images.load(compiler_, request("broken text")); });
  EXPECT_EQ(kernels.clear(), 2u);
  EXPECT_TRUE(entries().empty());
}

constexpr char kText[] =
    "#include \"factor.h\"\n"
    "extern \"C\" __global__ void scale(float* x) { x[threadIdx.x] *= FACTOR; }\n";

TEST_F(CudaImageCacheTest, HoldsWhatNvrtcMakes) {
  KERNELOPS_NEEDS_NVRTC();
  const CudaCompiler& nvrtc = *testing::machine_nvrtc();
  CudaImageCache cache(directory_);
  CudaImageRequest wanted = request(kText);
  wanted.include_directory = header("factor.h", "#define FACTOR 2\n");
  for (const int architecture : {80, 90, 990}) {
    wanted.target.architecture = architecture;
    const std::string image = cache.load(nvrtc, wanted);
    EXPECT_NE(image.find("scale"), std::string::npos);
    EXPECT_EQ(CudaImageCache(directory_).load(nvrtc, wanted), image);
  }
  EXPECT_EQ(cache.builds(), 3u);
  wanted.text = "#include \"no_such.h\"\n";
  const Error error = error_of([&] { cache.load(nvrtc, wanted); });
  EXPECT_NE(error.data().at("log").find("no_such.h"), std::string::npos);
  EXPECT_EQ(read_file(error.data().at("source")), wanted.text);
}

}  // namespace
}  // namespace kernelops
