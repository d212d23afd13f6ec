// Writes the functions and sections of a Program in the words of a dialect.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/codegen/dialect.h"
#include "core/lower/defer.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// Slot `component` as an expression over the loop's index k.
std::string component_text(const Component& component);

/// The name of a value for vector `row` of a row block, where it depends on no column.
std::string row_value_name(Register number, Space space, int row, TileShape shape);

/// One inlined function for each elementwise or opaque operation that the program applies.
std::string operation_functions(const Program& program, const Dialect& dialect);

/// Writes the blocks of a section for a block of rows and a group of columns, each instruction once
/// for each row vector and column it depends on.
class BodyWriter {
 public:
  BodyWriter(const Section& section, const Dialect& dialect, TileShape shape);
  /// The first of two phases; the second one's blocks may be written too.
  BodyWriter(const PairPhases& phases, const Dialect& dialect, TileShape shape);

  /// Instructions outside loops that do not depend on columns; they belong before the column loop.
  std::string hoisted(const std::string& indent) const;
  /// Everything else.
  std::string body(const std::string& indent) const;
  /// Everything, for sections without pairs.
  std::string whole(const std::string& indent) const;

  /// A loop's accumulators at 0, and the instructions of a block, those of a loop for one k.
  std::string accumulators(const Block& block, const std::string& indent) const;
  std::string instructions(const Block& block, const std::string& indent) const;
  /// The name of a register for a vector of the row block and a column of the group.
  std::string name(Register number, int row, int copy) const;

  /// A block of the second phase, `components` components side by side if it is a loop: what comes
  /// before the loop over the columns of a chunk, and what one column does.
  std::string before_columns(const Block& block, int components, const std::string& indent);
  std::string for_column(const Block& block, int components, const std::string& indent);

 private:
  enum class Part { hoisted, rest, whole };
  std::string write(Part part, const std::string& indent) const;
  std::string instruction(const Instruction& each, const std::string& indent) const;
  std::string statement(const Instruction& each, int row, int copy) const;
  Space written_space(const Instruction& each) const;
  void note(const Section& section);
  std::string write_deferred(const Block& block, int components, bool in_columns,
                             const std::string& indent);

  const Section& section_;
  const Dialect& dialect_;
  TileShape shape_;
  std::vector<Space> spaces_;  // of registers
  bool deferred_ = false;      // writing the second phase
  int components_ = 1;         // of a deferred loop, side by side
  std::set<Register> copied_;  // registers of a deferred loop that differ between components
};

}  // namespace kernelops
