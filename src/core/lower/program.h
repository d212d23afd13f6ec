// A formula and its reduction as a program for tiles of pairs, before any target language.
//
// Roles. The result of the reduction is indexed by rows, the reduced side are columns: for a result
// indexed by i, rows are i and columns are j; for j the reverse; for a result without index rows
// are i, and the states of all rows are merged at the end.
//
// Panels. Each of parameters, rows and columns has a panel of slots, one real number for each
// component (and for each row or column). The first slots hold the inputs, the engine fills them;
// the section of that space computes the others, once for each row or column. The pair section
// reads all three panels and updates the state of the reduction; of the columns it reads a packed
// panel with only the slots it needs.
//
// Sections are sequences of blocks, straight ones and loops. A loop runs its instructions for
// k = 0 .. extent - 1. Registers are written once; those of a loop live only in it, except its
// accumulators, which start at 0 and stay. This one form is printed, interpreted and compiled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// What a value depends on, and the panel it lives in.
enum class Space { parameter = 0, row = 1, column = 2, pair = 3 };

/// "parameter", "row", "column" or "pair".
const char* space_name(Space space);

/// A component of a vector inside a block: offset + step * k.
struct Component {
  std::int64_t offset = 0;
  std::int64_t step = 0;
};

using Register = int;

enum class Opcode {
  constant,    // result = value
  load,        // result = panel of `space`, slot `component`
  apply,       // result = operation(operands)
  accumulate,  // accumulator `result` += operands[0]
  store,       // own panel, slot `component` = operands[0]
  update,      // state of output component `component` takes in operands[0]
};

struct Instruction {
  Opcode opcode;
  Register result = -1;
  std::vector<Register> operands;
  const OpDef* op = nullptr;
  std::vector<std::int64_t> parameters;
  double value = 0;
  Space space = Space::parameter;  // load: the panel; otherwise what the result depends on
  Component component;
};

/// An accumulator of a block and what it depends on.
struct Accumulator {
  Register result;
  Space space;
};

struct Block {
  bool looped = false;
  std::int64_t extent = 1;
  std::vector<Accumulator> accumulators;
  std::vector<Instruction> code;
};

struct Section {
  std::vector<Block> blocks;
};

/// An input of a panel: a declared variable, or a reduction whose result is computed before.
struct PanelInput {
  Expr source;
  std::int64_t slot;
  std::int64_t dimension;
};

/// Slots of one panel: inputs first, then what its section computes.
struct Panel {
  std::vector<PanelInput> inputs;
  std::int64_t slots = 0;
  Section section;
};

/// A run of slots of the column panel that the pair section reads, in the order of the packed
/// panel.
struct PackedRun {
  std::int64_t slot;
  std::int64_t count;
};

struct Program {
  Expr root;  // the reduction
  const ReductionDef* reduction;
  std::int64_t dimension;  // of the reduced formula
  Category rows;           // i or j: what the rows are
  bool fold_rows;          // the result has one row: the states of all rows are merged
  Panel parameters;
  Panel row;
  Panel column;
  std::vector<PackedRun> packed;
  std::int64_t packed_slots = 0;
  Section pair;
};

/// The program as text, one instruction a line.
std::string print_program(const Program& program);

}  // namespace kernelops
