#include "core/codegen/cpu.h"

#include <algorithm>
#include <cmath>

#include "core/codegen/body.h"
#include "core/codegen/dialect.h"
#include "core/codegen/state_writer.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

std::string number(std::int64_t value) { return std::to_string(value); }

// Columns whose terms are added in the kernel's own precision before they go to the double states.
// n equal terms can lose n / 2 roundings: this keeps float32 sums within 1e-6.
constexpr std::int64_t kFlushColumns32 = 80;
constexpr std::int64_t kFlushColumns64 = 1024;

// More local slots than this do not belong on the stack.
constexpr std::int64_t kMostStackSlots = 256;

std::string constant_text(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return number_text(value);
}

class CpuDialect : public Dialect {
 public:
  CpuDialect(const Program& program, TileShape shape)
      : program_(program), shape_(shape), states_(program, shape) {}

  std::string value_type() const override { return "V"; }
  std::string function_words() const override { return "KERNELOPS_INLINE"; }
  std::string called_function_words() const override { return "static __attribute__((noinline))"; }

  std::string constant(double value) const override {
    return "broadcast<V>(Real(" + constant_text(value) + "))";
  }

  std::string load(Space space, const std::string& component, int row, int column) const override {
    switch (space) {
      case Space::parameter:
        return "load<V>(parameter + " + component + " * kLanes)";
      case Space::row:
        return "load<V>(row + " + component + " * stride" +
               (row > 0 ? " + " + number(row) + " * kLanes" : "") + ")";
      default: {
        const int place = states_.backwards() ? shape_.columns - 1 - column : column;
        return "broadcast<V>(column[" +
               (place > 0 ? number(place * program_.packed_slots) + " + " : "") + component + "])";
      }
    }
  }

  std::string store(const std::string& component, const std::string& value) const override {
    return "store(panel + " + component + " * stride, " + value + ");";
  }

  std::string local(int row) const override { return "local_r" + number(row); }

  std::string parameter_array(std::int64_t slot) const override {
    return "reinterpret_cast<const V*>(parameter) + " + number(slot);
  }

  std::string take(const Instruction& instruction, int row, int column,
                   const ValueName& value) const override {
    return states_.take(instruction, row, column, value);
  }

 private:
  const Program& program_;
  TileShape shape_;
  StateWriter states_;
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
      : program_(program), target_(target), shape_(shape), states_(program, shape) {
    KERNELOPS_CHECK(program.pair.local_slots == 0 || shape.columns == 1);
  }

  std::string run() {
    std::string out = preamble() + operation_functions(program_, CpuDialect(program_, shape_)) +
                      "\n" + sections();
    if (program_.has_pairs()) out += tile_function() + states_.functions();
    return out + descriptor();
  }

 private:
  std::int64_t flush_columns() const {
    const bool rounds = std::any_of(
        program_.accumulations.begin(), program_.accumulations.end(),
        [](const Accumulation& each) { return each.row->adds && each.code == &each.row->code; });
    if (!rounds || program_.scheme == SumScheme::direct) return std::int64_t{1} << 40;
    return target_.float32 ? kFlushColumns32 : kFlushColumns64;
  }

  std::string preamble() const {
    return "#include \"abi.h\"\n#include \"tile.h\"\n#include \"vocabulary.h\"\n\n"
           "namespace kernelops {\nnamespace {\n\n"
           "using Real = " +
           std::string(target_.float32 ? "float" : "double") + ";\nusing V = Vector<Real, " +
           number(target_.vector_bytes) + ">;\nusing I = mask_t<V>;\nusing W = Vector<double, " +
           number(target_.vector_bytes) +
           ">;\nusing WI = mask_t<W>;\nconstexpr Size kLanes = lanes<V>;\n"
           "constexpr Size kRowVectors = " +
           number(shape_.row_vectors) + ";\nconstexpr Size kRowBlock = kRowVectors * kLanes;\n" +
           (program_.has_pairs()
                ? "constexpr Size kFlushColumns = " + number(flush_columns()) + ";\n\n"
                : "\n");
  }

  static bool is_empty(const Section& section) {
    return std::all_of(section.blocks.begin(), section.blocks.end(),
                       [](const Block& block) { return block.code.empty(); });
  }

  // The local slots of a section, on the stack or at `scratch`, which moves on.
  static std::string local_arrays(const Section& section, int row_vectors,
                                  const std::string& indent) {
    std::string out;
    if (section.local_slots == 0) return out;
    const std::string slots = number(section.local_slots);
    for (int row = 0; row < row_vectors; ++row) {
      const std::string name = "local_r" + number(row);
      if (section.local_slots <= kMostStackSlots) {
        out += indent + "V " + name + "[" + slots + "];\n";
      } else {
        out += indent + "V* const " + name + " = reinterpret_cast<V*>(scratch);\n" + indent +
               "scratch += " + slots + " * Size(sizeof(V));\n";
      }
    }
    return out;
  }

