#include "core/support/small_code.h"

#include "core/codegen/cuda_matrix.h"

#include <algorithm>

#include "core/codegen/body.h"
#include "core/codegen/cuda_tensor.h"
#include "core/codegen/state_text.h"
#include "core/support/error.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// What a kernel may declare.
constexpr std::int64_t kMostSharedBytes = 48 * 1024;
// The sums and chunks of most kernels.
constexpr std::int64_t kChunkBytes = 40 * 1024;
// Registers of a thread for sums, and words for states.
constexpr std::int64_t kMostSumRegisters = 64;
constexpr std::int64_t kMostStateRegisters = 24;
// Components of a chunk: more only take more memory.
constexpr std::int64_t kLongestChunk = 32;
// Components written out in the inner loop. More of them would take registers from what is around
// it; the double units leave time for the loop itself.
std::int64_t unrolled(std::int64_t chunk, bool float32) {
  if (!float32) return 1;
  return chunk % 5 == 0 ? 5 : 4;
}

std::int64_t quad(bool float32) { return float32 ? 4 : 2; }

// The words of the loops of long sums: components of rows and columns are in shared memory, or,
// before the loop, in their panels.
class MatrixDialect : public Dialect {
 public:
  MatrixDialect(const Dialect& base, const CudaShape& shape, bool in_loop)
      : base_(base), shape_(shape), in_loop_(in_loop) {}

  std::string value_type() const override { return base_.value_type(); }
  std::string function_words() const override { return base_.function_words(); }
  std::string called_function_words() const override { return base_.called_function_words(); }
  std::string constant(double value) const override { return base_.constant(value); }

  std::string load(Space space, const std::string& component, int row, int column) const override {
    if (space == Space::parameter) return base_.load(space, component, row, column);
    const bool is_row = space == Space::row;
    const std::string side = is_row ? "row" : "column";
    const std::string place =
        (is_row ? "kMatrixDown, Real>(" + number(row) : "kMatrixAcross, Real>(" + number(column)) +
        ")";
    if (in_loop_) {
      return "broadcast<V>(" + side + "s_at[(" + component + " - k) * " +
             number(is_row ? shape_.threads : shape_.tile_columns) + " + of_block<" + place + "])";
    }
    return "broadcast<V>(" + side + "s_of_tile[" + component + " * " +
           (is_row ? "stride" : "column_stride") + " + smaller_size(own_" + side + " + of_block<" +
           place + ", " + side + "s_left - 1)])";
  }

  std::string store(const std::string& component, const std::string& value) const override {
    return base_.store(component, value);
  }
  std::string local(int row) const override { return base_.local(row); }
  std::string parameter_array(std::int64_t slot) const override {
    return base_.parameter_array(slot);
  }
  std::string kept(const std::string& slot, int row, int column) const override {
    return base_.kept(slot, row, column);
  }
  std::string take(const Instruction& instruction, int row, int copy,
                   const OperandName& operand) const override {
    return base_.take(instruction, row, copy, operand);
  }

 private:
  const Dialect& base_;
  const CudaShape& shape_;
  bool in_loop_;
};

// `text` with each line further to the right.
std::string indented(const std::string& text, const std::string& indent) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    out += indent + text.substr(begin, end - begin);
    begin = end;
  }
  return out;
}

bool fits(const PairContractions& split, bool float32, const CudaShape& shape) {
  for (const Contraction& each : split.contractions) {
    if (each.sums() * shape.tile_columns * (float32 ? 1 : 2) > kMostSumRegisters) return false;
  }
  return CudaMatrixWriter(split, float32, shape).shared_bytes() <= kMostSharedBytes;
}

}  // namespace

