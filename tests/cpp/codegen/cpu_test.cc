#include "core/codegen/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/api/operator.h"
#include "core/engine/compiled_kernel.h"
#include "support/machine.h"
#include "support/sample.h"

namespace kernelops {
namespace {

using testing::CompiledRunner;
using testing::Formulas;
using testing::Machine;
using testing::Random;
using testing::Table;
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
      {{"Sum_Reduction(Exp(-" + names[3] + " * SqNorm2(" + names[0] + " - " + names[1] + ")) * " +
        names[2] + ", 0)"},
       {""},
       {names[0] + "=Vi(3)", names[1] + "=Vj(3)", names[2] + "=Vj(1)", names[3] + "=Pm(1)"}});
}

Operator softmax_and_neighbours() {
  return Operator({{"SumSoftMaxWeight_Reduction(SqDist(x, y), y, 0)",
                    "KMin_ArgKMin_Reduction(SqDist(x, y), 5, 0)"},
                   {"softmax", "neighbours"},
                   {"x=Vi(2)", "y=Vj(2)"}});
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

TEST(CpuCode, TheProgramOfAWeightedAndARankedReductionIsTheGoldenOne) {
  expect_golden("softmax_and_neighbours_program.txt",
                print_program(softmax_and_neighbours().passes().back().program));
}

TEST(CpuCode, TheSourceOfAWeightedAndARankedReductionIsTheGoldenOne) {
  expect_golden("softmax_and_neighbours_float32_64_bytes.txt", source_of(softmax_and_neighbours()));
}

TEST(CpuCode, NoNameOfAUserReachesTheSource) {
  const std::string plain = source_of(gaussian());
  EXPECT_EQ(source_of(gaussian({"lambda", "for", "class", "int"})), plain);
  EXPECT_EQ(source_of(gaussian({"zzz_user", ".user", "stride", "column"})), plain);
  EXPECT_EQ(plain.find("zzz_user"), std::string::npos);
}

TEST(CpuCode, TheSourceDoesNotDependOnHowTheFormulaIsWritten) {
  const Operator inline_form(
      {{"Sum_Reduction(Exp(-Pm(3,1)*SqNorm2(Vi(0,3)-Vj(1,3)))*Vj(2,1),0)"}, {""}, {}});
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

// Formulas that together use every instruction and every shape of reduction.
const std::vector<std::string> kKinds = {
    "Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
    "ArgMin_Reduction(SqDist(u, v), 0)",
    "Sum_Reduction(Exp(-SqDist(u, v)) * v, 0)",
    "LogSumExp_Reduction(b - SqDist(x, y), 1)",
    "SumSoftMaxWeight_Reduction(SqDist(x, y), v, 0)",
    "LogSumExpWeight_Reduction(u - v, Square(v), 0)",
    "KMin_ArgKMin_Reduction(x - y, 5, 0)",
    "KMax_Reduction(u * v, 2, 1)",
    "Sum_Reduction(MatMult(u, v, 4, 5) + Max(u - v) * OneHot(ArgMin(v), 25), 0)",
    "Var_Reduction(x * y + IndexI() - IndexJ(), 2)",
    "Max_SumShiftExp_Reduction(Gather(p, 3 * Square(b)) * x, 0)",
};

Formulas with_variables() {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("b", Category::j, 1);
  f.variable("u", Category::i, 20);
  f.variable("v", Category::j, 20);
  f.variable("p", Category::parameter, 4);
  return f;
}

TEST(CpuCode, EveryVectorWidthGivesTheSameResults) {
  Formulas f = with_variables();
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
    for (std::size_t n = 0; n < kKinds.size(); ++n) {
      const bool float32 = n % 3 != 0;
      SCOPED_TRACE(cpu + ", " + kKinds[n]);
      const Expr root = f(kKinds[n]);
      CompiledRunner runner(machine, sizes, float32);
      testing::expect_passes(root, root->category, values, sizes, runner, float32 ? 2e-5 : 1e-11);
    }
  }
}

// Compiles for the kinds of registers this machine may lack, too: nothing is run.
class GeneratedText : public ::testing::TestWithParam<std::string> {};

TEST_P(GeneratedText, CompilesWithoutWarnings) {
  const std::string compiler = GetParam();
  if (std::system((compiler + " --version > /dev/null 2>&1").c_str()) != 0) {
    GTEST_SKIP() << compiler << " is not installed";
  }
  Formulas f = with_variables();
  TemporaryDirectory directory("/tmp/kernelops-test-");
  int n = 0;
  std::string sources;
  const auto add = [&](const Program& program, TileShape shape) {
    const std::string path = directory.path() + "/kernel" + std::to_string(n) + ".cc";
    std::ofstream(path) << generate_cpu(program, {n % 2 == 0, 16}, shape).text;
    sources += " " + path;
    ++n;
  };
  for (const std::string& text : kKinds) {
    for (const bool transposed : {false, true}) {
      const Program program = lower({f(text)}, SumScheme::block, transposed);
      add(program, program.pair.local_slots > 0 ? TileShape{2, 1} : TileShape{2, 3});
    }
  }
  add(lower_rows(f("Exp(Max(Sum_Reduction(x - y, 0))) * x"), Category::i), {1, 1});
  add(lower_selection(f("SelectedSum_Reduction(SelectEntry(x, Entry(), 3) * y,"
                        " ArgMin_Reduction(x - y, 0), 1)")),
      {1, 1});
  add(lower({f(kKinds[0]), f(kKinds[1]), f(kKinds[4]), f(kKinds[6])}, SumScheme::compensated),
      {4, 1});
  const std::string log = directory.path() + "/log";
  const std::string command = compiler + " -std=c++17 -O1 -fsyntax-only -Wall -Wextra -Werror -I" +
                              KERNELOPS_KERNEL_DIR + sources + " > " + log + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(log).value_or("");
}

INSTANTIATE_TEST_SUITE_P(, GeneratedText, ::testing::Values("g++", "clang++"));

TEST(CpuCode, EveryTileShapeGivesTheSameResults) {
  Formulas f = with_variables();
  const std::vector<Expr> nodes = {f("ArgMax_Reduction(Exp(Elem(p, 0)) * SqDist(u, v), 0)"),
                                   f("SumSoftMaxWeight_Reduction(x - y, b - x, 0)"),
                                   f("Sum_Reduction(u * v, 0)"),
                                   f("KMin_ArgKMin_Reduction(SqDist(x, y), 3, 0)")};
  Random random(6);
  const Sizes sizes{19, 11};
  const Values values = f.values(random, sizes);
  Machine machine;
  TemporaryDirectory directory("/tmp/kernelops-test-");
  KernelCache cache(directory.path());
  const Toolchain toolchain = find_toolchain({{"c++", "g++", "clang++"}, {}, ""});
  const Program program = lower(nodes);
  for (const TileShape shape :
       {TileShape{1, 1}, TileShape{3, 1}, TileShape{1, 4}, TileShape{2, 3}}) {
    KernelRequest request;
    request.source = generate_cpu(program, {false, toolchain.cpu.vector_bytes}, shape).text;
    request.include_directory = KERNELOPS_KERNEL_DIR;
    request.toolchain = toolchain;
    const CompiledKernel kernel(cache.load(request));
    const KernelDescriptor& descriptor = kernel.descriptor();
    EXPECT_EQ(descriptor.real_bytes, 8);
    EXPECT_EQ(descriptor.lanes * 8, toolchain.cpu.vector_bytes);
    EXPECT_EQ(descriptor.row_block, shape.row_vectors * descriptor.lanes);
    EXPECT_EQ(descriptor.state_slots, 2 + 3 * 3 + 20 + 6);
    EXPECT_EQ(descriptor.result_slots, 1 + 3 + 20 + 6);
    const std::vector<Table> all =
        CompiledRunner(machine, sizes, false).pairs(program, kernel, values);
    auto begin = all.begin();
    for (Expr node : nodes) {
      const auto end = begin + static_cast<std::ptrdiff_t>(node->reduction->outputs.size());
      testing::expect_outputs({begin, end}, node, values, sizes, 1e-11);
      begin = end;
    }
  }
}

TEST(CpuCode, EveryElementwiseRowCompiles) {
  // One kernel with all of them; each result is a component.
  Formulas f;
  const std::string names[] = {"x", "y", "z"};
  std::string text;
  Values values;
  Random random(8);
  const Sizes sizes{21, 9};
  for (const OpDef& each : operations()) {
    const OpDef* const row = &each;
    if (row->kind != OpKind::elementwise || row->code.is_scalar) continue;
    // Arguments in the row's domain, one on each side.
    std::string call = row->name + "(";
    for (std::size_t a = 0; a < static_cast<std::size_t>(row->arguments); ++a) {
      const std::string name = row->name + names[a];
      const Category category = a == 0 ? Category::i : Category::j;
      const Expr variable = f.variable(name, category, 1);
      values[variable] = testing::table_in(random, domain_of(*row, a), sizes.of(category), 1);
      call += (a > 0 ? ", " : "") + name;
    }
    for (const std::int64_t parameter : row->sample.parameters) {
      call += ", " + std::to_string(parameter);
    }
    text = text.empty() ? call + ")" : "Concat(" + text + ", " + call + "))";
  }
  const Expr root = f("Sum_Reduction(" + text + ", 0)");
  values = testing::rounded_to_float(values);
  Machine machine;
  for (const bool float32 : {true, false}) {
    CompiledRunner runner(machine, sizes, float32);
    testing::expect_passes(root, Category::i, values, sizes, runner, float32 ? 2e-5 : 1e-12);
  }
}

}  // namespace
}  // namespace kernelops
