#include "core/ir/graph.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;
using testing::Formulas;

TEST(Graph, InternsEqualNodes) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  EXPECT_EQ(f("Exp(x - y) * 2"), f("Exp((x - y)) * 2.0"));
  EXPECT_EQ(f("Sum_Reduction(x, 0)"), f("Sum_Reduction(x, 0)"));
  EXPECT_NE(f("Sum_Reduction(x, 0)"), f("Sum_Reduction(x, 1)"));
  EXPECT_NE(f("Sum_Reduction(x, 0)"), f("Max_Reduction(x, 0)"));
  EXPECT_NE(f("x - y"), f("y - x"));
  EXPECT_NE(f("Elem(x, 0)"), f("Elem(x, 1)"));
  EXPECT_EQ(f("Elem(x, 1)"), f("Elem(x, 1)"));
}

TEST(Graph, TellsVariablesApartByNamePositionCategoryAndDimension) {
  Graph graph;
  const Expr x = graph.variable({"x", 0, Category::i, 3});
  EXPECT_EQ(x, graph.variable({"x", 0, Category::i, 3}));
  EXPECT_NE(x, graph.variable({"z", 0, Category::i, 3}));
  EXPECT_NE(x, graph.variable({"x", 1, Category::i, 3}));
  EXPECT_NE(x, graph.variable({"x", 0, Category::j, 3}));
  EXPECT_NE(x, graph.variable({"x", 0, Category::i, 2}));
}

TEST(Graph, ConstantsAreToldApartByTheirBits) {
  Graph graph;
  EXPECT_EQ(graph.constant(std::nan("")), graph.constant(std::nan("")));
  EXPECT_EQ(graph.constant(2), graph.constant(2));
  EXPECT_NE(graph.constant(0.0), graph.constant(-0.0));
  EXPECT_TRUE(std::signbit(graph.constant(-0.0)->value));
}

TEST(Graph, AZeroOfDimensionOneIsTheConstant) {
  Graph graph;
  EXPECT_EQ(graph.zero(1), graph.constant(0));
  EXPECT_EQ(graph.zero(3)->kind, NodeKind::zero);
  EXPECT_EQ(graph.zero(3)->dimension, 3);
  EXPECT_EQ(graph.zero(3), graph.zero(3));
  EXPECT_EQ(error_of([&] { graph.zero(0); }).kind(), ErrorKind::dimension);
}

TEST(Graph, BroadcastsDimensionOneOnly) {
  Formulas f;
  f.variable("a", Category::i, 3);
  f.variable("b", Category::i, 1);
  f.variable("c", Category::i, 2);
  EXPECT_EQ(f("a + b")->dimension, 3);
  EXPECT_EQ(f("b * b")->dimension, 1);
  const Error error = error_of([&] { f("a + c"); });
  EXPECT_EQ(error.kind(), ErrorKind::dimension);
  EXPECT_EQ(error.data().at("operation"), "Add");
  EXPECT_EQ(error.data().at("dimensions"), "3 and 2");
  EXPECT_CONTAINS(error.what(), "Add");
  EXPECT_CONTAINS(error.what(), "3 and 2");
}

TEST(Graph, RequirementsOfRowsNameTheOperationAndTheDimension) {
  Formulas f;
  f.variable("x", Category::i, 3);
  for (const std::string text : {"Elem(x, 3)", "Elem(x, -1)", "Extract(x, 2, 2)", "SumT(x, 4)",
                                 "ElemT(x, 4, 1)", "ExtractT(x, 1, 3)", "Extract(x, 0, 0)"}) {
    const Error error = error_of([&] { f(text); });
    EXPECT_EQ(error.kind(), ErrorKind::dimension) << text;
    EXPECT_CONTAINS(error.what(), text.substr(0, text.find('(')) + ":");
    EXPECT_CONTAINS(error.what(), "has dimension 3");
  }
}