void choose_matrix_shape(const Program& program, bool float32, bool tensor_cores,
                         CudaShape* shape) {
  const PairContractions split = split_contractions(program, kShortestMatrixSum);
  if (split.contractions.empty()) return;
  struct Choice {
    int threads;
    CudaMatrixShape matrix;
  };
  const Choice single[] = {{128, {8, 8}}, {128, {8, 4}}, {64, {8, 4}}};
  const Choice full[] = {{128, {8, 4}}, {128, {4, 4}}, {64, {4, 4}}};
  std::int64_t state_slots = 0;
  bool ranked = false;
  for (const Accumulation& each : program.accumulations) {
    ranked = ranked || each.ranked();
    state_slots += each.slots();
  }
  const auto choose = [&](bool on_tensor_cores, const Choice& choice) {
    CudaShape out = *shape;
    out.matrix = choice.matrix;
    out.threads = choice.threads;
    out.rows = 1;
    out.columns = 4;
    out.tile_columns = choice.matrix.rows * choice.matrix.columns;
    out.tensor_cores = on_tensor_cores;
    // Tensor cores take all registers.
    out.states_in_registers = !on_tensor_cores && !ranked && state_slots <= kMostStateRegisters;
    const bool chosen = fits(split, float32, out);
    if (chosen) *shape = out;
    return chosen;
  };
  for (const bool on_tensor_cores : {true, false}) {
    if (on_tensor_cores && (!tensor_cores || !float32 || !suits_tensor_cores(split))) continue;
    for (const Choice& choice : float32 ? single : full) {
      if (choose(on_tensor_cores, choice)) return;
    }
  }
}

CudaMatrixWriter::CudaMatrixWriter(const PairContractions& split, bool float32,
                                   const CudaShape& shape)
    : split_(split), float32_(float32), shape_(shape) {
  // Threads and what they copy at a time divide all sizes.
  KERNELOPS_CHECK(shape.rows == 1 && shape.threads % shape.matrix.rows == 0 &&
                  shape.matrix.rows % quad(float32) == 0 &&
                  shape.matrix.columns % quad(float32) == 0 &&
                  shape.tile_columns == shape.matrix.rows * shape.matrix.columns);
  KERNELOPS_CHECK(!shape.tensor_cores ||
                  (shape.threads % 32 == 0 && float32 && shape.threads % shape.tile_columns == 0 &&
                   shape.tile_columns % 8 == 0));
}

// From the sums of one row to those of the next: loads of 16 bytes by neighbouring threads meet
// different banks.
std::int64_t CudaMatrixWriter::sum_stride() const { return shape_.tile_columns + quad(float32_); }

// The sums of all contractions; in the place of those that are not known yet are chunks.
std::int64_t CudaMatrixWriter::sum_slots() const {
  const std::int64_t of_sum = shape_.threads * sum_stride();
  std::int64_t out = split_.sums * of_sum;
  for (const Contraction& each : split_.contractions) {
    out = std::max(out, each.first_sum * of_sum + 2 * chunk(each) * component_slots(each));
  }
  return out;
}

std::int64_t CudaMatrixWriter::shared_bytes() const {
  std::int64_t slots = sum_slots();
  slots += shape_.tile_columns * shared_column_slots(split_.rest, float32_);
  if (shape_.tensor_cores) slots += tensor_slots(split_, shape_);
  return slots * (float32_ ? 4 : 8);
}

std::string CudaMatrixWriter::load(const std::string& sum, int column) {
  return "sum_" + sum + "(j, " + number(column) + ")";
}

// Sums of float leave room for 384 threads of a multiprocessor; states of long results take what
// there is.
std::string CudaMatrixWriter::bounds(const PairPhases& phases) const {
  const bool has_long_results =
      std::any_of(phases.deferred.blocks.begin(), phases.deferred.blocks.end(),
                  [](const Block& block) { return block.looped; });
  // Lists of the best are in registers, too.
  const bool has_lists = shape_.ranks == RankPlace::lists;
  return float32_ && !has_long_results && !has_lists ? ", 384 / kThreads" : "";
}

std::string CudaMatrixWriter::declarations(const std::string& indent) const {
  std::string out = "constexpr Size kSumStride = " + number(sum_stride()) +
                    ";\n__shared__ __align__(16) Real sums[" + number(sum_slots()) +
                    "];\nconst Real* const own_sums = sums + threadIdx.x * kSumStride;\n"
                    "const Real* const rows_of_tile = rows + blockIdx.x * kThreads;\n"
                    "const Size rows_left = row_count - blockIdx.x * kThreads;\n";
  if (shape_.tensor_cores) out += tensor_declarations(split_);
  return indented(out, indent);
}

