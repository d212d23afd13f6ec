#include "core/support/small_code.h"

#include "core/lower/contract.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kernelops {

namespace {

class Contractor {
 public:
  Contractor(const Program& program, std::int64_t shortest)
      : program_(program), shortest_(shortest) {
    out_.rest = program;
  }

  PairContractions run() {
    std::vector<Block> blocks;
    for (const Block& block : program_.pair.blocks) {
      if (std::optional<Contraction> found = contraction(block)) {
        blocks.push_back(loads_of(*found));
        out_.contractions.push_back(std::move(*found));
      } else {
        blocks.push_back(block);
      }
      for (const Instruction& each : block.code) {
        if (!block.looped && each.result >= 0) definitions_[each.result] = &each;
      }
    }
    if (!out_.contractions.empty()) {
      out_.rest.pair.blocks = std::move(blocks);
      remove_unused();
      pack();
    }
    return std::move(out_);
  }

 private:
  std::optional<Contraction> contraction(const Block& block) {
    if (!block.looped || block.accumulators.empty() || block.extent < shortest_ ||
        program_.pair.local_slots > 0 || program_.transposed) {
      return {};
    }
    for (const Accumulator& each : block.accumulators) {
      if (each.space != Space::pair) return {};
    }
    Contraction out;
    out.loop = block;
    out.first_sum = out_.sums;
    std::set<Register> known;
    for (const Accumulator& each : block.accumulators) known.insert(each.result);
    for (Instruction& each : out.loop.code) {
      if (!is_plain(each)) return {};
      for (const Register operand : each.operands) {
        if (!define(operand, &known, &out.before)) return {};
      }
      known.insert(each.result);
      if (each.opcode == Opcode::load && !stage(&each, block.extent, &out)) return {};
    }
    out_.sums += out.sums();
    return out;
  }

  static bool is_plain(const Instruction& each) {
    return each.opcode == Opcode::constant || each.opcode == Opcode::load ||
           each.opcode == Opcode::apply || each.opcode == Opcode::accumulate;
  }

  // Appends what defines a register to `before`, unless it depends on a pair.
  bool define(Register wanted, std::set<Register>* known, Block* before) const {
    if (known->count(wanted) > 0) return true;
    const auto found = definitions_.find(wanted);
    if (found == definitions_.end() || found->second->space == Space::pair ||
        !is_plain(*found->second)) {
      return false;
    }
    for (const Register operand : found->second->operands) {
      if (!define(operand, known, before)) return false;
    }
    known->insert(wanted);
    before->code.push_back(*found->second);
    Instruction& last = before->code.back();
    if (last.opcode == Opcode::load && last.space == Space::column) {
      last.component.offset = panel_slot(last.component.offset);
    }
    return true;
  }

  // Makes a load of a row or a column that of an operand.
  bool stage(Instruction* load, std::int64_t extent, Contraction* out) const {
    if (load->space == Space::parameter) return true;
    Component slots = load->component;
    if (slots.step == 0) return false;
    std::vector<Component>* operands = &out->row_operands;
    if (load->space == Space::column) {
      operands = &out->column_operands;
      const std::int64_t last = slots.offset + slots.step * (extent - 1);
      const std::int64_t first = panel_slot(slots.offset);
      // From one run of packed slots to another there is no step.
      if (panel_slot(last) - first != last - slots.offset) return false;
      slots.offset = first;
    }
    load->component = {static_cast<std::int64_t>(operands->size()), 1};
    operands->push_back(slots);
    return true;
  }

  std::int64_t panel_slot(std::int64_t packed) const {
    std::int64_t first = 0;
    for (const PackedRun& run : program_.packed) {
      if (packed < first + run.count) return run.slot + packed - first;
      first += run.count;
    }
    return packed;
  }

  static Block loads_of(const Contraction& contraction) {
    Block out;
    for (const Accumulator& each : contraction.loop.accumulators) {
      Instruction load{};
      load.opcode = Opcode::load;
      load.result = each.result;
      load.space = Space::pair;
      load.component.offset = contraction.first_sum + static_cast<std::int64_t>(out.code.size());
      out.code.push_back(std::move(load));
    }
    return out;
  }

  void remove_unused() {
    std::set<Register> used;
    auto& blocks = out_.rest.pair.blocks;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
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

  // Slots between the first and the last of a loop stay together, so that its steps do.
  void pack() {
    std::vector<bool> used(static_cast<std::size_t>(program_.packed_slots), false);
    for_column_loads([&](const Block& block, Instruction& load) {
      const std::int64_t first = load.component.offset;
      const std::int64_t last = first + load.component.step * (block.extent - 1);
      for (std::int64_t slot = std::min(first, last); slot <= std::max(first, last); ++slot) {
        used[static_cast<std::size_t>(slot)] = true;
      }
    });
    std::vector<std::int64_t> packed;  // the new numbers of the old slots
    Program& rest = out_.rest;
    rest.packed.clear();
    rest.packed_slots = 0;
    for (std::int64_t slot = 0; slot < program_.packed_slots; ++slot) {
      packed.push_back(rest.packed_slots);
      if (!used[static_cast<std::size_t>(slot)]) continue;
      ++rest.packed_slots;
      const std::int64_t from = panel_slot(slot);
      if (!rest.packed.empty() && rest.packed.back().slot + rest.packed.back().count == from) {
        ++rest.packed.back().count;
      } else {
        rest.packed.push_back({from, 1});
      }
    }
    for_column_loads([&](const Block&, Instruction& load) {
      load.component.offset = packed[static_cast<std::size_t>(load.component.offset)];
    });
  }

  template <class Body>
  void for_column_loads(Body body) {
    for (Block& block : out_.rest.pair.blocks) {
      for (Instruction& each : block.code) {
        if (each.opcode == Opcode::load && each.space == Space::column) body(block, each);
      }
    }
  }

  const Program& program_;
  std::int64_t shortest_;
  PairContractions out_;
  std::map<Register, const Instruction*> definitions_;  // in straight blocks
};

}  // namespace

PairContractions split_contractions(const Program& program, std::int64_t shortest) {
  return Contractor(program, shortest).run();
}

}  // namespace kernelops
