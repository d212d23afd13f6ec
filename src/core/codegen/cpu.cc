#include "core/support/small_code.h"

#include "core/codegen/cpu.h"

#include <algorithm>
#include <cmath>

#include "core/codegen/body.h"
#include "core/codegen/deferred_writer.h"
#include "core/codegen/dialect.h"
#include "core/codegen/state_text.h"
#include "core/codegen/state_writer.h"
#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Columns whose terms are added in the kernel's own precision before they go to the double states.
// n equal terms can lose n / 2 roundings: this keeps float32 sums within 1e-6.
constexpr std::int64_t kMostChunkColumns32 = 80;
constexpr std::int64_t kMostChunkColumns64 = 1024;
// What is read again and again during the second phase of a chunk stays in the first cache.
constexpr std::int64_t kChunkBytes = 24 * 1024;
constexpr std::int64_t kFewestChunkColumns = 80;

// More local slots than this do not belong on the stack.
constexpr std::int64_t kMostStackSlots = 256;

std::string constant_text(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return number_text(value);
}

class CpuDialect : public Dialect {
 public:
  CpuDialect(const Program& program, const StateWriter& states)
      : program_(program), states_(states) {}

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
        const int place = states_.place(column);
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

  std::string kept(const std::string& slot, int row, int column) const override {
    return "kept[(" + slot + " * kChunkColumns + j - begin + " + number(column) +
           ") * kRowVectors + " + number(row) + "]";
  }

  std::string take(const Instruction& instruction, int row, int copy,
                   const OperandName& operand) const override {
    return states_.take(instruction, row, copy, operand);
  }

 private:
  const Program& program_;
  const StateWriter& states_;
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
      : program_(program),
        target_(target),
        shape_(shape),
        phases_(split_phases(program)),
        states_(program, phases_, shape),
        dialect_(program, states_),
        section_dialect_(program, states_) {
    KERNELOPS_CHECK(program.pair.local_slots == 0 || shape.columns == 1);
  }

  std::string run() {
    std::string out = preamble() + operation_functions(program_, dialect_) + "\n" + sections();
    if (program_.has_pairs()) {
      out += (program_.transposed ? transposed_tile_function() : tile_function()) +
             states_.functions();
    }
    return out + descriptor();
  }

