// The words of a target language. What they have in common (the vocabulary of rows, calls, loops)
// is written by codegen/body.cc; a dialect only says how values are typed, loaded and stored.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/lower/program.h"

namespace kernelops {

/// The name of an operand for a vector of the row block and a copy (Dialect::take).
using OperandName = std::function<std::string(std::size_t number, int row, int copy)>;

/// One target language.
class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The type of a real value of one lane group.
  virtual std::string value_type() const = 0;
  /// Words before an inlined function.
  virtual std::string function_words() const = 0;
  /// Words before a function that is not inlined.
  virtual std::string called_function_words() const = 0;
  /// A line before a loop over components, or nothing.
  virtual std::string before_loop() const { return ""; }
  /// A constant of the value type.
  virtual std::string constant(double value) const = 0;
  /// Slot `component` (text of an integer) of a panel, for vector `row` of the row block and column
  /// `column` of the group.
  virtual std::string load(Space space, const std::string& component, int row,
                           int column) const = 0;
  /// A statement that stores `value` in slot `component` of the section's own panel.
  virtual std::string store(const std::string& component, const std::string& value) const = 0;
  /// The array of local slots that belongs to a vector of the row block. Programs with local slots
  /// take one column at a time.
  virtual std::string local(int row) const = 0;
  /// Slot `slot` of the parameters' panel as an array of values.
  virtual std::string parameter_array(std::int64_t slot) const = 0;
  /// The place of kept slot `slot` for vector `row` of the row block and column `column` of the
  /// group.
  virtual std::string kept(const std::string& slot, int row, int column) const = 0;
  /// A statement that takes values into a state: a survey, a step or an update. `copy` is the
  /// column of the group, or, in a deferred loop, the component of those written side by side. It
  /// is asked for in the order of the copies, then of the rows, and may leave what it does to the
  /// last.
  virtual std::string take(const Instruction& instruction, int row, int copy,
                           const OperandName& operand) const = 0;
};

}  // namespace kernelops
