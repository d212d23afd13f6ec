// Writes what a CPU kernel does with the states of its reductions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/codegen/dialect.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// The states of a program's accumulations. While a tile runs they are in named registers, or in
/// arrays of the scratch memory when there are many; a ranked reduction keeps only what a candidate
/// must beat. Afterwards they are merged into the states in memory, which are double.
class StateWriter {
 public:
  StateWriter(const Program& program, TileShape shape) : program_(program), shape_(shape) {}

  /// Whether the columns of a tile are to be taken from the last to the first, and those of a group
  /// likewise: best for states that hold a row, while ranked ones need them in order.
  bool backwards() const;

  /// Statements that declare the states of a tile, at the neutral element.
  std::string declarations(const std::string& indent) const;

  /// Statements that declare what candidates of ranked reductions must beat, for a row block.
  std::string thresholds(const std::string& indent) const;

  /// A statement that takes the value of vector `row` of the row block and column `column` of the
  /// group into the state: a step or an update. A ranked reduction takes those of the whole
  /// group with the last.
  std::string take(const Instruction& instruction, int row, int column,
                   const ValueName& value) const;

  /// Statements that merge the states of a tile into those in memory.
  std::string flush(const std::string& indent) const;

  /// The functions initialise, merge and finish of a kernel.
  std::string functions() const;

  /// Bytes of the scratch memory that the arrays take, as an expression.
  std::string scratch_bytes() const;

 private:
  std::string value_type(const StateComponent& component, bool wide) const;
  std::string neutral(const StateComponent& component, bool wide) const;
  bool in_registers(const Accumulation& each, bool shared) const;
  std::string state(std::size_t number, const StateComponent& component, bool shared,
                    const std::string& at, int row) const;
  std::string states(std::size_t number, bool shared, const std::string& at, int row) const;
  std::string threshold(std::size_t number, const std::string& at) const;
  std::string declare(std::size_t number, bool shared, const std::string& indent) const;
  std::string merged(std::size_t number, bool shared, const std::string& at, int row,
                     const std::string& indent) const;
  std::string flush_one(std::size_t number, int row, const std::string& indent) const;

  std::string slot_text(const Accumulation& each, bool shared, std::size_t state,
                        const std::string& component) const;
  std::string loaded(const Accumulation& each, bool shared, const std::string& component,
                     const std::string& memory, const std::string& prefix,
                     const std::string& indent) const;
  std::string stored(const Accumulation& each, bool shared, const std::string& component,
                     const std::string& memory, const std::string& indent) const;
  std::string names(const Accumulation& each, bool shared, const std::string& prefix) const;
  std::string merge_call(const Accumulation& each, bool shared, const std::string& other) const;
  std::string array_name(std::size_t number, const StateComponent& component) const;
  std::string initialise_one(const Accumulation& each) const;
  std::string merge_one(const Accumulation& each) const;
  std::string finish_one(std::size_t number) const;

  const Program& program_;
  TileShape shape_;
};

}  // namespace kernelops
