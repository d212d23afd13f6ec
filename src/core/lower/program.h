// Formulas and their reductions as a program for tiles of pairs, before any target language.
//
// Roles. The results are indexed by rows, the reduced side are columns: for results indexed by i,
// rows are i and columns are j; for j the reverse; for results without index rows are i, and the
// states of all rows are merged at the end. In a transposed program, for few results and a long
// reduced side, rows are the reduced side: each column has a result, and its states of all lanes
// are merged at the end. Several reductions over the same side are one program: they share
// everything that is computed for a pair.
//
// Panels. Each of parameters, rows and columns has a panel of slots, one real number for each
// component (and for each row or column). The first slots hold the inputs, the engine fills them;
// the section of that space computes the others, once for each row or column. The pair section
// reads all three panels and updates the states of the reductions; of the columns it reads a packed
// panel with only the slots it needs.
//
// Sections are sequences of blocks, straight ones and loops. A loop runs its instructions for
// k = 0 .. extent - 1. Registers are written once; those of a loop live only in it, except its
// accumulators, which start at 0 and stay. An opaque operation reads and writes local slots, memory
// of the section. This one form is printed, interpreted and compiled.
//
// Programs without pairs compute a formula once for each row: of results, or of the entries of a
// selection (ir/graph.h). Their row section leaves the result in slots of the row panel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ir/graph.h"

namespace kernelops {

/// What a value depends on, and the panel it lives in.
enum class Space { parameter = 0, row = 1, column = 2, pair = 3 };

inline bool on_rows(Space space) { return space == Space::row || space == Space::pair; }
inline bool on_columns(Space space) { return space == Space::column || space == Space::pair; }

/// "parameter", "row", "column" or "pair".
const char* space_name(Space space);

/// A component of a vector inside a block: offset + step * k.
struct Component {
  std::int64_t offset = 0;
  std::int64_t step = 0;
};

using Register = int;

enum class Opcode {
  constant,     // result = value
  load,         // result = panel of `space`, slot `component`
  load_local,   // result = local slot `component`
  apply,        // result = operation(operands)
  accumulate,   // accumulator `result` += operands[0]
  store,        // own panel, slot `component` = operands[0]
  store_local,  // local slot `component` = operands[0]
  call,         // opaque operation on `arrays`
  step,         // shared state `component` of an accumulation takes in operands[0]
  update,       // state `component` of an accumulation takes in operands[0], or, of a sum, its
                // product with operands[1], which depends on no column (lower/row_factors.h)
  // Only after the section of pairs was cut in two (lower/defer.h):
  keep,       // kept slot `component` of the pair = operands[0]
  load_kept,  // result = kept slot `component` of the pair
  survey,     // what is known of a chunk for `component` of an accumulation takes in operands[0]
};

/// A vector in memory, for an opaque operation: local slots, or slots of the parameters' panel.
struct SlotArray {
  bool local = true;
  std::int64_t slot = 0;
  std::int64_t dimension = 0;
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
  std::vector<SlotArray> arrays;  // call: the arguments, then the result
  int accumulation = 0;           // step, update
};

/// Whether the instruction takes a value into a state.
inline bool takes_value(const Instruction& each) {
  return each.opcode == Opcode::step || each.opcode == Opcode::update;
}

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
  std::int64_t local_slots = 0;
};

/// How the engine fills an input's slots: with the values of its row, with those of the other
/// side's row, or with the one value that belongs to an entry (see SelectEntry).
struct PanelInput {
  Expr source;
  std::int64_t slot;
  std::int64_t dimension;
  bool picked = false;
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

/// How sums are accumulated: over blocks of columns that are then added up in double, plainly over
/// whole tiles, or with a compensated sum in the kernel's precision.
enum class SumScheme { block, direct, compensated };

/// One reduction of a program. Its state has one slot for each component of `shared` for each of
/// its groups (components of the formula), then one for each component of `state` for each of its
/// components; a ranked one has `rank` entries of two slots for each component (ranks.h).
struct Accumulation {
  Expr root;  // the reduction
  const ReductionDef* row;
  const ReductionCode* code;
  std::int64_t groups = 0;  // of a weighted reduction, otherwise 0
  std::int64_t components = 0;
  std::int64_t rank = 1;
  std::int64_t first_slot = 0;  // of its state

  bool ranked() const { return row->ranked; }
  /// Whether its state is a value and its row.
  bool holds_row() const {
    return std::any_of(code->state.begin(), code->state.end(),
                       [](const StateComponent& each) { return each.type == StateType::index; });
  }
  std::int64_t shared_slots() const {
    return groups * static_cast<std::int64_t>(code->shared.size());
  }
  std::int64_t slots_of_component() const {
    return ranked() ? 2 * rank : static_cast<std::int64_t>(code->state.size());
  }
  std::int64_t slots() const { return shared_slots() + components * slots_of_component(); }
};

/// One output of one accumulation: `dimension` components of the finished results from `first` on.
struct ProgramOutput {
  int accumulation;
  std::size_t output;
  std::int64_t first;
  std::int64_t dimension;
  StateType type;
};

struct Program {
  Category rows = Category::i;  // i or j: what the rows are
  bool fold_rows = false;       // the results have one row: the states of all rows are merged
  bool transposed = false;      // the columns have results: the rows are reduced
  SumScheme scheme = SumScheme::block;
  Panel parameters;
  Panel row;
  Panel column;
  std::vector<PackedRun> packed;
  std::int64_t packed_slots = 0;
  std::vector<Accumulation> accumulations;  // empty without pairs
  std::vector<ProgramOutput> outputs;
  Section pair;
  // Without pairs: the result's slots in the row panel.
  std::int64_t result_slot = 0;
  std::int64_t result_dimension = 0;
  Expr selection = nullptr;  // the index reduction whose entries are the rows

  /// What indexes the results of a program with pairs that does not fold.
  Category results() const { return transposed ? opposite(rows) : rows; }
  bool has_pairs() const { return !accumulations.empty(); }
  /// The one that a step, an update or a survey belongs to.
  const Accumulation& accumulation_of(const Instruction& each) const {
    return accumulations[static_cast<std::size_t>(each.accumulation)];
  }
  std::int64_t state_slots() const {
    return has_pairs() ? accumulations.back().first_slot + accumulations.back().slots() : 0;
  }
  std::int64_t result_slots() const {
    return outputs.empty() ? 0 : outputs.back().first + outputs.back().dimension;
  }
};

/// Whether all that is computed for a pair keeps its accuracy where results below the smallest
/// normal number are 0 instead. Then it may be: such results take x86 processors a hundred times as
/// long, and the exponential of a large distance is one.
bool flushes_underflow(const Program& program);

/// Whether no pair changes a state: sums of 0, as gradients may be.
bool vanishes(const Program& program);

/// Whether a section has nothing to do.
bool is_empty(const Section& section);

/// The program as text, one instruction a line.
std::string print_program(const Program& program);

}  // namespace kernelops
