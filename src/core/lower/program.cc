#include "core/support/small_code.h"

#include "core/lower/program.h"

#include "core/ir/print.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string register_text(Register number) { return "%" + std::to_string(number); }

std::string component_text(const Component& component) {
  if (component.step == 0) return std::to_string(component.offset);
  std::string text = component.step == 1 ? "k" : std::to_string(component.step) + " * k";
  if (component.offset > 0) text += " + " + std::to_string(component.offset);
  if (component.offset < 0) text += " - " + std::to_string(-component.offset);
  return text;
}

std::string array_text(const SlotArray& array) {
  return std::string(array.local ? "local" : "parameter") + "[" + std::to_string(array.slot) +
         " .. " + std::to_string(array.slot + array.dimension - 1) + "]";
}

std::string instruction_text(const Instruction& instruction) {
  const std::string at = "[" + component_text(instruction.component) + "]";
  const std::string result = register_text(instruction.result) + " = ";
  switch (instruction.opcode) {
    case Opcode::constant:
      return result + number_text(instruction.value);
    case Opcode::load:
      return result + space_name(instruction.space) + at;
    case Opcode::load_local:
      return result + "local" + at;
    case Opcode::apply: {
      std::vector<std::string> operands;
      for (Register operand : instruction.operands) operands.push_back(register_text(operand));
      for (std::int64_t parameter : instruction.parameters) {
        operands.push_back(std::to_string(parameter));
      }
      return result + instruction.op->name + "(" + join(operands, ", ") + ")";
    }
    case Opcode::accumulate:
      return register_text(instruction.result) + " += " + register_text(instruction.operands[0]);
    case Opcode::store:
      return std::string(space_name(instruction.space)) + at + " = " +
             register_text(instruction.operands[0]);
    case Opcode::store_local:
      return "local" + at + " = " + register_text(instruction.operands[0]);
    case Opcode::call: {
      std::vector<std::string> arrays;
      for (const SlotArray& array : instruction.arrays) arrays.push_back(array_text(array));
      const std::string out = arrays.back();
      arrays.pop_back();
      return out + " = " + instruction.op->name + "(" + join(arrays, ", ") + ")";
    }
    case Opcode::keep:
      return "kept" + at + " = " + register_text(instruction.operands[0]);
    case Opcode::load_kept:
      return result + "kept" + at;
    case Opcode::survey:
      return "survey " + std::to_string(instruction.accumulation) + at + " with " +
             register_text(instruction.operands[0]);
    case Opcode::step:
    case Opcode::update:
      break;
  }
  return std::string(instruction.opcode == Opcode::step ? "step " : "update ") +
         std::to_string(instruction.accumulation) + at + " with " +
         register_text(instruction.operands[0]) +
         (instruction.operands.size() > 1 ? " times " + register_text(instruction.operands[1])
                                          : "");
}

std::string section_text(const Section& section) {
  std::string out;
  for (const Block& block : section.blocks) {
    std::string indent = "  ";
    if (block.looped) {
      for (const Accumulator& accumulator : block.accumulators) {
        out += indent + register_text(accumulator.result) + " = 0\n";
      }
      out += indent + "for k in 0 .. " + std::to_string(block.extent - 1) + "\n";
      indent += "  ";
    }
    for (const Instruction& instruction : block.code) {
      out += indent + instruction_text(instruction) + "\n";
    }
  }
  return out;
}

std::string panel_text(const char* title, const Panel& panel) {
  if (panel.slots == 0) return "";
  std::string out = std::string(title) + " (" + std::to_string(panel.slots) + " slots)\n";
  for (const PanelInput& input : panel.inputs) {
    out += "  [" + std::to_string(input.slot) + "] = " + print_formula(input.source) + "\n";
  }
  return out + section_text(panel.section);
}

}  // namespace

const char* space_name(Space space) {
  switch (space) {
    case Space::parameter:
      return "parameter";
    case Space::row:
      return "row";
    case Space::column:
      return "column";
    case Space::pair:
      break;
  }
  return "pair";
}

bool flushes_underflow(const Program& program) {
  for (const Block& block : program.pair.blocks) {
    for (const Instruction& each : block.code) {
      if (each.opcode == Opcode::call || (each.opcode == Opcode::apply && !each.op->flushes)) {
        return false;
      }
    }
  }
  return true;
}

bool vanishes(const Program& program) {
  return std::all_of(program.accumulations.begin(), program.accumulations.end(),
                     [](const Accumulation& each) {
                       const Expr formula = each.root->arguments[0];
                       return each.row->ignores_zero &&
                              (formula->kind == NodeKind::zero ||
                               (formula->kind == NodeKind::constant && formula->value == 0));
                     });
}

bool is_empty(const Section& section) {
  return std::all_of(section.blocks.begin(), section.blocks.end(),
                     [](const Block& block) { return block.code.empty(); });
}

std::string print_program(const Program& program) {
  std::string out;
  for (std::size_t a = 0; a < program.accumulations.size(); ++a) {
    const Accumulation& each = program.accumulations[a];
    out += std::to_string(a) + ": " + each.row->name + " over " +
           category_name(opposite(program.results())) + ", rows are " +
           category_name(program.rows) + ", dimension " + std::to_string(each.components) +
           (each.ranked() ? ", the best " + std::to_string(each.rank) : "") +
           (program.fold_rows ? ", all rows merged into one" : "") + "\n";
  }
  if (!program.has_pairs()) {
    out += std::string("a result for each ") +
           (program.selection != nullptr ? "entry of a selection" : "row") + ", dimension " +
           std::to_string(program.result_dimension) + ", in row slot " +
           std::to_string(program.result_slot) + "\n";
  }
  out += panel_text("parameters", program.parameters);
  out += panel_text("rows", program.row);
  out += panel_text("columns", program.column);
  if (!program.has_pairs()) return out;
  std::vector<std::string> runs;
  for (const PackedRun& run : program.packed) {
    runs.push_back(std::to_string(run.slot) + " .. " + std::to_string(run.slot + run.count - 1));
  }
  if (!runs.empty()) out += "packed columns: " + join(runs, ", ") + "\n";
  return out + "pairs\n" + section_text(program.pair);
}

}  // namespace kernelops
