#include "core/api/pass_results.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace kernelops {

namespace {

void copy_output(const OutputView& from, const OutputView& to) {
  const std::int64_t count = to.rows * to.dimension;
  if (from.type == to.type) {
    const std::size_t size = from.type == ElementType::float64 ? sizeof(double) : sizeof(int);
    std::memcpy(to.data, from.data, static_cast<std::size_t>(count) * size);
    return;
  }
  const double* source = static_cast<const double*>(from.data);
  for (std::int64_t n = 0; n < count; ++n) {
    static_cast<std::int32_t*>(to.data)[n] =
        std::isnan(source[n]) ? kMissingInteger : static_cast<std::int32_t>(source[n]);
  }
}

}  // namespace

std::vector<OutputView> PassResults::outputs_of(const Pass& pass) {
  std::vector<OutputView> out;
  for (Expr node : pass.nodes) {
    if (node->kind == NodeKind::reduction) {
      add_reduction(node, &out);
      continue;
    }
    out.emplace_back();
    deliver(node, 0, &out.back());
  }
  return out;
}

void PassResults::add_reduction(Expr reduction, std::vector<OutputView>* outputs) {
  const ReductionDef& row = *reduction->reduction;
  const std::int64_t rows = sizes_.of(reduction->category);
  double* inner = nullptr;
  if (op_.is_inner(reduction)) {
    inner_.emplace_back(static_cast<std::size_t>(rows * reduction->dimension));
    inner = inner_.back().data();
    bindings_[reduction] = {inner, ElementType::float64, rows, reduction->dimension, 1, rows};
  }
  for (std::size_t k = 0; k < row.outputs.size(); ++k) {
    OutputView output{nullptr, ElementType::float64, rows, output_dimension(reduction, k)};
    // What the reduction's node stands for in formulas: its values, or else its row numbers.
    if (inner != nullptr && (row.outputs[k].type == StateType::index) == row.is_index()) {
      output.data = inner;
      inner += rows * output.dimension;
    }
    deliver(reduction, k, &output);
    outputs->push_back(output);
  }
}

// Takes the caller's array if `output` has no place yet; further arrays are copied afterwards.
void PassResults::deliver(Expr node, std::size_t number, OutputView* output) {
  for (std::size_t a = 0; a < op_.arrays().size(); ++a) {
    const ResultArray& array = op_.arrays()[a];
    if (op_.results()[array.formula] != node || array.output != number) continue;
    if (output->data == nullptr) {
      *output = caller_[a];
    } else {
      copies_.emplace_back(*output, caller_[a]);
    }
  }
}

void PassResults::copy() const {
  for (const auto& [from, to] : copies_) copy_output(from, to);
}

}  // namespace kernelops
