// Writes the second phase of a chunk of columns (lower/defer.h) for the CPU.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/codegen/body.h"
#include "core/codegen/state_writer.h"

namespace kernelops {

/// How the loops over the columns of a chunk are written.
struct ColumnLoops {
  std::int64_t column_slots;           // from one column to the next
  std::string before;                  // each of them, a line
  std::string kept_step = {};          // from one kept value to the next, " * <factor>" or nothing
  std::string before_components = {};  // a loop over components, a line
  int whole = 1;  // components side by side are multiples of this, if they are more
};

/// The loops over the kept values of a chunk, the columns `begin` to `end` of a tile. Components of
/// long results are taken side by side, as many as the registers hold, and the columns are in the
/// inner loop.
class DeferredWriter {
 public:
  /// `registers` is the number of vector registers of the machine.
  DeferredWriter(const Program& program, const PairPhases& phases, const StateWriter& states,
                 BodyWriter body, TileShape shape, int registers, ColumnLoops loops)
      : program_(program),
        phases_(phases),
        states_(states),
        body_(std::move(body)),
        shape_(shape),
        registers_(registers),
        loops_(std::move(loops)) {}

  /// The second phase.
  std::string write(const std::string& indent);

  /// Whether chunks may go without a survey, on the scale of the maximum so far: where all results
  /// are short and surveyed. Such a chunk needs one phase and nothing kept.
  bool holds() const;
  /// Before the loop over chunks.
  std::string held_declarations(const std::string& indent) const;
  /// Such a chunk, by `loops` over its columns (StateWriter with Taking::held). It is left for the
  /// two phases, or a streamed chunk, where a value is far above the maximum so far, which they
  /// then find.
  std::string held_chunk(const std::string& loops, const std::string& indent) const;
  /// In one phase (Taking::streamed), where the text of two is dear.
  std::string streamed_chunk(const std::string& loops, const std::string& indent) const;
  /// After either.
  std::string hold(const std::string& indent) const;

 private:
  std::string chunk_states(const Block& block, const std::string& indent) const;
  std::string group_of(const Instruction& each) const;
  std::string straight(const Block& block, const std::string& indent);
  std::string merges(const Block& block, const std::string& indent) const;
  std::string looped(const Block& block, const std::string& indent);
  std::string group(const Block& block, int components, const std::string& indent);
  std::string columns(const Block& block, int components, const std::string& indent);
  std::string merge(int accumulation, const std::string& from, const std::string& into,
                    const std::string& indent) const;
  int side_by_side(const Block& block) const;

  const Program& program_;
  const PairPhases& phases_;
  const StateWriter& states_;
  BodyWriter body_;
  TileShape shape_;
  int registers_;
  ColumnLoops loops_;
};

}  // namespace kernelops
