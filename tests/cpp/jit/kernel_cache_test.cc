#include "core/jit/kernel_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/jit/files.h"
#include "core/support/error.h"
#include "support/child_process.h"

namespace kernelops {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using testing::child_succeeded;
using testing::start_child;

std::string source_returning(const std::string& expression) {
  return "extern \"C\" int value() { return " + expression + "; }\n";
}

int value_of(const Module& module) { return reinterpret_cast<int (*)()>(module.symbol("value"))(); }

class KernelCacheTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content, mode_t mode = 0600) {
    const std::string path = root_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  // A compiler that leaves a line in the file "builds" for each compilation.
  Toolchain counting_compiler() {
    const Toolchain real = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
    const std::string wrapper =
        write("compiler",
              "#!/bin/sh\ntest \"$1\" = --version || echo built >> " + root_.path() +
                  "/builds\nexec " + real.compiler + " \"$@\"\n",
              0700);
    return find_toolchain({{wrapper}, {}, ""});
  }

  std::size_t builds() const {
    const std::string lines = read_file(root_.path() + "/builds").value_or("");
    return lines.size() / std::string("built\n").size();
  }

  KernelRequest request(const std::string& source) const {
    return {source, "", compiler_, "1", {}};
  }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::string only_kernel() const {
    const std::vector<std::string> names = entries();
    EXPECT_EQ(names.size(), 1u);
    return names.empty() ? "" : directory_ + "/" + names.front();
  }

  void age(const std::string& path, hours by) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - by);
  }

  TemporaryDirectory root_{::testing::TempDir() + "kernelops-cache-"};
  std::string directory_ = root_.path() + "/a/b";
  Toolchain compiler_ = counting_compiler();
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

