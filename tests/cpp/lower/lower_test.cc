#include "core/lower/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/ir/print.h"
#include "support/interpret.h"
#include "support/passes.h"

namespace kernelops {
namespace {

using testing::contains;
using testing::Formulas;
using testing::InterpretedRunner;
using testing::Random;
using testing::Values;

std::size_t count(const Section& section, const std::string& operation) {
  std::size_t found = 0;
  for (const Block& block : section.blocks) {
    for (const Instruction& each : block.code) {
      if (each.op != nullptr && each.op->name == operation) ++found;
    }
  }
  return found;
}

std::size_t count(const Section& section, Opcode opcode) {
  std::size_t found = 0;
  for (const Block& block : section.blocks) {
    for (const Instruction& each : block.code) {
      if (each.opcode == opcode) ++found;
    }
  }
  return found;
}

class LowerTest : public ::testing::Test {
 protected:
  LowerTest() {
    f.variable("x", Category::i, 3);
    f.variable("y", Category::j, 3);
    f.variable("s", Category::parameter, 1);
    f.variable("b", Category::j, 1);
    f.variable("a", Category::i, 1);
  }

  Program program(const std::string& text) { return lower({f(text)}); }
  Program joint(const std::vector<std::string>& texts) {
    std::vector<Expr> nodes;
    for (const std::string& text : texts) nodes.push_back(f(text));
    return lower(nodes);
  }

  // Everything in a result, interpreted, agrees with the evaluator.
  void expect_right(Expr root, const Sizes& sizes, double tolerance = 1e-9) {
    const Expr expanded = expand_differentials(f.graph, root);
    Category category = Category::parameter;
    is_result(expanded, &category);
    InterpretedRunner runner(sizes);
    testing::expect_passes(expanded, category, f.values(random, sizes), sizes, runner, tolerance);
  }