std::string CudaMatrixWriter::sums(const Dialect& dialect, const std::string& indent) const {
  std::string out =
      "const Real* const columns_of_tile = column_panel + start;\n"
      "const Size columns_left = column_count - start;\n";
  for (const Contraction& each : split_.contractions) {
    const std::string begin = "constexpr Size kExtent = " + number(each.loop.extent) +
                              ", kChunk = " + number(chunk(each)) +
                              ";\nReal* const region = sums + " + number(each.first_sum) +
                              " * kThreads * kSumStride;\n";
    const std::string text =
        shape_.tensor_cores
            ? tensor_sums(
                  each, shape_,
                  [&](const std::string& before, const std::string& after_copies,
                      const std::string& work) { return chunks(each, before, after_copies, work); })
            : exact_sums(each, dialect);
    out += "{\n" + indented(begin + text, "  ") + "}\n";
  }
  out += "__syncthreads();\n";
  for (const Contraction& each : split_.contractions) {
    for (std::int64_t sum = each.first_sum; sum < each.first_sum + each.sums(); ++sum) {
      // So that the compiler sees that columns side by side are one load.
      const std::string value =
          "(own_sums + j)[" + number(sum) + " * kThreads * kSumStride + column]";
      out += "const auto sum_" + number(sum) + " = [&](Size j, Size column) {\n  return V(" +
             (shape_.tensor_cores ? tensor_value(each, value) : value) + ");\n};\n";
    }
  }
  return indented(out, indent);
}

// The components of a chunk. Its two buffers lie where the sums of the contraction go, and those
// after it.
std::int64_t CudaMatrixWriter::chunk(const Contraction& each) const {
  if (shape_.tensor_cores) return kTensorChunk;
  const std::int64_t of_sum = shape_.threads * sum_stride();
  const std::int64_t room =
      std::max(each.sums() * of_sum, kChunkBytes / (float32_ ? 4 : 8) - each.first_sum * of_sum) /
      2;
  const std::int64_t extent = each.loop.extent;
  const std::int64_t most = std::clamp<std::int64_t>(
      room / std::max<std::int64_t>(1, component_slots(each)), 1, std::min(kLongestChunk, extent));
  // Without a shorter chunk at the end, if there is such a length.
  for (std::int64_t length = most; 2 * length > most; --length) {
    if (extent % length == 0) return length;
  }
  return most;
}

// From one component to the next of an operand.
std::int64_t CudaMatrixWriter::pitch(bool is_row) const {
  const int width = is_row ? shape_.threads : shape_.tile_columns;
  if (!shape_.tensor_cores) return width;
  return is_row ? tensor_row_pitch(width) : tensor_column_pitch(width);
}

// What a component of all operands takes.
std::int64_t CudaMatrixWriter::component_slots(const Contraction& each) const {
  return static_cast<std::int64_t>(each.row_operands.size()) * pitch(true) +
         static_cast<std::int64_t>(each.column_operands.size()) * pitch(false);
}

// How many components the chunk from `first` on has.
std::string CudaMatrixWriter::components(const Contraction& each, const std::string& first) const {
  if (each.loop.extent % chunk(each) == 0) return "kChunk";
  return "smaller_size(kChunk, kExtent - " + first + ")";
}

// What copies the operands: declarations, or the copies of the next chunk.
std::string CudaMatrixWriter::copies(const Contraction& each, bool declares) const {
  const std::string length = components(each, "next");
  std::string out;
  std::string place = "buffer";
  for (const bool is_row : {true, false}) {
    // Tensor cores want columns in two parts.
    if (!is_row && shape_.tensor_cores && !declares) continue;
    const std::string side = is_row ? "row" : "column";
    const std::string stride = is_row ? "stride" : "column_stride";
    const std::vector<Component>& all = is_row ? each.row_operands : each.column_operands;
    for (std::size_t n = 0; n < all.size(); ++n) {
      const std::string name = side + "_copy" + number(static_cast<std::int64_t>(n));
      if (declares) {
        out += "PanelCopy<kThreads, " + std::string(is_row ? "kThreads" : "kTileColumns") + ", " +
               number(!is_row && shape_.tensor_cores ? shape_.tile_columns : pitch(is_row)) +
               ", kChunk, Real> " + name + "(" + side + "s_of_tile + " + number(all[n].offset) +
               " * " + stride + ", " + number(all[n].step) + " * " + stride + ", " + side +
               "s_left);\n";
        continue;
      }
      out += name + ".next(" + place + ", " + length + ");\n";
      place += " + kChunk * " + number(pitch(is_row));
    }
  }
  return out;
}

