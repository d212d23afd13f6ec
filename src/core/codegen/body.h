// Writes the functions and sections of a Program in the words of a dialect.
#pragma once

#include <string>
#include <vector>

#include "core/codegen/dialect.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// Slot `component` as an expression over the loop's index k.
std::string component_text(const Component& component);

/// One inlined function for each elementwise or opaque operation that the program applies.
std::string operation_functions(const Program& program, const Dialect& dialect);

/// Writes the blocks of a section for a block of rows and a group of columns, each instruction once
/// for each row vector and column it depends on.
class BodyWriter {
 public:
  BodyWriter(const Section& section, const Dialect& dialect, TileShape shape);

  /// Instructions outside loops that do not depend on columns; they belong before the column loop.
  std::string hoisted(const std::string& indent) const;
  /// Everything else.
  std::string body(const std::string& indent) const;
  /// Everything, for sections without pairs.
  std::string whole(const std::string& indent) const;

 private:
  enum class Part { hoisted, rest, whole };
  std::string write(Part part, const std::string& indent) const;
  std::string instruction(const Instruction& each, const std::string& indent) const;
  std::string statement(const Instruction& each, int row, int column) const;
  Space written_space(const Instruction& each) const;
  std::string name(Register number, int row, int column) const;

  const Section& section_;
  const Dialect& dialect_;
  TileShape shape_;
  std::vector<Space> spaces_;  // of registers
};

}  // namespace kernelops
