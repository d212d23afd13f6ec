// Formulas made ready to compute: parsed, differentiated, simplified and lowered.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/ir/graph.h"
#include "core/lower/program.h"
#include "core/syntax/arguments.h"

namespace kernelops {

/// What an operator is made of: its formulas, each a reduction or a formula of reductions, their
/// names (empty for one without a name) and the declarations of the inputs.
struct OperatorText {
  std::vector<std::string> formulas;
  std::vector<std::string> names;
  std::vector<std::string> arguments;
  SumScheme scheme = SumScheme::block;
};

/// One pass: reductions computed in one sweep over the pairs, or a sum over a selection, or a
/// formula of results. A pass may need the results of earlier ones.
struct Pass {
  std::vector<Expr> nodes;
  Program program;
};

/// One array of the result: rows x rank x dimension, where rank is 1 unless the reduction keeps the
/// K best.
struct ResultArray {
  std::string name;     // of the formula, or of the output where a reduction has several
  std::size_t formula;  // which formula it belongs to
  std::size_t output;   // which output of its reduction
  std::int64_t rank = 1;
  std::int64_t dimension = 1;
  StateType type = StateType::value;
  bool logical = false;
};

/// The result of the formulas' way up to the programs; it does not depend on a back end or a
/// precision.
class Operator {
 public:
  /// Throws Error(syntax), Error(dimension), Error(argument) or Error(unsupported).
  explicit Operator(const OperatorText& text);
  Operator(Operator&&) = default;

  /// What it was made of.
  const OperatorText& text() const { return text_; }
  /// The inputs in the order of their positions.
  const std::vector<Variable>& variables() const { return variables_; }
  /// The formulas as they were written, as nodes that may hold differential operations.
  const std::vector<Expr>& written() const { return written_; }
  /// Without differential operations; and after simplification.
  const std::vector<Expr>& expanded() const { return expanded_; }
  const std::vector<Expr>& results() const { return results_; }
  /// What indexes the result of a formula.
  const std::vector<Category>& categories() const { return categories_; }
  /// The arrays of all results in order.
  const std::vector<ResultArray>& arrays() const { return arrays_; }
  /// In the order of computation.
  const std::vector<Pass>& passes() const { return passes_; }
  /// Whether a pass needs the result of a reduction.
  bool is_inner(Expr reduction) const { return inner_.count(reduction) > 0; }

 private:
  void read(const OperatorText& text);
  void make_arrays(const OperatorText& text);
  void make_passes(SumScheme scheme);

  OperatorText text_;
  Graph graph_;
  std::vector<Variable> variables_;
  std::vector<Expr> written_;
  std::vector<Expr> expanded_;
  std::vector<Expr> results_;
  std::vector<Category> categories_;
  std::vector<ResultArray> arrays_;
  std::vector<Pass> passes_;
  std::set<Expr> inner_;
};

/// The formulas of an operator in canonical form, or, where that would be very long, as they were
/// written.
std::vector<std::string> written_formulas(const Operator& op);

}  // namespace kernelops
