#include "core/codegen/cuda_matrix.h"

#include <algorithm>

#include "core/codegen/body.h"
#include "core/codegen/state_text.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

// What a kernel may declare.
constexpr std::int64_t kMostSharedBytes = 48 * 1024;
// Components of a chunk: more only take more memory.
constexpr std::int64_t kLongestChunk = 32;

// Components written out in the inner loop.
constexpr std::int64_t kMostUnrolled = 10;

std::int64_t unrolled(std::int64_t chunk) {
  std::int64_t out = std::min(kMostUnrolled, chunk);
  while (chunk % out != 0) --out;
  return 2 * out > std::min(kMostUnrolled, chunk) ? out : std::min<std::int64_t>(4, chunk);
}

std::int64_t quad(bool float32) { return float32 ? 4 : 2; }

// From the sums of one row to those of the next: loads of 16 bytes by neighbouring threads meet
// different banks.
std::int64_t sum_stride(const CudaShape& shape, bool float32) {
  return shape.tile_columns + quad(float32);
}

std::int64_t shared_bytes(const PairContractions& split, bool float32, const CudaShape& shape) {
  const std::int64_t packed = shape.tile_columns * shared_column_slots(split.rest, float32);
  return (packed + split.sums * shape.threads * sum_stride(shape, float32)) * (float32 ? 4 : 8);
}

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

}  // namespace

void choose_matrix_shape(const Program& program, bool float32, CudaShape* shape) {
  if (program.transposed) return;
  const PairContractions split = split_contractions(program, kShortestMatrixSum);
  if (split.contractions.empty()) return;
  std::int64_t most_sums = 0;
  for (const Contraction& each : split.contractions) most_sums = std::max(most_sums, each.sums());
  struct Choice {
    int threads;
    CudaMatrixShape matrix;
  };
  const Choice single[] = {{128, {8, 8}}, {128, {8, 4}}, {64, {8, 4}}};
  const Choice full[] = {{128, {8, 4}}, {128, {4, 4}}, {64, {4, 4}}};
  for (const Choice& choice : float32 ? single : full) {
    CudaShape out = *shape;
    out.matrix = choice.matrix;
    out.threads = choice.threads;
    out.rows = 1;
    out.columns = split.rest.pair.local_slots > 0 ? 1 : 4;
    out.tile_columns = choice.matrix.rows * choice.matrix.columns;
    const std::int64_t registers = most_sums * out.tile_columns * (float32 ? 1 : 2);
    if (registers > 64 || shared_bytes(split, float32, out) > kMostSharedBytes) continue;
    std::int64_t state_slots = 0;
    bool ranked = false;
    for (const Accumulation& each : program.accumulations) {
      ranked = ranked || each.ranked();
      state_slots += each.slots();
    }
    out.states_in_registers = !ranked && state_slots <= 24;
    *shape = out;
    return;
  }
}

std::string CudaMatrixWriter::load(const std::string& sum, int column) {
  // So that the compiler sees that columns side by side are one load.
  return "broadcast<V>((own_sums + j)[" + sum + " * kThreads * kSumStride + " + number(column) +
         "])";
}

std::string CudaMatrixWriter::declarations(const std::string& indent) const {
  const std::string rows = number(shape_.matrix.rows);
  return indent + "constexpr Size kMatrixAcross = " + rows +
         ", kMatrixDown = kThreads / kMatrixAcross;\n" + indent +
         "constexpr Size kSumStride = " + number(sum_stride(shape_, float32_)) + ";\n" + indent +
         "__shared__ __align__(16) Real sums[" + number(split_->sums) +
         " * kThreads * kSumStride];\n" + indent +
         "const Size own_row = threadIdx.x / kMatrixAcross * kQuad<Real>;\n" + indent +
         "const Size own_column = threadIdx.x % kMatrixAcross * kQuad<Real>;\n" + indent +
         "const Real* const own_sums = sums + threadIdx.x * kSumStride;\n" + indent +
         "const Real* const rows_of_tile = rows + blockIdx.x * kThreads;\n" + indent +
         "const Size rows_left = row_count - blockIdx.x * kThreads;\n";
}

std::string CudaMatrixWriter::sums(const std::string& indent) const {
  std::string out = indent + "const Real* const columns_of_tile = column_panel + start;\n" +
                    indent + "const Size columns_left = column_count - start;\n";
  for (const Contraction& each : split_->contractions) out += contraction(each, indent);
  return out + indent + "__syncthreads();\n";
}

// The components of a chunk, both buffers of which lie where the sums of the contraction go.
std::int64_t CudaMatrixWriter::chunk(const Contraction& each) const {
  const std::int64_t room = each.sums() * shape_.threads * sum_stride(shape_, float32_) / 2;
  const std::int64_t of_component =
      static_cast<std::int64_t>(each.row_operands.size()) * shape_.threads +
      static_cast<std::int64_t>(each.column_operands.size()) * shape_.tile_columns;
  const std::int64_t extent = each.loop.extent;
  const std::int64_t most = std::clamp<std::int64_t>(room / std::max<std::int64_t>(1, of_component),
                                                     1, std::min(kLongestChunk, extent));
  // Without a shorter chunk at the end, if there is such a length.
  for (std::int64_t length = most; 2 * length > most; --length) {
    if (extent % length == 0) return length;
  }
  return most;
}

