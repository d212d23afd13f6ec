#include "core/codegen/cpu.h"

#include <vector>

#include "core/codegen/body.h"
#include "core/codegen/dialect.h"
#include "core/lower/lower.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string number(std::int64_t value) { return std::to_string(value); }

// Columns whose terms are added in the kernel's own precision before they go to the double states.
// n equal terms can lose n / 2 roundings: this keeps float32 sums within 1e-6.
constexpr std::int64_t kFlushColumns32 = 80;
constexpr std::int64_t kFlushColumns64 = 1024;

// Where the state of a tile lives: in named registers, or in an array when the result is long.
bool state_in_registers(const Program& program) { return program.dimension <= kUnrolled; }

class CpuDialect : public Dialect {
 public:
  CpuDialect(const Program& program, TileShape shape) : program_(program), shape_(shape) {}

  std::string value_type() const override { return "V"; }
  std::string function_words() const override { return "KERNELOPS_INLINE"; }

  std::string constant(double value) const override {
    return "broadcast<V>(Real(" + number_text(value) + "))";
  }

  std::string load(Space space, const std::string& component, int row, int column) const override {
    switch (space) {
      case Space::parameter:
        return "load<V>(parameter + " + component + " * kLanes)";
      case Space::row:
        return "load<V>(row + " + component + " * stride" +
               (row > 0 ? " + " + number(row) + " * kLanes" : "") + ")";
      default:
        return "broadcast<V>(column[" +
               (column > 0 ? number(column * program_.packed_slots) + " + " : "") + component +
               "])";
    }
  }

  std::string store(const std::string& component, const std::string& value) const override {
    return "store(panel + " + component + " * stride, " + value + ");";
  }

  std::string update(const Component& component, int row, int column,
                     const std::string& value) const override {
    std::vector<std::string> arguments;
    for (std::size_t s = 0; s < program_.reduction->state.size(); ++s) {
      arguments.push_back(state_in_registers(program_)
                              ? state_register(component.offset, s, row)
                              : state_array(s) + "[" + number(component.offset) + " + k][" +
                                    number(row) + "]");
    }
    arguments.push_back(value);
    arguments.push_back(shape_.columns > 1 ? "index + " + number(column) : "index");
    return "update(" + join(arguments, ", ") + ");";
  }

  std::string state_register(std::int64_t component, std::size_t state, int row) const {
    return program_.reduction->state[state].name + number(component) + "_r" + number(row);
  }

  std::string state_array(std::size_t state) const {
    return program_.reduction->state[state].name + "_all";
  }

 private:
  const Program& program_;
  TileShape shape_;
};

// Inside a section lanes are the rows (or columns) of its own panel.
class SectionDialect : public CpuDialect {
 public:
  using CpuDialect::CpuDialect;

  std::string load(Space space, const std::string& component, int row, int column) const override {
    if (space == Space::parameter) return CpuDialect::load(space, component, row, column);
    return "load<V>(panel + " + component + " * stride)";
  }
};

class CpuWriter {
 public:
  CpuWriter(const Program& program, const CpuTarget& target, TileShape shape)
      : program_(program), row_(*program.reduction), target_(target), shape_(shape) {}

  std::string run() {
    return preamble() + operation_functions(program_, CpuDialect(program_, shape_)) + "\n" +
           reduction_functions() + sections() + tile_function() + state_functions() + descriptor();
  }

 private:
  std::string preamble() const {
    return "#include \"abi.h\"\n#include \"math.h\"\n#include \"tile.h\"\n\n"
           "namespace kernelops {\nnamespace {\n\n"
           "using Real = " +
           std::string(target_.float32 ? "float" : "double") + ";\nusing V = Vector<Real, " +
           number(target_.vector_bytes) + ">;\nusing I = mask_t<V>;\nusing W = Vector<double, " +
           number(target_.vector_bytes) +
           ">;\nusing WI = mask_t<W>;\nconstexpr Size kLanes = lanes<V>;\n"
           "constexpr Size kRowVectors = " +
           number(shape_.row_vectors) +
           ";\nconstexpr Size kRowBlock = kRowVectors * kLanes;\n"
           "constexpr Size kFlushColumns = " +
           number(target_.float32 ? kFlushColumns32 : kFlushColumns64) +
           ";\n// Bytes of one component of a state that is too long for registers.\n"
           "constexpr Size kLongState = " +
           (state_in_registers(program_)
                ? std::string("0")
                : number(program_.dimension) + " * kRowVectors * Size(sizeof(V))") +
           ";\n\n";
  }

