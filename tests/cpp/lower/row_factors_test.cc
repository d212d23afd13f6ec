#include "core/lower/row_factors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/lower/lower.h"
#include "core/transform/differential.h"
#include "core/transform/regroup.h"
#include "core/transform/simplify.h"
#include "support/interpret.h"
#include "support/machine.h"
#include "support/passes.h"

namespace kernelops {
namespace {

using testing::Formulas;
using testing::Random;
using testing::Values;

class RowFactors : public ::testing::Test {
 protected:
  RowFactors() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("b", Category::j, 1);
    f.variable("e", Category::i, 1);
    f.variable("s", Category::parameter, 1);
    f.variable("u", Category::i, 7);
    f.variable("v", Category::j, 7);
  }

  Expr prepared(const std::string& text) {
    return regroup(f.graph, simplify(f.graph, expand_differentials(f.graph, f(text))));
  }

  // How many updates of a program have a factor.
  static std::int64_t moved(const Program& program) {
    std::int64_t out = 0;
    for (const Block& block : program.pair.blocks) {
      out += std::count_if(block.code.begin(), block.code.end(), [](const Instruction& each) {
        return each.opcode == Opcode::update && each.operands.size() == 2;
      });
    }
    return out;
  }

  static std::int64_t products(const Program& program) {
    std::int64_t out = 0;
    for (const Block& block : program.pair.blocks) {
      out += std::count_if(block.code.begin(), block.code.end(), [](const Instruction& each) {
        return each.opcode == Opcode::apply && each.op->name == "Mult" && each.space == Space::pair;
      });
    }
    return out;
  }

  void expect_right(const std::vector<Expr>& nodes, SumScheme scheme = SumScheme::block) {
    const Sizes sizes{6, 9};
    const Values values = f.values(random, sizes);
    const std::vector<testing::Table> all =
        testing::InterpretedRunner(sizes).pairs(lower(nodes, scheme), values);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      testing::expect_outputs({all[n]}, nodes[n], values, sizes, 1e-12);
    }
  }

  Formulas f;
  Random random{2};
};

TEST_F(RowFactors, LeaveTheSumOfAGradient) {
  const Expr node = prepared("Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)");
  const Program program = lower({node});
  EXPECT_EQ(moved(program), 3);
  // The scale of the exponent, and a difference for each component.
  EXPECT_EQ(products(program), 4);
  expect_right({node});
}

TEST_F(RowFactors, MayBeOneForEachComponent) {
  const Expr node = f("Mean_Reduction(x * Exp(Elem(x, 0) * b), 0)");
  const Program program = lower({node});
  EXPECT_EQ(moved(program), 3);
  expect_right({node});
}

TEST_F(RowFactors, StayWhereTheProductIsNeededElsewhere) {
  const std::vector<Expr> nodes = {f("Sum_Reduction(e * Exp(e * b), 0)"),
                                   f("Max_Reduction(e * Exp(e * b), 0)")};
  EXPECT_EQ(moved(lower(nodes)), 0);
  expect_right(nodes);
}

TEST_F(RowFactors, StayInWhatIsNoPlainSum) {
  const Expr sum = f("Sum_Reduction(e * Exp(e * b), 0)");
  EXPECT_EQ(moved(lower({sum})), 1);
  EXPECT_EQ(moved(lower({sum}, SumScheme::compensated)), 0);
  EXPECT_EQ(moved(lower({sum}, SumScheme::block, true)), 0);
  EXPECT_EQ(moved(lower({f("Sum_Reduction(e * Exp(u * v), 0)")})), 0);
  EXPECT_EQ(moved(lower({f("LogSumExp_Reduction(e * Exp(e * b), 0)")})), 0);
  expect_right({sum}, SumScheme::compensated);
}

}  // namespace
}  // namespace kernelops
