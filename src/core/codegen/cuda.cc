#include "core/support/small_code.h"

#include "core/codegen/cuda.h"

#include <algorithm>

#include "core/codegen/body.h"
#include "core/codegen/cuda_dialect.h"
#include "core/codegen/cuda_matrix.h"
#include "core/codegen/deferred_writer.h"
#include "core/codegen/state_text.h"
#include "core/codegen/state_writer.h"
#include "core/support/error.h"
#include "core/support/rounding.h"
#include "core/support/strings.h"

namespace kernelops {

namespace {

// Kept values of so many columns fit the registers.
constexpr int kKeptColumns = 8;
// Statements written out for one group of columns.
constexpr std::int64_t kMostStatements = 800;
// Components of long results side by side: accumulators of all rows of a thread.
constexpr int kAccumulatorRegisters = 84;
// Before loops over components: written out, their states would be taken for registers.
constexpr const char* kNotUnrolled = "#pragma unroll 1";

class CudaWriter {
 public:
  // `split` holds the program where its long sums are computed apart.
  CudaWriter(const Program& program, const PairContractions* split, bool float32,
             const CudaShape& shape)
      : program_(program),
        split_(split),
        float32_(float32),
        shape_(shape),
        tile_shape_(shape_with(shape.columns)),
        phases_(split_phases(program)),
        states_(program, phases_, tile_shape_),
        column_slots_(shared_column_slots(program, float32)),
        dialect_(states_, shared(), column_slots_),
        section_dialect_(states_, shared(), column_slots_) {
    KERNELOPS_CHECK(!program.transposed);
    KERNELOPS_CHECK(shape.ranks == RankPlace::heaps || may_list_ranks(program));
    KERNELOPS_CHECK(!shape.keeps_tile || shared());
    KERNELOPS_CHECK(shape.columns == 1 || (program.pair.local_slots == 0 && shared()));
  }

  // `whole` has all that the kernels compute.
  std::string run(const Program& whole) {
    std::string out = preamble() + operation_functions(whole, dialect_) + "\n" + gather() +
                      section("parameter", program_.parameters) + section("row", program_.row) +
                      section("column", program_.column);
    if (program_.has_pairs()) out += tile() + state_kernels();
    return out + "}  // namespace kernelops\n";
  }

 private:
  bool shared() const { return shape_.tile_columns > 0; }

  TileShape shape_with(int columns) const { return {shape_.rows, columns, shape_.ranks}; }

  std::string preamble() const {
    const std::string real = float32_ ? "float" : "double";
    return std::string("#include \"cuda/words.h\"\n") +
           (shape_.tensor_cores ? "#include \"cuda/tensor.h\"\n" : "") +
           "\nnamespace kernelops {\n\nusing Size = int;\n"
           "using Stride = long long;\nusing Real = " +
           real +
           ";\nusing V = Lane<Real>;\nusing I = Lane<int>;\nusing W = Lane<double>;\n"
           "using WI = Lane<long long>;\n"
           "constexpr Size kThreads = " +
           number(shape_.threads) + ";\nconstexpr Size kRowVectors = " + number(shape_.rows) +
           ";\nconstexpr Size kRowBlock = kRowVectors;\nconstexpr Size kTileColumns = " +
           number(std::max(1, shape_.tile_columns)) +
           ";\nconstexpr Size kColumnSlots = " + number(column_slots_) + ";\n\n";
  }

  static std::string local_arrays(const Section& section, int rows) {
    std::string out;
    if (section.local_slots == 0) return out;
    for (int row = 0; row < rows; ++row) {
      out += "  V local_r" + number(row) + "[" + number(section.local_slots) + "];\n";
    }
    return out;
  }

  // Copies a matrix on the device to slots of a panel.
  static std::string gather() {
    return "extern \"C\" __global__ void kernelops_gather(const double* from, Stride row_stride,\n"
           "    Stride component_stride, Real* to, Stride stride, Size count) {\n"
           "  const Size row = blockIdx.x * blockDim.x + threadIdx.x;\n"
           "  if (row >= count) return;\n"
           "  to[blockIdx.y * stride + row] =\n"
           "      static_cast<Real>(from[row * row_stride + blockIdx.y * "
           "component_stride]);\n}\n\n";
  }

  // A kernel with a thread for each row of a panel.
  std::string section(const std::string& name, const Panel& panel) const {
    if (is_empty(panel.section)) return "";
    return "extern \"C\" __global__ void kernelops_" + name +
           "_section(const Real* parameter, Real* own,\n    Stride stride, Size count) {\n"
           "  const Size lane = blockIdx.x * blockDim.x + threadIdx.x;\n"
           "  if (lane >= count) return;\n  Real* const panel = own + lane;\n" +
           local_arrays(panel.section, 1) +
           BodyWriter(panel.section, section_dialect_, {1, 1}).whole("  ") + "}\n\n";
  }