TEST_F(KernelCacheTest, CreatesItsDirectoryForTheUserAlone) {
  const KernelCache cache(directory_);
  struct stat information;
  ASSERT_EQ(::stat(directory_.c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0700u);
}

TEST_F(KernelCacheTest, BuildsLoadsAndCallsAFunction) {
  KernelCache cache(directory_);
  const KernelRequest wanted = request(source_returning("42"));
  EXPECT_FALSE(cache.contains(wanted));
  EXPECT_EQ(value_of(*cache.load(wanted)), 42);
  EXPECT_TRUE(cache.contains(wanted));
  EXPECT_EQ(entries().size(), 1u) << "something besides the kernel was left";
}

TEST_F(KernelCacheTest, GivesOneModulePerKernel) {
  KernelCache cache(directory_);
  const KernelRequest wanted = request(source_returning("1"));
  EXPECT_EQ(cache.load(wanted), cache.load(wanted));
  EXPECT_NE(cache.load(wanted), cache.load(request(source_returning("2"))));
}

TEST_F(KernelCacheTest, FindsAKernelOfAnEarlierCacheWithoutTheCompiler) {
  const KernelRequest wanted = request(source_returning("7"));
  KernelCache(directory_).load(wanted);
  write("compiler", "#!/bin/sh\nexit 1\n", 0700);
  KernelCache later(directory_);
  EXPECT_TRUE(later.contains(wanted));
  EXPECT_EQ(value_of(*later.load(wanted)), 7);
  EXPECT_EQ(builds(), 1u);
}

TEST_F(KernelCacheTest, WritesNothingWhenItLoadsFromDisk) {
  const KernelRequest wanted = request(source_returning("7"));
  KernelCache(directory_).load(wanted);
  const auto before = std::make_pair(entries(), fs::last_write_time(directory_));
  KernelCache(directory_).load(wanted);
  EXPECT_EQ(std::make_pair(entries(), fs::last_write_time(directory_)), before);
}

TEST_F(KernelCacheTest, RebuildsACorruptedFile) {
  const KernelRequest wanted = request(source_returning("8"));
  KernelCache(directory_).load(wanted);
  const std::string kernel = only_kernel();
  std::string content = read_file(kernel).value();
  content[content.size() / 2] ^= 1;
  std::ofstream(kernel, std::ios::binary) << content;
  KernelCache later(directory_);
  EXPECT_FALSE(later.contains(wanted));
  EXPECT_EQ(value_of(*later.load(wanted)), 8);
  EXPECT_EQ(builds(), 2u);
}

TEST_F(KernelCacheTest, RebuildsATruncatedFile) {
  const KernelRequest wanted = request(source_returning("9"));
  KernelCache(directory_).load(wanted);
  fs::resize_file(only_kernel(), 1000);
  EXPECT_EQ(value_of(*KernelCache(directory_).load(wanted)), 9);
  EXPECT_EQ(builds(), 2u);
}

TEST_F(KernelCacheTest, DoesNotFollowALinkInPlaceOfAKernel) {
  const KernelRequest wanted = request(source_returning("10"));
  KernelCache(directory_).load(wanted);
  const std::string kernel = only_kernel();
  const std::string elsewhere = root_.path() + "/elsewhere.so";
  fs::rename(kernel, elsewhere);
  fs::create_symlink(elsewhere, kernel);
  EXPECT_FALSE(KernelCache(directory_).contains(wanted));
  EXPECT_TRUE(fs::exists(elsewhere));
}

TEST_F(KernelCacheTest, RefusesADirectoryThatOthersCanWriteTo) {
  for (const mode_t mode : {0777, 0770, 0702}) {
    fs::create_directories(directory_);
    ASSERT_EQ(::chmod(directory_.c_str(), mode), 0);
    const Error error = error_of([&] { const KernelCache cache(directory_); });
    EXPECT_EQ(error.kind(), ErrorKind::argument);
    EXPECT_NE(std::string(error.what()).find("others can write to it (mode 0"), std::string::npos);
    EXPECT_EQ(error.data().at("directory"), directory_);
  }
}

TEST_F(KernelCacheTest, RefusesADirectoryOfAnotherUser) {
  if (::geteuid() == 0) {
    fs::create_directories(directory_);
    ASSERT_EQ(::chown(directory_.c_str(), 12345, 12345), 0);
  } else {
    directory_ = "/usr";
  }
  const Error error = error_of([&] { const KernelCache cache(directory_); });
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  EXPECT_NE(std::string(error.what()).find("it belongs to user"), std::string::npos);
}

TEST_F(KernelCacheTest, RefusesAPathThatCannotBeADirectory) {
  const std::string file = write("file", "");
  EXPECT_EQ(error_of([&] { const KernelCache cache(file); }).kind(), ErrorKind::argument);
  EXPECT_EQ(error_of([&] { const KernelCache cache(file + "/x"); }).kind(), ErrorKind::argument);
  EXPECT_EQ(error_of([&] { const KernelCache cache(""); }).kind(), ErrorKind::argument);
}

TEST_F(KernelCacheTest, ChecksTheDirectoryAgainBeforeItLoadsFromDisk) {
  const KernelRequest wanted = request(source_returning("11"));
  KernelCache(directory_).load(wanted);
  KernelCache later(directory_);
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  EXPECT_EQ(error_of([&] { later.load(wanted); }).kind(), ErrorKind::argument);
}

TEST_F(KernelCacheTest, CreatesADeletedDirectoryAgain) {
  KernelCache cache(directory_);
  fs::remove_all(root_.path() + "/a");
  EXPECT_EQ(value_of(*cache.load(request(source_returning("12")))), 12);
}

TEST_F(KernelCacheTest, GivesEveryIngredientItsPartOfTheKey) {
  const KernelCache cache(directory_);
  fs::create_directory(root_.path() + "/headers");
  write("headers/abi.h", "one");
  KernelRequest base = request("source");
  base.include_directory = root_.path() + "/headers";
  std::set<std::string> keys = {cache.key(base)};
  const auto differs = [&](const std::function<void(KernelRequest&)>& change) {
    KernelRequest changed = base;
    change(changed);
    return keys.insert(cache.key(changed)).second;
  };
  EXPECT_TRUE(differs([](KernelRequest& r) { r.source = "source "; }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.salt = "2"; }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.toolchain.compiler = "/other"; }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.toolchain.real_path = "/other"; }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.toolchain.version = "other"; }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.toolchain.flags.push_back("-O1"); }));
  EXPECT_TRUE(differs([](KernelRequest& r) { r.include_directory = ""; }));
  EXPECT_FALSE(differs([](KernelRequest& r) { r.interrupted = [] { return false; }; }));
  age(write("headers/abi.h", "two"), hours(1));
  EXPECT_TRUE(differs([](KernelRequest&) {}));
  write("headers/abi.h", "three");
  EXPECT_TRUE(differs([](KernelRequest&) {}));
  write("headers/more.h", "");
  EXPECT_TRUE(differs([](KernelRequest&) {}));
}

