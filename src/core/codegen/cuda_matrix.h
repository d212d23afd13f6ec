// The long sums of a tile of pairs in a CUDA kernel, as in a product of two matrices. The block's
// rows and the tile's columns meet in two steps. In the first one a thread has the sums of
// matrix.rows rows with matrix.columns columns in registers, and components of both sides come to
// shared memory in chunks, the next one while the one before is used. The sums go to shared memory
// too. In the second step a thread has one row, as in kernels without long sums, and loads the sums
// of its pairs.
#pragma once

#include <cstdint>
#include <string>

#include "core/codegen/cuda.h"
#include "core/codegen/dialect.h"
#include "core/lower/contract.h"
#include "core/lower/defer.h"

namespace kernelops {

/// The shortest sums that are worth it.
constexpr std::int64_t kShortestMatrixSum = 12;

/// Sets what of a shape depends on the long sums of a program, if they can be computed so, and
/// whether on tensor cores.
void choose_matrix_shape(const Program& program, bool float32, bool tensor_cores, CudaShape* shape);

/// Writes the first step.
class CudaMatrixWriter {
 public:
  CudaMatrixWriter(const PairContractions& split, bool float32, const CudaShape& shape);

  /// What the launch bounds say besides the threads, for the phases of the rest.
  std::string bounds(const PairPhases& phases) const;
  /// What is declared once for all tiles.
  std::string declarations(const std::string& indent) const;
  /// The sums of a tile. `dialect` has the words for all but rows and columns.
  std::string sums(const Dialect& dialect, const std::string& indent) const;
  /// In the second step: sum number `sum` of the thread's row and column j + `column`.
  static std::string load(const std::string& sum, int column);

  /// The shared memory of the kernel.
  std::int64_t shared_bytes() const;

 private:
  std::int64_t sum_stride() const;
  std::int64_t sum_slots() const;
  std::int64_t pitch(bool is_row) const;
  std::int64_t component_slots(const Contraction& each) const;
  std::int64_t chunk(const Contraction& each) const;
  std::string components(const Contraction& each, const std::string& first) const;
  std::string copies(const Contraction& each, bool declares) const;
  std::string chunks(const Contraction& each, const std::string& before,
                     const std::string& after_copies, const std::string& work) const;
  std::string exact_sums(const Contraction& each, const Dialect& dialect) const;

  const PairContractions& split_;
  bool float32_;
  CudaShape shape_;
};

}  // namespace kernelops
