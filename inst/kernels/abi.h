// The interface between the engine and a generated kernel. A kernel library exposes one symbol,
// `kernelops_kernel`, a KernelDescriptor.
//
// Panels hold real numbers of the kernel's precision: parameters as [slot][lanes], every lane
// alike; rows and columns as [slot][stride]; packed columns as [column][packed slot]. States hold 8
// bytes a slot, double or 64-bit integer, as [slot][stride] (lower/program.h says what the slots
// are); those of a component of a ranked reduction follow one another, as [stride][slots]. Counts
// of rows given to a kernel are multiples of its row block. A kernel of a program without pairs has
// its sections and nothing else.
#ifndef KERNELOPS_KERNELS_ABI_H_
#define KERNELOPS_KERNELS_ABI_H_

namespace kernelops {

using Size = long long;

constexpr int kAbiVersion = 4;

/// A tile of pairs: `row_blocks` row blocks meet `column_count` packed columns, and what they give
/// is merged into the states of the rows. In a transposed program it is merged into the states of
/// the columns, of which each has one for every lane: column j has those from j * lanes on.
struct Tile {
  const void* parameters;
  const void* rows;
  Size row_stride;
  Size row_blocks;
  Size first_row;  // of the tile among the rows that `state` holds
  const void* columns;
  Size column_count;
  Size first_column;  // number of the tile's first column, or, if transposed, row, among all
  void* state;
  Size state_stride;
  void* scratch;  // scratch_bytes of the descriptor, aligned to 64 bytes
};

/// Copies `count` numbers to the precision of a kernel.
using Convert = void (*)(const double* from, void* to, Size count);

struct KernelDescriptor {
  int abi_version;
  int real_bytes;  // 4 or 8
  int lanes;       // of a parameter slot, and the unit of counts of sections
  int row_block;   // rows that meet columns at a time
  Size state_slots;
  Size result_slots;   // of all outputs
  Size scratch_bytes;  // memory a tile or a section needs while it runs
  Convert convert;
  /// Compute the slots of their panel that are no inputs, for `count` rows or columns.
  void (*parameter_section)(const void* parameters, void* panel, Size stride, Size count,
                            void* scratch);
  void (*row_section)(const void* parameters, void* panel, Size stride, Size count, void* scratch);
  void (*column_section)(const void* parameters, void* panel, Size stride, Size count,
                         void* scratch);
  /// Sets states to the neutral element.
  void (*initialise)(void* state, Size stride, Size count);
  void (*tile)(const Tile* tile);
  /// Merges states of later columns into those of earlier ones.
  void (*merge)(void* into, Size into_stride, const void* from, Size from_stride, Size count);
  /// Writes results, 8 bytes each, as [component][output_stride]; `rows` is how many rows were
  /// reduced. May reorder the states.
  void (*finish)(void* state, Size stride, Size count, double rows, void* output,
                 Size output_stride);
};

}  // namespace kernelops

#endif  // KERNELOPS_KERNELS_ABI_H_
