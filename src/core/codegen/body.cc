#include "core/support/small_code.h"

#include "core/codegen/body.h"

#include <algorithm>
#include <map>

#include "core/support/strings.h"

namespace kernelops {

namespace {

// Formulas' operations in generated text, so that no name of theirs meets one of ours.
std::string function_name(const OpDef& op) { return "op_" + op.name; }

// How often a program may apply an operation whose code calls functions before it is compiled once
// and called: written out everywhere, compilers need minutes for thousands of them.
constexpr std::int64_t kMostInlined = 48;

// A function of values, or, for C code of scalars, one that goes from lane to lane.
std::string elementwise_function(const OpDef& op, std::int64_t uses, const Dialect& dialect) {
  const bool is_called = uses > kMostInlined && op.code.text.find('(') != std::string::npos;
  const std::string value = dialect.value_type();
  std::vector<std::string> arguments;
  std::vector<std::string> scalars;
  std::vector<std::string> lanes;
  for (std::size_t a = 0; a < static_cast<std::size_t>(op.arguments); ++a) {
    arguments.push_back("const " + value + "& " + argument_name(a));
    scalars.push_back("Real " + argument_name(a));
    lanes.push_back(argument_name(a) + "[lane]");
  }
  for (const std::string& parameter : op.parameters) {
    arguments.push_back("[[maybe_unused]] long " + parameter);
  }
  const std::string name = function_name(op);
  const std::string words = is_called ? dialect.called_function_words() : dialect.function_words();
  const std::string head = words + " " + value + " " + name + "(" + join(arguments, ", ") + ") { ";
  if (!op.code.is_scalar) return head + "return " + op.code.text + "; }\n";
  return dialect.function_words() + " Real scalar_" + name + "(" + join(scalars, ", ") +
         ") { KERNELOPS_SCALAR_WORDS return " + op.code.text + "; }\n" + head + value +
         " out = {}; for (int lane = 0; lane < lanes<" + value + ">; ++lane) out[lane] = scalar_" +
         name + "(" + join(lanes, ", ") + "); return out; }\n";
}

std::string opaque_function(const OpDef& op, const Dialect& dialect) {
  std::vector<std::string> arguments;
  for (std::size_t a = 0; a < static_cast<std::size_t>(op.arguments); ++a) {
    const std::string name = argument_name(a);
    arguments.push_back("[[maybe_unused]] const " + dialect.value_type() + "* " + name +
                        ", [[maybe_unused]] long dim_" + name);
  }
  arguments.push_back(dialect.value_type() + "* out, [[maybe_unused]] long dim_out");
  return dialect.function_words() + " void " + function_name(op) + "(" + join(arguments, ", ") +
         ") { " + op.opaque.text + "; }\n";
}

}  // namespace

std::string component_text(const Component& component) {
  if (component.step == 0) return std::to_string(component.offset);
  std::string text = component.step == 1 ? "k" : std::to_string(component.step) + " * k";
  if (component.offset != 0) text = std::to_string(component.offset) + " + " + text;
  return component.offset != 0 || component.step != 1 ? "(" + text + ")" : text;
}

std::string row_value_name(Register number, Space space, int row, TileShape shape) {
  std::string out = "v" + std::to_string(number);
  if (on_rows(space) && shape.row_vectors > 1) out += "_r" + std::to_string(row);
  return out;
}

std::string operation_functions(const Program& program, const Dialect& dialect) {
  std::map<std::string, std::string> functions;
  std::map<const OpDef*, std::int64_t> uses;
  for (const Section* section : {&program.parameters.section, &program.row.section,
                                 &program.column.section, &program.pair}) {
    for (const Block& block : section->blocks) {
      for (const Instruction& each : block.code) {
        if (each.opcode == Opcode::apply) {
          ++uses[each.op];
        } else if (each.opcode == Opcode::call) {
          functions.emplace(each.op->name + " on arrays", opaque_function(*each.op, dialect));
        }
      }
    }
  }
  for (const auto& [op, count] : uses) {
    functions.emplace(op->name, elementwise_function(*op, count, dialect));
  }
  std::string out;
  for (const auto& [name, text] : functions) out += text;
  return out;
}

BodyWriter::BodyWriter(const Section& section, const Dialect& dialect, TileShape shape)
    : section_(section), dialect_(dialect), shape_(shape) {
  note(section);
}

BodyWriter::BodyWriter(const PairPhases& phases, const Dialect& dialect, TileShape shape)
    : BodyWriter(phases.first, dialect, shape) {
  note(phases.deferred);
}

void BodyWriter::note(const Section& section) {
  const auto note_one = [this](Register number, Space space) {
    if (number < 0) return;
    spaces_.resize(std::max(spaces_.size(), static_cast<std::size_t>(number) + 1));
    spaces_[static_cast<std::size_t>(number)] = space;
  };
  for (const Block& block : section.blocks) {
    for (const Accumulator& each : block.accumulators) note_one(each.result, each.space);
    for (const Instruction& each : block.code) {
      if (each.opcode != Opcode::accumulate) note_one(each.result, written_space(each));
    }
  }
}

std::string BodyWriter::name(Register number, int row, int copy) const {
  const Space space = spaces_[static_cast<std::size_t>(number)];
  std::string out = row_value_name(number, space, row, shape_);
  if (deferred_) {
    if (copied_.count(number) > 0) out += "_k" + std::to_string(copy);
  } else if (on_columns(space) && shape_.columns > 1) {
    out += "_c" + std::to_string(copy);
  }
  return out;
}

std::string BodyWriter::statement(const Instruction& each, int row, int copy) const {
  const auto operand = [&](std::size_t number) { return name(each.operands[number], row, copy); };
  const std::int64_t skipped = deferred_ ? each.component.step * copy : 0;
  const int column = deferred_ ? 0 : copy;
  const std::string component =
      component_text({each.component.offset + skipped, each.component.step});
  const std::string definition = each.result < 0 ? ""
                                                 : "const " + dialect_.value_type() + " " +
                                                       name(each.result, row, copy) + " = ";
  switch (each.opcode) {
    case Opcode::constant:
      return definition + dialect_.constant(each.value) + ";";
    case Opcode::load:
      return definition + dialect_.load(each.space, component, row, column) + ";";
    case Opcode::apply: {
      std::vector<std::string> operands;
      for (std::size_t a = 0; a < each.operands.size(); ++a) operands.push_back(operand(a));
      for (std::int64_t parameter : each.parameters) operands.push_back(std::to_string(parameter));
      return definition + function_name(*each.op) + "(" + join(operands, ", ") + ");";
    }
    case Opcode::load_local:
      return definition + dialect_.local(row) + "[" + component + "];";
    case Opcode::store_local:
      return dialect_.local(row) + "[" + component + "] = " + operand(0) + ";";
    case Opcode::call: {
      std::vector<std::string> operands;
      for (const SlotArray& array : each.arrays) {
        operands.push_back((array.local ? dialect_.local(row) + " + " + std::to_string(array.slot)
                                        : dialect_.parameter_array(array.slot)) +
                           ", " + std::to_string(array.dimension));
      }
      return function_name(*each.op) + "(" + join(operands, ", ") + ");";
    }
    case Opcode::accumulate: {
      const std::string accumulator = name(each.result, row, copy);
      return accumulator + " = " + accumulator + " + " + operand(0) + ";";
    }
    case Opcode::store:
      return dialect_.store(component, operand(0));
    case Opcode::keep:
      return dialect_.kept(component, row, column) + " = " + operand(0) + ";";
    case Opcode::load_kept:
      return definition + dialect_.kept(component, row, column) + ";";
    case Opcode::survey:
    case Opcode::step:
    case Opcode::update:
      break;
  }
  return definition + dialect_.take(each, row, copy, [&](std::size_t number, int r, int c) {
    return name(each.operands[number], r, c);
  });
}

// Where an instruction is written: states and local slots belong to a row vector and a column even
// where the value does not depend on them.
Space BodyWriter::written_space(const Instruction& each) const {
  switch (each.opcode) {
    case Opcode::survey:
    case Opcode::step:
    case Opcode::update:
    case Opcode::call:
    case Opcode::store_local:
    case Opcode::load_local:
      return Space::pair;
    case Opcode::store:
      return Space::parameter;
    case Opcode::accumulate:
      return spaces_[static_cast<std::size_t>(each.result)];
    default:
      return each.space;
  }
}

std::string BodyWriter::instruction(const Instruction& each, const std::string& indent) const {
  const Space space = written_space(each);
  const int rows = on_rows(space) ? shape_.row_vectors : 1;
  const int columns = on_columns(space) ? shape_.columns : 1;
  const bool takes = each.opcode == Opcode::update && each.component.step != 0;
  const bool copied = takes || copied_.count(each.result) > 0;
  const int copies = deferred_ ? (copied ? components_ : 1) : columns;
  std::string out;
  for (int copy = 0; copy < copies; ++copy) {
    for (int row = 0; row < rows; ++row) {
      const std::string text = statement(each, row, copy);
      if (!text.empty()) out += indent + text + "\n";
    }
  }
  return out;
}

std::string BodyWriter::write_deferred(const Block& block, int components, bool in_columns,
                                       const std::string& indent) {
  deferred_ = true;
  components_ = components;
  copied_.clear();
  for (const Instruction& each : block.code) {
    const bool differs = std::any_of(each.operands.begin(), each.operands.end(),
                                     [&](Register operand) { return copied_.count(operand) > 0; });
    if (each.result >= 0 && (differs || each.component.step != 0)) copied_.insert(each.result);
  }
  std::string out;
  for (const Instruction& each : block.code) {
    const bool hoist =
        each.result >= 0 && each.opcode != Opcode::load_kept && !on_columns(each.space);
    if (hoist != in_columns) out += instruction(each, indent);
  }
  deferred_ = false;
  copied_.clear();
  return out;
}

std::string BodyWriter::before_columns(const Block& block, int components,
                                       const std::string& indent) {
  return write_deferred(block, components, false, indent);
}

std::string BodyWriter::for_column(const Block& block, int components, const std::string& indent) {
  return write_deferred(block, components, true, indent);
}

std::string BodyWriter::accumulators(const Block& block, const std::string& indent) const {
  std::string out;
  for (const Accumulator& each : block.accumulators) {
    const int rows = on_rows(each.space) ? shape_.row_vectors : 1;
    const int columns = on_columns(each.space) ? shape_.columns : 1;
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        out += indent + dialect_.value_type() + " " + name(each.result, row, column) + " = " +
               dialect_.constant(0) + ";\n";
      }
    }
  }
  return out;
}

