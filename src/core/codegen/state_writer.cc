#include "core/support/small_code.h"

#include "core/codegen/state_writer.h"

#include <algorithm>

#include "core/codegen/body.h"
#include "core/codegen/state_text.h"
#include "core/lower/lower.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Whether the first of these components is what a survey finds.
bool has_surveyed(const Accumulation& each, bool shared) {
  return each.code->surveyed && shared == each.row->weighted;
}

}  // namespace

bool StateWriter::backwards() const {
  if (program_.transposed || phases_.defers()) return false;
  const auto& all = program_.accumulations;
  return std::any_of(all.begin(), all.end(),
                     [](const Accumulation& each) { return each.holds_row(); }) &&
         std::none_of(all.begin(), all.end(),
                      [](const Accumulation& each) { return each.ranked(); });
}

int StateWriter::place(int column) const {
  return backwards() ? shape_.columns - 1 - column : column;
}

std::string StateWriter::value_type(const StateComponent& component, bool wide) const {
  const bool value = component.type == StateType::value;
  return wide ? (value ? "W" : "WI") : (value ? "V" : "I");
}

std::string StateWriter::neutral(const StateComponent& component, bool wide) const {
  return "broadcast<" + value_type(component, wide) + ">(" + component.initial + ")";
}

Span StateWriter::span_of(std::size_t accumulation) const {
  return phases_.accumulation[accumulation] ? Span::tile : Span::chunk;
}

bool StateWriter::in_registers(std::size_t accumulation, bool shared) const {
  return span_of(accumulation) == Span::chunk &&
         count_of(program_.accumulations[accumulation], shared) <= kUnrolledStates;
}

// How many states there are, and which of them a vector of rows and a column belong to.
int StateWriter::vectors(std::size_t accumulation) const {
  if (!program_.transposed) return shape_.row_vectors;
  return vector(accumulation, shape_.row_vectors - 1, shape_.columns - 1) + 1;
}

int StateWriter::vector(std::size_t accumulation, int row, int column) const {
  if (!program_.transposed) return row;
  return shares_vectors(accumulation) ? column : row * shape_.columns + column;
}

// Long states are loaded once for all vectors of rows, and heaps are in memory anyway.
bool StateWriter::shares_vectors(std::size_t accumulation) const {
  return program_.accumulations[accumulation].ranked() || !in_registers(accumulation, false) ||
         !in_registers(accumulation, true);
}

bool StateWriter::has_shared_vectors() const {
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    if (shares_vectors(a)) return true;
  }
  return false;
}

// Where in memory the lanes of a state begin.
std::string StateWriter::position(const std::string& vector) const {
  if (!program_.transposed) return "tile->first_row + block * kRowBlock + " + vector + " * kLanes";
  return "(j + " + vector + " % " + number(shape_.columns) + ") * kLanes";
}

std::string StateWriter::array_name(std::size_t accumulation,
                                    const StateComponent& component) const {
  return "s" + number(static_cast<int>(accumulation)) + "_" + component.name;
}

std::string StateWriter::state(std::size_t accumulation, const StateComponent& component,
                               bool shared, const std::string& at, int row) const {
  const std::string name = array_name(accumulation, component);
  if (in_registers(accumulation, shared)) {
    return name + "_" + at + "_r" + number(row);
  }
  return name + "[" + at + "][" + number(row) + "]";
}

std::string StateWriter::states(std::size_t accumulation, bool shared, const std::string& at,
                                int row) const {
  std::vector<std::string> out;
  for (const StateComponent& each : components_of(program_.accumulations[accumulation], shared)) {
    out.push_back(state(accumulation, each, shared, at, row));
  }
  return join(out, ", ");
}

std::string StateWriter::declare(std::size_t accumulation, bool shared,
                                 const std::string& indent) const {
  const Accumulation& each = program_.accumulations[accumulation];
  const bool registers = in_registers(accumulation, shared);
  std::string out;
  for (const StateComponent& component : components_of(each, shared)) {
    const std::string type = value_type(component, false);
    if (registers) {
      for (std::int64_t k = 0; k < count_of(each, shared); ++k) {
        for (int r = 0; r < vectors(accumulation); ++r) {
          out += indent + type + " " + state(accumulation, component, shared, number(k), r) +
                 " = " + neutral(component, false) + ";\n";
        }
      }
      continue;
    }
    const std::string name = array_name(accumulation, component);
    out += indent + "auto* const " + name + " = reinterpret_cast<" + type +
           "(*)[kRowVectors]>(scratch);\n" + indent +
           "scratch += " + number(count_of(each, shared)) + " * kRowVectors * Size(sizeof(V));\n" +
           indent + "KERNELOPS_ROLLED for (Size k = 0; k < " + number(count_of(each, shared)) +
           "; ++k) {\n" + indent + "  for (Size r = 0; r < kRowVectors; ++r) " + name +
           "[k][r] = " + neutral(component, false) + ";\n" + indent + "}\n";
  }
  return out;
}