  // "const W& other_best, const WI& other_at" and the like.
  std::string state_parameters(const std::string& value_type, const std::string& index_type,
                               const std::string& words, const std::string& prefix) const {
    std::vector<std::string> out;
    for (const StateComponent& each : row_.state) {
      out.push_back(words + (each.type == StateType::value ? value_type : index_type) + "& " +
                    prefix + each.name);
    }
    return join(out, ", ");
  }

  std::string state_type(const StateComponent& component, bool wide) const {
    const bool value = component.type == StateType::value;
    return wide ? (value ? "W" : "WI") : (value ? "V" : "I");
  }

  std::string reduction_functions() const {
    const std::string inline_void = "KERNELOPS_INLINE void ";
    return inline_void + "update(" + state_parameters("V", "I", "", "") +
           ", [[maybe_unused]] const V& value, [[maybe_unused]] const I& index) {\n  " +
           row_.update.text + "\n}\n" + inline_void + "merge_state(" +
           state_parameters("W", "WI", "", "") + ", " +
           state_parameters("W", "WI", "const ", "other_") + ") {\n  " + row_.merge.text +
           "\n}\nKERNELOPS_INLINE " + (row_.output == StateType::value ? "W" : "WI") +
           " finish_state(" + state_parameters("W", "WI", "[[maybe_unused]] const ", "") +
           ") { return " + row_.finish.text + "; }\n\n";
  }

  std::string section(const std::string& title, const Panel& panel) const {
    std::string out = "void " + title +
                      "([[maybe_unused]] const void* parameters, [[maybe_unused]] void* own,\n"
                      "    [[maybe_unused]] Size stride, [[maybe_unused]] Size count) {\n";
    bool empty = true;
    for (const Block& block : panel.section.blocks) empty = empty && block.code.empty();
    if (!empty) {
      const SectionDialect dialect(program_, {1, 1});
      out +=
          "  [[maybe_unused]] const Real* const parameter = static_cast<const Real*>(parameters);\n"
          "  for (Size lane = 0; lane < count; lane += kLanes) {\n"
          "    Real* const panel = static_cast<Real*>(own) + lane;\n" +
          BodyWriter(panel.section, dialect, {1, 1}).whole("    ") + "  }\n";
    }
    return out + "}\n\n";
  }

  std::string sections() const {
    return section("parameter_section", program_.parameters) +
           section("row_section", program_.row) + section("column_section", program_.column);
  }

  // The text of `initial` in the type of the component.
  std::string initial(const StateComponent& component, bool wide) const {
    const std::string type = state_type(component, wide);
    return "broadcast<" + type + ">(" + component.initial + ")";
  }

  std::string state_declarations(const std::string& indent) const {
    const CpuDialect dialect(program_, shape_);
    std::string out;
    for (std::size_t s = 0; s < row_.state.size(); ++s) {
      const std::string type = state_type(row_.state[s], false);
      const std::string neutral = initial(row_.state[s], false);
      if (!state_in_registers(program_)) {
        out += indent + "auto* const " + dialect.state_array(s) + " = reinterpret_cast<" + type +
               "(*)[kRowVectors]>(static_cast<char*>(tile->scratch) + " +
               number(static_cast<std::int64_t>(s)) + " * kLongState);\n" + indent +
               "for (Size k = 0; k < " + number(program_.dimension) + "; ++k) {\n" + indent +
               "  for (Size r = 0; r < kRowVectors; ++r) " + dialect.state_array(s) +
               "[k][r] = " + neutral + ";\n" + indent + "}\n";
        continue;
      }
      for (std::int64_t k = 0; k < program_.dimension; ++k) {
        for (int r = 0; r < shape_.row_vectors; ++r) {
          out += indent + type + " " + dialect.state_register(k, s, r) + " = " + neutral + ";\n";
        }
      }
    }
    return out;
  }

