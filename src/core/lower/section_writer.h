// Writes the blocks of one section from the nodes it must compute.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/ir/graph.h"
#include "core/lower/program.h"

namespace kernelops {

/// Where a node's components can be loaded from: the panel and the first slot.
struct Placement {
  Space space;
  std::int64_t slot;
};

/// Writes one section. Values are numbered: equal operations on equal registers are written once.
class SectionWriter {
 public:
  /// `place` finds a node in the panels the section may read, or nothing if the section computes
  /// it; `space_of` tells what a node depends on.
  SectionWriter(std::function<std::optional<Placement>(Expr)> place,
                std::function<Space(Expr)> space_of);

  /// Computes the long contractions among `nodes`, in order, each as a loop.
  void contractions(const std::vector<Expr>& nodes);

  /// Computes every component of `node` and hands each to an instruction of this opcode: a store to
  /// slot `first` + component of the panel of `space`, or an update of the state.
  void output(Expr node, Opcode opcode, Space space, std::int64_t first);

  Section take() { return std::move(section_); }

 private:
  // One component of one argument, or a zero.
  struct Source {
    Expr argument = nullptr;
    Component component;
  };
  using ValueKey =
      std::tuple<Opcode, const OpDef*, std::vector<Register>, std::vector<std::int64_t>,
                 std::uint64_t, Space, std::int64_t, std::int64_t>;

  Register value(Expr node, Component component);
  Register compute(Expr node, Component component);
  Register contraction(Expr node);
  Register product_term(Expr node, Component inner);
  Source indexed(Expr node, Component component) const;
  Register apply(const OpDef& op, std::vector<Register> operands,
                 std::vector<std::int64_t> parameters = {});
  Register emit(Instruction instruction);
  void loop(std::int64_t low, std::int64_t high, const std::function<void(Component)>& body,
            std::vector<Accumulator> accumulators);
  void breakpoints(Expr node, std::int64_t low, std::int64_t high, std::int64_t offset,
                   std::set<std::int64_t>* out) const;
  Block& straight();
  Register new_register(Space space, bool in_loop);

  std::function<std::optional<Placement>(Expr)> place_;
  std::function<Space(Expr)> space_of_;
  Section section_;
  std::map<ValueKey, Register> numbered_;  // values of straight blocks
  std::map<ValueKey, Register> numbered_in_loop_;
  std::map<Expr, Register> contracted_;
  std::vector<Space> spaces_;  // of registers
  std::vector<bool> in_loop_;  // registers that live in a loop only
  std::optional<Block> loop_;  // the loop being written
};

/// The smaller of two spaces that contains both: parameter lies in all, row and column meet in
/// pair.
Space join_spaces(Space a, Space b);

}  // namespace kernelops
