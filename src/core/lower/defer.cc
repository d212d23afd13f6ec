#include "core/support/small_code.h"

#include "core/lower/defer.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/lower/lower.h"

namespace kernelops {

namespace {

// Updates of long states outside loops that are worth a kept value each.
constexpr std::int64_t kMostStraightUpdates = 8;

Instruction keep(Register value, Space space, std::int64_t slot) {
  Instruction out{};
  out.opcode = Opcode::keep;
  out.space = space;
  out.operands = {value};
  out.component.offset = slot;
  return out;
}

Instruction load_kept(Register result, Space space, std::int64_t slot) {
  Instruction out{};
  out.opcode = Opcode::load_kept;
  out.space = space;
  out.result = result;
  out.component.offset = slot;
  return out;
}

class PhaseSplitter {
 public:
  explicit PhaseSplitter(const Program& program) : program_(program) {
    out_.accumulation.assign(program.accumulations.size(), false);
    note_definitions();
  }

  PairPhases run() {
    out_.first.local_slots = program_.pair.local_slots;
    choose();
    for (const Block& block : program_.pair.blocks) {
      const bool updates = std::any_of(block.code.begin(), block.code.end(), takes_value);
      if (block.looped && updates && is_deferred(block)) {
        defer_loop(block);
      } else if (block.looped) {
        out_.first.blocks.push_back(block);
      } else {
        for (const Instruction& each : block.code) place(each);
      }
    }
    if (!straight_.code.empty()) {
      out_.deferred.blocks.insert(out_.deferred.blocks.begin(), std::move(straight_));
    }
    remove_unused();
    return std::move(out_);
  }

 private:
  void note_definitions() {
    for (const Block& block : program_.pair.blocks) {
      for (const Accumulator& each : block.accumulators) spaces_[each.result] = each.space;
      for (const Instruction& each : block.code) {
        if (each.result < 0 || each.opcode == Opcode::accumulate) continue;
        spaces_[each.result] = each.space;
        next_register_ = std::max(next_register_, each.result + 1);
        if (!block.looped) definitions_[each.result] = &each;
      }
      for (const Accumulator& each : block.accumulators) {
        next_register_ = std::max(next_register_, each.result + 1);
      }
    }
  }

  bool is_deferred(const Instruction& each) const {
    return out_.accumulation[static_cast<std::size_t>(each.accumulation)];
  }

  bool is_deferred(const Block& block) const {
    return std::all_of(block.code.begin(), block.code.end(), [&](const Instruction& each) {
      return !takes_value(each) || is_deferred(each);
    });
  }

  // Local slots belong to one column, so their programs take one at a time.
  void choose() {
    if (program_.pair.local_slots > 0 || program_.transposed) return;
    std::vector<std::int64_t> straight(program_.accumulations.size(), 0);
    std::vector<bool> looped(program_.accumulations.size(), false);
    std::vector<bool> looped_steps(program_.accumulations.size(), false);
    for (const Block& block : program_.pair.blocks) {
      for (const Instruction& each : block.code) {
        if (!takes_value(each)) continue;
        const auto a = static_cast<std::size_t>(each.accumulation);
        if (!block.looped) ++straight[a];
        if (block.looped) looped[a] = true;
        if (block.looped && each.opcode == Opcode::step) looped_steps[a] = true;
      }
    }
    for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
      const Accumulation& each = program_.accumulations[a];
      const bool surveyed =
          each.code->surveyed && !looped_steps[a] && (each.row->weighted || !looped[a]);
      const bool plain = !each.row->weighted && !each.ranked() && !each.code->surveyed;
      out_.accumulation[a] =
          straight[a] <= kMostStraightUpdates && (surveyed || (plain && looped[a]));
    }
  }

  Block& first_straight() {
    if (out_.first.blocks.empty() || out_.first.blocks.back().looped) {
      out_.first.blocks.emplace_back();
    }
    return out_.first.blocks.back();
  }

  // The slot of a register of the first phase.
  std::int64_t slot_of(Register number) {
    const auto [place, is_new] = kept_.emplace(number, out_.kept_slots);
    if (is_new) {
      first_straight().code.push_back(keep(number, spaces_.at(number), out_.kept_slots++));
    }
    return place->second;
  }

  // Makes a register of the first phase readable in a block of the second.
  void import(Register number, Block& block, std::set<Register>* known) {
    if (!known->insert(number).second) return;
    const auto found = definitions_.find(number);
    if (found != definitions_.end()) {
      if (!on_columns(found->second->space)) return;
      if (found->second->opcode == Opcode::load) {
        block.code.push_back(*found->second);
        return;
      }
    }
    block.code.push_back(load_kept(number, spaces_.at(number), slot_of(number)));
  }

