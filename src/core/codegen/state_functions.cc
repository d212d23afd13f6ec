// The functions of a kernel that work on states in memory: initialise, merge and finish.
#include "core/support/small_code.h"

#include "core/codegen/state_text.h"
#include "core/codegen/state_writer.h"
#include "core/support/strings.h"

namespace kernelops {

std::string StateWriter::initialise_one(const Accumulation& each) const {
  if (each.ranked()) {
    return "    for (Size k = 0; k < " + number(each.components) +
           "; ++k) {\n      for (Size lane = row; lane < row + lanes<W>; ++lane) {\n        " +
           each.code->name + "::initialise(" + each.code->name + "::heap_of(state, stride, " +
           slot_text(each, false, 0, "k") + ", lane, " + number(each.rank) +
           "));\n      }\n    }\n";
  }
  std::string out;
  for (bool shared : {true, false}) {
    if (count_of(each, shared) == 0) continue;
    out += "    for (Size k = 0; k < " + number(count_of(each, shared)) + "; ++k) {\n";
    const auto& components = components_of(each, shared);
    for (std::size_t s = 0; s < components.size(); ++s) {
      out += "      store_state(state, stride, " + slot_text(each, shared, s, "k") + ", row, " +
             neutral(components[s], true) + ");\n";
    }
    out += "    }\n";
  }
  return out;
}

std::string StateWriter::merge_one(const Accumulation& each) const {
  const std::string name = each.code->name;
  const std::string head = "    for (Size k = 0; k < " + number(each.components) + "; ++k) {\n";
  if (each.ranked()) {
    return head + "      for (Size lane = row; lane < row + lanes<W>; ++lane) {\n        " + name +
           "::merge(into, into_stride, from, from_stride, " + slot_text(each, false, 0, "k") +
           ", lane, " + number(each.rank) + ");\n      }\n    }\n";
  }
  const auto join_states = [&](bool shared, const std::string& at, const std::string& indent) {
    return loaded(each, shared, at, "into, into_stride", "all_", indent) +
           loaded(each, shared, at, "from, from_stride", "other_", indent) + indent +
           merge_call(each, shared, names(each, shared, "other_")) +
           stored(each, shared, at, "into, into_stride", indent);
  };
  if (!each.row->weighted) return head + join_states(false, "k", "      ") + "    }\n";
  if (each.groups == 1) {
    return "    {\n" + join_states(true, "0", "    ") + head + join_states(false, "k", "      ") +
           "    }\n    }\n";
  }
  return head + join_states(true, "k", "      ") + join_states(false, "k", "      ") + "    }\n";
}

std::string StateWriter::finish_one(std::size_t accumulation) const {
  const Accumulation& each = program_.accumulations[accumulation];
  std::string out;
  std::string values = "nullptr";
  std::string rows = "nullptr";
  for (const ProgramOutput& output : program_.outputs) {
    if (output.accumulation != static_cast<int>(accumulation)) continue;
    const ReductionOutput& what = each.row->outputs[output.output];
    const std::string type = what.type == StateType::value ? "W" : "WI";
    if (each.ranked()) {
      const bool is_value = what.type == StateType::value;
      (is_value ? values : rows) =
          std::string("static_cast<") + (is_value ? "double" : "long long") + "*>(output) + (" +
          number(output.first) + " + k * " + number(each.rank) + ") * output_stride + lane";
      continue;
    }
    const std::string group = each.groups == 1 ? "0" : "k";
    std::vector<std::string> arguments;
    std::string loads;
    if (each.row->weighted) {
      loads += loaded(each, true, group, "state, stride", "all_", "      ");
      arguments.push_back(names(each, true, "all_"));
    }
    // Of a scalar formula any component of the weights will do.
    loads += loaded(each, false, "k", "state, stride", "all_", "      ");
    arguments.push_back(names(each, false, "all_"));
    arguments.push_back("rows");
    out += "    for (Size k = 0; k < " + number(output.dimension) + "; ++k) {\n" + loads +
           "      store_state(output, output_stride, " + number(output.first) + " + k, row, " +
           type + "(" + each.code->name + "::" + what.finish + "(" + join(arguments, ", ") +
           ")));\n    }\n";
  }
  if (!each.ranked()) return out;
  return "    for (Size k = 0; k < " + number(each.components) +
         "; ++k) {\n      for (Size lane = row; lane < row + lanes<W>; ++lane) {\n        " +
         each.code->name + "::finish(state, stride, " + slot_text(each, false, 0, "k") +
         ", lane, " + number(each.rank) + ",\n            " + values + ",\n            " + rows +
         ", output_stride);\n      }\n    }\n";
}

std::string StateWriter::scratch_bytes() const {
  return number(scratch_vectors()) + " * kRowVectors * Size(sizeof(V))";
}

std::int64_t StateWriter::scratch_vectors() const {
  std::int64_t vectors = 0;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    const Accumulation& each = program_.accumulations[a];
    for (bool shared : {true, false}) {
      if (in_registers(a, shared)) continue;
      const std::int64_t arrays =
          each.ranked() ? !shared : static_cast<std::int64_t>(components_of(each, shared).size());
      vectors += count_of(each, shared) * arrays;
    }
  }
  return vectors;
}

StateStatements StateWriter::statements() const {
  StateStatements out;
  for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
    out.initialise += initialise_one(program_.accumulations[a]);
    out.merge += merge_one(program_.accumulations[a]);
    out.finish += finish_one(a);
  }
  return out;
}

std::string StateWriter::functions() const {
  const StateStatements all = statements();
  const std::string rows = "  for (Size row = 0; row < count; row += lanes<W>) {\n";
  return "void initialise(void* state, Size stride, Size count) {\n" + rows + all.initialise +
         "  }\n}\n\nvoid merge(void* into, Size into_stride, const void* from, Size from_stride, "
         "Size "
         "count) {\n" +
         rows + all.merge +
         "  }\n}\n\nvoid finish(void* state, Size stride, Size count, [[maybe_unused]] double "
         "rows, void* output, Size output_stride) {\n" +
         rows + all.finish + "  }\n}\n\n";
}

}  // namespace kernelops