  Formulas f;
  Random random{3};
};

TEST_F(LowerTest, EachNodeIsComputedInTheSectionOfWhatItDependsOn) {
  const Program p = program("Sum_Reduction(Exp(x) * Log(s) * Sqrt(b) * Abs(x - y), 0)");
  EXPECT_EQ(count(p.row.section, "Exp"), 3u);
  EXPECT_EQ(count(p.parameters.section, "Log"), 1u);
  EXPECT_EQ(count(p.column.section, "Sqrt"), 1u);
  EXPECT_EQ(count(p.pair, "Abs"), 3u);
  EXPECT_EQ(count(p.pair, "Exp") + count(p.pair, "Log") + count(p.pair, "Sqrt"), 0u);
}

TEST_F(LowerTest, SumsProductsAndExponentialsOfPairsMayFlushUnderflow) {
  EXPECT_TRUE(flushes_underflow(program("Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0)")));
  EXPECT_TRUE(flushes_underflow(program("LogSumExp_Reduction(-SqDist(x, y) / s, 0)")));
  EXPECT_TRUE(flushes_underflow(program("Sum_Reduction(Sqrt(b) * Exp(-SqDist(x, y)), 0)")));
  EXPECT_FALSE(flushes_underflow(program("Sum_Reduction(Exp(-Norm2(x - y)), 0)")));
  EXPECT_FALSE(flushes_underflow(program("Sum_Reduction(Sign(a - b), 0)")));
  EXPECT_FALSE(flushes_underflow(program("Sum_Reduction(Max(x - y), 0)")));
}

TEST_F(LowerTest, OpaqueOperationsAreCalledInTheSectionOfWhatTheyDependOn) {
  f.variable("p", Category::parameter, 3);
  const Program p = program(
      "Sum_Reduction(Max(p) * Max(x) + Min(y) * ArgMax(x - y) + Gather(p, b) + OneHot(a, 1), 0)");
  EXPECT_EQ(count(p.parameters.section, "Max"), 1u);
  EXPECT_EQ(count(p.row.section, "Max"), 1u);
  EXPECT_EQ(count(p.row.section, "OneHot"), 1u);
  EXPECT_EQ(count(p.column.section, "Min"), 1u);
  EXPECT_EQ(count(p.column.section, "Gather"), 1u);
  EXPECT_EQ(count(p.pair, Opcode::call), 1u);
  EXPECT_EQ(count(p.pair, "ArgMax"), 1u);
  EXPECT_EQ(p.pair.local_slots, 4) << "x - y and the result";
}

TEST_F(LowerTest, RowsAreWhatIndexesTheResult) {
  EXPECT_EQ(program("Sum_Reduction(x - y, 0)").rows, Category::i);
  const Program p = program("Sum_Reduction(Exp(x) - Log(y), 1)");
  EXPECT_EQ(p.rows, Category::j);
  EXPECT_EQ(count(p.column.section, "Exp"), 3u);
  EXPECT_EQ(count(p.row.section, "Log"), 3u);
  const Program folded = program("Sum_Reduction(x - y, 2)");
  EXPECT_EQ(folded.rows, Category::i);
  EXPECT_TRUE(folded.fold_rows);
}

TEST_F(LowerTest, OnlyWhatPairsReadIsPacked) {
  const Program p = program("Sum_Reduction(x * Exp(SqNorm2(y)), 0)");
  EXPECT_EQ(p.packed_slots, 1);
  EXPECT_GT(p.column.slots, 3);
}

TEST_F(LowerTest, EqualComponentsAreComputedOnce) {
  EXPECT_EQ(count(program("Sum_Reduction(Elem(Exp(x - y), 1) * Exp(x - y), 0)").pair, "Exp"), 3u);
  EXPECT_EQ(count(program("Sum_Reduction(SumT(Exp(b - s), 3) * (x - y), 0)").pair, "Exp"), 0u);
}

TEST_F(LowerTest, ComponentsNobodyReadsAreNotComputed) {
  EXPECT_EQ(count(program("Sum_Reduction(Elem(Exp(x - y), 1), 0)").pair, "Exp"), 1u);
}

TEST_F(LowerTest, ReductionsOfOneProgramShareWhatTheyHaveInCommon) {
  const Program p =
      joint({"Sum_Reduction(Exp(-SqDist(x, y)) * b, 0)",
             "Sum_Reduction(Exp(-SqDist(x, y)) * b * (x - y), 0)",
             "SumSoftMaxWeight_Reduction(SqDist(x, y), x - y, 0)",
             "KMin_ArgKMin_Reduction(SqDist(x, y), 4, 0)", "ArgMin_Reduction(x - y, 0)"});
  EXPECT_EQ(count(p.pair, "Exp"), 1u);
  EXPECT_EQ(count(p.pair, "Subtract"), 3u);
  EXPECT_EQ(count(p.pair, Opcode::step), 1u) << "one softmax for three weights";
  EXPECT_EQ(count(p.pair, Opcode::update), 1u + 3u + 3u + 1u + 3u);
  ASSERT_EQ(p.accumulations.size(), 5u);
  ASSERT_EQ(p.outputs.size(), 6u);
}

TEST_F(LowerTest, StatesAndResultsFollowOneAnother) {
  const Program p = joint(
      {"Sum_Reduction(x - y, 0)", "ArgMin_Reduction(x - y, 0)",
       "LogSumExpWeight_Reduction(b - a, x - y, 0)", "LogSumExpWeight_Reduction(x - y, b - a, 0)",
       "KMin_ArgKMin_Reduction(x - y, 4, 0)", "Max_SumShiftExpWeight_Reduction(b - a, x - y, 0)"});
  std::int64_t slot = 0;
  for (const Accumulation& each : p.accumulations) {
    EXPECT_EQ(each.first_slot, slot);
    slot += each.slots();
  }
  EXPECT_EQ(p.state_slots(), slot);
  EXPECT_EQ(p.accumulations[0].slots(), 3);
  EXPECT_EQ(p.accumulations[1].slots(), 6);
  EXPECT_EQ(p.accumulations[2].slots(), 2 + 3) << "one maximum and total, three sums";
  EXPECT_EQ(p.accumulations[3].slots(), 3 * 3);
  EXPECT_EQ(p.accumulations[4].slots(), 3 * 8);
  std::int64_t result = 0;
  for (const ProgramOutput& output : p.outputs) {
    EXPECT_EQ(output.first, result);
    result += output.dimension;
  }
  EXPECT_EQ(p.result_slots(), result);
  EXPECT_EQ(p.outputs[4].dimension, 12);
  EXPECT_EQ(p.outputs[5].type, StateType::index);
  EXPECT_EQ(p.outputs[6].dimension, 1) << "one maximum";
  EXPECT_EQ(p.outputs[7].dimension, 3);
}

TEST_F(LowerTest, TheCompensatedSchemeHasACarryWhereThereIsASum) {
  for (const ReductionDef* row : testing::reductions_over(0)) {
    const Expr root = f(testing::reduction_text(*row, "x - y", 0, "x - y", 2));
    const Program plain = lower({root}, SumScheme::direct);
    const Program compensated = lower({root}, SumScheme::compensated);
    EXPECT_EQ(plain.accumulations[0].code, &row->code);
    EXPECT_EQ(compensated.accumulations[0].code,
              row->compensated.name.empty() ? &row->code : &row->compensated);
  }
}

TEST_F(LowerTest, RowNumbersAndCountsAreInputs) {
  const Program p = program("Sum_Reduction((IndexI() - IndexJ()) * x, 0)");
  const auto has = [](const Panel& panel, NodeKind kind) {
    return std::any_of(panel.inputs.begin(), panel.inputs.end(),
                       [&](const PanelInput& each) { return each.source->kind == kind; });
  };
  EXPECT_TRUE(has(p.row, NodeKind::row_number));
  EXPECT_TRUE(has(p.column, NodeKind::row_number));
  const Program mean = lower({simplify(
      f.graph, expand_differentials(f.graph, f("Grad(Mean_Reduction(x * y, 0), y, x)")))});
  EXPECT_TRUE(has(mean.parameters, NodeKind::row_count));
}

TEST_F(LowerTest, InnerReductionsAreInputsInTheOrderTheyAreNeeded) {
  f.variable("e", Category::i, 1);
  f.variable("g", Category::i, 3);
  const Expr root = simplify(
      f.graph, expand_differentials(
                   f.graph, f("Grad(Grad(LogSumExp_Reduction(b - SqDist(x, y), 0), x, e), x, g)")));
  const std::vector<Expr> inner = inner_reductions(root);
  ASSERT_FALSE(inner.empty());
  for (std::size_t n = 0; n < inner.size(); ++n) {
    for (Expr needed : inner_reductions(inner[n])) {
      EXPECT_NE(std::find(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(n), needed),
                inner.begin() + static_cast<std::ptrdiff_t>(n));
    }
  }
}

TEST_F(LowerTest, AFormulaOfResultsIsAProgramOfRows) {
  const Program p =
      lower_rows(f("Sum_Reduction(x - y, 0) / Max(Sum_Reduction(Exp(x * y), 0)) + s * Log(s) * x"),
                 Category::i);
  EXPECT_FALSE(p.has_pairs());
  EXPECT_EQ(p.state_slots(), 0);
  EXPECT_EQ(p.result_dimension, 3);
  EXPECT_EQ(p.row.slots, 9 + 3) << "two results, x, and the formula";
  EXPECT_EQ(p.result_slot, 9);
  EXPECT_EQ(count(p.parameters.section, "Log"), 1u);
  EXPECT_EQ(count(p.row.section, "Max"), 1u);
  EXPECT_EQ(p.selection, nullptr);
}

TEST_F(LowerTest, ASumOverASelectionIsAProgramOfEntries) {
  const Expr root =
      f("SelectedSum_Reduction(SelectEntry(Exp(a) * x, Entry(), 1) * (x - y) +"
        " SelectEntry(x, Entry(), 1), ArgKMin_Reduction(SqDist(x, y), 3, 0), 1)");
  const Program p = lower_selection(root);
  EXPECT_FALSE(p.has_pairs());
  EXPECT_EQ(p.selection, root->arguments[1]);
  EXPECT_EQ(p.result_dimension, 3);
  EXPECT_EQ(count(p.row.section, "SelectEntry"), 1u) << "what is computed is selected by code";
  const auto picked = std::count_if(p.row.inputs.begin(), p.row.inputs.end(),
                                    [](const PanelInput& each) { return each.picked; });
  EXPECT_EQ(picked, 1) << "what is stored is picked";
  expect_right(root, {6, 5});
}

TEST_F(LowerTest, PrintsEverySection) {
  const std::string text = print_program(program("Sum_Reduction(Exp(s) * (x - Exp(y)), 0)"));
  for (const char* part : {"0: Sum over j, rows are i, dimension 3", "parameters (", "rows (",
                           "columns (", "packed columns", "pairs", "update 0[0]"}) {
    EXPECT_CONTAINS(text, part);
  }
}

TEST_F(LowerTest, PrintsWhatSeveralReductionsAndOpaqueOperationsDo) {
  f.variable("p", Category::parameter, 3);
  const std::string text =
      print_program(joint({"LogSumExpWeight_Reduction(Max(x - y) + Gather(p, b), x - y, 0)",
                           "KMin_Reduction(SqDist(x, y), 5, 0)"}));
  for (const char* part :
       {"0: LogSumExpWeight over j", "1: KMin over j, rows are i, dimension 1, the best 5",
        "step 0[0] with ", "update 0[2] with ", "update 1[0] with ",
        "local[3 .. 3] = Max(local[0 .. 2])", "Gather(parameter[0 .. 2], local[0 .. 0])"}) {
    EXPECT_CONTAINS(text, part);
  }
  EXPECT_CONTAINS(print_program(program("Sum_Reduction(x - y, 2)")), "all rows merged into one");
}

TEST_F(LowerTest, PrintsProgramsWithoutPairs) {
  const std::string rows =
      print_program(lower_rows(f("Exp(Sum_Reduction(x - y, 0))"), Category::i));
  EXPECT_CONTAINS(rows, "a result for each row, dimension 3, in row slot 3");
  EXPECT_FALSE(contains(rows, "pairs"));
  const Expr selected = f("SelectedSum_Reduction(x - y, ArgMin_Reduction(x - y, 0), 1)");
  EXPECT_CONTAINS(print_program(lower_selection(selected)),
                  "a result for each entry of a selection");
}

TEST_F(LowerTest, TheInterpreterAgreesOnEveryReductionAndCategory) {
  for (int category = 0; category < 3; ++category) {
    for (const ReductionDef* row : testing::reductions_over(category)) {
      for (const auto& [formula, weight] :
           {std::pair("b * (x - y)", "x + y"), std::pair("b - s * SqDist(x, y)", "x - y"),
            std::pair("x - y", "b - a")}) {
        for (const int rank : {1, 3, 9}) {
          expect_right(f(testing::reduction_text(*row, formula, category, weight, rank)), {5, 4});
          ASSERT_FALSE(HasFailure());
          if (!row->ranked) break;
        }
      }
    }
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnSeveralReductionsAtOnce) {
  const Sizes sizes{5, 7};
  for (int category = 0; category < 3; ++category) {
    std::vector<Expr> nodes;
    for (const ReductionDef* row : testing::reductions_over(category)) {
      nodes.push_back(f(testing::reduction_text(*row, "b * (x - y)", category, "a * b", 3)));
      nodes.push_back(f(testing::reduction_text(*row, "SqDist(x, y)", category, "x - y", 2)));
    }
    const Values values = f.values(random, sizes);
    for (const SumScheme scheme : {SumScheme::block, SumScheme::compensated}) {
      const std::vector<testing::Table> all =
          InterpretedRunner(sizes).pairs(lower(nodes, scheme), values);
      std::size_t first = 0;
      for (Expr node : nodes) {
        SCOPED_TRACE(print_formula(node));
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        const auto outputs = static_cast<std::ptrdiff_t>(node->reduction->outputs.size());
        testing::expect_outputs({begin, begin + outputs}, node, values, sizes, 1e-10);
        first += static_cast<std::size_t>(outputs);
      }
      EXPECT_EQ(first, all.size());
    }
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnFormulasOfResults) {
  f.variable("t", Category::parameter, 20);
  for (const char* text :
       {"Sum_Reduction(x - y, 0) / Sum_Reduction(Exp(x - y), 0) * x + a",
        "Max(Sum_Reduction(x - y, 0)) * Exp(s) - Gather(x, a + 1)",
        "Concat(Sum_Reduction(SumT(x | y, 20), 0), Sum_Reduction(SumT(b, 20) * a, 0) * t)",
        "Sum_Reduction(x * y, 2) * Sum_Reduction(x, 2) + s", "Sqrt(Sum_Reduction(SqDist(x, y), 1))",
        "KMin_Reduction(SqDist(x, y), 3, 0) | KMin_Reduction(SqDist(x, y), 3, 0)"}) {
    expect_right(f(text), {4, 5});
    ASSERT_FALSE(HasFailure()) << text;
  }
}

TEST_F(LowerTest, TheInterpreterAgreesOnGradients) {
  f.variable("e", Category::i, 1);
  f.variable("g", Category::i, 3);
  for (const std::string text :
       {"Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e)",
        "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), y, e)",
        "Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), s, e)",
        "Grad(Grad(Sum_Reduction(Exp(-s * SqDist(x, y)) * b, 0), x, e), y, g)",
        "Grad(Grad(LogSumExp_Reduction(b - s * SqDist(x, y), 0), x, e), x, g)",
        "Grad(KMin_Reduction(SqDist(x, y), 3, 0), x, g)", "Grad(KMax_Reduction(x - y, 1, 0), y, g)",
        "Grad(Max_Reduction(x * y, 0), y, g)",
        "Grad(Grad(Min_Reduction(SqDist(x, y), 0), x, e), y, g)",
        "Grad(Max_SumShiftExp_Reduction(SqDist(x, y), 0), y, Concat(e, a))",
        "Grad(SumSoftMaxWeight_Reduction(SqDist(x, y), x * y, 0), y, g)",
        "Grad(Var_Reduction(x * y, 0), y, g)", "Grad(Prod_Reduction(x * y, 0), x, g)"}) {
    expect_right(f(text), {5, 4});
    ASSERT_FALSE(HasFailure()) << text;
  }
}

TEST_F(LowerTest, ConstantsOfBothSignsOfZeroStayApart) {
  expect_right(f("Sum_Reduction(Concat(Abs(x - y) / 0, Abs(x - y) / -0), 0)"), {2, 1});
}

}  // namespace
}  // namespace kernelops
