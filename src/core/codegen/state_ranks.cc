// Writes what a kernel does with the K best of its rows while a tile runs.
#include "core/support/small_code.h"

#include "core/codegen/body.h"
#include "core/codegen/state_text.h"
#include "core/codegen/state_writer.h"
#include "core/support/strings.h"

namespace kernelops {

// What candidates must beat, an array over the row vectors.
std::string StateWriter::threshold(std::size_t accumulation, const std::string& at) const {
  const bool written_out = in_registers(accumulation, false);
  return "s" + number(static_cast<std::int64_t>(accumulation)) + "_least" +
         (written_out ? "_" + at : "[" + at + "]");
}

std::string StateWriter::rank_list(std::size_t accumulation, const std::string& at) {
  return "s" + number(static_cast<std::int64_t>(accumulation)) + "_best_" + at;
}

std::string StateWriter::for_each_rank_list(
    const std::function<std::string(const Accumulation&, const std::string& name,
                                    const std::string& at)>& body) const {
  std::string out;
  if (shape_.ranks == RankPlace::heaps) return out;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    const Accumulation& each = program_.accumulations[a];
    if (!each.ranked()) continue;
    for (std::int64_t k = 0; k < each.components; ++k) {
      out += body(each, rank_list(a, number(k)), number(k));
    }
  }
  return out;
}

std::string StateWriter::settle_ranks(bool finally, const std::string& indent) const {
  return for_each_rank_list([&](const Accumulation&, const std::string& name, const std::string&) {
    return indent + name + (finally ? ".finish();\n" : ".settle();\n");
  });
}

std::string StateWriter::rank_lists(const std::string& indent) const {
  return for_each_rank_list(
      [&](const Accumulation& each, const std::string& name, const std::string& at) {
        const std::string type =
            std::string(shape_.ranks == RankPlace::lists ? "RankLists" : "RankCandidates") + "<" +
            each.code->name + ", V, kRowVectors, kRowStep, " + number(each.rank) + ">";
        return indent + type + "::Waiting " + name + "_waiting;\n" + indent + type + " " + name +
               "({state, state_stride, first_row, first_column}, " + slot_text(each, false, 0, at) +
               ", &" + name + "_waiting);\n";
      });
}

std::string StateWriter::thresholds(const std::string& indent) const {
  std::string out = rank_lists(indent);
  if (!out.empty()) return out;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    const Accumulation& each = program_.accumulations[a];
    if (!each.ranked()) continue;
    const bool written_out = in_registers(a, false);
    if (!written_out) {
      const std::string name = "s" + number(static_cast<std::int64_t>(a)) + "_least";
      out += indent + "auto* const " + name + " = reinterpret_cast<V(*)[kRowVectors]>(scratch);\n" +
             indent + "scratch += " + number(each.components) +
             " * kRowVectors * Size(sizeof(V));\n";
    }
    out += for_each_component(
        each.components, written_out, indent, [&](const std::string& at, const std::string& space) {
          const std::string name = threshold(a, at);
          return (written_out ? space + "V " + name + "[kRowVectors];\n" : "") + space +
                 each.code->name + "::thresholds(" + name + ", " + number(vectors(a)) +
                 ", tile->state, tile->state_stride, " + slot_text(each, false, 0, at) + ", " +
                 position("0") + ", " + number(each.rank) + ");\n";
        });
  }
  return out;
}

// The values of a group share one branch; a vector of rows of a transposed tile has one of its own.
std::string StateWriter::taken_ranked(const Instruction& instruction, int row, int copy,
                                      const OperandName& operand) const {
  const auto accumulation = static_cast<std::size_t>(instruction.accumulation);
  const Accumulation& each = program_.accumulation_of(instruction);
  const std::string at = component_text(instruction.component);
  const std::string place = ", tile->state, tile->state_stride, " + slot_text(each, false, 0, at);
  const std::string least = threshold(accumulation, at);
  if (program_.transposed) {
    return each.code->name + "::update<1, 1>(" + least + " + " + number(copy) +
           ", tile->first_column + (block + " + number(row) + ") * kLanes" + place + ", " +
           position(number(copy)) + ", " + number(each.rank) + ", " + operand(0, row, copy) + ");";
  }
  if (row + 1 < shape_.row_vectors || copy + 1 < shape_.columns) return "";
  std::vector<std::string> values;
  for (int c = 0; c < shape_.columns; ++c) {
    for (int r = 0; r < shape_.row_vectors; ++r) values.push_back(operand(0, r, c));
  }
  if (shape_.ranks != RankPlace::heaps) {
    return rank_list(accumulation, at) + ".update(start + j, " + join(values, ", ") + ");";
  }
  return each.code->name + "::update<kRowVectors>(" + least + ", tile->first_column + j" + place +
         ", " + position("0") + ", " + number(each.rank) + ", " + join(values, ", ") + ");";
}

}  // namespace kernelops
