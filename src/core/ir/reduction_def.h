// A row of the table of reductions. A reduction is a monoid over states: `update` takes in one
// value, `merge` joins two states, `finish` gives the result. Because tiles, threads, splits and
// devices only ever merge states, any split of the data gives the same answer up to rounding.
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
  std::string initial;  // neutral element: "0", "infinity", "-infinity" or "-1"
};

/// Takes `count` lanes of values, all for the pair index `index`, into states held as one array for
/// each component (double for values, int64 for indices).
using UpdateFunction = std::function<void(void* const* state, const double* value,
                                          std::int64_t index, std::size_t count)>;
/// Joins `other` into `state`, lane by lane; `other` covers later indices than `state`.
using MergeFunction =
    std::function<void(void* const* state, const void* const* other, std::size_t count)>;
/// Writes results (double, or int64 when the result is an index).
using FinishFunction = std::function<void(const void* const* state, void* out, std::size_t count)>;

/// Statements over the components' names, as text for generated sources and compiled.
template <class Function>
struct ReductionCode {
  std::string text;
  Function compiled;
};

/// One reduction of a formula F over i or j. Rows are numbered from 0 in states and results, -1
/// means none. `gradient` is the adjoint of F over g (adjoint of the result), F and out (the
/// result); empty where there is no derivative. NaN: sums propagate it, comparisons skip it.
struct ReductionDef {
  std::string name;
  std::vector<StateComponent> state;     // for each component of F
  ReductionCode<UpdateFunction> update;  // over the state's names, value and index
  ReductionCode<MergeFunction> merge;    // over the names and other_<name>
  ReductionCode<FinishFunction> finish;  // an expression over the names
  StateType output = StateType::value;
  bool scalar_only = false;  // F must have dimension 1
  std::string gradient;
  std::string no_gradient;  // why there is none, for the error message
  std::string reference;    // an R expression over the vector v
  std::string documentation;
  std::string mathematics;
};

}  // namespace kernelops
