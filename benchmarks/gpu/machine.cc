#include "machine.h"

#include <algorithm>
#include <cstdint>

#include "core/gpu/device_module.h"
#include "core/gpu/installation.h"
#include "statistics.h"

namespace kernelops::benchmark {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kBlocksOfProcessor = 8;
constexpr int kUnrolled = 16;

// What a thread does in one of 16 unrolled steps of its loop. Outside of CUDA the assembler's words
// are left out, so that the program can be tried without a device.
struct Row {
  const char* name;
  const char* unit;
  double operations;  // of a thread in a step
  double expected;    // in a cycle of a multiprocessor
  int iterations;
  const char* declarations;
  const char* step;
  const char* result;
  int architecture = 0;  // the oldest that can
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"FP32 multiply-add", "FMA", 8, 128, 16000,
       "float a[8], b = start, c = start + 1; for (int k = 0; k < 8; ++k) a[k] = k;",
       "for (int k = 0; k < 8; ++k) a[k] = fmaf(a[k], b, c);",
       "a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7]"},
      {"special function (ex2)", "ex2", 4, 16, 4000, "float a[4] = {start, start, start, start};",
       "for (int k = 0; k < 4; ++k) ASSEMBLE(\"ex2.approx.ftz.f32 %0, %0;\" : \"+f\"(a[k]));",
       "a[0] + a[1] + a[2] + a[3]"},
      {"8 multiply-adds with one ex2", "FMA", 8, 113.8, 16000,
       "float a[8], b = start, c = start + 1, d = start; for (int k = 0; k < 8; ++k) a[k] = k;",
       "for (int k = 0; k < 8; ++k) a[k] = fmaf(a[k], b, c);"
       "ASSEMBLE(\"ex2.approx.ftz.f32 %0, %0;\" : \"+f\"(d));",
       "a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7] + d"},
      {"FP64 multiply-add", "FMA", 8, 64, 8000,
       "double a[8], b = start, c = start + 1; for (int k = 0; k < 8; ++k) a[k] = k;",
       "for (int k = 0; k < 8; ++k) a[k] = fma(a[k], b, c);",
       "a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7]"},
      {"16 bytes of shared memory to all threads", "loads", 1, 8, 16000,
       "__shared__ float4 shared[64]; if (threadIdx.x < 64) shared[threadIdx.x].x = start;"
       "__syncthreads(); float4 sum = {start, start, start, start};",
       "const float4 each = shared[(n + k) & 63];"
       "sum.x += each.x; sum.y += each.y; sum.z += each.z; sum.w += each.w;",
       "sum.x + sum.y + sum.z + sum.w"},
      {"TF32 tensor cores (mma.sync)", "FMA", 4 * 1024.0 / 32, 1024, 4000,
       "float d[4][4] = {}; unsigned a[4] = {}, b[2] = {};",
       "for (int k = 0; k < 4; ++k) ASSEMBLE("
       "\"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},\""
       "\"{%8,%9},{%0,%1,%2,%3};\" : \"+f\"(d[k][0]), \"+f\"(d[k][1]), \"+f\"(d[k][2]),"
       "\"+f\"(d[k][3]) : \"r\"(a[0]), \"r\"(a[1]), \"r\"(a[2]), \"r\"(a[3]), \"r\"(b[0]),"
       "\"r\"(b[1]));",
       "d[0][0] + d[1][0] + d[2][0] + d[3][0]", 80},
  };
  return all;
}

const char* const kPrologue = R"(
#ifdef __CUDACC_RTC__
#define ASSEMBLE(...) asm volatile(__VA_ARGS__)
__device__ unsigned long long cycles() { return clock64(); }
__device__ unsigned long long nanoseconds() {
  unsigned long long now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  return now;
}
#else
#define ASSEMBLE(...)
__device__ unsigned long long cycles() { static unsigned long long now = 0; return now += 1000; }
__device__ unsigned long long nanoseconds() { return cycles(); }
struct float4 { float x, y, z, w; };
#endif
)";

const char* const kCopyText = R"(
extern "C" __global__ void copy(const float4* from, float4* to, long long count) {
  const long long threads = (long long)gridDim.x * blockDim.x;
  for (long long n = (long long)blockIdx.x * blockDim.x + threadIdx.x; n < count; n += threads) {
    to[n] = from[n];
  }
}
)";

std::string text_of(const Row& row) {
  return std::string(kPrologue) +
         "extern \"C\" __global__ void measure(unsigned long long* stamps, float* out,\n"
         "                                   int iterations, float start) {\n" +
         row.declarations +
         "\n  const unsigned long long cycle = cycles(), nanosecond = nanoseconds();\n"
         "  for (int n = 0; n < iterations; ++n) {\n"
         "#pragma unroll\n    for (int step = 0; step < " +
         std::to_string(kUnrolled) +
         "; ++step) {\n      const int k = step;\n      (void)k;\n      " + row.step +
         "\n    }\n  }\n"
         "  if (blockIdx.x == 0 && threadIdx.x == 0) {\n"
         "    stamps[0] = cycles() - cycle;\n    stamps[1] = nanoseconds() - nanosecond;\n  }\n"
         "  out[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<float>(" +
         row.result + ");\n}\n";
}