TEST_F(KernelCacheTest, KeepsTheKeyWhenTheHeadersMove) {
  const KernelCache cache(directory_);
  std::set<std::string> keys;
  for (const std::string place : {"/one", "/two"}) {
    fs::create_directory(root_.path() + place);
    write(place + "/abi.h", "text");
    KernelRequest wanted = request("source");
    wanted.include_directory = root_.path() + place;
    keys.insert(cache.key(wanted));
  }
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(KernelCacheTest, IncludesTheHeadersOfItsDirectory) {
  fs::create_directory(root_.path() + "/headers");
  write("headers/answer.h", "#define ANSWER 13\n");
  KernelCache cache(directory_);
  KernelRequest wanted = request("#include \"answer.h\"\n" + source_returning("ANSWER"));
  wanted.include_directory = root_.path() + "/headers";
  EXPECT_EQ(value_of(*cache.load(wanted)), 13);
  wanted.include_directory = root_.path() + "/missing";
  EXPECT_EQ(error_of([&] { cache.load(wanted); }).kind(), ErrorKind::argument);
}

TEST_F(KernelCacheTest, ReportsACompileFailureWithCommandLogAndKeptSource) {
  KernelCache cache(directory_);
  const std::string source = source_returning("undeclared_name");
  const Error error = error_of([&] { cache.load(request(source)); });
  EXPECT_EQ(error.kind(), ErrorKind::compile);
  EXPECT_EQ(std::string(error.what()).rfind("the compiler failed with status 1: ", 0), 0u);
  EXPECT_NE(std::string(error.what()).find("undeclared_name"), std::string::npos);
  EXPECT_NE(error.data().at("log").find("undeclared_name"), std::string::npos);
  EXPECT_EQ(error.data().at("status"), "1");
  EXPECT_EQ(error.data().at("command").rfind(compiler_.compiler, 0), 0u);
  EXPECT_NE(error.data().at("command").find(error.data().at("source")), std::string::npos);
  EXPECT_EQ(read_file(error.data().at("source")), source);
  EXPECT_EQ(entries().size(), 1u) << "something besides the failed source was left";
}

TEST_F(KernelCacheTest, ReportsACompilerThatVanished) {
  KernelCache cache(directory_);
  fs::remove(compiler_.compiler);
  const Error error = error_of([&] { cache.load(request(source_returning("1"))); });
  EXPECT_EQ(error.kind(), ErrorKind::compile);
  EXPECT_EQ(error.data().at("status"), "127");
}

TEST_F(KernelCacheTest, ReportsACompilerThatSucceedsWithoutALibrary) {
  write("compiler", "#!/bin/sh\nexit 0\n", 0700);
  KernelCache cache(directory_);
  EXPECT_EQ(error_of([&] { cache.load(request(source_returning("1"))); }).kind(),
            ErrorKind::compile);
  EXPECT_TRUE(entries().empty());
}

TEST_F(KernelCacheTest, LeavesNothingBehindWhenItCannotWrite) {
  KernelCache cache(directory_);
  EXPECT_TRUE(child_succeeded(start_child([&] {
    // A limit of zero bytes per file behaves like a full disk.
    const rlimit none = {0, 0};
    std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &none);
    const Error error = error_of([&] { cache.load(request(source_returning("1"))); });
    return error.kind() == ErrorKind::compile && error.data().count("reason") == 1;
  })));
  EXPECT_TRUE(entries().empty());
}

TEST_F(KernelCacheTest, LeavesNothingBehindWhenInterrupted) {
  write("compiler", "#!/bin/sh\nsleep 10\n", 0700);
  KernelCache cache(directory_);
  KernelRequest wanted = request(source_returning("1"));
  wanted.interrupted = [] { return true; };
  EXPECT_EQ(error_of([&] { cache.load(wanted); }).kind(), ErrorKind::interrupt);
  EXPECT_TRUE(entries().empty());
}