// How many components the chunk from `first` on has.
std::string CudaMatrixWriter::components(const Contraction& each, const std::string& first) const {
  if (each.loop.extent % chunk(each) == 0) return "kChunk";
  return "smaller_size(kChunk, kExtent - " + first + ")";
}

// What copies the operands: declarations, or the copies of the next chunk.
std::string CudaMatrixWriter::copies(const Contraction& each, bool declares,
                                     const std::string& indent) const {
  std::string out;
  std::string place = "buffer";
  for (const bool is_row : {true, false}) {
    const std::string side = is_row ? "row" : "column";
    const std::string width = is_row ? "kThreads" : "kTileColumns";
    const std::string stride = is_row ? "stride" : "column_stride";
    const std::vector<Component>& all = is_row ? each.row_operands : each.column_operands;
    for (std::size_t n = 0; n < all.size(); ++n) {
      const std::string name = side + "_copy" + number(static_cast<std::int64_t>(n));
      if (declares) {
        out += indent + "PanelCopy<kThreads, " + width + ", kChunk, Real> " + name + "(" + side +
               "s_of_tile + " + number(all[n].offset) + " * " + stride + ", " +
               number(all[n].step) + " * " + stride + ", " + side + "s_left);\n";
        continue;
      }
      out += indent + name + ".next(" + place + ", " + components(each, "next") + ");\n";
      place += " + kChunk * " + width;
    }
  }
  return out;
}

std::string CudaMatrixWriter::contraction(const Contraction& each,
                                          const std::string& indent) const {
  const std::int64_t chunk = this->chunk(each);
  const auto row_operands = static_cast<std::int64_t>(each.row_operands.size());
  const auto column_operands = static_cast<std::int64_t>(each.column_operands.size());
  Section section;
  section.blocks = {each.before, each.loop};
  // The operands follow one another in a buffer.
  for (Instruction& load : section.blocks[1].code) {
    if (load.opcode == Opcode::load && load.space != Space::parameter) {
      load.component.offset *= chunk;
    }
  }
  const TileShape shape{shape_.matrix.rows, shape_.matrix.columns};
  const MatrixDialect outside(dialect_, shape_, false);
  const MatrixDialect inside(dialect_, shape_, true);
  const BodyWriter before(section, outside, shape);
  const BodyWriter loop(section, inside, shape);
  const std::string inner = indent + "  ";
  const std::string in_chunk = inner + "    ";
  const std::string buffer =
      number(chunk) + " * " +
      number(row_operands * shape_.threads + column_operands * shape_.tile_columns);
  std::string out = indent + "{\n" + inner +
                    "constexpr Size kExtent = " + number(each.loop.extent) +
                    ", kChunk = " + number(chunk) + ";\n" + inner + "Real* const region = sums + " +
                    number(each.first_sum) + " * kThreads * kSumStride;\n" +
                    before.instructions(section.blocks[0], inner) +
                    loop.accumulators(section.blocks[1], inner) + copies(each, true, inner);
  out += inner + "Real* buffer = region;\n" + inner + "Real* other = region + " + buffer + ";\n" +
         inner + "#pragma unroll 1\n" + inner +
         "for (Size next = 0; next < kExtent + kChunk; next += kChunk) {\n" + inner +
         "  if (next > 0) {\n" + inner + "    finish_copies();\n" + inner +
         "    __syncthreads();\n" + inner + "  }\n" + inner + "  if (next < kExtent) {\n" +
         copies(each, false, in_chunk) + inner + "  }\n" + inner + "  if (next > 0) {\n" +
         in_chunk + "const Size first = next - kChunk;\n" + in_chunk +
         "[[maybe_unused]] const Real* rows_at = other + own_row;\n" + in_chunk +
         "[[maybe_unused]] const Real* columns_at = other + " +
         number(chunk * row_operands * shape_.threads) + " + own_column;\n" + in_chunk +
         "#pragma unroll " + number(unrolled(chunk)) + "\n" + in_chunk + "for (Size n = 0; n < " +
         components(each, "first") + "; ++n) {\n" + in_chunk +
         "  [[maybe_unused]] const Size k = first + n;\n" +
         loop.instructions(section.blocks[1], in_chunk + "  ") + in_chunk +
         "  rows_at += kThreads;\n" + in_chunk + "  columns_at += kTileColumns;\n" + in_chunk +
         "}\n" + inner + "  }\n" + inner + "  Real* const swapped = buffer;\n" + inner +
         "  buffer = other;\n" + inner + "  other = swapped;\n" + inner + "}\n" + inner +
         "__syncthreads();\n";
  for (std::size_t a = 0; a < each.loop.accumulators.size(); ++a) {
    for (int row = 0; row < shape.row_vectors; ++row) {
      for (int column = 0; column < shape.columns; ++column) {
        out += inner + "region[(" + number(static_cast<std::int64_t>(a)) +
               " * kThreads + own_row + of_block<kMatrixDown, Real>(" + number(row) +
               ")) * kSumStride + own_column + of_block<kMatrixAcross, Real>(" + number(column) +
               ")] = " + loop.name(each.loop.accumulators[a].result, row, column) + ".value;\n";
      }
    }
  }
  return out + indent + "}\n";
}

}  // namespace kernelops