std::string StateWriter::declarations(Span span, const std::string& indent) const {
  std::string out;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    if (span_of(a) != span || program_.accumulations[a].ranked()) continue;
    for (bool shared : {true, false}) out += declare(a, shared, indent);
  }
  return out;
}

std::string StateWriter::take(const Instruction& instruction, int row, int copy,
                              const OperandName& operand) const {
  const auto accumulation = static_cast<std::size_t>(instruction.accumulation);
  if (taking_ != Taking::usual) return taken_at_once(instruction, row, copy, operand);
  if (span_of(accumulation) == Span::tile) return taken_deferred(instruction, row, copy, operand);
  const Accumulation& each = program_.accumulations[accumulation];
  const std::string at = component_text(instruction.component);
  if (each.ranked()) return taken_ranked(instruction, row, copy, operand);
  const std::string value = operand(0, row, copy);
  const int vector = this->vector(accumulation, row, copy);
  const std::string index = program_.transposed
                                ? "index + broadcast<I>(" + number(row) + " * kLanes)"
                            : shape_.columns > 1 ? "index + " + number(place(copy))
                                                 : "index";
  const bool one_group = each.groups == 1;
  const std::string step_name =
      "step" + number(instruction.accumulation) + "_" +
      (one_group || instruction.component.step != 0 ? "" : number(instruction.component.offset)) +
      "_r" + number(row) + "_c" + number(copy);
  if (instruction.opcode == Opcode::step) {
    return "const auto " + step_name + " = " + each.code->name + "::step(" +
           states(accumulation, true, at, vector) + ", " + value + ", " + index + ");";
  }
  const std::string update = backwards() && each.holds_row() ? "::update_backwards(" : "::update(";
  std::string call = each.code->name + update + states(accumulation, false, at, vector) + ", ";
  if (each.row->weighted) return call + step_name + ", " + value + ");";
  return call + value + ", " + index + ");";
}

std::string StateWriter::taken_at_once(const Instruction& instruction, int row, int copy,
                                       const OperandName& operand) const {
  const int accumulation = instruction.accumulation;
  const Accumulation& each = program_.accumulation_of(instruction);
  const std::string at = number(instruction.component.offset);
  const std::string group = each.groups == 1 ? "0" : at;
  const std::string term =
      "term" + number(accumulation) + "_" + group + "_r" + number(row) + "_c" + number(copy);
  const std::string value = operand(0, row, copy);
  const std::string call = each.code->name + "::";
  const bool shared = instruction.opcode == Opcode::step;
  const std::string& place = shared ? group : at;
  if (taking_ == Taking::streamed) {
    const std::string states = merged_names(accumulation, shared, place, row) + ", ";
    if (shared) return "const auto " + term + " = " + call + "step(" + states + value + ", index);";
    if (each.row->weighted) return call + "update(" + states + term + ", " + value + ");";
    return call + "update(" + states + value + ", index);";
  }
  const std::string held = held_name(accumulation, group, row) + ", ";
  const std::string states = chunk_names(accumulation, shared, place, row) + ", ";
  if (shared) return "const V " + term + " = " + call + "term_held(" + held + states + value + ");";
  if (each.row->weighted) return call + "gather(" + states + term + ", " + value + ");";
  return call + "add_held(" + held + states + value + ");";
}

std::string StateWriter::held_name(int accumulation, const std::string& at, int row) {
  return "held" + number(accumulation) + "_" + at + "_r" + number(row);
}

std::string StateWriter::taken_deferred(const Instruction& instruction, int row, int copy,
                                        const OperandName& operand) const {
  const Accumulation& each = program_.accumulation_of(instruction);
  const bool looped = instruction.component.step != 0 && instruction.opcode == Opcode::update;
  const std::string group = number(each.groups == 1 ? 0 : instruction.component.offset);
  const std::string at = looped ? "k" + number(copy) : number(instruction.component.offset);
  const auto shift = [&](const std::string& of) {
    return "shift" + number(instruction.accumulation) + "_" + of + "_r" + number(row);
  };
  const std::string value = operand(0, row, copy);
  const std::string call = each.code->name + "::";
  switch (instruction.opcode) {
    case Opcode::survey:
      return call + "survey(" + surveyed_name(instruction.accumulation, group, row) + ", " + value +
             ");";
    case Opcode::step:
      return call + "term(" + shift(group) + ", " +
             chunk_names(instruction.accumulation, true, group, row) + ", " + value + ");";
    default:
      break;
  }
  const std::string states = chunk_names(instruction.accumulation, false, at, row);
  if (each.row->weighted) {
    return call + "gather(" + states + ", " + operand(1, row, copy) + ", " + value + ");";
  }
  if (each.code->surveyed) {
    return call + "add(" + shift(at) + ", " + states + ", " + value + ");";
  }
  return call + "update(" + states + ", " + value + ", index);";
}

