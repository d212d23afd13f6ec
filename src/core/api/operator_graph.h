// The graph of an operator as tables, for hosts that draw it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/operator.h"

namespace kernelops {

/// One node of the simplified graph.
struct GraphNode {
  std::string label;  // "x", "2", "Exp", "*", "Elem(1)", "Sum over j"
  std::string kind;   // "variable", "constant", "operation" or "reduction"
  std::string stage;  // what it is computed for: "constant", "parameter", "i", "j" or "pair"
  std::int64_t dimension = 1;
  bool commutative = false;  // the order of its arguments does not matter
  bool result = false;       // of a formula
};

/// An argument of an operation: the places of both in the list of nodes, and the place of the
/// argument among those of the operation.
struct GraphEdge {
  std::size_t from;
  std::size_t to;
  std::size_t argument;
};

/// Arguments come before the nodes that use them.
struct OperatorGraph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

OperatorGraph operator_graph(const Operator& op);

}  // namespace kernelops