std::string BodyWriter::instructions(const Block& block, const std::string& indent) const {
  std::string out;
  for (const Instruction& each : block.code) out += instruction(each, indent);
  return out;
}

std::string BodyWriter::write(Part part, const std::string& indent) const {
  std::string out;
  for (const Block& block : section_.blocks) {
    if (block.looped && part == Part::hoisted) continue;
    std::string inner = indent;
    if (block.looped) {
      out += accumulators(block, indent);
      const std::string before = dialect_.before_loop();
      if (!before.empty()) out += indent + before + "\n";
      out += indent + "for (Size k = 0; k < " + std::to_string(block.extent) + "; ++k) {\n";
      inner += "  ";
    }
    for (const Instruction& each : block.code) {
      const bool movable = each.opcode == Opcode::store_local ||
                           (each.result >= 0 && each.opcode != Opcode::load_local);
      const bool hoist = !block.looped && movable && !on_columns(each.space);
      if (part == Part::whole || hoist == (part == Part::hoisted)) out += instruction(each, inner);
    }
    if (block.looped) out += indent + "}\n";
  }
  return out;
}

std::string BodyWriter::hoisted(const std::string& indent) const {
  return write(Part::hoisted, indent);
}

std::string BodyWriter::body(const std::string& indent) const { return write(Part::rest, indent); }

std::string BodyWriter::whole(const std::string& indent) const {
  return write(Part::whole, indent);
}

}  // namespace kernelops
