#include "core/lower/section_writer.h"

#include <gtest/gtest.h>

#include "core/lower/lower.h"
#include "support/interpret.h"
#include "support/passes.h"
#include "support/random_formula.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::InterpretedRunner;
using testing::Random;
using testing::RandomFormula;
using testing::Values;

// What is written for the pairs of a program.
struct Written {
  std::size_t instructions = 0;
  std::size_t loops = 0;
  std::int64_t looped = 0;  // components that loops visit
  std::size_t calls = 0;
};

Written written(const Section& section) {
  Written out;
  for (const Block& block : section.blocks) {
    out.instructions += block.code.size();
    out.loops += block.looped ? 1 : 0;
    out.looped += block.looped ? block.extent : 0;
    for (const Instruction& each : block.code) out.calls += each.opcode == Opcode::call ? 1 : 0;
  }
  return out;
}

class SectionWriterTest : public ::testing::Test {
 protected:
  // Vectors of `dimension` components, even where complex ones are wanted.
  void declare(std::int64_t dimension) {
    f.variable("x", Category::i, dimension);
    f.variable("y", Category::j, dimension);
    f.variable("p", Category::parameter, dimension);
    f.variable("a", Category::i, 1);
    f.variable("b", Category::j, 7);
    f.variable("c", Category::j, 2);
  }

  Written pair_of(const std::string& formula) {
    return written(lower({f("Sum_Reduction(" + formula + ", 0)")}).pair);
  }

  // A formula summed over every side agrees with the evaluator.
  void expect_right(const std::string& formula) {
    for (const char* category : {", 0)", ", 1)", ", 2)"}) {
      const Expr root = f("Sum_Reduction(" + formula + category);
      InterpretedRunner runner(sizes);
      testing::expect_passes(root, root->category, f.values(random, sizes), sizes, runner, 1e-9);
      ASSERT_FALSE(HasFailure()) << print_program(lower({root}));
    }
  }

  Formulas f;
  Random random{5};
  Sizes sizes{3, 2};
};

TEST_F(SectionWriterTest, LongScalarSumsBecomeLoops) {
  declare(100);
  const Program p = lower({f("Sum_Reduction(Exp(-SqDist(x, y)), 0)")});
  std::size_t loops = 0;
  for (const Block& block : p.pair.blocks) {
    if (!block.looped) continue;
    ++loops;
    EXPECT_EQ(block.extent, 100);
    EXPECT_EQ(block.accumulators.size(), 1u);
  }
  EXPECT_EQ(loops, 1u);
  EXPECT_LE(written(p.pair).instructions, 12u);
}

TEST_F(SectionWriterTest, ShortVectorsAreWrittenOutAndUpdatesOfFourComponents) {
  for (const std::int64_t dimension : {4, 5, 10, 11, 17}) {
    f = Formulas();
    declare(dimension);
    EXPECT_EQ(pair_of("x - y").loops, dimension <= 4 ? 0u : 1u) << dimension;
    EXPECT_EQ(pair_of("SqDist(x, y)").loops, dimension <= 10 ? 0u : 1u) << dimension;
  }
}

TEST_F(SectionWriterTest, ComplexVectorsAreLoopedByTheirParts) {
  declare(40);
  for (const char* text :
       {"ComplexMult(x, y)", "Conj(x) + y", "ComplexMult(Conj(x), ComplexAdd(x, y))",
        "Real2Complex(x - y)", "Interleave(x, y)", "ComplexScal(c, x)"}) {
    const Written code = pair_of(text);
    EXPECT_EQ(code.loops, 2u) << text << ": real and imaginary parts";
    EXPECT_LT(code.instructions, 60u) << text;
    expect_right(text);
  }
  expect_right("ComplexSum(ComplexMult(x, y))");
  expect_right("ComplexAbs(ComplexSubtract(x, y))");
  expect_right("ComplexReal(ComplexMult(x, y)) * Extract(x, 3, 20)");
  expect_right("ComplexScalprod(x, y)");
}

