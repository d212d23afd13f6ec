// A row of the table of operations: everything that is known of one operation stands in its OpDef.
// The parser, the printer, the gradient, the code generator, the tests and the help page read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kernelops {

/// How an operation computes its components; see the semantics at the top of ir/graph.h.
enum class OpKind {
  elementwise,   // out[k] = code(x[k], y[k], z[k]); an argument of dimension 1 broadcasts
  contraction,   // out[k] = sum over l of the product of the arguments at mapped indices
  indexing,      // out[k] = one component of one argument, or 0
  opaque,        // out = code(x, y, z), all components at once
  composite,     // a formula in our own language
  differential,  // a derivative, replaced before lowering
};

/// "elementwise", "contraction", ...
inline std::string op_kind_name(OpKind kind) {
  static const char* const kNames[] = {"elementwise", "contraction", "indexing",
                                       "opaque",      "composite",   "differential"};
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
  /// The text is C code of scalars, called for each lane; a user's operation, without compiled
  /// functions.
  bool is_scalar = false;
};

/// A compiled opaque operation over `count` lanes: arguments[a][component * count + lane].
template <class T>
using VectorFunction = std::function<void(const T* const* arguments, const std::int64_t* dimensions,
                                          T* out, std::int64_t out_dimension, std::size_t count)>;

/// Code of an opaque operation: a call of a function of inst/kernels/components.h on the pointers
/// x, y, z to the arguments' components, their dimensions dim_x, dim_y, dim_z, the pointer out and
/// dim_out.
struct OpaqueCode {
  std::string text;
  VectorFunction<float> float32;
  VectorFunction<double> float64;
};

/// What a composite may depend on when its definition is written: the arguments' dimensions, their
/// values where they are constants, and the parameters (lists as in Node::parameters).
struct DefinitionInput {
  std::vector<std::int64_t> dimensions;
  std::vector<std::optional<double>> constants;
  std::vector<std::int64_t> parameters;
};

/// Where a component of the result comes from: the index into one argument, as an integer
/// expression over k (component of the result), l (inner index of a contraction), parameters and
/// dimensions; element e of a list parameter p is written p[e], and find(p, e) is the place of e in
/// it. For an indexing operation the first map whose `where` holds is taken; if none does, the
/// component is 0.
struct IndexMap {
  std::string index;
  std::string where = "1";
};

/// Which numbers an argument takes in tests.
enum class Shape { real, whole, sorted };

/// Where an argument is drawn from in tests, and where the documentation says the operation is
/// defined.
struct Domain {
  double low = -2;
  double high = 2;
  Shape shape = Shape::real;
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

/// One operation. Arguments are called x, y, z, w in every text of the row; `gradient[a]` is the
/// contribution to the adjoint of argument a, over g (adjoint of the result), out (the result), the
/// arguments and the parameters, in the formula language; "0" where it vanishes identically, empty
/// where there is none. A parameter is an integer, or a list of integers if its name ends in "[]";
/// one whose name ends in "?" (after "[]") may be left out by the user if it comes last, as an
/// empty list.
struct OpDef {
  std::string name;
  std::string topic;  // the section of the documentation
  OpKind kind = OpKind::elementwise;
  int arguments = 1;
  std::vector<std::string> parameters;
  std::string dimension;  // integer expression; empty: all arguments have one dimension or 1
  std::vector<std::pair<std::string, std::string>> requirements;  // condition, message if it fails
  ElementwiseCode code;
  std::string inner;            // contraction: number of terms
  std::vector<IndexMap> index;  // contraction, indexing: one per argument
  OpaqueCode opaque;            // opaque, contraction with a result of several components
  std::string definition;       // composite: the formula; see `define`
  /// Composite whose definition depends on dimensions or parameters: writes the formula. Steps
  /// "name = formula;" may come before it. Throws Error(dimension) where the row has no meaning.
  std::function<std::string(const DefinitionInput&)> define;
  std::vector<std::string> gradient;
  bool commutative = false;
  Infix infix;
  std::string reference;        // an R expression for the same value
  std::vector<Domain> domains;  // one for each argument, or one for all
  Sample sample;
  bool internal = false;  // for texts of rows; users cannot write it
  /// Elementwise: its code keeps its accuracy where results below the smallest normal number, its
  /// own and those on the way, are 0 instead (support/flush_underflow.h).
  bool flushes = false;
  /// Where the last argument differs between rows that are computed side by side, the operation is
  /// written as this one of the others, times it; its code may rely on that. Empty: any argument
  /// may.
  std::string product_of;
  bool picks = false;    // of argument x, the values that belong to entry y of a selection
  bool forward = false;  // differential: indexed like x, and z like y; others the other way round
  std::string documentation;
  std::string mathematics;
};

/// Whether the row's parameter of that name is a list.
inline bool is_list_parameter(const std::string& name) {
  return name.find("[]") != std::string::npos;
}

/// A parameter's name in texts: without "[]" and "?".
inline std::string parameter_name(const std::string& name) {
  return name.substr(0, name.find_first_of("[?"));
}

/// The name of argument `position` in the texts of a row: x, y, z or w.
inline std::string argument_name(std::size_t position) { return std::string(1, "xyzw"[position]); }

}  // namespace kernelops