  // The slot of the column panel that a packed slot is, for columns that are not packed.
  std::string packed_slots() const {
    if (shared()) return "";
    std::string out = "KERNELOPS_INLINE Stride packed_slot(Size slot) {\n";
    std::int64_t first = 0;
    for (const PackedRun& run : program_.packed) {
      out += "  if (slot < " + number(first + run.count) + ") return slot + " +
             number(run.slot - first) + ";\n";
      first += run.count;
    }
    return out + "  return slot;\n}\n\n";
  }

  // Fetches the columns of a tile, as [column][slot]. Other blocks compute meanwhile: loads side by
  // side would only take registers and compile time.
  std::string fetch(const std::string& indent) const {
    std::string out = indent + "__syncthreads();\n";
    std::int64_t first = 0;
    for (const PackedRun& run : program_.packed) {
      const std::string target = "packed[j * kColumnSlots + " + number(first) +
                                 " + slot] = column_panel[(" + number(run.slot) +
                                 " + slot) * column_stride + start + j];\n";
      out += indent + "#pragma unroll 1\n" + indent +
             "for (Size n = " + (split_ == nullptr ? "threadIdx.x" : "thread_anew()") + "; n < " +
             number(run.count) + " * kTileColumns; n += kThreads) {\n" + indent +
             "  const Size slot = n / kTileColumns, j = n % kTileColumns;\n" + indent +
             "  if (j < count) " + target + indent + "}\n";
      first += run.count;
    }
    return out + indent + "__syncthreads();\n";
  }

  std::string packed_column(const std::string& indent) const {
    return indent + "[[maybe_unused]] const Real* const column = columns + j" +
           (shared() ? " * kColumnSlots" : "") + ";\n" + indent +
           "[[maybe_unused]] const I index = broadcast<I>(j);\n";
  }

  // A loop over the columns begin to end, `columns` at a time.
  std::string column_loop(int columns, Taking taking, const std::string& unroll,
                          const std::string& indent) const {
    const TileShape shape = shape_with(columns);
    const StateWriter states(program_, phases_, shape, taking);
    const CudaDialect dialect(states, shared(), column_slots_);
    const std::string group = number(columns);
    const std::string head =
        states_.backwards() ? indent + "for (; last - " + group + " >= begin; last -= " + group +
                                  ") {\n" + indent + "  const Size j = last - " + group + ";\n"
                            : indent + "for (; j + " + group + " <= end; j += " + group + ") {\n";
    return indent + unroll + "\n" + head + packed_column(indent + "  ") +
           (taking == Taking::usual ? BodyWriter(phases_, dialect, shape)
                                    : BodyWriter(program_.pair, dialect, shape))
               .body(indent + "  ") +
           indent + "}\n";
  }

  bool has_loops() const {
    return std::any_of(phases_.first.blocks.begin(), phases_.first.blocks.end(),
                       [](const Block& block) { return block.looped; });
  }

  // Several columns are interleaved by the compiler where there are no loops inside.
  std::string unrolling() const {
    // What takes candidates into lists is long.
    if (has_loops() || has_ranked() || program_.pair.local_slots > 0) return "#pragma unroll 1";
    std::int64_t statements = 0;
    for (const Block& block : phases_.first.blocks) {
      statements += static_cast<std::int64_t>(block.code.size()) * shape_.rows * shape_.columns;
    }
    // Double precision has few units, which wait for no other instruction.
    int columns = float32_ ? 8 : 2;
    while (columns > 1 && columns * statements > kMostStatements) columns /= 2;
    return "#pragma unroll " + number(columns);
  }

  std::string loops(Taking taking, const std::string& indent) const {
    const std::string unroll = unrolling();
    return column_loop(shape_.columns, taking, unroll, indent) +
           (shape_.columns > 1 ? column_loop(1, taking, "#pragma unroll 1", indent) : "");
  }

  // Columns that are written out cost compile time.
  int kept_columns() const {
    std::int64_t statements = 1;
    for (const Section* section : {&phases_.first, &phases_.deferred}) {
      for (const Block& block : section->blocks) {
        statements += static_cast<std::int64_t>(block.code.size()) * shape_.rows;
      }
    }
    int columns = kKeptColumns;
    while (columns > 1 && columns * statements > kMostStatements) columns /= 2;
    return columns;
  }

