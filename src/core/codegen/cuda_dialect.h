// How values are typed, loaded and stored in CUDA text.
#pragma once

#include <cstdint>
#include <string>

#include "core/codegen/dialect.h"
#include "core/codegen/state_text.h"
#include "core/codegen/state_writer.h"

namespace kernelops {

/// Numbers that are loaded from shared memory at a time.
constexpr int kCudaWholeLoad = 4;

/// The words of CUDA: one thread is one lane.
class CudaDialect : public Dialect {
 public:
  CudaDialect(const StateWriter& states, bool shared, std::int64_t column_slots)
      : states_(states), shared_(shared), column_slots_(column_slots) {}

  std::string value_type() const override { return "V"; }
  std::string function_words() const override { return "KERNELOPS_INLINE"; }
  std::string called_function_words() const override { return "static __device__ __noinline__"; }

  // Components that follow one another in shared memory are loaded together; more of them at a
  // time would take too many registers.
  std::string before_loop() const override { return "#pragma unroll " + number(kCudaWholeLoad); }

  std::string constant(double value) const override;

  std::string load(Space space, const std::string& component, int row, int column) const override;

  std::string store(const std::string& component, const std::string& value) const override {
    return "store(panel + " + component + " * stride, " + value + ");";
  }

  std::string local(int row) const override { return "local_r" + number(row); }

  std::string parameter_array(std::int64_t slot) const override {
    return "reinterpret_cast<const V*>(parameter) + " + number(slot);
  }

  std::string kept(const std::string& slot, int row, int column) const override {
    return "kept[((" + slot + " * kChunkColumns + j - begin + " + number(column) +
           ") * kRowVectors + " + number(row) + ") * kKeptStep]";
  }

  std::string take(const Instruction& instruction, int row, int copy,
                   const OperandName& operand) const override {
    return states_.take(instruction, row, copy, operand);
  }

 private:
  const StateWriter& states_;
  bool shared_;
  std::int64_t column_slots_;
};

/// Inside a section a thread has one row (or column) of its own panel.
class CudaSectionDialect : public CudaDialect {
 public:
  using CudaDialect::CudaDialect;

  std::string load(Space space, const std::string& component, int row, int column) const override {
    if (space == Space::parameter) return CudaDialect::load(space, component, row, column);
    return "load<V>(panel + " + component + " * stride)";
  }
};

}  // namespace kernelops
