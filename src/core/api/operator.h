// A formula made ready to compute: parsed, differentiated, simplified and lowered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/ir/graph.h"
#include "core/lower/program.h"
#include "core/syntax/arguments.h"

namespace kernelops {

/// One pass over the pairs: a reduction and its program. A pass may need the results of earlier
/// ones.
struct Pass {
  Expr reduction;
  Program program;
};

/// The result of a formula's way up to the programs; it does not depend on a back end or a
/// precision.
class Operator {
 public:
  /// Throws Error(syntax), Error(dimension), Error(argument) or Error(unsupported).
  Operator(const std::string& formula, const std::vector<std::string>& arguments);
  Operator(Operator&&) = default;

  /// The inputs in the order of their positions.
  const std::vector<Variable>& variables() const { return variables_; }
  /// The formula as it was written, as a node that may hold differential operations.
  Expr written() const { return written_; }
  /// Without differential operations; and after simplification.
  Expr expanded() const { return expanded_; }
  Expr result() const { return result_; }
  /// In the order of computation; the last one gives the result.
  const std::vector<Pass>& passes() const { return passes_; }

 private:
  Graph graph_;
  std::vector<Variable> variables_;
  Expr written_ = nullptr;
  Expr expanded_ = nullptr;
  Expr result_ = nullptr;
  std::vector<Pass> passes_;
};

/// The formula of an operator in canonical form.
std::string written_formula(const Operator& op);

}  // namespace kernelops
