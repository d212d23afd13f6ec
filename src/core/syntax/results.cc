// What is a result: a question about what a formula is indexed by.
#include "core/support/small_code.h"

#include "core/syntax/builder.h"

namespace kernelops {

namespace {

constexpr Dependence kDependsOnPair = kDependsOnI | kDependsOnJ;

// Whether a formula uses the value of a reduction, and what it depends on.
struct Indexing {
  bool reduces = false;
  Dependence dependence = 0;

  bool is_result() const { return reduces && (dependence & kDependsOnPair) != kDependsOnPair; }
};

Indexing indexing_of(Expr node, const std::map<Expr, Indexing>& known) {
  if (node->kind == NodeKind::reduction) return {true, node->dependence};
  if (node->kind != NodeKind::operation) return {false, node->dependence};
  if (node->op->kind == OpKind::differential && known.at(node->arguments[0]).is_result()) {
    // All pairs of rows contribute to the derivative in a variable.
    const bool forward = node->op->forward;
    return {true, forward ? known.at(node->arguments[0]).dependence
                          : dependence_of(node->arguments[1]->category)};
  }
  Indexing out;
  for (Expr argument : node->arguments) {
    const Indexing& part = known.at(argument);
    out.reduces = out.reduces || part.reduces;
    out.dependence |= part.dependence;
  }
  return out;
}

Indexing indexing_of(Expr node) {
  std::map<Expr, Indexing> known;
  for (Expr each : formula_nodes(node)) known.emplace(each, indexing_of(each, known));
  return known.at(node);
}

}  // namespace

Dependence value_dependence(Expr node) { return indexing_of(node).dependence; }

bool is_result(Expr node, Category* category) {
  const Indexing indexing = indexing_of(node);
  if (!indexing.is_result()) return false;
  if (category != nullptr) {
    *category = (indexing.dependence & kDependsOnI) != 0   ? Category::i
                : (indexing.dependence & kDependsOnJ) != 0 ? Category::j
                                                           : Category::parameter;
  }
  return true;
}

}  // namespace kernelops