TEST_F(KernelCacheTest, CanBeSharedByProcessesThatBuildAtTheSameTime) {
  std::vector<pid_t> children;
  for (int number = 0; number < 8; ++number) {
    children.push_back(start_child([&] {
      KernelCache cache(directory_);
      const int own = 100 + number;
      return value_of(*cache.load(request(source_returning("5")))) == 5 &&
             value_of(*cache.load(request(source_returning(std::to_string(own))))) == own;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  for (const std::string& name : entries()) {
    EXPECT_EQ(fs::path(name).extension(), ".so") << name << " was left";
  }
  EXPECT_EQ(KernelCache(directory_).statistics().files, 9u);
}

TEST_F(KernelCacheTest, BuildsOnceForManyThreads) {
  KernelCache cache(directory_);
  const KernelRequest wanted = request(source_returning("6"));
  std::vector<std::shared_ptr<Module>> modules(6);
  std::vector<std::thread> threads;
  for (auto& module : modules) threads.emplace_back([&] { module = cache.load(wanted); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& module : modules) EXPECT_EQ(module, modules.front());
  EXPECT_EQ(builds(), 1u);
}

TEST_F(KernelCacheTest, CountsItsKernels) {
  KernelCache cache(directory_);
  cache.load(request(source_returning("1")));
  const CacheStatistics statistics = cache.statistics();
  EXPECT_EQ(statistics.directory, directory_);
  EXPECT_EQ(statistics.files, 1u);
  EXPECT_EQ(statistics.bytes, fs::file_size(only_kernel()));
}

TEST_F(KernelCacheTest, ClearsTheDiskAndKeepsLoadedKernelsUsable) {
  KernelCache cache(directory_);
  const KernelRequest wanted = request(source_returning("1"));
  const std::shared_ptr<Module> module = cache.load(wanted);
  error_of([&] { cache.load(request("no C++")); });
  EXPECT_EQ(cache.clear(), 1u);
  EXPECT_TRUE(entries().empty());
  EXPECT_EQ(value_of(*module), 1);
  EXPECT_EQ(cache.load(wanted), module);
}

TEST_F(KernelCacheTest, PrunesByAge) {
  KernelCache cache(directory_);
  cache.load(request(source_returning("1")));
  age(only_kernel(), hours(100));
  cache.load(request(source_returning("2")));
  cache.prune(UINTMAX_MAX, hours::max());
  EXPECT_EQ(cache.statistics().files, 2u);
  cache.prune(UINTMAX_MAX, hours(50));
  EXPECT_FALSE(KernelCache(directory_).contains(request(source_returning("1"))));
  EXPECT_TRUE(KernelCache(directory_).contains(request(source_returning("2"))));
}

TEST_F(KernelCacheTest, PrunesTheOldestUntilTheSizeFits) {
  KernelCache cache(directory_);
  for (const char* value : {"1", "2", "3"}) {
    const std::vector<std::string> before = entries();
    cache.load(request(source_returning(value)));
    for (const std::string& name : entries()) age(directory_ + "/" + name, hours(1));
    for (const std::string& name : before) age(directory_ + "/" + name, hours(9));
  }
  const std::uintmax_t one = cache.statistics().bytes / 3;
  cache.prune(one + one / 2, hours(1000));
  EXPECT_EQ(cache.statistics().files, 1u);
  EXPECT_TRUE(KernelCache(directory_).contains(request(source_returning("3"))));
}

TEST_F(KernelCacheTest, PrunesAbandonedBuildsOnly) {
  KernelCache cache(directory_);
  for (const char* name : {"/build-old", "/build-new", "/stranger"}) {
    fs::create_directory(directory_ + name);
    std::ofstream(directory_ + name + "/kernel.cc") << "text";
  }
  age(directory_ + "/build-old", hours(25));
  age(directory_ + "/stranger", hours(25));
  cache.prune(UINTMAX_MAX, hours::max());
  EXPECT_FALSE(fs::exists(directory_ + "/build-old"));
  EXPECT_TRUE(fs::exists(directory_ + "/build-new"));
  EXPECT_TRUE(fs::exists(directory_ + "/stranger"));
}

TEST_F(KernelCacheTest, ReadsUnchangedHeadersOnce) {
  const KernelCache cache(directory_);
  fs::create_directory(root_.path() + "/headers");
  const std::string header = write("headers/abi.h", "text");
  const fs::file_time_type modified = fs::last_write_time(header);
  KernelRequest wanted = request("source");
  wanted.include_directory = root_.path() + "/headers";
  const std::string before = cache.key(wanted);
  write("headers/abi.h", "TEXT");
  fs::last_write_time(header, modified);
  EXPECT_EQ(cache.key(wanted), before);
  EXPECT_NE(KernelCache(directory_).key(wanted), before);
}

}  // namespace
}  // namespace kernelops