class Machine {
 public:
  Machine(std::shared_ptr<GpuDevice> device, const CudaCompiler& compiler, double scale,
          int repetitions)
      : device_(std::move(device)),
        compiler_(compiler),
        target_(target_of(device_->context()->driver(), device_->properties())),
        scale_(scale),
        repetitions_(repetitions) {}

  MachineReport measure() {
    MachineReport out;
    for (const Row& row : rows()) {
      if (target_.architecture < row.architecture) continue;
      out.ceilings.push_back(attempt({row.name, row.unit, 0, 0, row.expected, ""},
                                     [&] { return measure(row, &out.clock_hertz); }));
    }
    const Ceiling memory{"device memory, read and written", "bytes", 0, 0, 0, ""};
    out.ceilings.push_back(attempt(memory, [&] {
      Ceiling measured = memory;
      measured.per_second = measure_copy();
      return measured;
    }));
    out.bytes_per_second = out.ceilings.back().per_second;
    return out;
  }

 private:
  // What `measure` yields, or `nothing` with the reason.
  template <class Measure>
  static Ceiling attempt(Ceiling nothing, const Measure& measure) {
    try {
      return measure();
    } catch (const Error& error) {
      nothing.failure = error.what();
      return nothing;
    }
  }

  unsigned blocks() const {
    return kBlocksOfProcessor * static_cast<unsigned>(device_->properties().processors);
  }

  template <class... Arguments>
  double seconds_of(const DeviceFunction& function, Arguments... arguments) const {
    void* addresses[] = {&arguments...};
    CudaEvent before(device_->context());
    CudaEvent after(device_->context());
    std::vector<double> seconds;
    for (int n = 0; n <= repetitions_; ++n) {
      before.record(device_->stream());
      function.launch(device_->stream(), {blocks()}, {kThreads}, 0, addresses);
      after.record(device_->stream());
      after.wait();
      if (n > 0) seconds.push_back(after.seconds_since(before));
    }
    return median(seconds);
  }

  // The clock is that of the first row, whose load is the highest.
  Ceiling measure(const Row& row, double* clock_hertz) {
    const DeviceModule module(device_->context(),
                              compiler_.compile({text_of(row), row.name, {}, ""}, target_).data);
    const DeviceFunction function = module.function("measure");
    const std::size_t threads = static_cast<std::size_t>(blocks()) * kThreads;
    const DeviceBuffer stamps = device_->memory().allocate(2 * sizeof(std::uint64_t));
    const DeviceBuffer out = device_->memory().allocate(threads * sizeof(float));
    const int iterations = std::max(1, static_cast<int>(row.iterations * scale_));
    const double seconds = seconds_of(function, stamps.address(), out.address(), iterations, 0.5f);
    if (*clock_hertz == 0) {
      std::uint64_t elapsed[2] = {0, 1};
      device_->stream().receive(elapsed, stamps.address(), sizeof elapsed);
      device_->stream().wait();
      *clock_hertz = 1e9 * static_cast<double>(elapsed[0]) /
                     static_cast<double>(std::max<std::uint64_t>(1, elapsed[1]));
    }
    const double rate =
        static_cast<double>(threads) * iterations * kUnrolled * row.operations / seconds;
    return {row.name,     row.unit, rate, rate / (*clock_hertz * device_->properties().processors),
            row.expected, ""};
  }

  double measure_copy() {
    constexpr std::size_t kBytes = std::size_t{1} << 30;
    const auto bytes = static_cast<std::size_t>(static_cast<double>(kBytes) * scale_) / 16 * 16;
    const DeviceModule module(
        device_->context(),
        compiler_.compile({std::string(kPrologue) + kCopyText, "copy", {}, ""}, target_).data);
    const DeviceBuffer from = device_->memory().allocate(bytes);
    const DeviceBuffer to = device_->memory().allocate(bytes);
    device_->stream().fill(from.address(), 0, bytes);
    const double seconds = seconds_of(module.function("copy"), from.address(), to.address(),
                                      static_cast<long long>(bytes / 16));
    return 2 * static_cast<double>(bytes) / seconds;
  }

  std::shared_ptr<GpuDevice> device_;
  const CudaCompiler& compiler_;
  CudaTarget target_;
  double scale_;
  int repetitions_;
};

}  // namespace

MachineReport measure_machine(const std::shared_ptr<GpuDevice>& device,
                              const CudaCompiler& compiler, double scale, int repetitions) {
  return Machine(device, compiler, scale, repetitions).measure();
}

std::vector<CudaSource> machine_sources() {
  std::vector<CudaSource> out;
  for (const Row& row : rows()) out.push_back({text_of(row), row.name, {}, ""});
  out.push_back({std::string(kPrologue) + kCopyText, "copy", {}, ""});
  return out;
}

}  // namespace kernelops::benchmark