// The loop over chunks: `work` takes the one from component `first` on, at `chunk`, while the next
// one comes.
std::string CudaMatrixWriter::chunks(const Contraction& each, const std::string& before,
                                     const std::string& after_copies,
                                     const std::string& work) const {
  const std::string wait = "finish_copies();\n__syncthreads();\n";
  return copies(each, true) + before + "Real* buffer = region;\nReal* other = region + kChunk * " +
         number(component_slots(each)) +
         ";\n#pragma unroll 1\n"
         "for (Size next = 0; next < kExtent + kChunk; next += kChunk) {\n" +
         (before.empty() ? "  if (next > 0) {\n" + indented(wait, "    ") + "  }\n"
                         : indented(wait, "  ")) +
         "  if (next < kExtent) {\n" + indented(copies(each, false) + after_copies, "    ") +
         "  }\n  if (next > 0) {\n    [[maybe_unused]] const Size first = next - kChunk;\n"
         "    const Real* const chunk = other;\n" +
         indented(work, "    ") +
         "  }\n  Real* const swapped = buffer;\n  buffer = other;\n  other = swapped;\n}\n";
}

std::string CudaMatrixWriter::exact_sums(const Contraction& each, const Dialect& dialect) const {
  const std::int64_t length = chunk(each);
  Section section;
  section.blocks = {each.before, each.loop};
  // The operands follow one another in a buffer.
  for (Instruction& load : section.blocks[1].code) {
    if (load.opcode == Opcode::load && load.space != Space::parameter) {
      load.component.offset *= length;
    }
  }
  const TileShape shape{shape_.matrix.rows, shape_.matrix.columns};
  const MatrixDialect outside(dialect, shape_, false);
  const MatrixDialect inside(dialect, shape_, true);
  const BodyWriter loop(section, inside, shape);
  const std::string work =
      "[[maybe_unused]] const Real* rows_at = chunk + own_row;\n"
      "[[maybe_unused]] const Real* columns_at = chunk + kChunk * " +
      number(static_cast<std::int64_t>(each.row_operands.size()) * pitch(true)) +
      " + own_column;\n" + "#pragma unroll " + number(unrolled(length, float32_)) +
      "\nfor (Size n = 0; n < " + components(each, "first") +
      "; ++n) {\n  [[maybe_unused]] const Size k = first + n;\n" +
      loop.instructions(section.blocks[1], "  ") +
      "  rows_at += kThreads;\n  columns_at += kTileColumns;\n}\n";
  std::string out = "constexpr Size kMatrixAcross = " + number(shape.row_vectors) +
                    ", kMatrixDown = kThreads / kMatrixAcross;\n"
                    "const Size own_row = threadIdx.x / kMatrixAcross * kQuad<Real>;\n"
                    "const Size own_column = threadIdx.x % kMatrixAcross * kQuad<Real>;\n" +
                    BodyWriter(section, outside, shape).instructions(section.blocks[0], "") +
                    loop.accumulators(section.blocks[1], "") + chunks(each, "", "", work) +
                    "__syncthreads();\n";
  for (std::size_t a = 0; a < each.loop.accumulators.size(); ++a) {
    for (int row = 0; row < shape.row_vectors; ++row) {
      for (int column = 0; column < shape.columns; ++column) {
        out += "region[(" + number(static_cast<std::int64_t>(a)) +
               " * kThreads + own_row + of_block<kMatrixDown, Real>(" + number(row) +
               ")) * kSumStride + own_column + of_block<kMatrixAcross, Real>(" + number(column) +
               ")] = " + loop.name(each.loop.accumulators[a].result, row, column) + ".value;\n";
      }
    }
  }
  return out;
}

}  // namespace kernelops
