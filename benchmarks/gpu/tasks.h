// The tasks: what is computed, how large, what the hardware allows and what is wanted. One row
// each; peers.py reads the same rows from the file of results.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/operator.h"

namespace kernelops::benchmark {

/// What one pair takes of a multiprocessor.
struct PairCost {
  double slots = 0;            // instructions of all kinds, 128 start in a cycle
  double special = 0;          // special functions (MUFU), 16 in a cycle
  double doubles = 0;          // instructions of the double units, 64 in a cycle
  double tensor_products = 0;  // multiplication-additions in TF32, 1024 in a cycle
};

/// What one pair computes and how its values are reduced.
enum class Kind {
  gaussian,            // sum of exp(-|x - y|^2) b
  gaussian_gradient,   // its gradient in x, applied to e
  gaussian_logsumexp,  // log of the sum of exp(-|x - y|^2)
  product_logsumexp,   // log of the sum of exp(x.y)
  product_softmax,     // mean of b with weights exp(x.y)
  nearest,             // the row of the least |x - y|^2
  k_nearest,           // the rows of the kNearest least
};

constexpr int kNearest = 10;

/// A variant of a task: exact, or with tensor cores.
struct Target {
  PairCost cost;          // of the best known kernel; nothing where there is none
  double goal = 0;        // pairs a second, or 0
  double over_keops = 0;  // times PyKeOps in the same run, or 0
};

struct Task {
  const char* name;
  Kind kind;
  int dimension;
  std::int64_t rows;
  std::int64_t columns;
  bool float64;
  double scale;  // coordinates are in [0, scale), a power of 2
  Target exact;
  Target tensor;
};

const std::vector<Task>& all_tasks();

/// Has a task a vector b of the columns, or e of the rows?
bool has_weights(Kind kind);
bool has_direction(Kind kind);

/// Components of one row of the result.
int result_dimension(const Task& task);

/// What PyKeOps names a kind, for Genred: the reduction, the formula and, where there is one, the
/// second formula. Our own text is made of the same words.
struct Words {
  const char* name;  // of the kind
  const char* reduction;
  const char* formula;
  const char* second;
};
const Words& words_of(Kind kind);

/// The declarations of the variables in their order: x, y, then b and e where there are some.
std::vector<std::string> declarations(const Task& task);
OperatorText text_of(const Task& task);

/// Clocks and counts that limits follow from.
struct Hardware {
  double clock_hertz = 0;
  int processors = 0;
  double bytes_per_second = 0;
};

/// The pairs in a second that the hardware allows, by the scarcest of its parts; 0 where the cost
/// is not known. Memory is read once, in the precision of the kernel.
double limit_of(const Task& task, const PairCost& cost, const Hardware& hardware,
                std::int64_t rows);

}  // namespace kernelops::benchmark
