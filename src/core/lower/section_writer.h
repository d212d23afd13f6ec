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
  /// `section` is what it is computed for, once each. `place` finds a node in the panels the
  /// section may read, or nothing if the section computes it; `space_of` tells what a node depends
  /// on.
  SectionWriter(Space section, std::function<std::optional<Placement>(Expr)> place,
                std::function<Space(Expr)> space_of);

  /// Computes, in order, those of `nodes` that cannot be computed component by component where they
  /// are used: long scalar contractions become loops; opaque operations and long products of
  /// matrices become calls on local slots.
  void prepare(const std::vector<Expr>& nodes);

  /// Computes every component of `node` and stores it in slot `first` + component of the panel of
  /// `space`, the section's own.
  void output(Expr node, Space space, std::int64_t first);

  /// Computes the formulas of accumulation number `number` and updates its state.
  void reduce(int number, const Accumulation& accumulation);

  Section take() { return std::move(section_); }

 private:
  // One component of one argument, or a zero.
  struct Source {
    Expr argument = nullptr;
    Component component;
  };
  // Components that a loop can visit: first.offset + first.step * k for k < count.
  struct Run {
    Component first;
    std::int64_t count;
  };
  using Runs = std::vector<Run>;
  using ValueKey =
      std::tuple<Opcode, const OpDef*, std::vector<Register>, std::vector<std::int64_t>,
                 std::uint64_t, Space, std::int64_t, std::int64_t>;

  using ComponentKey = std::tuple<Expr, std::int64_t, std::int64_t>;

  Register value(Expr node, Component component);
  Register compute(Expr node, Component component);
  Register contraction(Expr node, std::int64_t k);
  Register product_term(Expr node, std::int64_t k, Component inner);
  Register apply(const OpDef& op, std::vector<Register> operands,
                 std::vector<std::int64_t> parameters = {});
  Register emit(Instruction instruction);
  Source indexed(Expr node, Component component) const;
  bool is_shared(Register value) const;

  void long_sum(Expr node);
  void call(Expr node);
  SlotArray array_of(Expr node);
  std::int64_t new_local(std::int64_t slots);

  bool is_placed(Expr node) const;
  std::int64_t affine_length(Expr node, Component first, std::int64_t most) const;
  Runs runs_with_step(const std::vector<Expr>& nodes, std::int64_t high, std::int64_t step) const;
  Runs runs(const std::vector<Expr>& nodes, std::int64_t high) const;
  void for_runs(const Runs& runs, const std::function<void(Component)>& body);
  void loop(const Run& run, const std::function<void(Component)>& body,
            std::vector<Accumulator> accumulators);
  void for_components(const std::vector<Expr>& nodes, std::int64_t dimension, std::int64_t unrolled,
                      const std::function<void(Component)>& body);

  Block& straight();
  Register new_register(Space space, bool in_loop);

  Space written_;  // the space of the section
  std::function<std::optional<Placement>(Expr)> place_;
  std::function<Space(Expr)> space_of_;
  Section section_;
  std::map<ValueKey, Register> numbered_;  // values of straight blocks
  std::map<ValueKey, Register> numbered_in_loop_;
  std::map<ComponentKey, Register> computed_;  // components of nodes, in straight blocks
  std::map<ComponentKey, Register> computed_in_loop_;
  std::map<Expr, Register> summed_;     // long sums
  std::map<Expr, std::int64_t> local_;  // first local slots of nodes
  std::vector<Space> spaces_;           // of registers
  std::vector<bool> in_loop_;           // registers that live in a loop only
  std::optional<Block> loop_;           // the loop being written
};

/// The smaller of two spaces that contains both: parameter lies in all, row and column meet in
/// pair.
Space join_spaces(Space a, Space b);

}  // namespace kernelops
