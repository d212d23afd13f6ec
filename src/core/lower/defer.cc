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

bool on_columns(Space space) { return space == Space::column || space == Space::pair; }

bool takes(const Instruction& each) {
  return each.opcode == Opcode::step || each.opcode == Opcode::update;
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
      const bool updates = std::any_of(block.code.begin(), block.code.end(), takes);
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

  const Accumulation& accumulation_of(const Instruction& each) const {
    return program_.accumulations[static_cast<std::size_t>(each.accumulation)];
  }

  bool is_deferred(const Instruction& each) const {
    return out_.accumulation[static_cast<std::size_t>(each.accumulation)];
  }

  bool is_deferred(const Block& block) const {
    return std::all_of(block.code.begin(), block.code.end(),
                       [&](const Instruction& each) { return !takes(each) || is_deferred(each); });
  }

  // Local slots belong to one column, so their programs take one at a time.
  void choose() {
    if (program_.pair.local_slots > 0 || program_.transposed) return;
    std::vector<std::int64_t> straight(program_.accumulations.size(), 0);
    std::vector<bool> looped(program_.accumulations.size(), false);
    std::vector<bool> looped_steps(program_.accumulations.size(), false);
    for (const Block& block : program_.pair.blocks) {
      for (const Instruction& each : block.code) {
        if (!takes(each)) continue;
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

  std::int64_t keep(Register number) {
    const auto found = kept_.find(number);
    if (found != kept_.end()) return found->second;
    const std::int64_t slot = out_.kept_slots++;
    kept_.emplace(number, slot);
    Instruction keep{};
    keep.opcode = Opcode::keep;
    keep.space = spaces_.at(number);
    keep.operands = {number};
    keep.component.offset = slot;
    first_straight().code.push_back(std::move(keep));
    return slot;
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
    Instruction load{};
    load.opcode = Opcode::load_kept;
    load.space = spaces_.at(number);
    load.result = number;
    load.component.offset = keep(number);
    block.code.push_back(std::move(load));
  }

  // An instruction of a straight block.
  void place(const Instruction& each) {
    if (!takes(each) || !is_deferred(each)) {
      first_straight().code.push_back(each);
      return;
    }
    const Accumulation& accumulation = accumulation_of(each);
    Instruction moved = each;
    const bool surveys =
        accumulation.code->surveyed && (each.opcode == Opcode::step || !accumulation.row->weighted);
    if (surveys) {
      // The values of a chunk may be replaced once their maximum is known, so they are always kept.
      const Register value = each.operands[0];
      moved.component.step = 0;
      Instruction survey{};
      survey.opcode = Opcode::survey;
      survey.space = Space::pair;
      survey.accumulation = each.accumulation;
      survey.component = each.component;
      survey.operands = each.operands;
      first_straight().code.push_back(std::move(survey));
      const Register own = next_register_++;
      spaces_[own] = Space::pair;
      Instruction load{};
      load.opcode = Opcode::load_kept;
      load.space = Space::pair;
      load.result = own;
      load.component.offset = surveyed_slot(each, value);
      straight_.code.push_back(std::move(load));
      moved.operands = {own};
    } else {
      import(each.operands[0], straight_, &known_straight_);
    }
    if (each.opcode == Opcode::step) {
      moved.result = next_register_++;
      spaces_[moved.result] = Space::pair;
      terms_[{each.accumulation, group_of(each)}] = moved.result;
    } else if (accumulation.row->weighted) {
      moved.operands.push_back(terms_.at({each.accumulation, group_of(each)}));
    }
    moved.space = Space::pair;
    straight_.code.push_back(std::move(moved));
  }

  // A slot of its own for a value that is surveyed.
  std::int64_t surveyed_slot(const Instruction& each, Register value) {
    const std::int64_t slot = out_.kept_slots++;
    Instruction keep{};
    keep.opcode = Opcode::keep;
    keep.space = Space::pair;
    keep.operands = {value};
    keep.component.offset = slot;
    first_straight().code.push_back(std::move(keep));
    term_slots_[{each.accumulation, group_of(each)}] = slot;
    out_.surveys.push_back({each.accumulation, group_of(each), slot});
    return slot;
  }

  std::int64_t group_of(const Instruction& each) const {
    return accumulation_of(each).groups == 1 ? 0 : each.component.offset;
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
      if (takes(each) && accumulation_of(each).row->weighted) {
        moved.operands.push_back(import_term(each, out, &known));
      }
      out.code.push_back(std::move(moved));
    }
    out_.deferred.blocks.push_back(std::move(out));
  }

  // The terms of a step replace the values it read.
  Register import_term(const Instruction& each, Block& block, std::set<Register>* known) {
    const auto key = std::make_pair(each.accumulation, std::int64_t{0});
    const Register term = terms_.at(key);
    const std::int64_t slot = term_slots_.at(key);
    if (stored_terms_.insert(key).second) {
      Instruction keep{};
      keep.opcode = Opcode::keep;
      keep.space = Space::pair;
      keep.operands = {term};
      keep.component.offset = slot;
      straight_.code.push_back(std::move(keep));
    }
    if (known->insert(term).second) {
      Instruction load{};
      load.opcode = Opcode::load_kept;
      load.space = Space::pair;
      load.result = term;
      load.component.offset = slot;
      block.code.push_back(std::move(load));
    }
    return term;
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
  using GroupKey = std::pair<int, std::int64_t>;  // accumulation, group
  std::map<GroupKey, Register> terms_;
  std::map<GroupKey, std::int64_t> term_slots_;
  std::set<GroupKey> stored_terms_;
  Register next_register_ = 0;
};

}  // namespace

PairPhases split_phases(const Program& program) {
  if (!program.has_pairs()) return {};
  return PhaseSplitter(program).run();
}

}  // namespace kernelops