  // Merges what the tile gave into the states of one vector of rows.
  std::string flush_function() const {
    std::vector<std::string> merged;
    std::string loads;
    std::string stores;
    for (std::size_t s = 0; s < row_.state.size(); ++s) {
      const StateComponent& each = row_.state[s];
      const std::string place =
          "(state, stride, slot + " + number(static_cast<int>(s)) + ", row + part * lanes<W>";
      loads += "    " + state_type(each, true) + " all_" + each.name + " = load_state<" +
               state_type(each, true) + ">" + place + ");\n";
      stores += "    store_state" + place + ", all_" + each.name + ");\n";
      merged.push_back("all_" + each.name);
    }
    for (const StateComponent& each : row_.state) {
      merged.push_back(each.type == StateType::value
                           ? "widened<W>(" + each.name + ", part)"
                           : "widened_index<WI>(" + each.name + ", part, first_column)");
    }
    return "KERNELOPS_INLINE void flush(void* state, Size stride, Size slot, Size row, "
           "[[maybe_unused]] Size first_column,\n    " +
           state_parameters("V", "I", "const ", "") +
           ") {\n  for (int part = 0; part < wide_parts<W, V>; ++part) {\n" + loads +
           "    merge_state(" + join(merged, ", ") + ");\n" + stores + "  }\n}\n\n";
  }

  std::string flush_calls(const std::string& indent) const {
    const CpuDialect dialect(program_, shape_);
    const std::string states = number(static_cast<int>(row_.state.size()));
    const auto call = [&](const std::string& slot, const std::string& row,
                          const std::vector<std::string>& registers) {
      return "flush(tile->state, tile->state_stride, " + slot + ", block * kRowBlock + " + row +
             " * kLanes, tile->first_column, " + join(registers, ", ") + ");\n";
    };
    std::string out;
    if (!state_in_registers(program_)) {
      std::vector<std::string> registers;
      for (std::size_t s = 0; s < row_.state.size(); ++s) {
        registers.push_back(dialect.state_array(s) + "[k][r]");
      }
      return indent + "for (Size k = 0; k < " + number(program_.dimension) + "; ++k) {\n" + indent +
             "  for (Size r = 0; r < kRowVectors; ++r) {\n" + indent + "    " +
             call("k * " + states, "r", registers) + indent + "  }\n" + indent + "}\n";
    }
    for (std::int64_t k = 0; k < program_.dimension; ++k) {
      for (int r = 0; r < shape_.row_vectors; ++r) {
        std::vector<std::string> registers;
        for (std::size_t s = 0; s < row_.state.size(); ++s) {
          registers.push_back(dialect.state_register(k, s, r));
        }
        out += indent + call(number(k) + " * " + states, number(r), registers);
      }
    }
    return out;
  }

  std::string column_loop(int columns) const {
    const TileShape shape{shape_.row_vectors, columns};
    const CpuDialect dialect(program_, shape);
    const std::string group = number(columns);
    return "      for (; j + " + group + " <= end; j += " + group +
           ") {\n"
           "        [[maybe_unused]] const Real* const column = columns + j * " +
           number(program_.packed_slots) +
           ";\n        [[maybe_unused]] const I index = "
           "broadcast<I>(static_cast<element_t<I>>(j));\n" +
           BodyWriter(program_.pair, dialect, shape).body("        ") + "      }\n";
  }