TEST_F(SectionWriterTest, ShortComplexVectorsAreRight) {
  declare(6);
  for (const char* text : {"ComplexMult(x, y)", "ComplexDivide(x, y)", "Conj(x) + y",
                           "ComplexSquareAbs(ComplexSubtract(x, y))", "ComplexScal(c, x)"}) {
    EXPECT_EQ(pair_of(text).loops, 0u) << text;
    expect_right(text);
  }
}

TEST_F(SectionWriterTest, PermutationsAreRight) {
  declare(20);
  expect_right(
      "Permute(x - y, [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])");
  EXPECT_EQ(
      pair_of("Permute(x - y, [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,"
              " 1, 0])")
          .loops,
      1u)
      << "the reverse order is one run";
  expect_right(
      "Permute(x * y, [3, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 19, 18, 13, 12, 15, 14, 11, 17, 16])");
  expect_right(
      "PermuteT(x * y, [3, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 19, 18, 13, 12, 15, 14, 11, 17,"
      " 16])");
  expect_right("Transpose(x - y, 4) * Transpose(x, 5)");
  expect_right("Sum(Transpose(x - y, 4) * Transpose(x, 5))");
}

TEST_F(SectionWriterTest, ShortMatrixProductsAreWrittenOut) {
  declare(12);
  const Written code = pair_of("MatMult(x, y, 3, 4)");
  EXPECT_EQ(code.calls, 0u);
  for (const char* text : {"MatMult(x, y, 3, 4)", "MatMult(x - y, p, 4, 3)",
                           "MatVecMult(x, Extract(y, 2, 3))", "VecMatMult(Extract(y, 1, 4), x)",
                           "MatMult(x, y, 12, 1)", "MatMult(Elem(x, 2), y, 1, 12)"}) {
    expect_right(text);
  }
}

TEST_F(SectionWriterTest, LongMatrixProductsAreCalls) {
  declare(40);
  for (const char* text :
       {"MatMult(x, y, 4, 10)", "MatMult(x - y, p, 4, 10)", "MatVecMult(x, Extract(y, 2, 2))",
        "VecMatMult(Extract(y, 1, 20), x)", "TensorProd(Extract(x, 0, 5), Extract(y, 3, 7))",
        "MatMult(MatMult(x, y, 10, 4), x - y, 4, 10)", "MatMult(p, x * y, 8, 5)"}) {
    EXPECT_GE(pair_of(text).calls, 1u) << text;
    expect_right(text);
    expect_right("Exp(" + std::string(text) + ") - Elem(x, 1)");
  }
  EXPECT_EQ(pair_of("MatMult(x, y, 40, 1)").calls, 0u) << "a scalar product is a loop";
  expect_right("MatMult(x, y, 40, 1)");
  expect_right("TensorDot(x, y, [5, 8], [8, 5], [1], [0])");
  expect_right("Kron(Extract(x, 0, 6), Extract(y, 1, 4), [2, 3], [2, 2])");
}

TEST_F(SectionWriterTest, OpaqueOperationsAreRightInEverySection) {
  for (const std::int64_t dimension : {1, 3, 16, 17, 40}) {
    f = Formulas();
    declare(dimension);
    for (const char* text :
         {"Max(x - y)", "Max(x) + Max(y) * Max(p)", "OneHot(ArgMax(x * y), 20) * Min(x)",
          "Gather(p, 3 * Elem(b, 0)) + a", "Gather(x - y, ArgMin(y)) * y",
          "Gather(x, Elem(b, 1) + 1) + Gather(x, a)", "Max(Concat(x, y)) * Exp(Min(Concat(a, y)))",
          "SelectEntry(x * y, ArgMax(p), 1) * y", "PlaceEntry(a, ArgMin(y), 3) + Max(x - y)",
          "Max(Zero(3)) + x * y", "Max(OneHot(a - Elem(b, 2), 30)) * x",
          "Max(Extract(y, 0, 1)) * x", "Sum(OneHot(ArgMax(x - y), 25) * Concat(Zero(24), a))"}) {
      expect_right(text);
      ASSERT_FALSE(HasFailure()) << text;
    }
  }
}

