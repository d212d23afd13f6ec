#include "core/support/small_code.h"

#include "core/codegen/deferred_writer.h"

#include <algorithm>
#include <cstdint>

#include "core/codegen/state_text.h"
#include "core/support/rounding.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string step_name(int accumulation, const std::string& group, int row) {
  return "merge" + number(accumulation) + "_" + group + "_r" + number(row);
}

std::string before(const std::string& line, const std::string& indent) {
  return line.empty() ? "" : indent + line + "\n";
}

}  // namespace

std::string DeferredWriter::write(const std::string& indent) {
  std::string out = states_.shifts(loops_.kept_step, indent);
  for (const Block& block : phases_.deferred.blocks) {
    out += block.looped ? looped(block, indent) : straight(block, indent);
  }
  return out;
}

// The loop over the columns of the chunk.
std::string DeferredWriter::columns(const Block& block, int components, const std::string& indent) {
  return before(loops_.before, indent) + indent + "for (Size j = begin; j < end; ++j) {\n" +
         indent + "  [[maybe_unused]] const Real* const column = columns + j * " +
         number(loops_.column_slots) + ";\n" + indent +
         "  [[maybe_unused]] const I index = broadcast<I>(static_cast<element_t<I>>(j));\n" +
         body_.for_column(block, components, indent + "  ") + indent + "}\n";
}

// Merges a component of a chunk into the arrays of the tile.
std::string DeferredWriter::merge(int accumulation, const std::string& from,
                                  const std::string& into, const std::string& indent) const {
  const Accumulation& each = program_.accumulations[static_cast<std::size_t>(accumulation)];
  std::string out;
  for (int row = 0; row < shape_.row_vectors; ++row) {
    const std::string group = each.groups == 1 ? "0" : from;
    const std::string step =
        each.row->weighted ? step_name(accumulation, group, row) + ", " : std::string();
    out += indent + each.code->name + "::merge(" +
           states_.tile_names(accumulation, false, into, row) + ", " + step +
           states_.merged_names(accumulation, false, from, row) + ");\n";
  }
  return out;
}

// The component of the shared state that a step changes, or that of the state of an update.
std::string DeferredWriter::group_of(const Instruction& each) const {
  const Accumulation& accumulation = program_.accumulation_of(each);
  const bool first = each.opcode == Opcode::step && accumulation.groups == 1;
  return number(first ? 0 : each.component.offset);
}

std::string DeferredWriter::chunk_states(const Block& block, const std::string& indent) const {
  std::string out;
  for (const Instruction& each : block.code) {
    if (!takes_value(each)) continue;
    out += states_.chunk_states(each.accumulation, each.opcode == Opcode::step, group_of(each),
                                indent);
  }
  return out;
}

// The states of a chunk into those of the tile.
std::string DeferredWriter::merges(const Block& block, const std::string& indent) const {
  std::string steps;
  std::string sums;
  for (const Instruction& each : block.code) {
    if (!takes_value(each)) continue;
    const std::string at = group_of(each);
    if (each.opcode == Opcode::update) {
      sums += merge(each.accumulation, at, at, indent);
      continue;
    }
    const Accumulation& accumulation = program_.accumulation_of(each);
    for (int row = 0; row < shape_.row_vectors; ++row) {
      steps += indent + "const auto " + step_name(each.accumulation, at, row) + " = " +
               accumulation.code->name + "::merge_step(" +
               states_.tile_names(each.accumulation, true, at, row) + ", " +
               states_.merged_names(each.accumulation, true, at, row) + ");\n";
    }
  }
  return steps + sums;
}

std::string DeferredWriter::straight(const Block& block, const std::string& indent) {
  return chunk_states(block, indent) + body_.before_columns(block, 1, indent) +
         columns(block, 1, indent) + merges(block, indent);
}

std::string DeferredWriter::streamed_chunk(const std::string& loops,
                                           const std::string& indent) const {
  const Block& block = phases_.deferred.blocks[0];
  return states_.surveys(indent) + chunk_states(block, indent) + indent + "{\n" + indent +
         "  Size j = begin;\n" + loops + indent + "}\n" + merges(block, indent);
}

bool DeferredWriter::holds() const {
  const auto& blocks = phases_.deferred.blocks;
  if (blocks.size() != 1 || blocks[0].looped) return false;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    if (!phases_.accumulation[a] || !program_.accumulations[a].code->surveyed) return false;
  }
  return true;
}

std::string DeferredWriter::held_declarations(const std::string& indent) const {
  std::string out = indent + "bool holds = false;\n";
  for (const PairPhases::Survey& survey : phases_.surveys) {
    for (int row = 0; row < shape_.row_vectors; ++row) {
      const std::string name =
          StateWriter::held_name(survey.accumulation, number(survey.component), row);
      out += indent + "V " + name + " = {};\n" + indent + "V " + name + "_factor = {};\n";
    }
  }
  return out;
}

