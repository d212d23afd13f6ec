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

namespace kernelops {

/// The shortest sums that are worth it.
constexpr std::int64_t kShortestMatrixSum = 12;

/// Sets what of a shape depends on the long sums of a program, if they can be computed so.
void choose_matrix_shape(const Program& program, bool float32, CudaShape* shape);

/// Writes the first step.
class CudaMatrixWriter {
 public:
  /// `dialect` has the words for all but rows and columns.
  CudaMatrixWriter(const PairContractions* split, bool float32, const CudaShape& shape,
                   const Dialect& dialect)
      : split_(split), float32_(float32), shape_(shape), dialect_(dialect) {}

  /// What is declared once for all tiles.
  std::string declarations(const std::string& indent) const;
  /// The sums of a tile, of which the first columns are `count`.
  std::string sums(const std::string& indent) const;
  /// A sum of the thread's row and column j + `column`.
  static std::string load(const std::string& sum, int column);

 private:
  std::string contraction(const Contraction& each, const std::string& indent) const;
  std::string copies(const Contraction& each, bool declares, const std::string& indent) const;
  std::int64_t chunk(const Contraction& each) const;
  std::string components(const Contraction& each, const std::string& first) const;

  const PairContractions* split_;
  bool float32_;
  CudaShape shape_;
  const Dialect& dialect_;
};

}  // namespace kernelops
