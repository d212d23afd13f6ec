// Takes long sums out of the section of pairs, for targets that compute those of a whole tile of
// pairs at a time, as in a product of two matrices. What is left is a program of its own, which
// loads the sums from a panel of the pairs.
#pragma once

#include <cstdint>
#include <vector>

#include "core/lower/program.h"

namespace kernelops {

/// A loop whose sums are taken out. Its loads with a step read *operands*: the load of operand n of
/// its space has the component n + k.
struct Contraction {
  Block before;  // straight: what the loop reads that is the same for all k, of parameters, rows or
                 // columns; here and below columns are those of the panel, not packed
  Block loop;
  std::vector<Component> row_operands;     // slots of the row panel
  std::vector<Component> column_operands;  // and of the column panel
  std::int64_t first_sum = 0;              // the slot of its first accumulator among those of pairs

  std::int64_t sums() const { return static_cast<std::int64_t>(loop.accumulators.size()); }
};

struct PairContractions {
  std::vector<Contraction> contractions;
  Program rest;           // loads of Space::pair read the sums
  std::int64_t sums = 0;  // of all contractions
};

/// Takes out the loops with accumulators and at least `shortest` steps that depend on nothing that
/// was computed for a pair. `rest` packs only the columns' slots that it reads itself.
PairContractions split_contractions(const Program& program, std::int64_t shortest);

}  // namespace kernelops
