#include "core/api/operator_graph.h"

#include <gtest/gtest.h>

#include <map>

namespace kernelops {
namespace {

OperatorGraph graph_of(const std::vector<std::string>& formulas) {
  const std::vector<std::string> arguments = {"x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)"};
  return operator_graph(Operator({formulas, std::vector<std::string>(formulas.size()), arguments}));
}

const GraphNode* find(const OperatorGraph& graph, const std::string& label) {
  for (const GraphNode& node : graph.nodes) {
    if (node.label == label) return &node;
  }
  return nullptr;
}

TEST(OperatorGraph, SaysWhatEachNodeIsComputedFor) {
  const OperatorGraph graph =
      graph_of({"Sum_Reduction(Max(x)*Exp(s*b*Elem(x,0))*Sin(b)*Cos(s)*SqDist(x,y)*7,0)"});
  const std::map<std::string, std::string> stages = {
      {"x", "i"},           {"Max", "i"},       {"y", "j"},
      {"b", "j"},           {"Sin", "j"},       {"s", "parameter"},
      {"Cos", "parameter"}, {"Square", "pair"}, {"Sum over j", "i"}};
  for (const auto& [label, stage] : stages) {
    const GraphNode* node = find(graph, label);
    ASSERT_NE(node, nullptr) << label;
    EXPECT_EQ(node->stage, stage) << label;
  }
  EXPECT_EQ(find(graph, "x")->kind, "variable");
  EXPECT_EQ(find(graph, "x")->dimension, 2);
  EXPECT_EQ(find(graph, "7")->stage, "constant");
  EXPECT_FALSE(find(graph, "Sin")->result);
  EXPECT_TRUE(find(graph, "Sum over j")->result);
}

TEST(OperatorGraph, EdgesLeadFromEarlierNodesInTheOrderOfArguments) {
  const OperatorGraph graph = graph_of({"Min_Reduction(Elem(y,1)-Sin(s),1)"});
  for (const GraphEdge& edge : graph.edges) EXPECT_LT(edge.from, edge.to);
  std::vector<std::string> arguments;
  for (const GraphEdge& edge : graph.edges) {
    if (graph.nodes[edge.to].label != "-") continue;
    EXPECT_EQ(edge.argument, arguments.size());
    arguments.push_back(graph.nodes[edge.from].label);
  }
  EXPECT_EQ(arguments, (std::vector<std::string>{"Elem(1)", "Sin"}));
  EXPECT_NE(find(graph, "Min over i"), nullptr);
}

TEST(OperatorGraph, NamesTheSidesAndTheRankOfReductions) {
  const OperatorGraph graph =
      graph_of({"KMin_Reduction(SqDist(x,y),3,0)", "Sum_Reduction(SqDist(x,y)*b,2)"});
  EXPECT_NE(find(graph, "KMin(3) over j"), nullptr);
  ASSERT_NE(find(graph, "Sum over i and j"), nullptr);
  EXPECT_EQ(find(graph, "Sum over i and j")->stage, "parameter");
}

}  // namespace
}  // namespace kernelops
