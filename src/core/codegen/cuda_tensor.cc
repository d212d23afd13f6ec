#include "core/support/small_code.h"

#include "core/codegen/cuda_tensor.h"

#include <algorithm>

#include "core/codegen/state_text.h"
#include "core/support/rounding.h"

namespace kernelops {

namespace {

constexpr std::int64_t kShortestTensorSum = 16;

enum class TensorSum { none, product, squared_distance };

bool applies(const Instruction& each, const std::string& name, Register a, Register b) {
  return each.opcode == Opcode::apply && each.op->name == name && each.operands.size() == 2 &&
         std::minmax(each.operands[0], each.operands[1]) == std::minmax(a, b);
}

// What the loop sums: x_k y_k, (x_k - y_k)^2 or something else.
TensorSum tensor_sum(const Contraction& each) {
  const auto& code = each.loop.code;
  if (!each.before.code.empty() || each.row_operands.size() != 1 ||
      each.column_operands.size() != 1 || each.sums() != 1 || code.size() < 4 ||
      each.loop.extent < kShortestTensorSum) {
    return TensorSum::none;
  }
  // With one operand of each side the first two are their loads.
  if (code[0].opcode != Opcode::load || code[1].opcode != Opcode::load ||
      code[0].space == code[1].space || code[0].space == Space::parameter ||
      code[1].space == Space::parameter || code.back().opcode != Opcode::accumulate ||
      code.back().operands[0] != code[code.size() - 2].result) {
    return TensorSum::none;
  }
  if (code.size() == 4 && applies(code[2], "Mult", code[0].result, code[1].result)) {
    return TensorSum::product;
  }
  if (code.size() != 5 || !applies(code[2], "Subtract", code[0].result, code[1].result)) {
    return TensorSum::none;
  }
  const Register difference = code[2].result;
  const bool square = code[3].opcode == Opcode::apply && code[3].op->name == "Square" &&
                      code[3].operands[0] == difference;
  return square || applies(code[3], "Mult", difference, difference) ? TensorSum::squared_distance
                                                                    : TensorSum::none;
}

bool is_centred(const Contraction& each) { return tensor_sum(each) == TensorSum::squared_distance; }

// The centre of the rows and what else belongs to one contraction.
std::string named(const std::string& what, const Contraction& each) {
  return what + "_" + number(each.first_sum);
}

std::string slot(const Component& component, const std::string& k) {
  return "(" + number(component.offset) + " + " + number(component.step) + " * (" + k + "))";
}

}  // namespace

bool suits_tensor_cores(const PairContractions& split) {
  return std::all_of(split.contractions.begin(), split.contractions.end(),
                     [](const Contraction& each) { return tensor_sum(each) != TensorSum::none; });
}

std::int64_t tensor_slots(const PairContractions& split, const CudaShape& shape) {
  std::int64_t out = 2 * kTensorChunk * shape.tile_columns;
  for (const Contraction& each : split.contractions) {
    if (is_centred(each)) out += round_up(each.loop.extent, kTensorChunk) + shape.threads;
  }
  return out;
}

std::string tensor_declarations(const PairContractions& split) {
  std::string out = "__shared__ __align__(16) float raw_columns[" + number(2 * kTensorChunk) +
                    " * kTileColumns];\n";
  for (const Contraction& each : split.contractions) {
    if (!is_centred(each)) continue;
    const Component& row = each.row_operands[0];
    const std::string extent = number(each.loop.extent);
    const std::string padded = number(round_up(each.loop.extent, kTensorChunk));
    const std::string centre = named("centre", each);
    out += "__shared__ __align__(16) float " + centre + "[" + padded +
           "];\n__shared__ __align__(16) float " + named("squares", each) +
           "[kThreads];\nfor (Size k = threadIdx.x; k < " + padded + "; k += kThreads) {\n  " +
           centre + "[k] = k < " + extent + " ? tensor_centre<kThreads>(rows_of_tile + " +
           slot(row, "k") + " * stride, rows_left) : 0.0f;\n}\n__syncthreads();\nfloat " +
           named("own_square", each) + " = 0;\nfor (Size k = 0; k < " + extent +
           "; k += " + number(kTensorChunk) + ") {\n  " + named("own_square", each) +
           " += tensor_square(row_r0 + " + slot(row, "k") + " * stride, " + number(row.step) +
           " * stride, " + centre + " + k,\n      smaller_size(" + number(kTensorChunk) + ", " +
           extent + " - k));\n}\n";
  }
  return out;
}

std::string tensor_sums(const Contraction& each, const CudaShape& shape, const ChunkLoop& chunks) {
  const bool centred = is_centred(each);
  const std::string shape_of =
      "<kThreads, kTileColumns, " + std::string(centred ? "true>" : "false>");
  const std::string centre = centred ? named("centre", each) + " + " : "";
  const std::string pitch = number(tensor_row_pitch(shape.threads));
  const auto slots = [](const std::string& first) {
    return "smaller_size(kChunk, kExtent - " + first + ")";
  };
  // Columns come one chunk earlier.
  const auto raw = [](const std::string& first) {
    return "raw_columns + " + first + " % (2 * kChunk) * kTileColumns";
  };
  std::string copies;
  if (each.loop.extent % kTensorChunk > 0) {
    copies =
        "if (next + kChunk > kExtent) {\n  clear_shared<kThreads>(buffer + (kExtent - next) * " +
        pitch + ", (next + kChunk - kExtent) * " + pitch + ");\n}\n";
  }
  copies += "if (next + kChunk < kExtent) {\n  column_copy0.next(" + raw("(next + kChunk)") + ", " +
            slots("(next + kChunk)") + ");\n}\n" + (centred ? "square += " : "") +
            "store_tensor_columns" + shape_of + "(buffer + kChunk * " + pitch + ", " + raw("next") +
            ",\n    " + (centred ? centre + "next" : "nullptr") + ", " + slots("next") + ");\n";
  const std::string work = "add_tensor_products" + shape_of + "(products, chunk, " +
                           (centred ? centre + "first" : "nullptr") + ");\n";
  const std::string begin = "column_copy0.next(raw_columns, " + slots("0") + ");\n";
  return "float products[2][kTileColumns / 8][4] = {};\n" +
         std::string(centred ? "float square = 0;\n" : "") + chunks(begin, copies, work) +
         (centred ? "share_tensor_squares<kThreads, kTileColumns>(" + named("squares", each) +
                        ", square);\n"
                  : "__syncthreads();\n") +
         "store_tensor_products<kTileColumns, kSumStride>(region, products);\n";
}

std::string tensor_value(const Contraction& each, const std::string& product) {
  if (!is_centred(each)) return product;
  return "tensor_distance(" + named("own_square", each) + ", (" + named("squares", each) +
         " + j)[column], " + product + ")";
}

}  // namespace kernelops