  std::string tile_function() const {
    const CpuDialect dialect(program_, shape_);
    std::string out =
        flush_function() +
        "void tile(const Tile* tile) {\n"
        "  [[maybe_unused]] const Real* const parameter = static_cast<const "
        "Real*>(tile->parameters);\n"
        "  [[maybe_unused]] const Real* const columns = static_cast<const Real*>(tile->columns);\n"
        "  [[maybe_unused]] const Size stride = tile->row_stride;\n"
        "  for (Size block = 0; block < tile->row_blocks; ++block) {\n"
        "    [[maybe_unused]] const Real* const row = static_cast<const Real*>(tile->rows) + block "
        "* kRowBlock;\n" +
        BodyWriter(program_.pair, dialect, shape_).hoisted("    ") +
        "    for (Size j = 0; j < tile->column_count;) {\n"
        "      const Size end =\n"
        "          j + kFlushColumns < tile->column_count ? j + kFlushColumns : "
        "tile->column_count;\n" +
        state_declarations("      ") + column_loop(shape_.columns);
    if (shape_.columns > 1) out += column_loop(1);
    return out + flush_calls("      ") + "    }\n  }\n}\n\n";
  }

  std::string state_functions() const {
    std::string initialise;
    std::vector<std::string> into;
    std::vector<std::string> from;
    std::string loads;
    std::string stores;
    for (std::size_t s = 0; s < row_.state.size(); ++s) {
      const StateComponent& each = row_.state[s];
      const std::string type = state_type(each, true);
      const std::string slot = "slot + " + number(static_cast<int>(s)) + ", row";
      initialise +=
          "      store_state(state, stride, " + slot + ", " + initial(each, true) + ");\n";
      loads += "      " + type + " " + each.name + " = load_state<" + type +
               ">(into, into_stride, " + slot + ");\n";
      stores += "      store_state(into, into_stride, " + slot + ", " + each.name + ");\n";
      into.push_back(each.name);
      from.push_back("load_state<" + type + ">(from, from_stride, " + slot + ")");
    }
    const std::string states = number(static_cast<int>(row_.state.size()));
    const std::string loops = "  for (Size slot = 0; slot < " + number(program_.dimension) + " * " +
                              states + "; slot += " + states +
                              ") {\n    for (Size row = 0; row < count; row += lanes<W>) {\n";
    std::vector<std::string> finished;
    for (std::size_t s = 0; s < row_.state.size(); ++s) {
      finished.push_back("load_state<" + state_type(row_.state[s], true) +
                         ">(state, stride, slot + " + number(static_cast<int>(s)) + ", row)");
    }
    return "void initialise(void* state, Size stride, Size count) {\n" + loops + initialise +
           "    }\n  }\n}\n\nvoid merge(void* into, Size into_stride, const void* from, Size "
           "from_stride, Size count) {\n" +
           loops + loads + "      merge_state(" + join(into, ", ") + ", " + join(from, ", ") +
           ");\n" + stores +
           "    }\n  }\n}\n\nvoid finish(const void* state, Size stride, Size count, void* output, "
           "Size output_stride) {\n" +
           loops + "      store_state(output, output_stride, slot / " + states +
           ", row, finish_state(" + join(finished, ", ") + "));\n    }\n  }\n}\n\n";
  }

  std::string descriptor() const {
    return "}  // namespace\n}  // namespace kernelops\n\n"
           "extern \"C\" __attribute__((visibility(\"default\"))) const "
           "kernelops::KernelDescriptor kernelops_kernel = {\n"
           "    kernelops::kAbiVersion, sizeof(kernelops::Real), kernelops::kLanes, "
           "kernelops::kRowBlock,\n    " +
           number(program_.dimension * static_cast<std::int64_t>(row_.state.size())) + ", " +
           number(static_cast<std::int64_t>(row_.state.size())) +
           " * kernelops::kLongState,\n    kernelops::parameter_section, kernelops::row_section, "
           "kernelops::column_section,\n"
           "    kernelops::initialise, kernelops::tile, kernelops::merge, kernelops::finish};\n";
  }

  const Program& program_;
  const ReductionDef& row_;
  CpuTarget target_;
  TileShape shape_;
};

}  // namespace

KernelSource generate_cpu(const Program& program, const CpuTarget& target, TileShape shape) {
  return {CpuWriter(program, target, shape).run()};
}

}  // namespace kernelops