  // An instruction of a straight block.
  void place(const Instruction& each) {
    if (!takes_value(each) || !is_deferred(each)) {
      first_straight().code.push_back(each);
      return;
    }
    const Accumulation& accumulation = program_.accumulation_of(each);
    Instruction moved = each;
    if (accumulation.code->surveyed &&
        (each.opcode == Opcode::step || !accumulation.row->weighted)) {
      moved.operands = {survey(each)};
    } else {
      import(each.operands[0], straight_, &known_straight_);
    }
    if (each.opcode == Opcode::step) {
      moved.result = next_register_++;
      terms_[key_of(each)] = {moved.result, out_.surveys.back().slot};
    } else if (accumulation.row->weighted) {
      moved.operands.push_back(terms_.at(key_of(each)).value);
    }
    moved.space = Space::pair;
    straight_.code.push_back(std::move(moved));
  }

  // Surveys the value of a step or an update and keeps it in a slot of its own, since the values of
  // a chunk may be replaced once their maximum is known. The register that holds it in the second
  // phase.
  Register survey(const Instruction& each) {
    Instruction survey = each;
    survey.opcode = Opcode::survey;
    survey.space = Space::pair;
    const std::int64_t slot = out_.kept_slots++;
    first_straight().code.push_back(std::move(survey));
    first_straight().code.push_back(keep(each.operands[0], Space::pair, slot));
    out_.surveys.push_back({each.accumulation, group_of(each), slot});
    straight_.code.push_back(load_kept(next_register_, Space::pair, slot));
    return next_register_++;
  }

  using GroupKey = std::pair<int, std::int64_t>;  // accumulation, group

  GroupKey key_of(const Instruction& each) const { return {each.accumulation, group_of(each)}; }

  std::int64_t group_of(const Instruction& each) const {
    return program_.accumulation_of(each).groups == 1 ? 0 : each.component.offset;
  }

  // A loop over the components of a long state.
  void defer_loop(const Block& block) {
    Block out;
    out.looped = true;
    out.extent = block.extent;
    std::set<Register> known;
    for (const Instruction& each : block.code) {
      if (each.result >= 0) known.insert(each.result);
    }
    for (const Instruction& each : block.code) {
      for (Register operand : each.operands) import(operand, out, &known);
      Instruction moved = each;
      if (takes_value(each) && program_.accumulation_of(each).row->weighted) {
        moved.operands.push_back(import_term(each, out, &known));
      }
      out.code.push_back(std::move(moved));
    }
    out_.deferred.blocks.push_back(std::move(out));
  }

  // The terms of a step replace the values it read.
  Register import_term(const Instruction& each, Block& block, std::set<Register>* known) {
    Term& term = terms_.at({each.accumulation, 0});
    if (!term.stored) straight_.code.push_back(keep(term.value, Space::pair, term.slot));
    term.stored = true;
    if (known->insert(term.value).second) {
      block.code.push_back(load_kept(term.value, Space::pair, term.slot));
    }
    return term.value;
  }

  // Values that only deferred updates wanted, which load them themselves.
  void remove_unused() {
    std::set<Register> used;
    for (const Block& block : out_.deferred.blocks) {
      std::set<Register> own;
      for (const Instruction& each : block.code) {
        for (Register operand : each.operands) {
          if (own.count(operand) == 0) used.insert(operand);
        }
        own.insert(each.result);
      }
    }
    for (auto block = out_.first.blocks.rbegin(); block != out_.first.blocks.rend(); ++block) {
      std::vector<Instruction> kept;
      for (auto each = block->code.rbegin(); each != block->code.rend(); ++each) {
        const bool is_value = each->result >= 0 && each->opcode != Opcode::accumulate;
        if (is_value && used.count(each->result) == 0) continue;
        used.insert(each->operands.begin(), each->operands.end());
        kept.push_back(std::move(*each));
      }
      block->code.assign(std::make_move_iterator(kept.rbegin()),
                         std::make_move_iterator(kept.rend()));
    }
  }

  const Program& program_;
  PairPhases out_;
  Block straight_;  // of the second phase
  std::map<Register, Space> spaces_;
  std::map<Register, const Instruction*> definitions_;  // in straight blocks
  std::map<Register, std::int64_t> kept_;
  std::set<Register> known_straight_;
  // What a step gives, and the slot of the value it read.
  struct Term {
    Register value;
    std::int64_t slot;
    bool stored = false;
  };
  std::map<GroupKey, Term> terms_;
  Register next_register_ = 0;
};

}  // namespace

PairPhases split_phases(const Program& program) {
  if (!program.has_pairs()) return {};
  return PhaseSplitter(program).run();
}

}  // namespace kernelops
