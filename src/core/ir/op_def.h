// A row of the table of operations: everything that is known of one operation stands in its OpDef.
// The parser, the printer, the gradient, the code generator, the tests and the help page read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kernelops {

/// How an operation computes its components; see the semantics at the top of ir/graph.h.
enum class OpKind {
  elementwise,   // out[k] = code(x[k], y[k], z[k]); an argument of dimension 1 broadcasts
  contraction,   // out[k] = sum over l of the product of the arguments at mapped indices
  indexing,      // out[k] = one component of one argument, or 0
  composite,     // a formula in our own language
  differential,  // a derivative, replaced before lowering
};

/// "elementwise", "contraction", ...
inline std::string op_kind_name(OpKind kind) {
  static const char* const kNames[] = {"elementwise", "contraction", "indexing", "composite",
                                       "differential"};
  return kNames[static_cast<int>(kind)];
}

/// A compiled elementwise operation over `count` lanes: arguments[a][lane] and out[lane].
template <class T>
using LaneFunction = std::function<void(const T* const* arguments, const std::int64_t* parameters,
                                        T* out, std::size_t count)>;

/// Code of an elementwise operation: an expression over x, y, z and the row's parameters in the
/// vocabulary of inst/kernels/math.h, as text for generated sources and as compiled functions. Both
/// come from the same tokens (see ops/code.h).
struct ElementwiseCode {
  std::string text;
  LaneFunction<float> float32;
  LaneFunction<double> float64;
};

/// Where a component of the result comes from: the index into one argument, as an integer
/// expression over k (component of the result), l (inner index of a contraction), parameters and
/// dimensions. For an indexing operation the first map whose `where` holds is taken; if none does,
/// the component is 0.
struct IndexMap {
  std::string index;
  std::string where = "1";
};

/// Where the operation's arguments are drawn from in tests, and where its documentation says it is
/// defined.
struct Domain {
  double low = -2;
  double high = 2;
};

/// Dimensions of the arguments and values of the parameters used by the generated tests.
struct Sample {
  std::vector<std::int64_t> dimensions;
  std::vector<std::int64_t> parameters;
};

/// How an operation is written between its arguments; precedence grows with binding strength.
struct Infix {
  std::string symbol;
  int precedence = 0;
};

/// One operation. Arguments are called x, y, z in every text of the row; `gradient[a]` is the
/// contribution to the adjoint of argument a, over g (adjoint of the result), out (the result), the
/// arguments and the parameters, in the formula language; "0" where it vanishes identically.
struct OpDef {
  std::string name;
  OpKind kind = OpKind::elementwise;
  int arguments = 1;
  std::vector<std::string> parameters;
  std::string dimension;  // integer expression; empty: all arguments have one dimension or 1
  std::vector<std::pair<std::string, std::string>> requirements;  // condition, message if it fails
  ElementwiseCode code;
  std::string inner;            // contraction: number of terms
  std::vector<IndexMap> index;  // contraction, indexing: one per argument
  std::string definition;       // composite: the formula
  std::vector<std::string> gradient;
  bool commutative = false;
  Infix infix;
  std::string reference;  // an R expression for the same value
  Domain domain;
  Sample sample;
  std::string documentation;
  std::string mathematics;
};

/// The name of argument `position` in the texts of a row: x, y or z.
inline std::string argument_name(std::size_t position) {
  return std::string(1, static_cast<char>('x' + position));
}

}  // namespace kernelops