  // Whether the kept values of a whole tile are in shared memory, each thread's own: where sums of
  // long results are to stay in registers meanwhile.
  bool keeps_shared() const { return phases_.kept_slots > 0 && shape_.keeps_tile; }

  // Both phases of a tile.
  std::string tile_phases(DeferredWriter& deferred, const std::string& indent) const {
    return indent + "[[maybe_unused]] constexpr Size kChunkColumns = kTileColumns;\n" +
           states_.surveys(indent) + indent + "{\n" + indent + "  Size j = begin;\n" +
           loops(Taking::usual, indent + "  ") + indent + "}\n" + deferred.write(indent);
  }

  // Both phases of `columns` columns, with the kept values in registers.
  std::string two_phases(int columns, const std::string& indent) const {
    const TileShape shape = shape_with(1);
    const StateWriter states(program_, phases_, shape);
    const CudaDialect dialect(states, shared(), column_slots_);
    BodyWriter body(phases_, dialect, shape);
    DeferredWriter deferred(
        program_, phases_, states, body, shape, kAccumulatorRegisters * 4 / 3,
        {shared() ? column_slots_ : 1, "#pragma unroll", " * kKeptStep", kNotUnrolled});
    const std::string inner = indent + "  ";
    const std::string group = number(columns);
    return indent + "for (; next + " + group + " <= count; next += " + group + ") {\n" + inner +
           "[[maybe_unused]] constexpr Size kChunkColumns = " + group + ";\n" + inner +
           "const Size begin = next, end = next + " + group + ";\n" +
           (phases_.kept_slots > 0 ? inner + "V kept[" + number(phases_.kept_slots) +
                                         " * kChunkColumns * kRowVectors];\n"
                                   : "") +
           states.surveys(inner) + inner + "#pragma unroll\n" + inner +
           "for (Size j = begin; j < end; ++j) {\n" + packed_column(inner + "  ") +
           body.body(inner + "  ") + inner + "}\n" + deferred.write(inner) + indent + "}\n";
  }

  // What a tile does with the columns 0 to count.
  std::string tile_body(DeferredWriter& deferred, bool holds, const std::string& indent) const {
    if (!phases_.defers()) {
      return indent + "[[maybe_unused]] const Size begin = 0, end = count;\n" +
             states_.declarations(Span::chunk, indent) + indent + "{\n" +
             (states_.backwards() ? indent + "  Size last = end;\n"
                                  : indent + "  Size j = begin;\n") +
             loops(Taking::usual, indent + "  ") + indent + "}\n" +
             states_.flush(Span::chunk, indent);
    }
    const std::string inner = indent + "    ";
    if (keeps_shared()) {
      return indent + "{\n" + indent + "  [[maybe_unused]] const Size begin = 0, end = count;\n" +
             states_.declarations(Span::chunk, indent + "  ") +
             tile_phases(deferred, indent + "  ") + states_.flush(Span::chunk, indent + "  ") +
             indent + "}\n";
    }
    std::string out =
        indent + "do {\n" + indent + "  [[maybe_unused]] const Size begin = 0, end = count;\n";
    if (holds) {
      out += deferred.held_chunk(loops(Taking::held, inner), indent + "  ") +
             deferred.streamed_chunk(column_loop(1, Taking::streamed, "#pragma unroll 1", inner),
                                     indent + "  ") +
             deferred.hold(indent + "  ");
    } else {
      out += states_.declarations(Span::chunk, indent + "  ") + indent + "  Size next = 0;\n" +
             two_phases(kept_columns(), indent + "  ") +
             (kept_columns() > 1 ? two_phases(1, indent + "  ") : "") +
             states_.flush(Span::chunk, indent + "  ");
    }
    return out + indent + "} while (false);\n";
  }

  // The states of the thread's rows, from memory to registers or back.
  std::string move_states(bool load, const std::string& indent) const {
    std::string out;
    if (!shape_.states_in_registers) return out;
    for (int row = 0; row < shape_.rows; ++row) {
      const std::string place = "first_row + " + number(row) + " * kRowStep";
      out += indent + "if (" + place + " < row_count) {\n";
      for (std::int64_t slot = 0; slot < program_.state_slots(); ++slot) {
        const std::string own = "own_state[" + number(slot * shape_.rows + row) + "]";
        const std::string memory = "state[" + number(slot) + " * state_stride + " + place + "]";
        out += indent + "  " + (load ? own + " = " + memory : memory + " = " + own) + ";\n";
      }
      out += indent + "}\n";
    }
    return out;
  }

  bool has_ranked() const {
    return std::any_of(program_.accumulations.begin(), program_.accumulations.end(),
                       [](const Accumulation& each) { return each.ranked(); });
  }

