#include "core/codegen/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/api/operator.h"
#include "core/engine/compiled_kernel.h"
#include "support/machine.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Machine;
using testing::Random;
using testing::Values;

// Compares with a file of tests/cpp/golden, or writes it if KERNELOPS_UPDATE_GOLDEN is set.
void expect_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(KERNELOPS_GOLDEN_DIR) + "/" + name;
  if (std::getenv("KERNELOPS_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(read_file(path).value_or("(no such file)"), actual)
      << "run the tests with KERNELOPS_UPDATE_GOLDEN=1 if the change of " << name << " is meant";
}

Operator gaussian(const std::vector<std::string>& names = {"x", "y", "b", "s"}) {
  return Operator(
      "Sum_Reduction(Exp(-" + names[3] + " * SqNorm2(" + names[0] + " - " + names[1] + ")) * " +
          names[2] + ", 0)",
      {names[0] + "=Vi(3)", names[1] + "=Vj(3)", names[2] + "=Vj(1)", names[3] + "=Pm(1)"});
}

std::string source_of(const Operator& op, TileShape shape = {2, 1}) {
  return generate_cpu(op.passes().back().program, {true, 64}, shape).text;
}

TEST(CpuCode, TheProgramOfTheGaussianKernelIsTheGoldenOne) {
  expect_golden("gaussian_program.txt", print_program(gaussian().passes().back().program));
}

TEST(CpuCode, TheSourceOfTheGaussianKernelIsTheGoldenOne) {
  expect_golden("gaussian_float32_64_bytes.txt", source_of(gaussian()));
}

TEST(CpuCode, NoNameOfAUserReachesTheSource) {
  const std::string plain = source_of(gaussian());
  EXPECT_EQ(source_of(gaussian({"lambda", "for", "class", "int"})), plain);
  EXPECT_EQ(source_of(gaussian({"zzz_user", ".user", "stride", "column"})), plain);
  EXPECT_EQ(plain.find("zzz_user"), std::string::npos);
}

TEST(CpuCode, TheSourceDoesNotDependOnHowTheFormulaIsWritten) {
  const Operator inline_form("Sum_Reduction(Exp(-Pm(3,1)*SqNorm2(Vi(0,3)-Vj(1,3)))*Vj(2,1),0)", {});
  EXPECT_EQ(source_of(inline_form), source_of(gaussian()));
}

TEST(CpuCode, IncludesOnlyTheHeadersOfKernels) {
  const std::string source = source_of(gaussian());
  std::size_t includes = 0;
  for (std::size_t at = source.find("#include"); at != std::string::npos;
       at = source.find("#include", at + 1)) {
    ++includes;
    EXPECT_EQ(source.substr(at, 10), "#include \"");
  }
  EXPECT_LE(includes, 4u);
}

TEST(CpuCode, EveryVectorWidthGivesTheSameResults) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("u", Category::i, 20);
  f.variable("v", Category::j, 20);
  const std::vector<std::string> texts = {
      "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
      "ArgMin_Reduction(SqDist(u, v), 0)",
      "Sum_Reduction(Exp(-SqDist(u, v)) * v, 0)",
      "LogSumExp_Reduction(b - SqDist(x, y), 1)",
  };
  Random random(4);
  const Sizes sizes{37, 23};
  const Values values = testing::rounded_to_float(f.values(random, sizes));
  for (const std::string cpu : {"sse2", "avx2", "avx512"}) {
    try {
      cpu_features_named(cpu);
    } catch (const Error&) {
      continue;  // this machine lacks it
    }
    Machine machine(cpu);
    for (const std::string& text : texts) {
      SCOPED_TRACE(cpu + ", " + text);
      for (const bool float32 : {true, false}) {
        if (!float32 && text != texts[0]) continue;  // the other precision once a width
        testing::expect_result(machine.run(f.graph, f(text), values, sizes, float32), f(text),
                               values, sizes, float32 ? 1e-5 : 1e-12);
      }
    }
  }
}

TEST(CpuCode, EveryTileShapeGivesTheSameResults) {
  Formulas f;
  f.variable("x", Category::i, 20);
  f.variable("y", Category::j, 20);
  f.variable("p", Category::parameter, 1);
  const Expr root = f("ArgMax_Reduction(Exp(p) * SqDist(x, y), 0)");
  const Program program = lower(root);
  Random random(6);
  const Sizes sizes{19, 11};
  const Values values = f.values(random, sizes);
  TemporaryDirectory directory("/tmp/kernelops-test-");
  KernelCache cache(directory.path());
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  for (const TileShape shape :
       {TileShape{1, 1}, TileShape{3, 1}, TileShape{1, 4}, TileShape{2, 3}}) {
    KernelRequest request;
    request.source = generate_cpu(program, {false, toolchain.cpu.vector_bytes}, shape).text;
    request.include_directory = KERNELOPS_KERNEL_DIR;
    request.toolchain = toolchain;
    const auto module = cache.load(request);
    const CompiledKernel library(module);
    const KernelDescriptor& kernel = library.descriptor();
    EXPECT_EQ(kernel.abi_version, kAbiVersion);
    EXPECT_EQ(kernel.real_bytes, 8);
    EXPECT_EQ(kernel.lanes * 8, toolchain.cpu.vector_bytes);
    EXPECT_EQ(kernel.row_block, shape.row_vectors * kernel.lanes);
    EXPECT_EQ(kernel.state_slots, 2);
    Bindings bindings;
    for (const auto& [node, table] : values) bindings[node] = table.view();
    testing::Table out(sizes.i, 1);
    ThreadPool pool;
    execute(program, library, bindings, sizes,
            {out.values.data(), ElementType::float64, out.rows, out.dimension}, 1, pool, {});
    testing::expect_result(testing::from_host(out, root), root, values, sizes, 1e-12);
  }
}

TEST(CpuCode, EveryElementwiseRowCompiles) {
  // One kernel with all of them; each result is a component.
  Formulas f;
  f.variable("x", Category::i, 1);
  f.variable("y", Category::j, 1);
  std::string text;
  for (const OpDef& row : operations()) {
    if (row.kind != OpKind::elementwise) continue;
    std::string call = row.name + (row.arguments == 2 ? "(x, y" : "(x * y");
    for (const std::int64_t parameter : row.sample.parameters) {
      call += ", " + std::to_string(parameter);
    }
    text = text.empty() ? call + ")" : "Concat(" + text + ", " + call + "))";
  }
  const Expr root = f("Sum_Reduction(" + text + ", 0)");
  Random random(8);
  const Sizes sizes{21, 9};
  const Values values = testing::rounded_to_float(f.values(random, sizes, 0.5, 1.4));
  Machine machine;
  for (const bool float32 : {true, false}) {
    testing::expect_result(machine.run(f.graph, root, values, sizes, float32), root, values, sizes,
                           float32 ? 1e-5 : 1e-12);
  }
}

}  // namespace
}  // namespace kernelops
