// A row of the table of reductions. A reduction is a monoid over states: `update` takes in one
// value, `merge` joins two states, `finish` gives the results. Because tiles, threads, splits and
// devices only ever merge states, any split of the data gives the same answer up to rounding.
//
// Three shapes exist.
// - Plain: every component of the formula F has a state of its own.
// - Weighted: a second formula W is summed with weights made of F. Each component of F has a state
//   (`shared`), and each component of W one more (`state`). F has dimension 1, or W has dimension
//   1, or the two are equal.
// - Ranked: every component of F keeps its K best values and their rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kernelops {

/// What a component of the state, or the result, holds: a floating-point value or a row number.
enum class StateType { value, index };

/// One component of a reduction's state.
struct StateComponent {
  std::string name;
  StateType type;
  std::string initial;  // neutral element: "0", "1", "infinity", "-infinity" or "-1"
};

/// One result of a reduction, computed by the function `finish` of its code.
struct ReductionOutput {
  std::string name;  // of the element of the list, where there are several
  StateType type = StateType::value;
  std::string finish = "finish";
  bool logical = false;    // 0 or 1, meant as FALSE or TRUE
  bool of_shared = false;  // one for each component of F, not of W
};

/// Compiled functions over `count` lanes, for one component. `state` has one array for each slot:
/// the shared components, then the others; of a ranked reduction K values, then K row numbers.
/// Values are double, row numbers int64.
struct CompiledReduction {
  std::function<void(void* const* state, std::int64_t rank, const double* value,
                     const double* weight, std::int64_t index, std::size_t count)>
      update;
  /// `other` covers later rows than `state`.
  std::function<void(void* const* state, std::int64_t rank, void* const* other, std::size_t count)>
      merge;
  /// Result number `output`, `rank` of them for each lane: out[r * count + lane], double or int64.
  /// `rows` is how many rows were reduced. May reorder the state.
  std::function<void(void* const* state, std::int64_t rank, std::size_t output, double rows,
                     void* out, std::size_t count)>
      finish;
};

/// Code of a reduction: the name of a struct of functions in inst/kernels/reductions.h, which
/// generated sources use, and the same functions compiled.
struct ReductionCode {
  std::string name;
  std::vector<StateComponent> shared;
  std::vector<StateComponent> state;
  // Whether the maximum of a chunk of values may be surveyed beforehand; it is the first component
  // of the state, or of the shared one.
  bool surveyed = false;
  CompiledReduction compiled;
};

/// One reduction. Rows are numbered from 0 in states and results, -1 means none. The adjoints are
/// formulas over g (the adjoint of the values among the results, in their order), F, W, out (the
/// values among the results), count (how many rows are reduced) and category (what indexes the
/// result, for reductions in the text); empty where there is none. Steps "name = formula;" may come
/// before the formula. NaN: sums propagate it, comparisons skip it.
struct ReductionDef {
  std::string name;
  std::vector<std::string> synonyms;
  bool weighted = false;
  bool ranked = false;
  bool adds = false;          // the state is a sum that gathers rounding errors
  bool linear = false;        // a factor of all values is one of the result
  bool ignores_zero = false;  // a value of 0 leaves the state as it is
  bool selects = false;       // adds up over a selection; see ir/graph.h
  bool internal = false;      // users cannot write it
  ReductionCode code;
  ReductionCode compensated;  // for sum_scheme "kahan_scheme"; no name where there is no sum
  std::vector<ReductionOutput> outputs = {{}};
  std::string gradient;           // the adjoint of F
  std::string weight_gradient;    // the adjoint of W
  std::string selection;          // the reduction that yields the rows which carry a gradient, and
  std::string selected_gradient;  // the adjoint of F there; SelectEntry picks from g
  std::string no_gradient;        // why there is none, for the error message
  std::string reference;          // an R expression over the vector v, the weights w and K
  std::string documentation;
  std::string mathematics;

  bool is_index() const { return outputs.front().type == StateType::index; }
};

}  // namespace kernelops