  // Heaps are addressed as those of consecutive rows; otherwise threads with consecutive rows load
  // and store together.
  bool has_consecutive_rows() const { return has_ranked() && shape_.ranks == RankPlace::heaps; }

  std::string tile() const {
    BodyWriter body(phases_, dialect_, tile_shape_);
    DeferredWriter deferred(
        program_, phases_, states_, body, tile_shape_, kAccumulatorRegisters * 4 / 3,
        {column_slots_, "#pragma unroll 2", " * kKeptStep", kNotUnrolled, kCudaWholeLoad});
    const bool holds = deferred.holds();
    std::string out =
        packed_slots() + "extern \"C\" __global__ void __launch_bounds__(kThreads" +
        (split_ != nullptr ? CudaMatrixWriter(*split_, float32_, shape_).bounds(phases_) : "") +
        ") kernelops_tile(\n"
        "    const Real* __restrict__ parameter, const Real* __restrict__ rows, Stride stride,\n"
        "    Size row_count, const Real* __restrict__ column_panel, Stride column_stride,\n"
        "    Size column_count, Size part_columns, Stride first_column, double* states,\n"
        "    Stride state_stride) {\n"
        "  constexpr Size kRowStep = " +
        std::string(has_consecutive_rows() ? "1" : "kThreads") +
        ";\n  // From one row of the thread to the next, where the states are.\n"
        "  [[maybe_unused]] constexpr Size kLanes = " +
        (shape_.states_in_registers ? "1" : "kRowStep") +
        ";\n  const Size first_row = blockIdx.x * kThreads * kRowBlock + threadIdx.x" +
        (has_consecutive_rows() ? " * kRowBlock" : "") +
        ";\n"
        "  double* const state = states + blockIdx.y * " +
        number(program_.state_slots()) + " * state_stride;\n";
    for (int row = 0; row < shape_.rows; ++row) {
      // Rows that are none repeat the last one.
      out += "  [[maybe_unused]] const Real* const row_r" + number(row) +
             " = rows + smaller_size(first_row + " + number(row) + " * kRowStep, row_count - 1);\n";
    }
    out +=
        "  const Size part = blockIdx.y * part_columns;\n"
        "  const Size part_end = smaller_size(part + part_columns, column_count);\n";
    if (shape_.states_in_registers) {
      out += "  double own_state[" + number(program_.state_slots() * shape_.rows) + "] = {};\n" +
             move_states(true, "  ");
    }
    out += "  StatePlace place = {" +
           std::string(shape_.states_in_registers ? "own_state, kRowVectors, 0"
                                                  : "state, state_stride, first_row") +
           ", 0};\n  [[maybe_unused]] StatePlace* const tile = &place;\n"
           "  [[maybe_unused]] constexpr Size block = 0;\n" +
           local_arrays(program_.pair, shape_.rows);
    if (shared()) out += "  __shared__ __align__(16) Real packed[kTileColumns * kColumnSlots];\n";
    if (split_ != nullptr) {
      out += CudaMatrixWriter(*split_, float32_, shape_).declarations("  ");
    }
    if (keeps_shared()) {
      out += "  __shared__ V kept_memory[" + number(phases_.kept_slots) +
             " * kTileColumns * kRowVectors * kThreads];\n"
             "  V* const kept = kept_memory + threadIdx.x;\n";
    }
    out += "  [[maybe_unused]] constexpr Size kKeptStep = " +
           std::string(keeps_shared() ? "kThreads" : "1") + ";\n";
    const bool spans = has_tile_states();
    out += "  V scratch_memory[" + number(std::max<std::int64_t>(1, states_.scratch_vectors())) +
           " * kRowVectors];\n"
           "  [[maybe_unused]] char* scratch = reinterpret_cast<char*>(scratch_memory);\n";
    out += states_.thresholds("  ") + body.hoisted("  ");
    out += "  char* const memory = scratch;\n";
    const std::string tile_columns = shared() ? "kTileColumns" : number(bounded_columns());
    std::string indent = "  ";
    if (spans) {
      out +=
          "  for (Size span = part; span < part_end;) {\n"
          "    const Size span_end = smaller_size(span + " +
          number(tiles_of_span()) + " * " + tile_columns +
          ", part_end);\n    [[maybe_unused]] char* scratch = memory;\n" +
          states_.declarations(Span::tile, "    ") + "    char* const tile_memory = scratch;\n" +
          (holds ? deferred.held_declarations("    ") : "");
      indent = "    ";
    }
    out += indent +
           "for (Size start = " + (spans ? "span; start < span_end" : "part; start < part_end") +
           "; start += " + tile_columns + ") {\n" + indent + "  const Size count = smaller_size(" +
           tile_columns + ", " + (spans ? "span_end" : "part_end") + " - start);\n" + indent +
           "  place.first_column = first_column + start;\n" + indent +
           "  [[maybe_unused]] char* scratch = " + (spans ? "tile_memory" : "memory") + ";\n" +
           (shared() ? fetch(indent + "  ") : "") +
           (split_ != nullptr
                ? CudaMatrixWriter(*split_, float32_, shape_).sums(dialect_, indent + "  ")
                : "") +
           indent +
           "  const Real* const columns = " + (shared() ? "packed" : "column_panel + start") +
           ";\n" + tile_body(deferred, holds, indent + "  ") +
           states_.settle_ranks(false, indent + "  ") + indent + "}\n";
    if (spans) {
      out += states_.flush(Span::tile, "    ") + "    span = span_end;\n  }\n";
    }
    return out + states_.settle_ranks(true, "  ") + move_states(false, "  ") + "}\n\n";
  }

