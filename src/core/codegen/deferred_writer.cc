#include "core/codegen/deferred_writer.h"

#include <algorithm>
#include <cstdint>

#include "core/support/rounding.h"

namespace kernelops {

namespace {

std::string number(std::int64_t value) { return std::to_string(value); }

std::string step_name(int accumulation, const std::string& group, int row) {
  return "merge" + number(accumulation) + "_" + group + "_r" + number(row);
}

}  // namespace

std::string DeferredWriter::write(const std::string& indent) {
  std::string out = states_.shifts(indent);
  for (const Block& block : phases_.deferred.blocks) {
    out += block.looped ? looped(block, indent) : straight(block, indent);
  }
  return out;
}

// The loop over the columns of the chunk.
std::string DeferredWriter::columns(const Block& block, int components, const std::string& indent) {
  return indent + "for (Size j = begin; j < end; ++j) {\n" + indent +
         "  [[maybe_unused]] const Real* const column = columns + j * " +
         number(program_.packed_slots) + ";\n" + indent +
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

std::string DeferredWriter::straight(const Block& block, const std::string& indent) {
  std::string declared;
  std::string steps;
  std::string merges;
  for (const Instruction& each : block.code) {
    if (each.opcode != Opcode::step && each.opcode != Opcode::update) continue;
    const Accumulation& accumulation =
        program_.accumulations[static_cast<std::size_t>(each.accumulation)];
    const bool shared = each.opcode == Opcode::step;
    const std::string at = number(shared && accumulation.groups == 1 ? 0 : each.component.offset);
    declared += states_.chunk_states(each.accumulation, shared, at, indent);
    if (!shared) {
      merges += merge(each.accumulation, at, at, indent);
      continue;
    }
    for (int row = 0; row < shape_.row_vectors; ++row) {
      steps += indent + "const auto " + step_name(each.accumulation, at, row) + " = " +
               accumulation.code->name + "::merge_step(" +
               states_.tile_names(each.accumulation, true, at, row) + ", " +
               states_.merged_names(each.accumulation, true, at, row) + ");\n";
    }
  }
  return declared + body_.before_columns(block, 1, indent) + columns(block, 1, indent) + steps +
         merges;
}

// How many components the registers hold, with what each of them reads of the rows.
int DeferredWriter::side_by_side(const Block& block) const {
  std::int64_t registers = 0;
  for (const Instruction& each : block.code) {
    if (each.opcode == Opcode::update) {
      const Accumulation& accumulation =
          program_.accumulations[static_cast<std::size_t>(each.accumulation)];
      registers += static_cast<std::int64_t>(accumulation.code->state.size());
    }
    if (each.opcode == Opcode::load && each.space == Space::row && each.component.step != 0) {
      ++registers;
    }
  }
  // A quarter stays for what is computed.
  const std::int64_t held = registers_ * 3 / 4;
  const std::int64_t fit = held / std::max<std::int64_t>(1, registers * shape_.row_vectors);
  // All groups of about the same size.
  const std::int64_t groups = divide_up(block.extent, std::max<std::int64_t>(1, fit));
  return static_cast<int>(divide_up(block.extent, groups));
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
  std::string out = indent + "for (Size k = 0; k < " + number(whole) +
                    "; k += " + number(components) + ") {\n" +
                    group(block, components, indent + "  ") + indent + "}\n";
  if (whole < block.extent) {
    out += indent + "{\n" + indent + "  constexpr Size k = " + number(whole) + ";\n" +
           group(block, static_cast<int>(block.extent - whole), indent + "  ") + indent + "}\n";
  }
  return out;
}

}  // namespace kernelops
