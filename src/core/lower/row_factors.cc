#include "core/support/small_code.h"

#include "core/lower/row_factors.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/lower/lower.h"
#include "core/ops/table.h"

namespace kernelops {

namespace {

// One accumulation at a time, in a copy of the section.
class FactorMover {
 public:
  FactorMover(const Section& section, int accumulation)
      : section_(section), accumulation_(accumulation) {
    for (const Block& block : section_.blocks) {
      for (const Accumulator& each : block.accumulators) note(each.result, each.space);
      for (const Instruction& each : block.code) {
        if (each.opcode != Opcode::accumulate) note(each.result, each.space);
        if (each.opcode == Opcode::apply && !block.looped) definitions_[each.result] = each;
      }
    }
  }

  Section run() {
    for (Block& block : section_.blocks) {
      if (block.looped) continue;
      std::vector<Instruction> code;
      for (Instruction& each : block.code) {
        if (each.opcode == Opcode::update && each.accumulation == accumulation_) {
          const Register factor = find(each.operands[0]);
          if (factor >= 0) each.operands = {without(each.operands[0], factor, &code), factor};
        }
        code.push_back(std::move(each));
      }
      block.code = std::move(code);
    }
    remove_unused();
    return std::move(section_);
  }

 private:
  void note(Register number, Space space) {
    if (number < 0) return;
    spaces_[number] = space;
    next_ = std::max(next_, number + 1);
  }

  // The factors of a product of a pair.
  const std::vector<Register>* factors(Register value) const {
    const auto found = definitions_.find(value);
    if (found == definitions_.end() || found->second.op != &operation("Mult")) return nullptr;
    return spaces_.at(value) == Space::pair ? &found->second.operands : nullptr;
  }

  // The first factor of a product that depends on no column, or -1.
  Register find(Register value) const {
    const std::vector<Register>* const operands = factors(value);
    if (operands == nullptr) return -1;
    for (const Register operand : *operands) {
      if (!on_columns(spaces_.at(operand))) return operand;
    }
    for (const Register operand : *operands) {
      const Register inner = find(operand);
      if (inner >= 0) return inner;
    }
    return -1;
  }

  // The product without that factor, written once.
  Register without(Register value, Register factor, std::vector<Instruction>* code) {
    const auto known = without_.find({value, factor});
    if (known != without_.end()) return known->second;
    const std::vector<Register> operands = *factors(value);
    Register out = -1;
    if (operands[0] == factor || operands[1] == factor) {
      out = operands[operands[0] == factor ? 1 : 0];
    } else {
      Instruction product = definitions_.at(value);
      Register& inner = product.operands[find(operands[0]) == factor ? 0 : 1];
      inner = without(inner, factor, code);
      product.result = out = next_++;
      definitions_[out] = product;
      spaces_[out] = Space::pair;
      code->push_back(std::move(product));
    }
    without_[{value, factor}] = out;
    return out;
  }

  void remove_unused() {
    std::set<Register> used;
    for (auto block = section_.blocks.rbegin(); block != section_.blocks.rend(); ++block) {
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

  Section section_;
  int accumulation_;
  std::map<Register, Space> spaces_;
  std::map<Register, Instruction> definitions_;  // applications in straight blocks
  std::map<std::pair<Register, Register>, Register> without_;
  Register next_ = 0;
};

std::int64_t pair_instructions(const Section& section) {
  std::int64_t out = 0;
  for (const Block& block : section.blocks) {
    out += std::count_if(block.code.begin(), block.code.end(), [](const Instruction& each) {
      return each.opcode == Opcode::apply && each.space == Space::pair;
    });
  }
  return out;
}

}  // namespace

void move_row_factors(Program* program) {
  // The rows of a transposed program are what is reduced.
  if (program->transposed) return;
  for (std::size_t a = 0; a < program->accumulations.size(); ++a) {
    const Accumulation& each = program->accumulations[a];
    if (!each.row->linear || each.code != &each.row->code) continue;
    if (each.components > kUnrolledStates) continue;
    Section moved = FactorMover(program->pair, static_cast<int>(a)).run();
    if (pair_instructions(moved) < pair_instructions(program->pair)) {
      program->pair = std::move(moved);
    }
  }
}

}  // namespace kernelops