std::string StateWriter::surveyed_name(int accumulation, const std::string& at, int row) const {
  return "most" + number(accumulation) + "_" + at + "_r" + number(row);
}

std::string StateWriter::tile_names(int accumulation, bool shared, const std::string& at,
                                    int row) const {
  return states(static_cast<std::size_t>(accumulation), shared, at, row);
}

std::string StateWriter::most_name(int accumulation, const std::string& at, int row) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  const bool shared = each.row->weighted;
  return state(static_cast<std::size_t>(accumulation), components_of(each, shared).front(), shared,
               at, row);
}

std::string StateWriter::summed_name(int accumulation, bool shared, const std::string& at,
                                     int row) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  return state(static_cast<std::size_t>(accumulation), components_of(each, shared).back(), shared,
               at, row);
}

std::string StateWriter::chunk_names(int accumulation, bool shared, const std::string& at,
                                     int row) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  std::vector<std::string> out;
  const auto& components = components_of(each, shared);
  // The surveyed component is known by another name.
  const std::size_t first = has_surveyed(each, shared) ? 1 : 0;
  for (std::size_t s = first; s < components.size(); ++s) {
    out.push_back("c" + number(accumulation) + "_" + components[s].name + "_" + at + "_r" +
                  number(row));
  }
  return join(out, ", ");
}

std::string StateWriter::merged_names(int accumulation, bool shared, const std::string& at,
                                      int row) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  const std::string rest = chunk_names(accumulation, shared, at, row);
  if (!has_surveyed(each, shared)) return rest;
  return surveyed_name(accumulation, at, row) + (rest.empty() ? "" : ", " + rest);
}

std::string StateWriter::chunk_states(int accumulation, bool shared, const std::string& at,
                                      const std::string& indent) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  const auto& components = components_of(each, shared);
  std::string out;
  for (std::size_t s = has_surveyed(each, shared) ? 1 : 0; s < components.size(); ++s) {
    for (int row = 0; row < shape_.row_vectors; ++row) {
      out += indent + value_type(components[s], false) + " c" + number(accumulation) + "_" +
             components[s].name + "_" + at + "_r" + number(row) + " = " +
             neutral(components[s], false) + ";\n";
    }
  }
  return out;
}

std::string StateWriter::surveys(const std::string& indent) const {
  std::string out;
  for (const PairPhases::Survey& survey : phases_.surveys) {
    const Accumulation& each =
        program_.accumulations[static_cast<std::size_t>(survey.accumulation)];
    const StateComponent& component = components_of(each, each.row->weighted).front();
    for (int row = 0; row < shape_.row_vectors; ++row) {
      out += indent + "V " + surveyed_name(survey.accumulation, number(survey.component), row) +
             " = " + neutral(component, false) + ";\n";
    }
  }
  return out;
}

std::string StateWriter::shifts(const std::string& kept_step, const std::string& indent) const {
  std::string out;
  for (const PairPhases::Survey& survey : phases_.surveys) {
    const Accumulation& each =
        program_.accumulations[static_cast<std::size_t>(survey.accumulation)];
    const std::string at = number(survey.component);
    const std::string first = kept_step.empty() ? "" : "(";
    const std::string last = kept_step.empty() ? "" : ")" + kept_step;
    for (int row = 0; row < shape_.row_vectors; ++row) {
      out += indent + "const V shift" + number(survey.accumulation) + "_" + at + "_r" +
             number(row) + " = " + each.code->name + "::settle(" +
             surveyed_name(survey.accumulation, at, row) + ", kept + " + first +
             number(survey.slot) + " * kChunkColumns * kRowVectors + " + number(row) + last +
             ", end - begin, kRowVectors" + kept_step + ");\n";
    }
  }
  return out;
}

std::string StateWriter::slot_text(const Accumulation& each, bool shared, std::size_t state,
                                   const std::string& component) const {
  const std::int64_t states =
      shared ? static_cast<std::int64_t>(each.code->shared.size()) : each.slots_of_component();
  const std::int64_t first =
      each.first_slot + (shared ? 0 : each.shared_slots()) + static_cast<std::int64_t>(state);
  return number(first) + " + " + component + " * " + number(states);
}

std::string StateWriter::names(const Accumulation& each, bool shared,
                               const std::string& prefix) const {
  std::vector<std::string> out;
  for (const StateComponent& component : components_of(each, shared)) {
    out.push_back(prefix + component.name);
  }
  return join(out, ", ");
}

