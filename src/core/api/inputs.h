// Checks what a user gave against what an operator needs, before any work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/array_view.h"
#include "core/engine/call.h"
#include "core/gpu/gpu_device.h"
#include "core/ir/graph.h"

namespace kernelops {

/// An input as the host language has it; `data` is read only if the type is numeric.
struct Input {
  std::string name;  // empty if it has none
  std::string type;  // in the host's words, for messages: "double", "character", ...
  bool is_numeric = false;
  ElementType element = ElementType::float64;
  bool is_matrix = false;  // otherwise a vector of `rows` elements
  std::int64_t rows = 0;
  std::int64_t columns = 1;
  const void* data = nullptr;
  std::string hint{};                                 // for messages: how to make numbers of it
  std::shared_ptr<const DeviceArray> device_array{};  // where the numbers are, if not at `data`
};

/// The inputs as arrays, one for each variable in its order, and the numbers of rows.
struct CheckedInputs {
  std::vector<ArrayView> views;
  std::vector<std::shared_ptr<const DeviceArray>> device_arrays;  // of the views that have one
  std::vector<std::size_t> places;  // of each variable's input in the list
  Sizes sizes;
  bool transposed = false;
};

/// Matches inputs to variables, by name if they have names and by order otherwise, and checks
/// number, names, types, dimensions and rows. A matrix has one row for each i or j, or one column
/// if `transposed`. A parameter may be a vector or a matrix of one row or column, a variable of
/// dimension 1 may be a vector. Throws Error(argument) naming the input, what was expected and what
/// came.
CheckedInputs check_inputs(const std::vector<Variable>& variables, const std::vector<Input>& inputs,
                           bool transposed);

/// Throws Error(argument) naming the variable if an input is in the memory of a GPU: the CPU cannot
/// read it.
void refuse_device_arrays(const std::vector<Variable>& variables, const CheckedInputs& inputs);

/// Throws Error(argument) naming the variable and the place if an input has a missing value: in
/// float64 that of R, a NaN which is marked as one, otherwise kMissingInteger. Reads every input
/// once.
void refuse_missing(const std::vector<Variable>& variables, const CheckedInputs& inputs,
                    int threads, ThreadPool& pool, const InterruptCheck& interrupted);

}  // namespace kernelops
