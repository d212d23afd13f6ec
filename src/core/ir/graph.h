// The intermediate representation: an immutable, shared graph of nodes.
//
// Semantics. A node is a vector of `dimension` real numbers for each pair of rows (i, j); what it
// depends on (i, j, both or neither) is known from its variables. In an elementwise operation an
// argument of dimension 1 broadcasts; no other broadcasting exists. Evaluation is in the precision
// of the kernel with IEEE infinities and NaN; constants are kept in double. The order of evaluation
// is free, and operations are pure. A reduction node is indexed by what its category says: by i, by
// j, or (parameter) by nothing; it may stand inside the formula of another reduction. Formulas of
// reductions indexed alike are results too: they are computed once for each row.
//
// Selections. A reduction whose row says `selects` adds up its formula over a list of pairs instead
// of all: its second argument is a reduction that yields row numbers, and every number j (or i) it
// yields for row i (or j) is an entry of the list. The formula is evaluated for each entry; in it
// the entry's number is the position of the row number among those of its row.
//
// Nodes are interned: the same operation on the same arguments is the same node, so that common
// sub-expressions are shared by construction and equality is equality of pointers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/ir/op_def.h"
#include "core/ir/reduction_def.h"
#include "core/support/error.h"

namespace kernelops {

/// What a variable or a reduction's result is indexed by, with KeOps' numbers.
enum class Category : int { i = 0, j = 1, parameter = 2 };

/// The other side of a reduction: j for i, i for j and for parameter.
Category opposite(Category category);

/// "i", "j" or "parameter".
std::string category_name(Category category);

/// What a node depends on: a set of Dependence bits.
using Dependence = unsigned;
constexpr Dependence kDependsOnI = 1;
constexpr Dependence kDependsOnJ = 2;
constexpr Dependence kDependsOnParameter = 4;

/// The dependence of something indexed by `category`.
Dependence dependence_of(Category category);

/// A declared input: its name, its 0-based position, what indexes it and its dimension.
struct Variable {
  std::string name;
  int position = 0;
  Category category = Category::i;
  std::int64_t dimension = 1;
};

enum class NodeKind {
  variable,
  constant,
  zero,
  row_number,
  row_count,
  entry_number,
  operation,
  reduction
};

struct Node;
/// A formula: a pointer to an immutable node owned by its Graph.
using Expr = const Node*;

/// A node; its fields never change after construction.
struct Node {
  NodeKind kind;
  int id;  // arguments have smaller numbers than the nodes that use them
  std::int64_t dimension;
  Dependence dependence;
  const OpDef* op = nullptr;                // operation
  const ReductionDef* reduction = nullptr;  // reduction
  Category category = Category::i;          // variable, row_number, row_count, reduction
  std::vector<Expr> arguments;  // of a reduction: its formula, and its weight if it has one
  // A list stands as its length and its elements. Of a reduction: K, if it keeps the K best.
  std::vector<std::int64_t> parameters;
  double value = 0;   // constant
  Variable variable;  // variable
};

/// Owns nodes, interns them and checks dimensions when a node is made. A row's text is trusted;
/// what comes from a user gives an Error of kind dimension or argument.
class Graph {
 public:
  Expr constant(double value);
  /// A vector of zeros; of dimension 1 it is the constant 0.
  Expr zero(std::int64_t dimension);
  Expr variable(const Variable& variable);
  /// The number of the row i or j, counted from 1.
  Expr row_number(Category category);
  /// How many rows i or j there are.
  Expr row_count(Category category);
  /// The number of the entry of a selection within its row, counted from 0.
  Expr entry_number();
  /// An operation of any kind but composite.
  Expr apply(const OpDef& op, std::vector<Expr> arguments,
             std::vector<std::int64_t> parameters = {});
  /// The reduction of arguments[0] (with weight arguments[1] if the row has one, with the K best if
  /// it is ranked) whose result is indexed by `category`.
  Expr reduce(const ReductionDef& reduction, std::vector<Expr> arguments, Category category,
              std::vector<std::int64_t> parameters = {});

 private:
  using Key = std::tuple<NodeKind, const void*, int, std::int64_t, std::uint64_t, std::string,
                         std::vector<Expr>, std::vector<std::int64_t>>;
  Expr intern(Node node);

  std::map<Key, std::unique_ptr<Node>> nodes_;
};

/// The number of values a reduction keeps, one or K.
std::int64_t rank_of(Expr reduction);

/// Components of output number `output` of a reduction; see ReductionOutput.
std::int64_t output_dimension(Expr reduction, std::size_t output);

/// The number of components of the weighted sums of a reduction, or of its formula.
std::int64_t reduced_dimension(Expr reduction);

/// The value of `dim(x)`, of the parameters' names, of p[e], find(p, e), length(p) and
/// is_permutation(p) (of 0, 1, ...) for a node or a would-be node.
std::optional<std::int64_t> lookup_in_row(const OpDef& op, const std::vector<Expr>& arguments,
                                          const std::vector<std::int64_t>& parameters,
                                          std::string_view name);

/// Throws Error(dimension) unless the arguments meet the requirements of the row.
void check_requirements(const OpDef& op, const std::vector<Expr>& arguments,
                        const std::vector<std::int64_t>& parameters);

/// Orders nodes: arguments come before the nodes that use them.
struct ById {
  bool operator()(Expr a, Expr b) const { return a->id < b->id; }
};

/// Whether `node` is reachable from `root`, itself included.
bool depends_on(Expr root, Expr node);

/// The error of an operation whose arguments' dimensions do not fit.
Error dimension_error(const OpDef& op, const std::vector<Expr>& arguments,
                      const std::string& problem);

/// Every node reachable from the roots, arguments before the nodes that use them.
std::vector<Expr> topological(const std::vector<Expr>& roots);

/// The nodes of one formula, arguments first; reductions inside it are leaves.
std::vector<Expr> formula_nodes(Expr formula);

/// Rebuilds a node on other arguments.
Expr with_arguments(Graph& graph, Expr node, std::vector<Expr> arguments);

}  // namespace kernelops