 private:
  // How many columns are taken in the kernel's own precision before states are merged.
  std::int64_t chunk_columns() const {
    const bool rounds = std::any_of(
        program_.accumulations.begin(), program_.accumulations.end(),
        [](const Accumulation& each) { return each.row->adds && each.code == &each.row->code; });
    const bool bounded = rounds && program_.scheme != SumScheme::direct;
    const std::int64_t most = bounded
                                  ? (target_.float32 ? kMostChunkColumns32 : kMostChunkColumns64)
                                  : std::int64_t{1} << 40;
    if (!phases_.defers()) return most;
    const std::int64_t real_bytes = target_.float32 ? 4 : 8;
    const std::int64_t column_bytes =
        std::max({std::int64_t{1}, program_.packed_slots * real_bytes,
                  phases_.kept_slots * shape_.row_vectors * target_.vector_bytes});
    return std::min(most, std::max(kFewestChunkColumns, kChunkBytes / column_bytes));
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
           number(program_.transposed ? shape_.columns : shape_.row_vectors) +
           ";\nconstexpr Size kRowBlock = " + (program_.transposed ? "" : "kRowVectors * ") +
           "kLanes;\n" +
           (program_.has_pairs() && !program_.transposed
                ? "constexpr Size kChunkColumns = " + number(chunk_columns()) + ";\n\n"
                : "\n");
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
      out +=
          "  [[maybe_unused]] const Real* const parameter = static_cast<const Real*>(parameters);\n"
          "  [[maybe_unused]] char* scratch = static_cast<char*>(memory);\n" +
          local_arrays(panel.section, 1, "  ") +
          "  for (Size lane = 0; lane < count; lane += kLanes) {\n"
          "    Real* const panel = static_cast<Real*>(own) + lane;\n" +
          BodyWriter(panel.section, section_dialect_, {1, 1}).whole("    ") + "  }\n";
    }
    return out + "}\n\n";
  }

  std::string sections() const {
    return "void convert(const double* from, void* to, Size count) {\n"
           "  copy_converted<W, V>(from, static_cast<Real*>(to), count);\n}\n\n" +
           section("parameter_section", program_.parameters) +
           section("row_section", program_.row) + section("column_section", program_.column);
  }

  // The first phase for `columns` columns at a time.
  std::string column_loop(int columns, Taking taking) const {
    const TileShape shape{shape_.row_vectors, columns};
    const StateWriter states(program_, phases_, shape, taking);
    const CpuDialect dialect(program_, states);
    const std::string group = number(columns);
    const std::string head =
        states_.backwards() ? "        for (; last - " + group + " >= begin; last -= " + group +
                                  ") {\n          const Size j = last - " + group + ";\n"
                            : "        for (; j + " + group + " <= end; j += " + group + ") {\n";
    return head + "          [[maybe_unused]] const Real* const column = columns + j * " +
           number(program_.packed_slots) +
           ";\n          [[maybe_unused]] const I index = "
           "broadcast<I>(static_cast<element_t<I>>(j));\n" +
           (taking == Taking::usual ? BodyWriter(phases_, dialect, shape)
                                    : BodyWriter(program_.pair, dialect, shape))
               .body("          ") +
           "        }\n";
  }

  std::string column_loops(Taking taking) const {
    return column_loop(shape_.columns, taking) + (shape_.columns > 1 ? column_loop(1, taking) : "");
  }

  std::string kept_array() const {
    if (phases_.kept_slots == 0) return "";
    return "    V* const kept = reinterpret_cast<V*>(scratch);\n    scratch += " + kept_bytes() +
           ";\n";
  }

  std::string kept_bytes() const {
    return number(phases_.kept_slots * chunk_columns() * shape_.row_vectors) + " * Size(sizeof(V))";
  }

  std::string tile_function() const {
    BodyWriter body(phases_, dialect_, shape_);
    DeferredWriter deferred(program_, phases_, states_, body, shape_, target_.vector_registers,
                            {program_.packed_slots, ""});
    const bool holds = deferred.holds();
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
        local_arrays(program_.pair, shape_.row_vectors, "    ") + kept_array() +
        states_.declarations(Span::tile, "    ") + states_.thresholds("    ") +
        body.hoisted("    ") + (holds ? deferred.held_declarations("    ") : "") +
        "    for (Size begin = 0; begin < tile->column_count; begin += kChunkColumns) {\n"
        "      const Size end = begin + kChunkColumns < tile->column_count ? begin + "
        "kChunkColumns\n"
        "                                                                  : tile->column_count;\n"
        "      [[maybe_unused]] char* scratch = memory;\n" +
        (holds ? deferred.held_chunk(column_loops(Taking::held), "      ") : "") +
        states_.declarations(Span::chunk, "      ") + states_.surveys("      ") +
        (states_.backwards() ? "      {\n        Size last = end;\n"
                             : "      {\n        Size j = begin;\n") +
        column_loops(Taking::usual) + "      }\n";
    if (phases_.defers()) out += deferred.write("      ");
    if (holds) out += deferred.hold("      ");
    return out + states_.flush(Span::chunk, "      ") + "    }\n" +
           states_.flush(Span::tile, "    ") + "  }\n}\n\n";
  }

  // The vectors of rows of a transposed tile, `vectors` at a time.
  std::string row_loop(int vectors, int columns, const StateWriter& states) const {
    const TileShape shape{vectors, columns};
    const CpuDialect dialect(program_, states);
    const std::string group = number(vectors);
    return "      for (; block + " + group + " <= end; block += " + group +
           ") {\n"
           "        [[maybe_unused]] const Real* const row = rows + block * kLanes;\n"
           "        [[maybe_unused]] const I index =\n"
           "            lane_numbers<I>() + broadcast<I>(static_cast<element_t<I>>(block * "
           "kLanes));\n" +
           BodyWriter(program_.pair, dialect, shape).whole("        ") + "      }\n";
  }

  // `columns` columns of a transposed tile at a time: each meets all rows.
  std::string transposed_columns(int columns) const {
    const StateWriter states(program_, phases_, {shape_.row_vectors, columns});
    const std::string group = number(columns);
    std::string out =
        "  for (; j + " + group + " <= tile->column_count; j += " + group +
        ") {\n"
        "    [[maybe_unused]] const Real* const column = columns + j * " +
        number(program_.packed_slots) + ";\n    [[maybe_unused]] char* scratch = memory;\n" +
        states.thresholds("    ") +
        "    [[maybe_unused]] char* const rest = scratch;\n"
        "    for (Size first = 0; first < tile->row_blocks;) {\n"
        "      const Size end =\n"
        "          first + kFlushVectors < tile->row_blocks ? first + kFlushVectors : "
        "tile->row_blocks;\n"
        "      [[maybe_unused]] char* scratch = rest;\n" +
        states.declarations(Span::chunk, "      ") + "      Size block = first;\n" +
        row_loop(shape_.row_vectors, columns, states);
    if (shape_.row_vectors > 1) out += row_loop(1, columns, states);
    return out + states.flush(Span::chunk, "      ") + "      first = end;\n    }\n  }\n";
  }

  std::string transposed_tile_function() const {
    // A state may take in as many terms as a chunk has columns.
    const std::int64_t vectors = shape_.row_vectors;
    const std::int64_t flush = states_.has_shared_vectors() ? chunk_columns() / vectors * vectors
                                                            : chunk_columns() * vectors;
    std::string out =
        "constexpr Size kFlushVectors = " + number(flush) +
        ";\n\nvoid tile(const Tile* tile) {\n"
        "  [[maybe_unused]] const Real* const parameter = static_cast<const "
        "Real*>(tile->parameters);\n"
        "  [[maybe_unused]] const Real* const columns = static_cast<const Real*>(tile->columns);\n"
        "  [[maybe_unused]] const Real* const rows = static_cast<const Real*>(tile->rows);\n"
        "  [[maybe_unused]] const Size stride = tile->row_stride;\n"
        "  [[maybe_unused]] char* memory = static_cast<char*>(tile->scratch);\n"
        "  [[maybe_unused]] char*& scratch = memory;\n" +
        local_arrays(program_.pair, shape_.row_vectors, "  ") + "  Size j = 0;\n" +
        transposed_columns(shape_.columns);
    if (shape_.columns > 1) out += transposed_columns(1);
    return out + "}\n\n";
  }

  std::string descriptor() const {
    const std::string functions =
        program_.has_pairs()
            ? "kernelops::initialise, kernelops::tile, kernelops::merge, kernelops::finish"
            : "nullptr, nullptr, nullptr, nullptr";
    return "constexpr Size larger(Size a, Size b) { return a > b ? a : b; }\n"
           "constexpr Size kScratchBytes = larger(" +
           states_.scratch_bytes() + " + " + kept_bytes() + " + " +
           local_bytes(program_.pair, shape_.row_vectors) + ",\n    larger(" +
           local_bytes(program_.parameters.section, 1) + ", larger(" +
           local_bytes(program_.row.section, 1) + ", " + local_bytes(program_.column.section, 1) +
           ")));\n\n}  // namespace\n}  // namespace kernelops\n\n"
           "extern \"C\" __attribute__((visibility(\"default\"))) const "
           "kernelops::KernelDescriptor kernelops_kernel = {\n"
           "    kernelops::kAbiVersion, sizeof(kernelops::Real), kernelops::kLanes, "
           "kernelops::kRowBlock,\n    " +
           number(program_.state_slots()) + ", " + number(program_.result_slots()) +
           ", kernelops::kScratchBytes, kernelops::convert,\n    kernelops::parameter_section, "
           "kernelops::row_section, kernelops::column_section,\n    " +
           functions + "};\n";
  }

  const Program& program_;
  CpuTarget target_;
  TileShape shape_;
  PairPhases phases_;
  StateWriter states_;
  CpuDialect dialect_;
  SectionDialect section_dialect_;
};

}  // namespace

KernelSource generate_cpu(const Program& program, const CpuTarget& target, TileShape shape) {
  return {CpuWriter(program, target, shape).run()};
}

}  // namespace kernelops