TEST_F(SectionWriterTest, LoopsAreRightWhereTheyAreCut) {
  declare(40);
  for (const char* text : {"Concat(x, y)",
                           "Concat(Concat(a, x), Concat(b, y))",
                           "Sum(Concat(x, b) * Concat(b, y))",
                           "Extract(Concat(x, y), 30, 20)",
                           "Extract(Concat(x * y, y), 39, 30)",
                           "ExtractT(x - y, 5, 60)",
                           "ExtractT(Concat(x, b), 20, 80) + ExtractT(y, 0, 80)",
                           "Sum(ExtractT(x, 3, 50) * ExtractT(y, 10, 50))",
                           "ElemT(a, 40, 20) * y",
                           "Sum(ElemT(a, 40, 39) * Exp(y))",
                           "Concat(ElemT(a, 30, 0), x) + SumT(Elem(y, 4), 70)",
                           "Extract(ExtractT(Concat(x, y), 7, 100), 3, 60)",
                           "Concat(Zero(20), x) * Concat(y, Zero(20))",
                           "Sum(Square(Concat(x, Zero(17)) - Concat(Zero(17), y)))",
                           "Concat(Sum(x * y), Extract(x, 0, 30)) * Sum(x - Sum(x * y) * y)",
                           "SqDist(Extract(Concat(x, a), 1, 40), Extract(Concat(b, y), 2, 40))",
                           "Concat(Extract(x, 39, 1), Concat(Extract(y, 0, 1), Extract(x, 5, 20)))",
                           "Concat(ComplexMult(x, y), Extract(x, 1, 30))",
                           "ComplexMult(Extract(x, 1, 38), Conj(Extract(y, 0, 38)))",
                           "Concat(MatMult(Extract(x, 0, 16), Extract(y, 3, 16), 4, 4), x - y)",
                           "Interleave(ComplexReal(x), Extract(y, 3, 20)) + Interleave(Zero(20), "
                           "Exp(ComplexImag(y)))"}) {
    expect_right(text);
    ASSERT_FALSE(HasFailure()) << text;
  }
}

TEST_F(SectionWriterTest, DiscontinuousRowsAreRight) {
  declare(20);
  expect_right("Step(x - y) * Sign(y) + Abs(Concat(Elem(x, 3), Extract(y, 1, 19)))");
}

TEST_F(SectionWriterTest, RandomFormulasAreRight) {
  for (const std::int64_t dimension : {1, 2, 3, 16, 17, 40}) {
    Formulas g;
    g.variable("x", Category::i, dimension);
    g.variable("y", Category::j, dimension);
    g.variable("a", Category::i, 1);
    g.variable("b", Category::j, 2);
    g.variable("p", Category::parameter, dimension);
    RandomFormula formula(g, random, {true, false});
    for (int n = 0; n < 60; ++n) {
      Expr body = formula.any(3);
      if (body->dimension > 200) continue;
      if (n % 5 == 1) body = g.graph.apply(operation("Sum"), {body});
      const auto category = static_cast<Category>(n % 3);
      const Expr root = g.graph.reduce(reduction("Sum"), {body}, category);
      const Values values = g.values(random, sizes);
      InterpretedRunner runner(sizes);
      testing::expect_passes(root, category, values, sizes, runner, 1e-9);
      testing::expect_passes(simplify(g.graph, root), category, values, sizes, runner, 1e-8);
      ASSERT_FALSE(HasFailure()) << print_formula(root);
    }
  }
}

}  // namespace
}  // namespace kernelops