std::string DeferredWriter::held_chunk(const std::string& loops, const std::string& indent) const {
  const Block& block = phases_.deferred.blocks[0];
  const std::string inner = indent + "  ";
  std::vector<std::string> exceed;
  std::string extend;
  for (const Instruction& each : block.code) {
    if (!takes_value(each)) continue;
    const Accumulation& accumulation = program_.accumulation_of(each);
    const bool shared = each.opcode == Opcode::step;
    const std::string at = group_of(each);
    const std::string call = accumulation.code->name + "::";
    for (int row = 0; row < shape_.row_vectors; ++row) {
      const std::string sum = states_.chunk_names(each.accumulation, shared, at, row);
      // Of weighted sums it is the sum of the weights' factors that shows large values.
      if (shared == accumulation.row->weighted) exceed.push_back(call + "exceeds(" + sum + ")");
      const std::string group = accumulation.groups == 1 ? "0" : at;
      extend += inner + "  " + call + "extend(" +
                states_.summed_name(each.accumulation, shared, at, row) + ", " + sum + ", " +
                StateWriter::held_name(each.accumulation, group, row) + "_factor);\n";
    }
  }
  return indent + "if (holds) {\n" + chunk_states(block, inner) + inner + "{\n" + inner +
         "  Size j = begin;\n" + loops + inner + "}\n" + inner + "if (__builtin_expect(!any(" +
         join(exceed, " | ") + "), 1)) {\n" + extend + inner + "  continue;\n" + inner + "}\n" +
         indent + "}\n";
}

std::string DeferredWriter::hold(const std::string& indent) const {
  std::string out = indent + "holds = true;\n";
  for (const PairPhases::Survey& survey : phases_.surveys) {
    const Accumulation& each =
        program_.accumulations[static_cast<std::size_t>(survey.accumulation)];
    for (int row = 0; row < shape_.row_vectors; ++row) {
      const std::string at = number(survey.component);
      const std::string name = StateWriter::held_name(survey.accumulation, at, row);
      out += indent + "holds &= " + each.code->name + "::hold(" +
             states_.most_name(survey.accumulation, at, row) + ", " + name + ", " + name +
             "_factor);\n";
    }
  }
  return out;
}

// How many components the registers hold, with what each of them reads of the rows.
int DeferredWriter::side_by_side(const Block& block) const {
  std::int64_t registers = 0;
  for (const Instruction& each : block.code) {
    if (each.opcode == Opcode::update) {
      const Accumulation& accumulation = program_.accumulation_of(each);
      registers += static_cast<std::int64_t>(accumulation.code->state.size());
    }
    if (each.opcode == Opcode::load && each.space == Space::row && each.component.step != 0) {
      ++registers;
    }
  }
  // A quarter stays for what is computed.
  const std::int64_t held = registers_ * 3 / 4;
  std::int64_t fit = held / std::max<std::int64_t>(1, registers * shape_.row_vectors);
  if (fit > loops_.whole) fit -= fit % loops_.whole;
  // All groups of about the same size.
  const std::int64_t groups = divide_up(block.extent, std::max<std::int64_t>(1, fit));
  const std::int64_t even = divide_up(block.extent, groups);
  return static_cast<int>(std::min(block.extent, round_up(even, loops_.whole)));
}

std::string DeferredWriter::group(const Block& block, int components, const std::string& indent) {
  std::string declared;
  std::string merges;
  for (const Instruction& each : block.code) {
    if (each.opcode != Opcode::update) continue;
    for (int copy = 0; copy < components; ++copy) {
      const std::string at = "k" + number(copy);
      declared += states_.chunk_states(each.accumulation, false, at, indent);
      merges += merge(
          each.accumulation, at,
          component_text({each.component.offset + copy * each.component.step, each.component.step}),
          indent);
    }
  }
  return declared + body_.before_columns(block, components, indent) +
         columns(block, components, indent) + merges;
}

std::string DeferredWriter::looped(const Block& block, const std::string& indent) {
  const int components = side_by_side(block);
  const std::int64_t whole = block.extent / components * components;
  std::string out = before(loops_.before_components, indent) + indent + "for (Size k = 0; k < " +
                    number(whole) + "; k += " + number(components) + ") {\n" +
                    group(block, components, indent + "  ") + indent + "}\n";
  if (whole < block.extent) {
    out += indent + "{\n" + indent + "  constexpr Size k = " + number(whole) + ";\n" +
           group(block, static_cast<int>(block.extent - whole), indent + "  ") + indent + "}\n";
  }
  return out;
}

}  // namespace kernelops