  // Tiles of columns that are not shared only bound the sums in the kernel's precision.
  static int bounded_columns() { return 64; }

  // Row numbers in states are relative to the tile at hand.
  int tiles_of_span() const {
    for (std::size_t a = 0; a < program_.accumulations.size(); ++a) {
      if (phases_.accumulation[a] && program_.accumulations[a].holds_row()) return 1;
    }
    return shape_.tiles_of_span;
  }

  bool has_tile_states() const {
    return std::any_of(phases_.accumulation.begin(), phases_.accumulation.end(),
                       [](bool deferred) { return deferred; });
  }

  std::string state_kernels() const {
    const StateStatements all = states_.statements();
    const std::string slots = number(program_.state_slots());
    const std::string row =
        "  const Size row = blockIdx.x * blockDim.x + threadIdx.x;\n  if (row >= count) return;\n";
    return "extern \"C\" __global__ void kernelops_initialise(double* states, Stride stride, Size "
           "count) {\n" +
           row + "  double* const state = states + blockIdx.y * " + slots + " * stride;\n  {\n" +
           all.initialise +
           "  }\n}\n\n"
           "extern \"C\" __global__ void kernelops_merge(double* into, Stride into_stride,\n"
           "    const double* parts, Size part_count, Stride from_stride, Size count) {\n" +
           row +
           "#pragma unroll 1\n  for (Size part = 0; part < part_count; ++part) {\n"
           "    const double* const from = parts + part * " +
           slots + " * from_stride;\n" + all.merge + "  }\n}\n\n" +
           (program_.fold_rows ? fold(all) : std::string()) +
           "extern \"C\" __global__ void kernelops_finish(double* state, Stride stride, Size "
           "count,\n    [[maybe_unused]] double rows, void* output, Stride output_stride) {\n" +
           row + "  {\n" + all.finish + "  }\n}\n\n";
  }

  // One block: each thread merges every kThreads-th row into its own, then they are merged in
  // pairs.
  std::string fold(const StateStatements& all) const {
    const std::string merge_other =
        "    const double* const from = into + other - row;\n"
        "    const Stride into_stride = stride, from_stride = stride;\n" +
        all.merge;
    return "extern \"C\" __global__ void __launch_bounds__(kThreads) kernelops_fold(double* into, "
           "Stride stride,\n    Size count) {\n"
           "  const Size row = threadIdx.x;\n"
           "  for (Size other = row + kThreads; other < count; other += kThreads) {\n" +
           merge_other +
           "  }\n"
           "  for (Size half = kThreads / 2; half > 0; half /= 2) {\n"
           "    __syncthreads();\n    const Size other = row + half;\n"
           "    if (row >= half || other >= count) continue;\n" +
           merge_other + "  }\n}\n\n";
  }

  const Program& program_;
  const PairContractions* split_;
  bool float32_;
  CudaShape shape_;
  TileShape tile_shape_;
  PairPhases phases_;
  StateWriter states_;
  std::int64_t column_slots_;
  CudaDialect dialect_;
  CudaSectionDialect section_dialect_;
};

}  // namespace

KernelSource generate_cuda(const Program& program, bool float32, const CudaShape& shape) {
  if (shape.matrix.rows == 0) return {CudaWriter(program, nullptr, float32, shape).run(program)};
  const PairContractions split = split_contractions(program, kShortestMatrixSum);
  // Tensor cores need no functions for what they compute.
  const Program& whole = shape.tensor_cores ? split.rest : program;
  return {CudaWriter(split.rest, &split, float32, shape).run(whole)};
}

}  // namespace kernelops