  static std::string local_bytes(const Section& section, int row_vectors) {
    const bool on_stack = section.local_slots <= kMostStackSlots;
    return number(on_stack ? 0 : section.local_slots * row_vectors) + " * Size(sizeof(V))";
  }

  std::string section(const std::string& title, const Panel& panel) const {
    std::string out = "void " + title +
                      "([[maybe_unused]] const void* parameters, [[maybe_unused]] void* own,\n"
                      "    [[maybe_unused]] Size stride, [[maybe_unused]] Size count, "
                      "[[maybe_unused]] void* memory) {\n";
    if (!is_empty(panel.section)) {
      const SectionDialect dialect(program_, {1, 1});
      out +=
          "  [[maybe_unused]] const Real* const parameter = static_cast<const Real*>(parameters);\n"
          "  [[maybe_unused]] char* scratch = static_cast<char*>(memory);\n" +
          local_arrays(panel.section, 1, "  ") +
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

  std::string column_loop(int columns) const {
    const TileShape shape{shape_.row_vectors, columns};
    const CpuDialect dialect(program_, shape);
    const std::string group = number(columns);
    const std::string head = states_.backwards()
                                 ? "      for (; last - " + group + " >= first; last -= " + group +
                                       ") {\n        const Size j = last - " + group + ";\n"
                                 : "      for (; j + " + group + " <= end; j += " + group + ") {\n";
    return head + "        [[maybe_unused]] const Real* const column = columns + j * " +
           number(program_.packed_slots) +
           ";\n        [[maybe_unused]] const I index = "
           "broadcast<I>(static_cast<element_t<I>>(j));\n" +
           BodyWriter(program_.pair, dialect, shape).body("        ") + "      }\n";
  }

  std::string tile_function() const {
    const CpuDialect dialect(program_, shape_);
    // Where a run of columns begins that goes into one state; forwards that is also its loop's
    // index.
    const std::string first = states_.backwards() ? "first" : "j";
    std::string out =
        "void tile(const Tile* tile) {\n"
        "  [[maybe_unused]] const Real* const parameter = static_cast<const "
        "Real*>(tile->parameters);\n"
        "  [[maybe_unused]] const Real* const columns = static_cast<const Real*>(tile->columns);\n"
        "  [[maybe_unused]] const Size stride = tile->row_stride;\n"
        "  for (Size block = 0; block < tile->row_blocks; ++block) {\n"
        "    [[maybe_unused]] const Real* const row = static_cast<const Real*>(tile->rows) + block "
        "* kRowBlock;\n"
        "    [[maybe_unused]] char* memory = static_cast<char*>(tile->scratch);\n"
        "    [[maybe_unused]] char*& scratch = memory;\n" +
        local_arrays(program_.pair, shape_.row_vectors, "    ") + states_.thresholds("    ") +
        BodyWriter(program_.pair, dialect, shape_).hoisted("    ") + "    for (Size " + first +
        " = 0; " + first +
        " < tile->column_count;) {\n"
        "      const Size end =\n          " +
        first + " + kFlushColumns < tile->column_count ? " + first +
        " + kFlushColumns : tile->column_count;\n" +
        (states_.backwards() ? "      Size last = end;\n" : "") +
        "      [[maybe_unused]] char* scratch = memory;\n" + states_.declarations("      ") +
        column_loop(shape_.columns);
    if (shape_.columns > 1) out += column_loop(1);
    return out + states_.flush("      ") + (states_.backwards() ? "      first = end;\n" : "") +
           "    }\n  }\n}\n\n";
  }

  std::string descriptor() const {
    const std::string functions =
        program_.has_pairs()
            ? "kernelops::initialise, kernelops::tile, kernelops::merge, kernelops::finish"
            : "nullptr, nullptr, nullptr, nullptr";
    return "constexpr Size larger(Size a, Size b) { return a > b ? a : b; }\n"
           "constexpr Size kScratchBytes = larger(" +
           states_.scratch_bytes() + " + " + local_bytes(program_.pair, shape_.row_vectors) +
           ",\n    larger(" + local_bytes(program_.parameters.section, 1) + ", larger(" +
           local_bytes(program_.row.section, 1) + ", " + local_bytes(program_.column.section, 1) +
           ")));\n\n}  // namespace\n}  // namespace kernelops\n\n"
           "extern \"C\" __attribute__((visibility(\"default\"))) const "
           "kernelops::KernelDescriptor kernelops_kernel = {\n"
           "    kernelops::kAbiVersion, sizeof(kernelops::Real), kernelops::kLanes, "
           "kernelops::kRowBlock,\n    " +
           number(program_.state_slots()) + ", " + number(program_.result_slots()) +
           ", kernelops::kScratchBytes,\n    kernelops::parameter_section, "
           "kernelops::row_section, kernelops::column_section,\n    " +
           functions + "};\n";
  }

  const Program& program_;
  CpuTarget target_;
  TileShape shape_;
  StateWriter states_;
};

}  // namespace

KernelSource generate_cpu(const Program& program, const CpuTarget& target, TileShape shape) {
  return {CpuWriter(program, target, shape).run()};
}

}  // namespace kernelops
