#include "core/support/small_code.h"

#include "core/jit/cpu_features.h"

#include "core/support/error.h"

namespace kernelops {
namespace {

struct Row {
  CpuFeatures features;
  bool available;
};

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

// Best first; the last one runs everywhere.
std::vector<Row> rows() {
  bool avx512 = false;
  bool avx2 = false;
  bool sse2 = false;
  bool neon = false;
#if defined(__x86_64__)
  __builtin_cpu_init();
  avx512 = has_avx512();
  avx2 = has_avx2();
  sse2 = true;
#elif defined(__aarch64__)
  neon = true;
#endif
  return {
      {{"avx512",
        64,
        32,
        {"-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx2", "-mfma"}},
       avx512},
      {{"avx2", 32, 16, {"-mavx2", "-mfma"}}, avx2},
      {{"sse2", 16, 16, {"-msse2"}}, sse2},
      {{"neon", 16, 32, {}}, neon},
      {{"generic", 16, 16, {}}, true},
  };
}

}  // namespace

CpuFeatures detect_cpu() {
  for (const Row& row : rows()) {
    if (row.available) return row.features;
  }
  throw Error(ErrorKind::internal, "no set of CPU features is available");
}

CpuFeatures cpu_features_named(std::string_view name) {
  std::string known;
  std::string possible;
  bool lacking = false;
  for (const Row& row : rows()) {
    if (row.features.name == name && row.available) return row.features;
    lacking = lacking || row.features.name == name;
    known += (known.empty() ? "" : ", ") + row.features.name;
    if (row.available) possible += (possible.empty() ? "" : ", ") + row.features.name;
  }
  const std::string given(name);
  throw Error(ErrorKind::argument,
              lacking ? "this machine has no `" + given + "` instructions; it has: " + possible
                      : "`" + given + "` is no known set of CPU instructions; known are: " + known,
              {{"argument", "cpu"}, {"expected", possible}, {"actual", given}});
}

}  // namespace kernelops