TEST(Graph, RefusesDimensionsThatAreNoneOrTooLarge) {
  Graph graph;
  EXPECT_EQ(error_of([&] {
              graph.variable({"x", 0, Category::i, 0});
            }).kind(),
            ErrorKind::dimension);
  const std::int64_t huge = std::int64_t{1} << 40;
  EXPECT_EQ(error_of([&] {
              graph.variable({"x", 0, Category::i, huge});
            }).kind(),
            ErrorKind::dimension);
  EXPECT_EQ(error_of([&] { graph.apply(operation("SumT"), {graph.constant(1)}, {huge}); }).kind(),
            ErrorKind::dimension);
}

TEST(Graph, KnowsWhatANodeDependsOn) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("y", Category::j, 3);
  f.variable("p", Category::parameter, 3);
  EXPECT_EQ(f("x")->dependence, kDependsOnI);
  EXPECT_EQ(f("p * y")->dependence, kDependsOnJ | kDependsOnParameter);
  EXPECT_EQ(f("x - y")->dependence, kDependsOnI | kDependsOnJ);
  EXPECT_EQ(f("IntCst(2)")->dependence, 0u);
  EXPECT_EQ(f("Sum_Reduction(x - y, 1)")->dependence, kDependsOnJ);
  EXPECT_EQ(f("Sum_Reduction(x - y, 2)")->dependence, kDependsOnParameter);
}

TEST(Graph, WeightsFitTheFormula) {
  Formulas f;
  f.variable("x", Category::i, 3);
  f.variable("w", Category::j, 2);
  const Error error = error_of([&] { f("LogSumExpWeight_Reduction(x, w, 0)"); });
  EXPECT_EQ(error.kind(), ErrorKind::dimension);
  EXPECT_CONTAINS(error.what(), "LogSumExpWeight_Reduction");
  EXPECT_CONTAINS(error.what(), "3 and 2");
  EXPECT_EQ(f("LogSumExpWeight_Reduction(x, 2, 0)")->dimension, 3);
  EXPECT_EQ(f("LogSumExpWeight_Reduction(Sum(x), w, 0)")->dimension, 2);
}

TEST(Graph, RequirementsSeeLists) {
  Formulas f;
  const Expr x = f.variable("x", Category::i, 3);
  const OpDef row =
      op("Row")
          .parameters({"order[]"})
          .require(
              "length(order) == dim(x) && is_permutation(order) && order[0] + find(order, 2) == 2",
              "wrong");
  const auto check = [&](std::vector<std::int64_t> list) {
    list.insert(list.begin(), static_cast<std::int64_t>(list.size()));
    check_requirements(row, {x}, list);
  };
  check({0, 1, 2});
  EXPECT_THROW(check({0, 1}), Error);
  EXPECT_THROW(check({0, 2, 2}), Error);
  EXPECT_THROW(check({1, 0, 2}), Error);
}

TEST(Graph, RowNumbersNeedAReducedSide) {
  Formulas f;
  f.variable("x", Category::i, 3);
  EXPECT_EQ(error_of([&] { f("ArgMin_Reduction(x, 2)"); }).kind(), ErrorKind::unsupported);
}

TEST(Graph, TopologicalOrderPutsArgumentsFirstAndEachNodeOnce) {
  Formulas f;
  f.variable("x", Category::i, 3);
  const Expr root = f("Exp(x * x) + Square(x * x)");
  const std::vector<Expr> nodes = topological({root, root->arguments[0]});
  EXPECT_EQ(nodes.size(), 5u);
  std::set<Expr> seen;
  for (Expr node : nodes) {
    for (Expr argument : node->arguments) EXPECT_TRUE(seen.count(argument));
    EXPECT_TRUE(seen.insert(node).second);
  }
}

TEST(Graph, RebuildsANodeOnOtherArguments) {
  Formulas f;
  const Expr x = f.variable("x", Category::i, 3);
  const Expr y = f.variable("y", Category::j, 3);
  EXPECT_EQ(with_arguments(f.graph, f("Elem(x, 2)"), {y}), f("Elem(y, 2)"));
  EXPECT_EQ(with_arguments(f.graph, f("Max_Reduction(x, 1)"), {y}), f("Max_Reduction(y, 1)"));
  EXPECT_EQ(with_arguments(f.graph, f("Exp(x)"), {x}), f("Exp(x)"));
}

}  // namespace
}  // namespace kernelops
