// The graph of an operator as data frames.
#include <Rcpp.h>

#include <string>
#include <vector>

#include "core/api/operator_graph.h"
#include "guard.h"

using kernelops::guard;
using kernelops::session;

// `names` are those of the formulas, empty for one without a name.
// [[Rcpp::export]]
Rcpp::List cpp_operator_graph(const std::vector<std::string>& formulas,
                              const std::vector<std::string>& names,
                              const std::vector<std::string>& args) {
  return guard([&] {
    const kernelops::OperatorGraph graph =
        kernelops::operator_graph(session().load({formulas, names, args})->op);
    Rcpp::CharacterVector labels, kinds, stages;
    Rcpp::NumericVector dimensions;
    Rcpp::LogicalVector commutative, results;
    for (const kernelops::GraphNode& node : graph.nodes) {
      labels.push_back(node.label);
      kinds.push_back(node.kind);
      stages.push_back(node.stage);
      dimensions.push_back(static_cast<double>(node.dimension));
      commutative.push_back(node.commutative);
      results.push_back(node.result);
    }
    Rcpp::IntegerVector from, to, arguments;
    for (const kernelops::GraphEdge& edge : graph.edges) {
      from.push_back(static_cast<int>(edge.from) + 1);
      to.push_back(static_cast<int>(edge.to) + 1);
      arguments.push_back(static_cast<int>(edge.argument) + 1);
    }
    return Rcpp::List::create(
        Rcpp::_["nodes"] = Rcpp::DataFrame::create(
            Rcpp::_["id"] = Rcpp::seq_len(labels.size()), Rcpp::_["label"] = labels,
            Rcpp::_["kind"] = kinds, Rcpp::_["stage"] = stages, Rcpp::_["dimension"] = dimensions,
            Rcpp::_["commutative"] = commutative, Rcpp::_["result"] = results,
            Rcpp::_["stringsAsFactors"] = false),
        Rcpp::_["edges"] = Rcpp::DataFrame::create(Rcpp::_["from"] = from, Rcpp::_["to"] = to,
                                                   Rcpp::_["argument"] = arguments));
  });
}
