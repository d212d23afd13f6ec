// Where the results of one call go: to the caller's arrays, and to arrays of our own where a later
// pass needs them.
#pragma once

#include <cstddef>
#include <list>
#include <utility>
#include <vector>

#include "core/api/operator.h"
#include "core/engine/call.h"

namespace kernelops {

/// The outputs of the passes of one call, and the inputs, to which inner results are added.
class PassResults {
 public:
  /// `outputs` are the caller's arrays, one for each array of the operator.
  PassResults(const Operator& op, const Sizes& sizes, Bindings bindings,
              const std::vector<OutputView>& outputs)
      : op_(op), sizes_(sizes), bindings_(std::move(bindings)), caller_(outputs) {}

  /// The inputs of the next pass.
  const Bindings& bindings() const { return bindings_; }

  /// The outputs of a pass: those of its reductions, or that of its formula.
  std::vector<OutputView> outputs_of(const Pass& pass);

  /// Fills the arrays of the caller that share a result with another.
  void copy() const;

 private:
  void add_reduction(Expr reduction, std::vector<OutputView>* outputs);
  void deliver(Expr node, std::size_t number, OutputView* output);

  const Operator& op_;
  const Sizes& sizes_;
  Bindings bindings_;
  const std::vector<OutputView>& caller_;
  std::list<std::vector<double>> inner_;
  std::vector<std::pair<OutputView, OutputView>> copies_;
};

}  // namespace kernelops