// Declares the components of a state in memory, as <prefix><name>.
std::string StateWriter::loaded(const Accumulation& each, bool shared, const std::string& component,
                                const std::string& memory, const std::string& prefix,
                                const std::string& indent) const {
  std::string out;
  const auto& components = components_of(each, shared);
  for (std::size_t s = 0; s < components.size(); ++s) {
    const std::string type = value_type(components[s], true);
    out += indent + type + " " + prefix + components[s].name + " = load_state<" + type + ">(" +
           memory + ", " + slot_text(each, shared, s, component) + ", row);\n";
  }
  return out;
}

std::string StateWriter::stored(const Accumulation& each, bool shared, const std::string& component,
                                const std::string& memory, const std::string& indent) const {
  std::string out;
  const auto& components = components_of(each, shared);
  for (std::size_t s = 0; s < components.size(); ++s) {
    out += indent + "store_state(" + memory + ", " + slot_text(each, shared, s, component) +
           ", row, all_" + components[s].name + ");\n";
  }
  return out;
}

// What a component of a tile is multiplied by: " * <value>", or nothing.
std::string StateWriter::factor(std::size_t accumulation, const std::string& at, int row) const {
  for (const Block& block : program_.pair.blocks) {
    for (const Instruction& each : block.code) {
      if (each.opcode != Opcode::update || each.operands.size() < 2) continue;
      if (each.accumulation != static_cast<int>(accumulation)) continue;
      if (number(each.component.offset) != at) continue;
      return " * widened<W>(" +
             row_value_name(each.operands[1], space_of(each.operands[1]), row, shape_) + ", part)";
    }
  }
  return "";
}

Space StateWriter::space_of(Register value) const {
  for (const Block& block : program_.pair.blocks) {
    for (const Instruction& each : block.code) {
      if (each.result == value && each.opcode != Opcode::accumulate) return each.space;
    }
    for (const Accumulator& each : block.accumulators) {
      if (each.result == value) return each.space;
    }
  }
  return Space::parameter;
}

// Merges one component of a tile into the state in memory.
std::string StateWriter::merged(std::size_t accumulation, bool shared, const std::string& at,
                                int row, const std::string& indent) const {
  const Accumulation& each = program_.accumulations[accumulation];
  const std::string memory = "tile->state, tile->state_stride";
  std::vector<std::string> tile;
  for (const StateComponent& component : components_of(each, shared)) {
    const std::string name = state(accumulation, component, shared, at, row);
    tile.push_back(component.type == StateType::value
                       ? "widened<W>(" + name + ", part)" + factor(accumulation, at, row)
                       : "widened_index<WI>(" + name + ", part, tile->first_column)");
  }
  return loaded(each, shared, at, memory, "all_", indent) + indent +
         merge_call(each, shared, join(tile, ", ")) + stored(each, shared, at, memory, indent);
}

// Merges `other` into the components called all_<name>. What the shared ones give is the step of
// the others.
std::string StateWriter::merge_call(const Accumulation& each, bool shared,
                                    const std::string& other) const {
  const std::string function = shared ? "const auto step = " + each.code->name + "::merge_step("
                                      : each.code->name + "::merge(";
  const std::string step = !shared && each.row->weighted ? "step, " : "";
  return function + names(each, shared, "all_") + ", " + step + other + ");\n";
}

std::string StateWriter::flush_one(std::size_t accumulation, int row,
                                   const std::string& indent) const {
  const Accumulation& each = program_.accumulations[accumulation];
  if (each.ranked()) return "";
  const std::string inner = indent + "  ";
  const auto component = [&](const std::string& at, const std::string& space) {
    return space + "{\n" + merged(accumulation, false, at, row, space + "  ") + space + "}\n";
  };
  std::string out = indent + "for (int part = 0; part < wide_parts<W, V>; ++part) {\n" + inner +
                    "const Size row = " + position(number(row)) + " + part * lanes<W>;\n";
  const bool written_out = in_registers(accumulation, false);
  if (!each.row->weighted) {
    out += for_each_component(each.components, written_out, inner, component);
  } else if (each.groups == 1) {
    out += merged(accumulation, true, "0", row, inner) +
           for_each_component(each.components, written_out, inner, component);
  } else {
    out += for_each_component(
        each.components, written_out, inner, [&](const std::string& at, const std::string& space) {
          return space + "{\n" + merged(accumulation, true, at, row, space + "  ") +
                 merged(accumulation, false, at, row, space + "  ") + space + "}\n";
        });
  }
  return out + indent + "}\n";
}

std::string StateWriter::flush(Span span, const std::string& indent) const {
  std::string out;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    if (span_of(a) != span) continue;
    for (int r = 0; r < vectors(a); ++r) out += flush_one(a, r, indent);
  }
  return out;
}

}  // namespace kernelops
