// Writes what a CPU kernel does with the states of its reductions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/codegen/dialect.h"
#include "core/lower/defer.h"
#include "core/lower/program.h"
#include "core/lower/tile_shape.h"

namespace kernelops {

/// How long a state in the kernel's precision lasts before it is merged into memory.
enum class Span { chunk, tile };

/// What is done to the states in memory of the row (or vector of rows) number `row`: they begin at
/// `state`, `stride` apart; `from` is merged into `into`; results go to `output`.
struct StateStatements {
  std::string initialise;
  std::string merge;
  std::string finish;
};

/// How values are taken: as the phases say, or all in one loop over a chunk, on a scale found
/// before or on one that moves with every value (DeferredWriter: held_chunk, streamed_chunk).
enum class Taking { usual, held, streamed };

/// The states of a program's accumulations. While a chunk of columns runs they are in named
/// registers, or in arrays of the scratch memory when there are many; a ranked reduction keeps only
/// what a candidate must beat. Afterwards they are merged into the states in memory, which are
/// double. Deferred ones (lower/defer.h) have states of a chunk in registers, which are merged into
/// arrays that last for a tile. A tile has one state for each vector of rows; a transposed one has
/// them for each column, and there again one for each vector of rows where they fit the registers.
class StateWriter {
 public:
  StateWriter(const Program& program, const PairPhases& phases, TileShape shape,
              Taking taking = Taking::usual)
      : program_(program), phases_(phases), shape_(shape), taking_(taking) {}

  /// Whether the columns of a chunk are to be taken from the last to the first, and those of a
  /// group likewise: best for states that hold a row, while ranked ones need them in order.
  bool backwards() const;
  /// Where column number `column` of a group, in the order in which they are taken, lies in it.
  int place(int column) const;

  /// Statements that declare the states of a span, at the neutral element.
  std::string declarations(Span span, const std::string& indent) const;

  /// Statements that declare what candidates of ranked reductions must beat.
  std::string thresholds(const std::string& indent) const;

  /// Where they do not go into their heaps at once (RankPlace): statements that do that after a
  /// tile, where it is due, or finally.
  std::string settle_ranks(bool finally, const std::string& indent) const;

  /// A statement that takes values into a state (Dialect::take). A ranked reduction takes those of
  /// a whole group with the last.
  std::string take(const Instruction& instruction, int row, int copy,
                   const OperandName& operand) const;

  /// Statements that merge the states of a span into those in memory.
  std::string flush(Span span, const std::string& indent) const;

  /// Of a deferred accumulation: the names of its states in the arrays of a tile, and in the
  /// registers of a chunk, where `at` is "k0", "k1", ... for the components of a loop side by side.
  std::string tile_names(int number, bool shared, const std::string& at, int row) const;
  /// Without what is surveyed,
  std::string chunk_names(int number, bool shared, const std::string& at, int row) const;
  /// with it,
  std::string merged_names(int number, bool shared, const std::string& at, int row) const;
  /// and declarations without it.
  std::string chunk_states(int number, bool shared, const std::string& at,
                           const std::string& indent) const;

  /// Of a surveyed one: declarations of the maxima of a chunk, and of what exponents are shifted by
  /// once they are known.
  std::string surveys(const std::string& indent) const;
  std::string shifts(const std::string& kept_step, const std::string& indent) const;
  /// The maximum and the sum in the arrays of a tile, and what exponents are shifted by in chunks
  /// without a survey.
  std::string most_name(int number, const std::string& at, int row) const;
  std::string summed_name(int number, bool shared, const std::string& at, int row) const;
  static std::string held_name(int number, const std::string& at, int row);

  /// Of a transposed program: whether a column's vectors of rows share a state.
  bool has_shared_vectors() const;

  StateStatements statements() const;
  /// The functions initialise, merge and finish of a kernel.
  std::string functions() const;

  /// Bytes of the scratch memory that the arrays take, as an expression.
  std::string scratch_bytes() const;
  /// Their vectors for each vector of rows.
  std::int64_t scratch_vectors() const;

 private:
  std::string value_type(const StateComponent& component, bool wide) const;
  std::string neutral(const StateComponent& component, bool wide) const;
  bool in_registers(std::size_t number, bool shared) const;
  Span span_of(std::size_t number) const;
  std::string surveyed_name(int number, const std::string& at, int row) const;
  std::string taken_ranked(const Instruction& instruction, int row, int copy,
                           const OperandName& operand) const;
  std::string taken_at_once(const Instruction& instruction, int row, int copy,
                            const OperandName& operand) const;
  std::string taken_deferred(const Instruction& instruction, int row, int copy,
                             const OperandName& operand) const;
  int vectors(std::size_t number) const;
  int vector(std::size_t number, int row, int column) const;
  bool shares_vectors(std::size_t number) const;
  std::string position(const std::string& vector) const;
  std::string state(std::size_t number, const StateComponent& component, bool shared,
                    const std::string& at, int row) const;
  std::string states(std::size_t number, bool shared, const std::string& at, int row) const;
  std::string threshold(std::size_t number, const std::string& at) const;
  static std::string rank_list(std::size_t number, const std::string& at);
  std::string for_each_rank_list(
      const std::function<std::string(const Accumulation&, const std::string& name,
                                      const std::string& at)>& body) const;
  std::string rank_lists(const std::string& indent) const;
  std::string declare(std::size_t number, bool shared, const std::string& indent) const;
  std::string factor(std::size_t number, const std::string& at, int row) const;
  Space space_of(Register value) const;
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
  const PairPhases& phases_;
  TileShape shape_;
  Taking taking_;
};

}  // namespace kernelops
